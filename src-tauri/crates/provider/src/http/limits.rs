//! What an answer's headers say about limits.

use halyard_model::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::RateLimit;

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

/// When a service that answered 429 may be asked again: `Retry-After` in
/// seconds or as a date, else the end of the rate limit's window.
pub(crate) fn retry_at(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    retry_after(headers, now).or_else(|| reset(headers))
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        if !seconds.is_finite() || seconds < 0.0 {
            return None;
        }
        return Some(now.plus_millis((seconds * 1000.0).ceil() as i64));
    }
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
        let cases: [(&Headers, Option<i64>); 8] = [
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
