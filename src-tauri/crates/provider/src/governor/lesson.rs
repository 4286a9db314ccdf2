//! What a refusal teaches about a limit that the service does not tell.
//!
//! Flagsmith's throttle keeps the moments of the last requests and, once the
//! window is full, asks to wait until the oldest of them leaves it. So the wait
//! names the oldest request that was counted, and where that is one of ours,
//! the limit is the number of ours since.

use std::time::Duration;

use tokio::time::Instant;

use super::ledger::Ledger;
use super::terms::MINUTE;

/// The windows that Flagsmith's server can be set to, such as `500/min`, the
/// usual one first.
const WINDOWS: [Duration; 4] = [
    MINUTE,
    Duration::from_secs(1),
    Duration::from_secs(3600),
    Duration::from_secs(86_400),
];

/// `Retry-After` is in whole seconds.
const ROUNDING: Duration = Duration::from_millis(1200);

/// Where our own requests do not explain a refusal, somebody else used the key
/// too, or it had another reason. About half of the documented limit is taken
/// as ours then: enough to work with, and two who do so keep within it.
const SHARED: u32 = 240;

/// A learned limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lesson {
    pub(super) limit: u32,
    pub(super) window: Duration,
    /// When it was learned or last loosened.
    pub(super) at: Instant,
    /// Whether our own requests alone explain it.
    pub(super) sure: bool,
}

/// A refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    /// When the refused request left.
    pub(super) left: Instant,
    /// When the refusal came.
    pub(super) now: Instant,
    /// The wait it asked for.
    pub(super) wait: Option<Duration>,
}

impl Lesson {
    /// Draws the conclusion from a refusal and from what was sent before it.
    pub(super) fn from(refused: Refused, ledger: &Ledger, documented: Option<u32>) -> Lesson {
        let found = refused.wait.and_then(|wait| {
            WINDOWS
                .into_iter()
                .find(|window| explains(refused, wait, *window, ledger))
        });
        let window = found.or_else(|| wide_enough(refused.wait)).unwrap_or(MINUTE);
        let counted = ledger.surely_counted(window, refused.left.max(refused.now));
        let counted = u32::try_from(counted).unwrap_or(u32::MAX);
        // Refused well under a documented limit, somebody else must have had the rest.
        let alone = documented.is_none_or(|documented| counted >= documented - documented / 50);
        let sure = found.is_some() && alone;
        Lesson {
            limit: counted.max(if sure { 1 } else { SHARED }),
            window,
            at: refused.now,
            sure,
        }
    }

    /// Unlearns a little, where the limit was kept for long: it may have been
    /// raised, or the other one that used the key has gone. `None` when there
    /// is nothing left of the lesson.
    pub(super) fn loosened(self, documented: Option<u32>, now: Instant) -> Option<Lesson> {
        // A sure lesson is put to the test twice an hour where the window is a
        // minute; each such test may cost one refusal.
        let patience = self.window * if self.sure { 30 } else { 1 };
        if now < self.at + patience {
            return Some(self);
        }
        let limit = if self.sure {
            self.limit.saturating_add((self.limit / 10).max(1))
        } else {
            self.limit.saturating_mul(2)
        };
        if documented.is_some_and(|documented| limit >= documented) || limit > 100_000 {
            return None;
        }
        Some(Lesson {
            limit,
            at: now,
            ..self
        })
    }
}

/// Whether the oldest request that the service counts in such a window, as the
/// wait tells it, is one of ours.
fn explains(refused: Refused, wait: Duration, window: Duration, ledger: &Ledger) -> bool {
    if wait > window {
        return false;
    }
    let age = window.saturating_sub(wait);
    let Some(oldest) = refused.now.checked_sub(age) else {
        return false;
    };
    let earliest = oldest.checked_sub(ROUNDING).unwrap_or(oldest);
    ledger.any_between(earliest, oldest + ROUNDING)
}

fn wide_enough(wait: Option<Duration>) -> Option<Duration> {
    let wait = wait?.max(MINUTE);
    WINDOWS.into_iter().find(|window| wait <= *window)
}
