//! Where a queue is heading, from a few readings of its length.

use halyard_model::Timestamp;

/// Where a queue is heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueTrend {
    /// Fewer and fewer.
    Draining,
    /// About as many.
    Steady,
    /// More and more: the processor does not keep up.
    Growing,
}

/// Readings that are older than this by the newest one say nothing about now.
const RECENT_MILLIS: i64 = 15 * 60_000;

/// So many of the newest readings count.
const READINGS: usize = 6;

/// A queue breathes by a few tasks.
const FEW: u64 = 5;

/// Where a queue is heading by its readings, the newest first. `None` before
/// there are two.
///
/// The direction is that of the middle one of all slopes between two readings,
/// so that a single burst decides nothing. Over the time of the readings it
/// must amount to more than a few tasks, and to a tenth of what waits.
pub(super) fn queue_trend(readings: &[(Timestamp, u64)]) -> Option<QueueTrend> {
    let &(now, waiting) = readings.first()?;
    let recent: Vec<(Timestamp, u64)> = readings
        .iter()
        .take(READINGS)
        .take_while(|(at, _)| now.millis_since(*at) <= RECENT_MILLIS)
        .copied()
        .collect();
    let &(begun, before) = recent.last().filter(|_| recent.len() > 1)?;
    let mut slopes: Vec<f64> = Vec::new();
    for (index, (later, more)) in recent.iter().enumerate() {
        for (earlier, less) in &recent[index + 1..] {
            let millis = later.millis_since(*earlier).max(1) as f64;
            slopes.push((*more as f64 - *less as f64) / millis);
        }
    }
    slopes.sort_by(f64::total_cmp);
    let slope = slopes.get(slopes.len() / 2).copied().unwrap_or_default();
    let moved = slope * now.millis_since(begun) as f64;
    let least = FEW.max(waiting.max(before) / 10) as f64;
    Some(if moved >= least {
        QueueTrend::Growing
    } else if moved <= -least {
        QueueTrend::Draining
    } else {
        QueueTrend::Steady
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By readings one minute apart, the oldest first.
    fn trend(waiting: &[u64]) -> Option<QueueTrend> {
        let mut readings: Vec<_> = (0..)
            .zip(waiting)
            .map(|(minute, waiting)| (Timestamp(minute * 60_000), *waiting))
            .collect();
        readings.reverse();
        queue_trend(&readings)
    }

    #[test]
    fn a_queue_grows_drains_or_stays() {
        for (waiting, expected) in [
            (&[][..], None),
            (&[37], None),
            (&[0, 0], Some(QueueTrend::Steady)),
            (&[0, 3], Some(QueueTrend::Steady)),
            (&[3, 0], Some(QueueTrend::Steady)),
            (&[37, 60], Some(QueueTrend::Growing)),
            (&[60, 37], Some(QueueTrend::Draining)),
            (&[1_000, 1_050], Some(QueueTrend::Steady)),
            (&[1_000, 1_200], Some(QueueTrend::Growing)),
            (&[10, 40, 30, 60, 50, 90], Some(QueueTrend::Growing)),
            (&[90, 50, 60, 30, 40, 10], Some(QueueTrend::Draining)),
            // One burst that is being worked off is no growth.
            (&[10, 200, 150, 120, 90, 60], Some(QueueTrend::Draining)),
            (&[40, 40, 40, 40, 40, 90], Some(QueueTrend::Steady)),
            // What was long ago does not count.
            (&[900, 900, 900, 10, 12, 11, 12, 11, 12], Some(QueueTrend::Steady)),
        ] {
            assert_eq!(trend(waiting), expected, "{waiting:?}");
        }
    }

    #[test]
    fn readings_of_another_time_say_nothing_about_now() {
        let far_apart = [(Timestamp(16 * 60_000), 900), (Timestamp(0), 1)];
        assert_eq!(queue_trend(&far_apart), None);
        let near = [(Timestamp(15 * 60_000), 900), (Timestamp(0), 1)];
        assert_eq!(queue_trend(&near), Some(QueueTrend::Growing));
    }
}
