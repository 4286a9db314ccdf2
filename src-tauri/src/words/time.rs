//! Times of day and days, in this computer's time zone.

use halyard_model::Timestamp;
use jiff::{Zoned, tz::TimeZone};

/// A time in a zone, to be put into words.
#[derive(Clone, Debug)]
pub struct Clock(TimeZone);

impl Clock {
    /// Of this computer.
    pub fn local() -> Clock {
        Clock(TimeZone::system())
    }

    /// Of a zone.
    #[cfg(test)]
    pub fn of(zone: TimeZone) -> Clock {
        Clock(zone)
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(self.0.clone())
    }

    /// `14:05`.
    pub fn time(&self, at: Timestamp) -> String {
        self.zoned(at).strftime("%H:%M").to_string()
    }

    /// `18 November`, and the year where it is not the one of `now`.
    pub fn day(&self, at: Timestamp, now: Timestamp) -> String {
        self.dated(at, now, "%-d %B")
    }

    /// `12 Nov`, and the year where it is not the one of `now`.
    pub fn short_day(&self, at: Timestamp, now: Timestamp) -> String {
        self.dated(at, now, "%-d %b")
    }

    fn dated(&self, at: Timestamp, now: Timestamp, format: &str) -> String {
        let day = self.zoned(at);
        let text = day.strftime(format).to_string();
        match day.year() == self.zoned(now).year() {
            true => text,
            false => format!("{text} {}", day.year()),
        }
    }

    /// `18 November, 14:05`.
    pub fn moment(&self, at: Timestamp, now: Timestamp) -> String {
        format!("{}, {}", self.day(at, now), self.time(at))
    }

    /// What tells a later time from an earlier one: the time alone on the same
    /// day, else with its day.
    pub fn later(&self, at: Timestamp, earlier: Timestamp, now: Timestamp) -> String {
        match self.zoned(at).date() == self.zoned(earlier).date() {
            true => self.time(at),
            false => self.moment(at, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::offset;

    #[test]
    fn times_are_told_in_the_zone_and_with_the_year_where_it_is_another() {
        let clock = Clock::of(TimeZone::fixed(offset(1)));
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let now = at("2026-11-21T12:00:00Z");
        let november = at("2026-11-18T13:05:59Z");
        assert_eq!(clock.time(november), "14:05");
        assert_eq!(clock.moment(november, now), "18 November, 14:05");
        assert_eq!(clock.short_day(november, now), "18 Nov");
        assert_eq!(clock.day(at("2025-12-31T22:30:00Z"), now), "31 December 2025");
        assert_eq!(
            clock.day(at("2025-12-31T23:30:00Z"), now),
            "1 January",
            "in the zone"
        );
        assert_eq!(clock.later(at("2026-11-18T14:20:00Z"), november, now), "15:20");
        assert_eq!(
            clock.later(at("2026-11-19T14:20:00Z"), november, now),
            "19 November, 15:20"
        );
    }
}
