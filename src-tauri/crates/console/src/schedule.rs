//! Background refresh: the environment in view often, the others now and then.

use std::time::Duration;

use halyard_model::{ConnectionId, EnvironmentKey, FetchStatus, FreshnessRule, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{Console, ConsoleError};

/// How often environments are refreshed without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The environment in view, in milliseconds.
    pub in_view_millis: i64,
    /// The others, in milliseconds.
    pub others_millis: i64,
}

impl Default for Pace {
    /// Gentle: one refresh is about seven requests, and an organisation key
    /// costs a Flagsmith server about 0.3 s each.
    fn default() -> Pace {
        Pace {
            in_view_millis: 30_000,
            others_millis: 90_000,
        }
    }
}

/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT_MILLIS: i64 = 5_000;

/// The longest wait between two tries of a failing environment.
const LONGEST_WAIT_MILLIS: i64 = 300_000;

impl Pace {
    /// Stale once two refreshes of an environment out of view are overdue.
    pub fn freshness_rule(self) -> FreshnessRule {
        FreshnessRule {
            stale_after_millis: self.others_millis * 2,
        }
    }

    /// When an environment is due: after its interval, later after each
    /// failure, never before the moment the service named.
    fn due_at(self, status: &FetchStatus, in_view: bool) -> Timestamp {
        let interval = if in_view {
            self.in_view_millis
        } else {
            self.others_millis
        };
        let Some(failed_at) = status.failed_at else {
            return status
                .checked_at
                .map_or(Timestamp(0), |at| at.plus_millis(interval));
        };
        let doublings = status.failures.saturating_sub(1).min(16);
        let wait = (FIRST_WAIT_MILLIS << doublings).min(LONGEST_WAIT_MILLIS);
        let again = failed_at.plus_millis(wait);
        status.retry_at.map_or(again, |retry_at| retry_at.max(again))
    }
}

impl Console {
    /// How often environments are refreshed.
    pub fn pace(&self) -> Pace {
        Pace::default()
    }

    /// Refreshes what is due, one environment at a time, until cancelled.
    pub async fn keep_refreshing(&self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = tick.tick() => {}
            }
            match self.next_due().await {
                Ok(Some((connection, environment))) => {
                    tokio::select! {
                        () = cancel.cancelled() => return,
                        // A failure is in the fetch status, where it is shown.
                        _recorded = self.refresh(&connection, &environment) => {}
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the background refresh could not read the mirror"),
            }
        }
    }

    async fn next_due(&self) -> Result<Option<(ConnectionId, EnvironmentKey)>, ConsoleError> {
        let now = self.inner.clock.now();
        let in_view = self.volatile().in_view.clone();
        let mut due: Option<(Timestamp, ConnectionId, EnvironmentKey)> = None;
        for connection in self.inner.mirror.connections().await? {
            if self.credential(&connection.id).await.is_err() {
                continue;
            }
            for environment in self.inner.mirror.environments(&connection.id).await? {
                let site = (connection.id.clone(), environment.key.clone());
                let seen = in_view.as_ref() == Some(&site);
                let status = self.inner.mirror.fetch_status(&site.0, &site.1).await?;
                // What is looked at goes first among those that are due.
                let at = self.pace().due_at(&status, seen);
                let rank = if seen { Timestamp(0) } else { at };
                if at <= now && due.as_ref().is_none_or(|(best, ..)| rank < *best) {
                    due = Some((rank, site.0, site.1));
                }
            }
        }
        Ok(due.map(|(_, connection, environment)| (connection, environment)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_and_the_service_is_obeyed() {
        let pace = Pace::default();
        let fresh = FetchStatus::default().succeeded(Timestamp(1_000_000), true);
        assert_eq!(pace.due_at(&FetchStatus::default(), true), Timestamp(0));
        assert_eq!(pace.due_at(&fresh, true), Timestamp(1_030_000));
        assert_eq!(pace.due_at(&fresh, false), Timestamp(1_090_000));
        let mut failing = fresh;
        let mut waits = Vec::new();
        let mut now = Timestamp(2_000_000);
        for _ in 0..10 {
            failing = failing.failed(now, "no".into(), true, None);
            let due = pace.due_at(&failing, true);
            waits.push(due.millis_since(now));
            now = due;
        }
        assert_eq!(waits[..3], [5_000, 10_000, 20_000]);
        assert!(
            waits.iter().all(|wait| (1..=LONGEST_WAIT_MILLIS).contains(wait)),
            "{waits:?}"
        );
        let asked = failing.failed(now, "429".into(), false, Some(now.plus_millis(9_000_000)));
        assert_eq!(pace.due_at(&asked, true), now.plus_millis(9_000_000));
    }
}
