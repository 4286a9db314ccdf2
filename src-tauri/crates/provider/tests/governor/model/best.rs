//! The best possible schedule.

use std::time::Duration;

use halyard_provider::Urgency;

use super::limiter::{Limiter, Window};

/// A twentieth of a budget, rounded up: what is left to interactive requests.
pub(crate) fn reserve(limit: usize) -> usize {
    limit.div_ceil(20)
}

/// The shortest time in which so many background requests can be granted that leave the reserve alone, where nothing
/// else is slow: each is sent, as many at once as there is room for, at the very moment when a limiter that is smaller by
/// the reserve has room for it, and the last is answered a `latency` later.
///
/// Nothing is shorter. Requests are alike, so a schedule is a list of moments; by induction, the nth moment of this
/// list is no later than the nth of any other that the limiter grants, because room for the nth depends on the earlier
/// ones only and comes no later when they were earlier.
pub(crate) fn shortest(limit: usize, window: Window, requests: usize, latency: Duration) -> Duration {
    let mut limiter = Limiter::new(limit - reserve(limit), window);
    let mut now = Duration::ZERO;
    for _ in 0..requests {
        while !limiter.take(now, Urgency::Background) {
            now += limiter.frees_in(now);
        }
    }
    now + latency
}
