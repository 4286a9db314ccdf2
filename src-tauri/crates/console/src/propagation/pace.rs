//! When a surface is read again for a check.

use halyard_model::{LaneState, Surface, Timestamp};

/// The shortest and the longest pause between two readings of a surface.
const PAUSES_MILLIS: (i64, i64) = (1_000, 15_000);

/// The longest pause once it is late.
const LATE_PAUSE_MILLIS: i64 = 30_000;

/// The pauses of the admin API once its document was read with the change: it
/// only tells whether somebody else has moved on.
const MEASURE_PAUSES_MILLIS: (i64, i64) = (10_000, 60_000);

/// The shortest pause after a failure.
const FAILED_PAUSE_MILLIS: i64 = 5_000;

/// A check is given up after this time at the earliest.
const FOLLOWED_MILLIS: i64 = 600_000;

/// How a reading for a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// With an answer.
    Answered,
    /// Without one; asked not to be tried before this moment.
    Failed(Option<Timestamp>),
}

/// When a lane's surface is to be read again after a reading that ended at
/// `now`: after a quarter of the time that it has already taken, so that what
/// is shown is never much too much, and exactly when it becomes late.
pub(super) fn next(
    state: LaneState,
    read: Read,
    published_at: Timestamp,
    late_after_millis: i64,
    now: Timestamp,
) -> Timestamp {
    let elapsed = now.millis_since(published_at);
    let (shortest, longest) = match state {
        LaneState::Late | LaneState::Unreachable => (PAUSES_MILLIS.0, LATE_PAUSE_MILLIS),
        _ => PAUSES_MILLIS,
    };
    let pause = (elapsed / 4).clamp(shortest, longest);
    let retry_at = match read {
        Read::Answered => None,
        Read::Failed(retry_at) => Some(
            now.plus_millis(pause.max(FAILED_PAUSE_MILLIS))
                .max(retry_at.unwrap_or(now)),
        ),
    };
    if let Some(retry_at) = retry_at {
        return retry_at;
    }
    let late_at = published_at.plus_millis(late_after_millis);
    let next = now.plus_millis(pause);
    if now < late_at { next.min(late_at) } else { next }
}

/// When the admin API is read again, once it was read with the change.
pub(super) fn next_measure(published_at: Timestamp, now: Timestamp) -> Timestamp {
    let (shortest, longest) = MEASURE_PAUSES_MILLIS;
    now.plus_millis(now.millis_since(published_at).clamp(shortest, longest))
}

/// When a check is given up: three times the longest limit is past whatever a
/// surface that works could still need.
pub(super) fn given_up_at(published_at: Timestamp, limits: impl Iterator<Item = i64>) -> Timestamp {
    let longest = limits.max().unwrap_or_default();
    published_at.plus_millis(longest.saturating_mul(3).max(FOLLOWED_MILLIS))
}

/// Whether readings of a surface are worth more than the change on it: the
/// admin API is the measure of all others.
pub(super) fn is_measure(surface: &Surface) -> bool {
    *surface == Surface::Admin
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Timestamp = Timestamp(1_795_000_000_000);

    fn after(state: LaneState, read: Read, elapsed: i64) -> i64 {
        let now = SENT.plus_millis(elapsed);
        next(state, read, SENT, 40_000, now).millis_since(SENT)
    }

    #[test]
    fn pauses_grow_with_the_time_it_takes() {
        let mut readings = vec![0];
        while readings.last().is_some_and(|last| *last < 120_000) {
            let last = readings.last().copied().unwrap_or_default();
            let state = if last >= 40_000 {
                LaneState::Late
            } else {
                LaneState::Waiting
            };
            readings.push(after(state, Read::Answered, last));
        }
        assert!(
            readings.contains(&40_000),
            "read when it becomes late: {readings:?}"
        );
        assert!(readings.len() < 24, "politely: {readings:?}");
        for pair in readings.windows(2) {
            let pause = pair[1] - pair[0];
            assert!((1..=30_000).contains(&pause), "{readings:?}");
            assert!(
                pause <= 1_000 || pause * 4 <= pair[0],
                "within a quarter: {readings:?}"
            );
        }
    }

    #[test]
    fn failures_wait_and_the_service_is_obeyed() {
        for (elapsed, retry_at, expected) in [
            (0, None, 5_000),
            (60_000, None, 75_000),
            (400_000, None, 430_000),
            (1_000, Some(SENT.plus_millis(90_000)), 90_000),
        ] {
            let read = Read::Failed(retry_at);
            assert_eq!(after(LaneState::Unreachable, read, elapsed), expected);
        }
    }

    #[test]
    fn a_check_ends() {
        let at = |limits: &[i64]| given_up_at(SENT, limits.iter().copied()).millis_since(SENT);
        assert_eq!(at(&[]), 600_000);
        assert_eq!(at(&[40_000, 120_000]), 600_000);
        assert_eq!(at(&[40_000, 3_600_000]), 10_800_000);
    }
}
