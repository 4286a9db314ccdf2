//! How long moments are kept, and looking after them in the background.

use std::time::Duration;

use halyard_mirror::{DamagedPart, HistorySize};
use halyard_model::{Retention, Timestamp};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{Console, ConsoleError};

const RETENTION: &str = "retention";

/// The smallest limit of size: below it not even one large environment fits.
const LEAST_BYTES: u64 = 1024 * 1024;

/// How long after its beginning a console looks after the history first, so
/// that starting is not held up.
const FIRST: Duration = Duration::from_secs(20);

/// How often it is looked whether there is something to do.
const EVERY: Duration = Duration::from_secs(60);

/// How often the history is pruned, in milliseconds.
const PRUNE_EVERY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// After how many new moments it is pruned earlier.
const PRUNE_AFTER_MOMENTS: u32 = 200;

/// What looking after the history has come to while the console runs.
#[derive(Default)]
pub(crate) struct HistoryCare {
    /// What was found damaged.
    pub(super) damaged: Vec<DamagedPart>,
    /// Moments made since it was last pruned.
    made: u32,
    pruned_at: Option<Timestamp>,
}

impl HistoryCare {
    /// Whether it is time to prune.
    fn is_due(&self, now: Timestamp) -> bool {
        // A clock that was set back must not put it off for long.
        let long_ago = |at: Timestamp| now < at || now.millis_since(at) >= PRUNE_EVERY_MILLIS;
        self.made >= PRUNE_AFTER_MOMENTS || self.pruned_at.is_none_or(long_ago)
    }
}

impl Console {
    /// How long moments are kept.
    pub async fn retention(&self) -> Result<Retention, ConsoleError> {
        Ok(self.inner.mirror.setting(RETENTION).await?.unwrap_or_default())
    }

    /// Sets how long moments are kept, and removes what is past it; returns how
    /// many went.
    ///
    /// [`ConsoleError::Input`] on `days` or `megabytes` where that would keep
    /// next to nothing.
    pub async fn set_retention(&self, keep: Retention) -> Result<u64, ConsoleError> {
        let refused = |field, sentence: &str| {
            Err(ConsoleError::Input {
                field,
                sentence: sentence.into(),
            })
        };
        if keep.days == Some(0) {
            return refused("days", "Keep snapshots for at least a day.");
        }
        if keep.bytes.is_some_and(|bytes| bytes < LEAST_BYTES) {
            return refused("megabytes", "Keep at least one megabyte.");
        }
        self.inner.mirror.save_setting(RETENTION, &keep).await?;
        let gone = self.prune_history().await?;
        if gone == 0 {
            self.tell_all_timelines().await?;
        }
        Ok(gone)
    }

    /// How much all of the history holds.
    pub async fn history_size(&self) -> Result<HistorySize, ConsoleError> {
        Ok(self.inner.mirror.history_size(None).await?)
    }

    /// Removes moments that are not to be kept any longer; returns how many.
    pub async fn prune_history(&self) -> Result<u64, ConsoleError> {
        let now = self.inner.clock.now();
        let gone = self
            .inner
            .mirror
            .prune_history(&self.retention().await?, now)
            .await?;
        {
            let care = &mut self.volatile().history;
            care.made = 0;
            care.pruned_at = Some(now);
        }
        if gone > 0 {
            tracing::info!(moments = gone, "the history was pruned");
            self.tell_all_timelines().await?;
        }
        Ok(gone)
    }

    /// Looks for damage in the history; what is found is in every
    /// [`Timeline`](crate::Timeline) from then on.
    pub async fn check_history(&self) -> Result<Vec<DamagedPart>, ConsoleError> {
        let found = self.inner.mirror.check_history().await?;
        let is_news = self.volatile().history.damaged != found;
        if is_news {
            self.volatile().history.damaged.clone_from(&found);
            tracing::warn!(parts = found.len(), "parts of the history are damaged");
            self.tell_all_timelines().await?;
        }
        Ok(found)
    }

    /// Looks after the history until cancelled: for damage once, and for what
    /// is past its time now and then.
    pub async fn keep_history(&self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + FIRST, EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_checked = false;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.look_after_history(&mut is_checked).await {
                tracing::warn!(error = error.for_log(), "the history could not be looked after");
            }
        }
    }

    async fn look_after_history(&self, is_checked: &mut bool) -> Result<(), ConsoleError> {
        let now = self.inner.clock.now();
        let is_due = self.volatile().history.is_due(now);
        if is_due {
            self.prune_history().await?;
        }
        if !*is_checked {
            self.check_history().await?;
            *is_checked = true;
        } else if is_due && !self.volatile().history.damaged.is_empty() {
            // What was damaged may have been pruned.
            self.check_history().await?;
        }
        Ok(())
    }

    /// A refresh made a moment.
    pub(crate) fn moment_made(&self, connection: &halyard_model::ConnectionId) {
        {
            let care = &mut self.volatile().history;
            care.made = care.made.saturating_add(1);
        }
        self.tell_timeline(connection);
    }

    async fn tell_all_timelines(&self) -> Result<(), ConsoleError> {
        for connection in self.inner.mirror.connections().await? {
            self.tell_timeline(&connection.id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pruning_is_due_at_first_each_day_and_after_many_moments() {
        let now = Timestamp(10 * PRUNE_EVERY_MILLIS);
        let care = |made, pruned_at: Option<i64>| HistoryCare {
            made,
            pruned_at: pruned_at.map(Timestamp),
            ..HistoryCare::default()
        };
        for (care, expected) in [
            (care(0, None), true),
            (care(0, Some(now.0 - 1_000)), false),
            (care(PRUNE_AFTER_MOMENTS, Some(now.0 - 1_000)), true),
            (care(0, Some(now.0 - PRUNE_EVERY_MILLIS)), true),
            (care(0, Some(now.0 + 1_000)), true),
        ] {
            assert_eq!(care.is_due(now), expected);
        }
    }
}
