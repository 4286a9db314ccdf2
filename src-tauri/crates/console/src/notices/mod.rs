//! What somebody wants to be told who is looking elsewhere: a surface that
//! serves a protected environment is stale or does not answer.

mod book;

use std::time::Duration;

use halyard_model::{
    ConnectionId, EnvironmentKey, FailingKind, Freshness, Protection, Surface, Timestamp, Trouble,
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub(crate) use book::NoticeBook;
use book::Wrong;

use crate::{Console, ConsoleError, Event, Notices, WatchedSurface};

/// How often it is looked whether something is news.
const EVERY: Duration = Duration::from_secs(10);

/// Something that is news. Holds no key and nothing of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The connection.
    pub connection: ConnectionId,
    /// What people call it.
    pub connection_name: String,
    /// The environment.
    pub environment: EnvironmentKey,
    /// What people call it.
    pub environment_name: String,
    /// The surface.
    pub surface: Surface,
    /// Its base address.
    pub address: String,
    /// What is the matter with it.
    pub trouble: Trouble,
}

/// What makes a trouble the same as before, whatever of it has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NoticeSubject {
    connection: ConnectionId,
    environment: EnvironmentKey,
    surface: Surface,
    kind: TroubleKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum TroubleKind {
    Failing,
    NeverPassed,
    Behind,
    PassOverdue,
}

impl Console {
    /// Tells what is news until cancelled.
    pub(crate) async fn keep_noticing(&self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let news = async {
                tick.tick().await;
                self.news().await
            };
            let news = tokio::select! {
                () = cancel.cancelled() => return,
                news = news => news,
            };
            match news {
                Ok(news) => news
                    .into_iter()
                    .for_each(|one| self.tell(Event::Notice(Box::new(one)))),
                Err(error) => tracing::warn!(
                    error = error.for_log(),
                    "the mirror could not be read for notices"
                ),
            }
        }
    }

    /// What is wrong with surfaces of protected environments and was not told
    /// yet. Each is given once; the first call gives nothing, because what is
    /// wrong at the start is no news. Nothing is given while notices are
    /// switched off, and what was the matter then is not told later.
    pub async fn news(&self) -> Result<Vec<Notice>, ConsoleError> {
        let now = self.inner.clock.now();
        let all = self.wrong_in_protected().await?;
        let wrong: Vec<Wrong<NoticeSubject>> = all
            .iter()
            .map(|(notice, since)| Wrong {
                subject: notice.subject(),
                since: *since,
            })
            .collect();
        let news = self.volatile().notices.take_in(&wrong, now);
        if self.settings().await?.notices == Notices::Off {
            return Ok(Vec::new());
        }
        let told = all.into_iter().map(|(notice, _)| notice);
        Ok(told.filter(|notice| news.contains(&notice.subject())).collect())
    }

    async fn wrong_in_protected(&self) -> Result<Vec<(Notice, Option<Timestamp>)>, ConsoleError> {
        let mut wrong = Vec::new();
        for connection in self.inner.mirror.connections().await? {
            if connection.endpoint.is_file() {
                continue;
            }
            for environment in self.inner.mirror.environments(&connection.id).await? {
                if environment.protection == Protection::None {
                    continue;
                }
                let mirror = &self.inner.mirror;
                let status = mirror.fetch_status(&connection.id, &environment.key).await?;
                let offline = status.unreachable && status.failures > 0;
                for one in self.watched_surfaces(&connection.id, &environment.key).await? {
                    let since = since(&one);
                    // One look that failed is no trouble yet: it may be this computer's network.
                    let once = one
                        .record
                        .failing
                        .as_ref()
                        .is_some_and(|failing| failing.times < 2);
                    let Some(trouble) = worth_a_word(one.freshness.state, one.freshness.trouble, offline)
                        .filter(|trouble| !(once && matches!(trouble, Trouble::Failing(_))))
                    else {
                        continue;
                    };
                    let notice = Notice {
                        connection: connection.id.clone(),
                        connection_name: connection.name.clone(),
                        environment: environment.key.clone(),
                        environment_name: environment.name.clone(),
                        surface: one.surface,
                        address: one.address,
                        trouble,
                    };
                    wrong.push((notice, since));
                }
            }
        }
        Ok(wrong)
    }
}

impl Notice {
    fn subject(&self) -> NoticeSubject {
        NoticeSubject {
            connection: self.connection.clone(),
            environment: self.environment.clone(),
            surface: self.surface.clone(),
            kind: match self.trouble {
                Trouble::Failing(_) => TroubleKind::Failing,
                Trouble::NeverPassed => TroubleKind::NeverPassed,
                Trouble::Behind { .. } => TroubleKind::Behind,
                Trouble::PassOverdue { .. } => TroubleKind::PassOverdue,
            },
        }
    }
}

/// What is worth taking somebody from what they do. Where the admin API is out
/// of reach too, it is most likely this computer that is offline, which its
/// user knows.
fn worth_a_word(state: Freshness, trouble: Option<Trouble>, offline: bool) -> Option<Trouble> {
    let trouble = trouble?;
    let grave = matches!(state, Freshness::Stale | Freshness::Offline);
    let is_network = offline && trouble == Trouble::Failing(FailingKind::Unreachable);
    (grave && !is_network).then_some(trouble)
}

fn since(watched: &WatchedSurface) -> Option<Timestamp> {
    match watched.freshness.trouble.as_ref()? {
        Trouble::Failing(_) => watched.record.failing.as_ref().map(|failing| failing.since),
        Trouble::Behind { since, .. } => Some(*since),
        Trouble::PassOverdue { since, .. } => *since,
        Trouble::NeverPassed => None,
    }
}
