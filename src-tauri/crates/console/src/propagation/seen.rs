//! What a look shows of the changes that are followed.

use halyard_mirror::KeptPropagation;
use halyard_model::{
    Answer, Content, FlagKey, LaneFacts, Showing, Shown, Sighting, Surface, SurfaceRecord, SurfaceRule,
    Timestamp, flag_part,
};
use halyard_provider::{DocumentText, ServedFlag};
use serde_json::Value;

use super::{follow::Follow, pace::Read};
use crate::{Console, ConsoleError, server::ServerReading, state::Site};

/// How old a reading of a server's queue may be to explain anything.
const QUEUE_KNOWN_MILLIS: i64 = 300_000;

/// One reading of a surface, as far as checks need it.
pub(crate) struct Seen {
    /// When it began …
    pub(crate) at: Timestamp,
    /// … and ended.
    pub(crate) until: Timestamp,
    /// When the document says that it last changed.
    pub(crate) document_updated_at: Option<Timestamp>,
    /// The document, where it is Flagsmith's.
    pub(crate) document: Option<DocumentText>,
    /// The flags: as held where it is the admin API, else as answered to
    /// nobody in particular.
    pub(crate) flags: Option<Vec<ServedFlag>>,
}

/// A surface after a look at it.
#[derive(Clone, Copy)]
pub(crate) struct Looked<'a> {
    pub(crate) surface: &'a Surface,
    pub(crate) rule: SurfaceRule,
    pub(crate) record: &'a SurfaceRecord,
    pub(crate) admin: &'a SurfaceRecord,
}

impl Seen {
    /// What it shows of one flag.
    fn of(&self, surface: &Surface, document: Option<&Value>, follow: &Follow) -> Sighting {
        let flag = |key: &FlagKey| self.flags.iter().flatten().find(|one| one.key == *key);
        let found = flag(&follow.flag);
        let admin = *surface == Surface::Admin;
        let held = match document {
            Some(document) => match flag_part(document, &follow.flag) {
                Some(part) => Shown::As(part),
                None if follow.server_only && !admin => Shown::Unread,
                None => Shown::Absent,
            },
            None => Shown::Unread,
        };
        let answered = match surface {
            Surface::Admin => false,
            Surface::FlagsApi => true,
            Surface::EdgeProxy(_) => !follow.overridden,
        };
        let answer = match (&self.flags, found) {
            (Some(_), Some(one)) if answered => Shown::As(Answer {
                enabled: one.enabled,
                value: one.value.clone(),
            }),
            (Some(_), None) if answered => Shown::Absent,
            _ => Shown::Unread,
        };
        Sighting {
            at: self.at,
            until: self.until,
            document_updated_at: self.document_updated_at,
            held,
            answer,
        }
    }
}

impl Seen {
    /// What the admin API's lists hold of one flag.
    fn listed(&self, follow: &Follow) -> Shown<Content> {
        let Some(flags) = &self.flags else {
            return Shown::Unread;
        };
        let found = flags.iter().find(|one| one.key == follow.flag);
        found.map_or(Shown::Absent, |one| {
            Shown::As(Content {
                enabled: one.enabled.unwrap_or_default(),
                value: one.value.clone(),
            })
        })
    }
}

impl Console {
    /// Whether any check of an environment is going on.
    pub(crate) fn is_followed(&self, site: &Site) -> bool {
        self.volatile().follows.at(site).next().is_some()
    }

