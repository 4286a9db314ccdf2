//! Background refresh: the environment in view often, the others now and then.

use std::{collections::HashSet, time::Duration};

use halyard_model::{ConnectionId, FetchStatus, FreshnessRule, GapRule, Timestamp};
use halyard_provider::Urgency;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{Console, ConsoleError, state::Site};

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

    /// A change that nobody saw within two of the longest waits fell into a
    /// gap: the ordinary pace, and one failure or two, make none.
    pub fn gap_rule(self) -> GapRule {
        GapRule {
            longest_unseen_millis: LONGEST_WAIT_MILLIS.max(self.others_millis) * 2,
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

    /// Refreshes what is due until cancelled: one environment of a connection
    /// at a time, so that one service which does not answer holds up no other.
    pub async fn keep_refreshing(&self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running: JoinSet<ConnectionId> = JoinSet::new();
        let mut busy: HashSet<ConnectionId> = HashSet::new();
        loop {
            let due = async {
                tick.tick().await;
                self.drop_old_drafts();
                self.due().await
            };
            let due = tokio::select! {
                () = cancel.cancelled() => return,
                Some(ended) = running.join_next() => {
                    match ended {
                        Ok(connection) => busy.remove(&connection),
                        // Which one ended is not told, so all count as ended;
                        // a refresh that still runs makes a second one return.
                        Err(_) => { busy.clear(); false }
                    };
                    continue;
                }
                due = due => due,
            };
            match due {
                Ok(due) => {
                    for (connection, environment) in due {
                        if busy.insert(connection.clone()) {
                            let console = self.clone();
                            running.spawn(async move {
                                // A failure is in the fetch status, where it is shown.
                                let _recorded = console
                                    .refresh_as(&connection, &environment, Urgency::Background)
                                    .await;
                                connection
                            });
                        }
                    }
                }
                Err(error) => tracing::warn!(
                    error = error.for_log(),
                    "the background refresh could not read the mirror"
                ),
            }
        }
    }

    /// What is due now: the environment of each connection that has waited
    /// longest, or the one in view. A service that asked for patience is left
    /// alone in all its environments, since it counts by the key.
    pub async fn due(&self) -> Result<Vec<Site>, ConsoleError> {
        let now = self.inner.clock.now();
        let in_view = self.volatile().in_view.clone();
        let mut all = Vec::new();
        for connection in self.inner.mirror.connections().await? {
            if connection.endpoint.is_file() {
                continue;
            }
            let mut due: Option<(Timestamp, Site)> = None;
            let mut not_before = None;
            for environment in self.inner.mirror.environments(&connection.id).await? {
                let site = (connection.id.clone(), environment.key.clone());
                let seen = in_view.as_ref() == Some(&site);
                let status = self.inner.mirror.fetch_status(&site.0, &site.1).await?;
                not_before = not_before.max(status.retry_at);
                // A clock that was set back must not end the refreshes.
                let last = status.failed_at.or(status.checked_at);
                let at = match last {
                    Some(last) if last > now => Timestamp(0),
                    _ => self.pace().due_at(&status, seen),
                };
                // What is looked at goes first among those that are due.
                let rank = if seen { Timestamp(0) } else { at };
                if at <= now && due.as_ref().is_none_or(|(best, _)| rank < *best) {
                    due = Some((rank, site));
                }
            }
            let Some((_, site)) = due.filter(|_| not_before.is_none_or(|moment| moment <= now)) else {
                continue;
            };
            // Asked last, and only where there is something to do: it may ask
            // a person to unlock the keychain.
            if self.has_key(&connection.id).await {
                all.push(site);
            }
        }
        Ok(all)
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
