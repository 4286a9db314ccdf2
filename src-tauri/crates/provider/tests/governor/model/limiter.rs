//! How a service counts.

use std::collections::VecDeque;
use std::time::Duration;

use halyard_provider::Urgency;

/// The window of both services.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// What a limiter counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The minute before each request: EdgeFlags by its documentation, and Flagsmith's throttle, which keeps the
    /// moments of the requests it let through.
    Sliding,
    /// Minutes that begin so long after the run, as many limiters count that call themselves sliding.
    Fixed(Duration),
}

/// The requests of the last minute, counted exactly. Moments are told as the time since the run began.
#[derive(Clone, Debug)]
pub(crate) struct Limiter {
    limit: usize,
    window: Window,
    granted: VecDeque<(Duration, Urgency)>,
}

impl Limiter {
    pub(crate) fn new(limit: usize, window: Window) -> Limiter {
        Limiter {
            limit,
            window,
            granted: VecDeque::new(),
        }
    }

    /// Counts a request, unless the window is full: refused requests are not counted.
    pub(crate) fn take(&mut self, now: Duration, urgency: Urgency) -> bool {
        while self.granted.front().is_some_and(|one| self.leaves(one.0) <= now) {
            self.granted.pop_front();
        }
        let has_room = self.granted.len() < self.limit;
        if has_room {
            self.granted.push_back((now, urgency));
        }
        has_room
    }

    /// How many it would still let through, as of the last request.
    pub(crate) fn left(&self) -> usize {
        self.limit - self.granted.len()
    }

    /// How many it counts that are for the background, as of the last request.
    pub(crate) fn background(&self) -> usize {
        let all = self.granted.iter();
        all.filter(|one| one.1 == Urgency::Background).count()
    }

    /// How long until the oldest request leaves the window; zero where none is counted.
    pub(crate) fn frees_in(&self, now: Duration) -> Duration {
        self.granted
            .front()
            .map_or(Duration::ZERO, |one| self.leaves(one.0).saturating_sub(now))
    }

    /// When a request that was counted then ceases to be.
    fn leaves(&self, granted: Duration) -> Duration {
        match self.window {
            Window::Sliding => granted + MINUTE,
            Window::Fixed(begins) => {
                let phase = begins.as_nanos() % MINUTE.as_nanos();
                let into = (granted.as_nanos() + MINUTE.as_nanos() - phase) % MINUTE.as_nanos();
                granted + MINUTE - Duration::from_nanos(u64::try_from(into).unwrap_or_default())
            }
        }
    }
}
