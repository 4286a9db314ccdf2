//! When each surface is looked at, and the loop that does it.

use std::hash::{DefaultHasher, Hash, Hasher};

use halyard_model::{ConnectionId, EnvironmentKey, Surface, SurfaceRecord, Timestamp};
use halyard_provider::Urgency;
use tokio_util::sync::CancellationToken;

use super::{surfaces_of, ticking::each_second};
use crate::{Console, ConsoleError};

/// How often surfaces are looked at without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchPace {
    /// Those of the environment in view, in milliseconds.
    pub in_view_millis: i64,
    /// Those of the others, in milliseconds.
    pub others_millis: i64,
}

impl Default for WatchPace {
    /// An Edge Proxy asks every 10 s, and is stale after 40 s at the earliest.
    fn default() -> WatchPace {
        WatchPace {
            in_view_millis: 15_000,
            others_millis: 120_000,
        }
    }
}

/// The longest wait between two tries of a surface that fails.
const LONGEST_WAIT_MILLIS: i64 = 300_000;

/// Documents of this size and more are read four times more rarely.
const LARGE_BYTES: u64 = 512 * 1024;

impl WatchPace {
    /// How often a surface is looked at, in milliseconds.
    pub fn every(self, in_view: bool) -> i64 {
        if in_view {
            self.in_view_millis
        } else {
            self.others_millis
        }
    }

    /// When a surface that was last tried at `tried_at` is due again: later
    /// after each failure and for large documents, never before the moment the
    /// service named, and up to a tenth later so that many do not go at once.
    fn due_at(
        self,
        record: &SurfaceRecord,
        tried_at: Timestamp,
        in_view: bool,
        seed: impl Hash,
    ) -> Timestamp {
        let every = self.every(in_view);
        let large = record.served.as_ref().and_then(|served| served.bytes) >= Some(LARGE_BYTES);
        let every = if large { every * 4 } else { every };
        let Some(failing) = &record.failing else {
            let mut hasher = DefaultHasher::new();
            (tried_at, seed).hash(&mut hasher);
            let tenth = i64::try_from(hasher.finish() % 100).unwrap_or_default();
            return tried_at.plus_millis(every + every / 1_000 * tenth);
        };
        let wait = every << failing.times.saturating_sub(1).min(8);
        let again = failing
            .at
            .max(tried_at)
            .plus_millis(wait.min(LONGEST_WAIT_MILLIS.max(every)));
        failing.retry_at.map_or(again, |retry_at| retry_at.max(again))
    }
}

impl Console {
    /// How often surfaces are looked at.
    pub fn watch_pace(&self) -> WatchPace {
        WatchPace::default()
    }

    /// Looks at what is due until cancelled, surfaces, servers, limits and
    /// status feeds, and tells what is news.
    pub async fn keep_watching(&self, cancel: CancellationToken) {
        tokio::join!(
            self.keep_looking(cancel.clone()),
            self.keep_checking(cancel.clone()),
            self.keep_reading_feeds(cancel.clone()),
            self.keep_noticing(cancel)
        );
    }

    /// Looks at surfaces that are due: one of a connection at a time for each
    /// surface, so that one which hangs holds up no other.
    async fn keep_looking(&self, cancel: CancellationToken) {
        each_second(
            cancel,
            || self.due_looks(),
            |(connection, environment, surface)| {
                let console = self.clone();
                async move {
                    // A failure is in the record, where it is shown.
                    let _recorded = console
                        .look(&connection, &environment, &surface, Urgency::Background)
                        .await;
                }
            },
        )
        .await;
    }

    /// The surfaces that are due now, at most one environment for each surface
    /// of a connection: the one that is longest overdue. The admin API is left
    /// to refreshes, which bring its content.
    pub async fn due_looks(&self) -> Result<Vec<(ConnectionId, EnvironmentKey, Surface)>, ConsoleError> {
        let now = self.inner.clock.now();
        let mut all = Vec::new();
        for connection in self.inner.mirror.connections().await? {
            if connection.endpoint.is_file() {
                continue;
            }
            let environments = self.inner.mirror.environments(&connection.id).await?;
            let mut due = Vec::new();
            for (surface, _) in surfaces_of(&connection.endpoint).into_iter().skip(1) {
                let mut first: Option<(Timestamp, EnvironmentKey)> = None;
                for environment in &environments {
                    let site = (connection.id.clone(), environment.key.clone());
                    let place = (site.clone(), surface.clone());
                    let (busy, tried_at) = {
                        let looks = &self.volatile().looks;
                        (
                            looks
                                .running
                                .iter()
                                .any(|((of, _), one)| *of == site.0 && *one == surface),
                            looks.tried_at.get(&place).copied(),
                        )
                    };
                    if busy {
                        first = None;
                        break;
                    }
                    let record = self
                        .inner
                        .mirror
                        .surface_record(&site.0, &site.1, &surface)
                        .await?;
                    // A clock that was set back must not end the looks.
                    let last = tried_at.max(record.checked_at).filter(|last| *last <= now);
                    let at = last.map_or(Timestamp(0), |tried_at| {
                        self.watch_pace()
                            .due_at(&record, tried_at, self.is_in_view(&site), &surface)
                    });
                    if at <= now && first.as_ref().is_none_or(|(best, _)| at < *best) {
                        first = Some((at, environment.key.clone()));
                    }
                }
                due.extend(first.map(|(_, environment)| (connection.id.clone(), environment, surface)));
            }
            // Asked last: it may ask a person to unlock the keychain.
            if !due.is_empty() && self.has_key(&connection.id).await {
                all.append(&mut due);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FailingKind;

    #[test]
    fn failures_wait_longer_and_the_service_is_obeyed() {
        let pace = WatchPace::default();
        let mut record = SurfaceRecord::default();
        let at = |record: &SurfaceRecord, tried| pace.due_at(record, Timestamp(tried), true, 1).0;
        assert!((15_000..=16_500).contains(&at(&record, 0)));
        let mut now = 0;
        for times in 1..12 {
            record.failed(Timestamp(now), FailingKind::Fault, "502".into(), None);
            let wait = at(&record, now) - now;
            assert_eq!(wait, (15_000_i64 << (times - 1).min(8)).min(LONGEST_WAIT_MILLIS));
            now += wait;
        }
        record.failed(
            Timestamp(now),
            FailingKind::Refused,
            "429".into(),
            Some(Timestamp(now + 900_000)),
        );
        assert_eq!(at(&record, now), now + 900_000);
    }
}
