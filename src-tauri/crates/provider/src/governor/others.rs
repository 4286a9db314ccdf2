//! What other programs that share a key use, as far as the service's own count
//! shows it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Others {
    /// When a rise was noticed, and how much it was. Sorted by time.
    rises: VecDeque<(Instant, usize)>,
    last_seen: Option<Instant>,
}

impl Others {
    /// What is used by others now, as last seen.
    pub(super) fn used(&self, window: Duration, now: Instant) -> usize {
        self.rises
            .iter()
            .filter(|(seen, _)| *seen + window > now)
            .map(|(_, many)| many)
            .sum()
    }

    /// Whether others used the key within the last few windows.
    pub(super) fn were_seen(&self, window: Duration, now: Instant) -> bool {
        self.last_seen.is_some_and(|seen| seen + window * 5 > now)
    }

    /// Takes up that others use between `least` and `most`. Which of the own
    /// requests in flight are counted already is not known, hence the range.
    pub(super) fn observe(&mut self, least: usize, most: usize, window: Duration, now: Instant) {
        while self.rises.front().is_some_and(|(seen, _)| *seen + window <= now) {
            self.rises.pop_front();
        }
        let used = self.used(window, now);
        if used < least {
            self.rises.push_back((now, least - used));
            self.last_seen = Some(now);
        }
        let mut excess = used.saturating_sub(most);
        while excess > 0
            && let Some((_, many)) = self.rises.front_mut()
        {
            let taken = excess.min(*many);
            *many -= taken;
            excess -= taken;
            if *many == 0 {
                self.rises.pop_front();
            }
        }
    }

    /// The moments at which what others use ceases to be counted, at the
    /// latest; sorted.
    pub(super) fn expiries(&self, window: Duration, now: Instant) -> impl Iterator<Item = Instant> {
        self.rises
            .iter()
            .filter(move |(seen, _)| *seen + window > now)
            .flat_map(move |(seen, many)| std::iter::repeat_n(*seen + window, *many))
    }
}
