//! When a status feed is read, and the loop that does it: rarely while all is
//! well, and never more often than each minute.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use halyard_model::{ConnectionId, Timestamp};
use halyard_provider::{Failure, FailureKind, Incident, ProviderStatus, StatusFeed};
use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{ActivityFilter, Console, ConsoleError, Event, ExchangeOutcome};

/// How often a status feed is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedPace {
    /// While all is well, in milliseconds.
    pub quiet_millis: i64,
    /// While an incident goes on or requests fail, in milliseconds.
    pub busy_millis: i64,
}

impl Default for FeedPace {
    fn default() -> FeedPace {
        FeedPace {
            quiet_millis: 300_000,
            busy_millis: 60_000,
        }
    }
}

/// The longest wait between two tries of a feed that cannot be read.
const LONGEST_WAIT_MILLIS: i64 = 1_800_000;

/// Requests that failed within this time make a connection one where
/// something fails.
const LATELY_MILLIS: i64 = 300_000;

/// The last copy of a feed, as the mirror keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeptFeed {
    /// What it said.
    pub(super) status: Option<ProviderStatus>,
    /// When it said so.
    pub(super) checked_at: Option<Timestamp>,
    /// Why the last try failed; `None` after a success.
    pub(super) failure: Option<String>,
    /// How many tries failed in a row.
    failures: u32,
    /// When the last try was.
    tried_at: Option<Timestamp>,
    /// Not before this moment, as the feed asked.
    retry_at: Option<Timestamp>,
}

impl KeptFeed {
    /// Incidents, the gravest first, and then maintenance that has begun.
    pub(super) fn going_on(&self) -> Vec<Incident> {
        let Some(status) = &self.status else {
            return Vec::new();
        };
        let begun = |one: &&Incident| matches!(one.status.as_str(), "in_progress" | "verifying");
        let maintenances = status.maintenances.iter().filter(begun);
        status.incidents.iter().chain(maintenances).cloned().collect()
    }

    fn succeeded(self, status: ProviderStatus, now: Timestamp) -> KeptFeed {
        KeptFeed {
            status: Some(status),
            checked_at: Some(now),
            tried_at: Some(now),
            ..KeptFeed::default()
        }
    }

    /// After a try that failed: what it said before stays.
    fn failed(self, failure: &Failure, now: Timestamp) -> KeptFeed {
        let retry_at = match &failure.kind {
            FailureKind::RateLimited { retry_at } => *retry_at,
            _ => None,
        };
        KeptFeed {
            failure: Some(failure.sentence.clone()),
            failures: self.failures.saturating_add(1),
            tried_at: Some(now),
            retry_at,
            ..self
        }
    }
}

impl FeedPace {
    /// When a feed that was last tried at `tried_at` is due again: later after
    /// each failure, and never before the moment it named.
    fn due_at(self, kept: &KeptFeed, tried_at: Timestamp, busy: bool) -> Timestamp {
        let every = if busy { self.busy_millis } else { self.quiet_millis };
        let wait = (every << kept.failures.min(8)).min(LONGEST_WAIT_MILLIS.max(every));
        let again = tried_at.plus_millis(wait);
        kept.retry_at.map_or(again, |retry_at| retry_at.max(again))
    }
}

impl Console {
    /// How often status feeds are read.
    pub fn feed_pace(&self) -> FeedPace {
        FeedPace::default()
    }