    /// Tells the checks of an environment what a look showed; `None` where it
    /// failed or was answered "not modified".
    pub(crate) async fn checks_saw(
        &self,
        site: &Site,
        looked: Looked<'_>,
        seen: Option<Seen>,
    ) -> Result<(), ConsoleError> {
        if !self.is_followed(site) {
            return Ok(());
        }
        let endpoint = self.known_connection(&site.0).await?.endpoint;
        let queue = self.queue_of(site).await?;
        let proxy = endpoint
            .edge_proxies()
            .iter()
            .find(|proxy| *looked.surface == Surface::EdgeProxy(proxy.base.clone()));
        let document: Option<Value> = seen
            .as_ref()
            .and_then(|seen| serde_json::from_str(&seen.document.as_ref()?.0).ok());
        let now = self.inner.clock.now();
        let read = match (&seen, &looked.record.failing) {
            (None, Some(failing)) => Read::Failed(failing.retry_at),
            _ => Read::Answered,
        };
        // Written down in turn, so that an older state never follows a newer one.
        let _turn = self.inner.follow_turn.lock().await;
        let changed = {
            let follows = &mut self.volatile().follows;
            let mut changed = Vec::new();
            for follow in follows.at(site) {
                let before = follow.kept(true);
                if let Some(seen) = &seen {
                    let sighting = seen.of(looked.surface, document.as_ref(), follow);
                    follow.saw(looked.surface, &sighting, &seen.listed(follow));
                }
                let facts = LaneFacts {
                    published_at: follow.followed.published_at,
                    rule: looked.rule,
                    proxy,
                    record: looked.record,
                    reference: looked.admin.reference(),
                    queue,
                };
                follow.judge(looked.surface, facts, now);
                follow.paced(looked.surface, read, now);
                let after = follow.kept(!follow.is_over());
                if after != before {
                    changed.push(after);
                }
            }
            changed
        };
        for check in changed {
            self.keep_propagation(check).await?;
        }
        self.volatile().follows.drop_over(site);
        Ok(())
    }

    /// Tells the checks of a flag what the admin API's lists held of it, in a
    /// reading that began at `at`.
    pub(super) async fn lists_showed(
        &self,
        site: &Site,
        flag: &FlagKey,
        content: &Content,
        at: Timestamp,
    ) -> Result<(), ConsoleError> {
        let until = self.inner.clock.now();
        let _turn = self.inner.follow_turn.lock().await;
        let changed: Vec<KeptPropagation> = {
            let follows = &mut self.volatile().follows;
            let followed = follows.at(site).filter(|follow| follow.flag == *flag);
            followed
                .map(|follow| {
                    let showing = follow.followed.listed(at, &Shown::As(content.clone()));
                    follow.doubted = false;
                    follow.showed(&Surface::Admin, showing, (at, until));
                    follow.kept(!follow.is_over())
                })
                .collect()
        };
        for check in changed {
            self.keep_propagation(check).await?;
        }
        self.volatile().follows.drop_over(site);
        Ok(())
    }

    /// How many tasks waited in a self-hosted server's queue a short while
    /// ago; nothing where it may not be read.
    async fn queue_of(&self, site: &Site) -> Result<Option<u64>, ConsoleError> {
        let readings: Vec<ServerReading> = self.inner.mirror.server_readings(&site.0).await?;
        let now = self.inner.clock.now();
        let newest = readings.into_iter().next();
        Ok(newest
            .filter(|reading| now.millis_since(reading.at) <= QUEUE_KNOWN_MILLIS)
            .and_then(|reading| reading.queue.waiting()))
    }
}

impl Follow {
    fn saw(&mut self, surface: &Surface, sighting: &Sighting, listed: &Shown<Content>) {
        let showing = if *surface == Surface::Admin {
            let by_document = self.followed.held(sighting);
            let by_lists = self.followed.listed(sighting.at, listed);
            self.doubted = by_document == Showing::Other && by_lists == Showing::Nothing;
            match by_lists {
                Showing::Nothing => by_document,
                _ => by_lists,
            }
        } else {
            self.followed.seen(sighting)
        };
        self.showed(surface, showing, (sighting.at, sighting.until));
    }

    fn showed(&mut self, surface: &Surface, showing: Showing, (at, until): (Timestamp, Timestamp)) {
        self.admin_read |= *surface == Surface::Admin && matches!(showing, Showing::Change | Showing::Newer);
        let published_at = self.followed.published_at;
        for one in self.lanes.iter_mut().filter(|one| one.lane.surface == *surface) {
            one.lane.showed(showing, published_at, at, until);
        }
    }

    fn judge(&mut self, surface: &Surface, facts: LaneFacts<'_>, now: Timestamp) {
        for one in self.lanes.iter_mut().filter(|one| one.lane.surface == *surface) {
            one.lane.judge(facts, now);
        }
    }
}
