//! What an answer's headers say about limits.

use std::time::Duration;

use halyard_model::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::{RateLimit, Said};

/// Values below this are seconds since the epoch, values above milliseconds:
/// as milliseconds it is a moment in 1973, as seconds one in the year 5138.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// Reads the `X-RateLimit-*` headers, where there are any.
pub(crate) fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let limit = number(headers, "x-ratelimit-limit");
    let remaining = number(headers, "x-ratelimit-remaining");
    let resets_at = reset(headers);
    if limit.is_none() && remaining.is_none() && resets_at.is_none() {
        return None;
    }
    Some(RateLimit {
        limit: limit.and_then(|value| u32::try_from(value).ok()),
        remaining: remaining.and_then(|value| u32::try_from(value).ok()),
        resets_at,
    })
}

/// A server's clock that differs by no more than this may as well be right: the
/// `Date` header knows whole seconds only, and the answer took a moment too.
const SAME_CLOCK_MILLIS: i64 = 2_500;

/// What an answer says of rates, as durations: the server's clock may be wrong.
pub(crate) fn said(status: u16, headers: &HeaderMap, now: Timestamp) -> Said {
    let limits = rate_limit(headers).unwrap_or_default();
    let by_server = server_now(headers, now);
    let until = |moment: Timestamp, now: Timestamp| {
        Duration::from_millis(u64::try_from(moment.millis_since(now)).unwrap_or(0))
    };
    Said {
        status,
        limit: limits.limit,
        remaining: limits.remaining,
        resets_in: limits.resets_at.map(|moment| until(moment, by_server)),
        retry_after: retry_after(headers, now).map(|moment| until(moment, now)),
    }
}

/// The longest pause that is believed: a day. A header in another unit must not
/// end all reading.
const LONGEST_PAUSE_MILLIS: i64 = 86_400_000;

/// How far the server's clock is ahead, where the answer tells its time.
pub(crate) fn clock_ahead_millis(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    // The header names the second that has begun.
    let told = date(headers)?.plus_millis(500);
    Some(told.0.saturating_sub(now.0))
}

/// The time by the server's clock, or ours where the two are as good as the same.
fn server_now(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    match clock_ahead_millis(headers, now) {
        Some(ahead) if ahead.abs() > SAME_CLOCK_MILLIS => now.plus_millis(ahead),
        _ => now,
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    moment(headers.get(DATE)?.to_str().ok()?)
}

/// When a service that answered 429 may be asked again: `Retry-After` in
/// seconds or as a date, else the end of the rate limit's window.
pub(crate) fn retry_at(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let asked = retry_after(headers, now).or_else(|| {
        let wait = reset(headers)?.millis_since(server_now(headers, now));
        Some(now.plus_millis(wait))
    });
    asked.map(|moment| moment.min(now.plus_millis(LONGEST_PAUSE_MILLIS)))
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        if !seconds.is_finite() || seconds < 0.0 {
            return None;
        }
        return Some(now.plus_millis((seconds * 1000.0).ceil() as i64));
    }
    let wait = moment(text)?.millis_since(server_now(headers, now));
    Some(now.plus_millis(wait))
}

fn moment(text: &str) -> Option<Timestamp> {
    let moment = httpdate::parse_http_date(text).ok()?;
    let since_epoch = moment.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since_epoch.as_millis()).ok()?))
}

fn reset(headers: &HeaderMap) -> Option<Timestamp> {
    let value = number(headers, "x-ratelimit-reset")?;
    Some(Timestamp(if value < SECONDS_BELOW {
        value.saturating_mul(1000)
    } else {
        value
    }))
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    text.parse::<i64>()
        .ok()
        .or_else(|| text.parse::<f64>().ok().map(|value| value as i64))
        .filter(|value| *value >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    type Headers = [(&'static str, &'static str)];

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn headers(pairs: &Headers) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_moment_to_ask_again() {
        let cases: [(&Headers, Option<i64>); 9] = [
            (&[("retry-after", "60")], Some(1_795_000_060_000)),
            (&[("retry-after", "0.5")], Some(1_795_000_000_500)),
            (
                &[("retry-after", "Wed, 18 Nov 2026 11:06:55 GMT")],
                Some(1_795_000_015_000),
            ),
            (&[("x-ratelimit-reset", "1795000030000")], Some(1_795_000_030_000)),
            (&[("x-ratelimit-reset", "1795000030")], Some(1_795_000_030_000)),
            (
                &[("retry-after", "5"), ("x-ratelimit-reset", "1795000030000")],
                Some(1_795_000_005_000),
            ),
            (&[("retry-after", "soon")], None),
            // A whole year: more than a day is not believed.
            (&[("retry-after", "31536000")], Some(1_795_086_400_000)),
            (&[], None),
        ];
        for (given, expected) in cases {
            assert_eq!(
                retry_at(&headers(given), NOW),
                expected.map(Timestamp),
                "{given:?}"
            );
        }
    }

    #[test]
    fn a_server_is_ahead_or_behind() {
        for (date, ahead) in [
            ("Wed, 18 Nov 2026 11:06:45 GMT", 5_500),
            ("Wed, 18 Nov 2026 11:04:40 GMT", -119_500),
        ] {
            let given = headers(&[("date", date), ("x-ratelimit-reset", "1794999910000")]);
            assert_eq!(clock_ahead_millis(&given, NOW), Some(ahead), "{date}");
        }
        // By a clock two minutes behind ours, the window ends 30 s from now.
        let behind = [
            ("date", "Wed, 18 Nov 2026 11:04:40 GMT"),
            ("x-ratelimit-reset", "1794999910000"),
        ];
        assert_eq!(
            retry_at(&headers(&behind), NOW),
            Some(Timestamp(1_795_000_029_500))
        );
    }

    #[test]
    fn limits_are_read_where_there_are_any() {
        assert_eq!(rate_limit(&headers(&[("content-type", "text/html")])), None);
        let read = rate_limit(&headers(&[
            ("x-ratelimit-limit", "1000"),
            ("x-ratelimit-remaining", "997"),
            ("x-ratelimit-reset", "1795000030000"),
        ]));
        assert_eq!(
            read,
            Some(RateLimit {
                limit: Some(1000),
                remaining: Some(997),
                resets_at: Some(Timestamp(1_795_000_030_000)),
            })
        );
    }
}