    /// Reads status feeds that are due until cancelled.
    pub(crate) async fn keep_reading_feeds(&self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let reading = async {
                tick.tick().await;
                for url in self.due_feeds().await? {
                    self.read_feed(&url).await?;
                }
                Ok::<(), ConsoleError>(())
            };
            let read = tokio::select! {
                () = cancel.cancelled() => return,
                read = reading => read,
            };
            if let Err(error) = read {
                tracing::warn!(
                    error = error.for_log(),
                    "the copy of a status feed could not be kept"
                );
            }
        }
    }

    /// The addresses of the status feeds that are due now, each once however
    /// many connections it is about. Where reading is switched off it is
    /// never due.
    pub async fn due_feeds(&self) -> Result<Vec<String>, ConsoleError> {
        let now = self.inner.clock.now();
        let mut due = Vec::new();
        for (url, connections) in self.feeds().await? {
            let kept: KeptFeed = self.inner.mirror.provider_status(&url).await?.unwrap_or_default();
            let Some(tried_at) = self
                .volatile()
                .feeds
                .tried_at
                .get(&url)
                .copied()
                .max(kept.tried_at)
                // One in the future was written by a clock that was set back.
                .filter(|tried_at| *tried_at <= now)
            else {
                due.push(url);
                continue;
            };
            let pace = self.feed_pace();
            // Asked only where the answer matters: it is looked up.
            let busy = pace.due_at(&kept, tried_at, true) <= now
                && (!kept.going_on().is_empty() || self.something_fails(&connections, now).await?);
            if pace.due_at(&kept, tried_at, busy) <= now {
                due.push(url);
            }
        }
        Ok(due)
    }

    /// Reads the status feed of a connection's provider now, because somebody
    /// asked. Nothing happens where it is switched off or none is known.
    pub async fn check_provider_status(&self, id: &ConnectionId) -> Result<(), ConsoleError> {
        match self.status_feed_url(id).await? {
            Some(url) => self.read_feed(&url).await,
            None => Ok(()),
        }
    }

    /// Reads a feed and keeps what it says; a failure is kept beside the last
    /// copy. Returns at once while it is being read.
    async fn read_feed(&self, url: &str) -> Result<(), ConsoleError> {
        let Some(reader) = self.feed_reader(url)? else {
            return Ok(());
        };
        {
            let now = self.inner.clock.now();
            let feeds = &mut self.volatile().feeds;
            if !feeds.running.insert(url.to_owned()) {
                return Ok(());
            }
            feeds.tried_at.insert(url.to_owned(), now);
        }
        let _ending = Ending { console: self, url };
        let answer = reader.read(url).await;
        let now = self.inner.clock.now();
        let before: KeptFeed = self.inner.mirror.provider_status(url).await?.unwrap_or_default();
        let told_before = before.going_on();
        let after = match answer {
            Ok(answer) => before.succeeded(answer.value, now),
            Err(failure) => {
                tracing::info!(failure = failure.for_log(), "a status feed could not be read");
                before.failed(&failure, now)
            }
        };
        self.inner.mirror.save_provider_status(url, &after).await?;
        let news = after.going_on() != told_before;
        for connection in self.feeds().await?.remove(url).unwrap_or_default() {
            if news {
                self.tell(Event::Status {
                    connection: connection.clone(),
                });
            }
            self.tell(Event::Health { connection });
        }
        Ok(())
    }

    /// The reader of a feed; none where the console was not given any way to
    /// read feeds.
    fn feed_reader(&self, url: &str) -> Result<Option<Arc<StatusFeed>>, Failure> {
        let Some(settings) = &self.inner.status_feeds else {
            return Ok(None);
        };
        let known = self.volatile().feeds.readers.get(url).cloned();
        if let Some(reader) = known {
            return Ok(Some(reader));
        }
        let reader = Arc::new(StatusFeed::new(settings.clone())?);
        self.volatile()
            .feeds
            .readers
            .insert(url.to_owned(), reader.clone());
        Ok(Some(reader))
    }

    /// The feeds that are read, with the connections that each is about.
    async fn feeds(&self) -> Result<BTreeMap<String, Vec<ConnectionId>>, ConsoleError> {
        let mut feeds: BTreeMap<String, Vec<ConnectionId>> = BTreeMap::new();
        for connection in self.inner.mirror.connections().await? {
            if connection.endpoint.is_file() {
                continue;
            }
            if let Some(url) = self.status_feed_url(&connection.id).await? {
                feeds.entry(url).or_default().push(connection.id);
            }
        }
        Ok(feeds)
    }

    async fn something_fails(
        &self,
        connections: &[ConnectionId],
        now: Timestamp,
    ) -> Result<bool, ConsoleError> {
        for connection in connections {
            let filter = ActivityFilter {
                connection: Some(connection.clone()),
                outcomes: vec![ExchangeOutcome::ServerFault, ExchangeOutcome::Broken],
                since: Some(now.plus_millis(-LATELY_MILLIS)),
                ..ActivityFilter::default()
            };
            if self.exchanges_kept(&filter, 1).await?.total > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Ends a reading however it ends, also when its task is dropped.
struct Ending<'a> {
    console: &'a Console,
    url: &'a str,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.console.volatile().feeds.running.remove(self.url);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_asked_more_often_in_trouble_and_more_rarely_when_it_fails() {
        let pace = FeedPace::default();
        let kept = KeptFeed::default().succeeded(ProviderStatus::default(), Timestamp(0));
        assert_eq!(pace.due_at(&kept, Timestamp(0), false), Timestamp(300_000));
        assert_eq!(pace.due_at(&kept, Timestamp(0), true), Timestamp(60_000));
        let refused = Failure::new(FailureKind::ServerFault, "It failed.");
        let mut failing = kept;
        let mut waits = Vec::new();
        for _ in 0..8 {
            failing = failing.failed(&refused, Timestamp(0));
            waits.push(pace.due_at(&failing, Timestamp(0), true).0 / 1_000);
        }
        assert_eq!(waits, [120, 240, 480, 960, 1_800, 1_800, 1_800, 1_800]);
        assert!(failing.status.is_some(), "the last copy is kept");
        let limited = Failure::new(
            FailureKind::RateLimited {
                retry_at: Some(Timestamp(9_000_000)),
            },
            "Not so often.",
        );
        let limited = failing.failed(&limited, Timestamp(0));
        assert_eq!(pace.due_at(&limited, Timestamp(0), false), Timestamp(9_000_000));
    }
}
