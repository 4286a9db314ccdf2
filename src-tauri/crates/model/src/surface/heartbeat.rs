//! An Edge Proxy's own word on its passes over all environments.

use serde::{Deserialize, Serialize};

use super::CLOCKS_APART_MILLIS;
use crate::Timestamp;

/// Zones differ by whole quarters of an hour.
const QUARTER_HOUR_MILLIS: i64 = 15 * 60_000;

/// What an Edge Proxy said when it was asked how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatReading {
    /// When it was asked.
    pub at: Timestamp,
    /// It calls itself ready.
    pub ready: bool,
    /// Its reason in its own words.
    pub reason: Option<String>,
    /// `last_successful_update`, read as UTC: the last pass in which every
    /// environment was fetched. `None`: never.
    pub told: Option<Timestamp>,
    /// It was written without a zone.
    pub zone_unknown: bool,
}

/// What an Edge Proxy's word comes to by this computer's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When it was asked.
    pub read_at: Timestamp,
    /// It calls itself ready.
    pub ready: bool,
    /// Its reason in its own words.
    pub reason: Option<String>,
    /// The time as it was written, read as UTC.
    pub told: Option<Timestamp>,
    /// When this time was read first: the pass was earlier, whatever the
    /// clocks say.
    pub first_told_at: Option<Timestamp>,
    /// The last whole pass by this computer's clock, as well as can be told.
    pub passed_at: Option<Timestamp>,
    /// What had to be made of the time.
    pub zone: ZoneNote,
}

/// What had to be made of a time that another computer wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneNote {
    /// It is taken as it was written.
    #[default]
    AsTold,
    /// It is in a zone that is so many minutes ahead of UTC.
    Ahead(i32),
    /// The clocks are too far apart to read it; only whether it moves counts.
    ClockOff,
}

impl Heartbeat {
    /// Folds a new reading into what was known. `stale_after_millis` is the
    /// proxy's own limit as far as it is known here.
    pub(super) fn after(
        before: Option<&Heartbeat>,
        reading: HeartbeatReading,
        stale_after_millis: Option<i64>,
    ) -> Heartbeat {
        let (passed_at, zone, first_told_at) = match (reading.told, before) {
            (None, _) => (None, ZoneNote::AsTold, None),
            // It has not moved, so nothing new is known about it.
            (Some(told), Some(before)) if before.told == Some(told) && before.passed_at.is_some() => {
                (before.passed_at, before.zone, before.first_told_at)
            }
            (Some(told), before) => {
                let moved_since = before
                    .filter(|before| before.told.is_some_and(|last| last < told))
                    .map(|before| before.read_at);
                let (at, zone) = place(told, &reading, moved_since, stale_after_millis);
                (Some(at), zone, Some(reading.at))
            }
        };
        Heartbeat {
            read_at: reading.at,
            ready: reading.ready,
            reason: reading.reason,
            told: reading.told,
            first_told_at,
            passed_at,
            zone,
        }
    }
}

/// Places a written time on this computer's clock. `moved_since` is a moment
/// before which it was still another: the pass is surely not older.
fn place(
    told: Timestamp,
    reading: &HeartbeatReading,
    moved_since: Option<Timestamp>,
    stale_after_millis: Option<i64>,
) -> (Timestamp, ZoneNote) {
    let age = reading.at.0.saturating_sub(told.0);
    let quarters = if reading.zone_unknown {
        age.saturating_add(CLOCKS_APART_MILLIS)
            .div_euclid(QUARTER_HOUR_MILLIS)
    } else {
        0
    };
    // A proxy that calls itself stale is taken at its word with an old time;
    // one that is well while its time is old or ahead writes another zone.
    let quarters = if reading.ready || quarters < 0 {
        quarters
    } else {
        0
    };
    let rest = age.saturating_sub(quarters * QUARTER_HOUR_MILLIS);
    let zone = match i32::try_from(-quarters * 15) {
        Ok(0) | Err(_) => ZoneNote::AsTold,
        Ok(minutes) => ZoneNote::Ahead(minutes),
    };
    let oldest = moved_since.unwrap_or(Timestamp(i64::MIN));
    let at = Timestamp(reading.at.0.saturating_sub(rest));
    let fits = at >= oldest && at <= reading.at.plus_millis(CLOCKS_APART_MILLIS);
    let well = !reading.ready || stale_after_millis.is_none_or(|limit| rest < limit);
    if fits && well {
        return (at.min(reading.at), zone);
    }
    // The time contradicts what is known: it moved since, or the proxy is well
    // by its own clock. Its word on being well then counts for the time too.
    let at = if reading.ready {
        reading.at
    } else {
        at.max(oldest).min(reading.at)
    };
    (at, ZoneNote::ClockOff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;
    const HOUR: i64 = 3_600_000;

    fn reading(at: i64, told: Option<i64>, ready: bool) -> HeartbeatReading {
        HeartbeatReading {
            at: Timestamp(at),
            ready,
            reason: None,
            told: told.map(Timestamp),
            zone_unknown: true,
        }
    }

    fn age(heartbeat: &Heartbeat) -> i64 {
        heartbeat.read_at.0 - heartbeat.passed_at.unwrap().0
    }

    #[test]
    fn a_whole_number_of_quarter_hours_is_a_zone() {
        for (offset, minutes) in [(0, 0), (2 * HOUR, 120), (-5 * HOUR, -300), (HOUR * 23 / 4, 345)] {
            let told = NOW - 7_000 + offset;
            let heartbeat = Heartbeat::after(None, reading(NOW, Some(told), true), Some(40_000));
            assert_eq!(age(&heartbeat), 7_000, "{offset}");
            let expected = if minutes == 0 {
                ZoneNote::AsTold
            } else {
                ZoneNote::Ahead(minutes)
            };
            assert_eq!(heartbeat.zone, expected);
        }
    }

    #[test]
    fn a_time_that_does_not_move_ages_whatever_its_zone() {
        let mut heartbeat = Heartbeat::after(None, reading(NOW, Some(NOW - 2_000 + HOUR), true), None);
        for later in 1..200 {
            let at = NOW + later * 15_000;
            heartbeat = Heartbeat::after(
                Some(&heartbeat),
                reading(at, Some(NOW - 2_000 + HOUR), true),
                None,
            );
            assert_eq!(age(&heartbeat), 2_000 + later * 15_000);
        }
    }

    #[test]
    fn a_wrong_clock_is_no_age() {
        for skew in [-400_000, -130_000, 130_000, 400_000, 10 * HOUR + 400_000] {
            let told = |at: i64| Some(at - 5_000 + skew);
            let mut heartbeat = Heartbeat::after(None, reading(NOW, told(NOW), true), Some(40_000));
            for later in 1..20 {
                assert!((0..40_000).contains(&age(&heartbeat)), "{skew}: {heartbeat:?}");
                let at = NOW + later * 15_000;
                heartbeat = Heartbeat::after(Some(&heartbeat), reading(at, told(at), true), Some(40_000));
            }
        }
    }

    #[test]
    fn a_proxy_that_calls_itself_stale_is_believed() {
        let told = NOW - 3 * HOUR;
        let heartbeat = Heartbeat::after(None, reading(NOW, Some(told), false), Some(40_000));
        assert_eq!((age(&heartbeat), heartbeat.zone), (3 * HOUR, ZoneNote::AsTold));
        assert_eq!(
            Heartbeat::after(None, reading(NOW, None, false), None).passed_at,
            None
        );
    }
}
