//! What is left of a budget, and how long what waits will take.

use std::time::Duration;

use tokio::time::Instant;

use super::account::State;

/// More than this is not reckoned one by one.
const MOST: usize = 100_000;

impl State {
    /// Requests left in the window, those on their way taken off.
    pub(super) fn remaining(&self, now: Instant) -> Option<u32> {
        let limit = self.limit()?;
        let window = self.window();
        let used = self.ledger.used(window, now) + self.others.used(window, now);
        Some(limit.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX)))
    }

    /// When the oldest request leaves the window.
    pub(super) fn resets(&self, now: Instant) -> Option<Instant> {
        self.limit()?;
        let told = self
            .told
            .and_then(|told| told.resets)
            .filter(|moment| *moment > now);
        told.or_else(|| self.ledger.falls_by(1, self.window(), now))
    }

    /// How long what waits and `more` background requests will take: each has
    /// its turn at the pace that is usual, once an older one has left the
    /// window.
    pub(super) fn expected(&self, more: usize, now: Instant) -> Duration {
        let waiting = self.interactive.len() + self.background.len() + more;
        if waiting == 0 {
            return Duration::ZERO;
        }
        let waiting = waiting.min(MOST);
        let window = self.window();
        let mean = self.mean_duration();
        let by_concurrency = mean.div_f64(self.background_places() as f64);
        let limit = self.limit();
        let pace = if limit.is_none() {
            by_concurrency.max(self.terms.pace)
        } else {
            by_concurrency
        };
        let start = self.paused_until.map_or(now, |until| until.max(now));
        let Some(limit) = limit else {
            return (start - now) + pace * u32::try_from(waiting).unwrap_or(u32::MAX) + mean;
        };
        let usable = (limit as usize)
            .saturating_sub(self.kept_from_background(limit))
            .max(1);
        let mut leaves = self.ledger.expiries(window, now);
        leaves.extend(self.others.expiries(window, now));
        leaves.extend(std::iter::repeat_n(now + mean + window, self.ledger.in_flight()));
        leaves.sort_unstable();
        let mut last = start;
        for turn in 0..waiting {
            let mut moment = if turn == 0 { start } else { last + pace };
            // The place of the one that was counted `usable` before it.
            if let Some(older) = (leaves.len() + 1).checked_sub(usable + 1)
                && let Some(freed) = leaves.get(older)
                && leaves.len() >= usable
            {
                moment = moment.max(*freed);
            }
            leaves.push(moment + mean + window);
            last = moment;
        }
        (last - now) + mean
    }
}
