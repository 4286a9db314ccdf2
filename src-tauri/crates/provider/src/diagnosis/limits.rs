//! Rates of requests.

use halyard_model::Timestamp;

use super::row::{Row, happened};
use super::{Diagnosis, Remedy};
use crate::FailureKind;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::CloudflareRateLimit,
        applies: |e| matches!(e.status(), 403 | 429) && !e.is_json() && e.shows("1015"),
        words: |e| {
            let retry_at = e.answer().and_then(|answer| answer.retry_at);
            let words = happened(format!("Cloudflare, in front of {}, limits requests from this network.", e.name()))
                .because("Too many requests came from this network's address in a short time, perhaps from other programs.")
                .then("Wait some minutes, and make fewer requests.")
                .sorted(FailureKind::RateLimited { retry_at });
            match retry_at {
                Some(moment) => words.by(Remedy::WaitUntil(moment)),
                None => words.by(Remedy::ShowRequests),
            }
        },
    },
    Row {
        diagnosis: Diagnosis::RateLimitedUntil,
        applies: |e| e.status() == 429 && e.answer().is_some_and(|answer| answer.retry_at.is_some()),
        words: |e| {
            let answer = e.answer();
            let now = answer.map_or(Timestamp(0), |answer| answer.now);
            let moment = answer.and_then(|answer| answer.retry_at).unwrap_or(now);
            let millis = moment.millis_since(now);
            let seconds = millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0);
            happened(format!(
                "{} limits the rate of requests and asks for a pause of {seconds} s.",
                e.name()
            ))
            .because("This key made too many requests in a short time, perhaps from several programs.")
            .then("Wait until then; what is queued goes on by itself.")
            .by(Remedy::WaitUntil(moment))
        },
    },
    Row {
        diagnosis: Diagnosis::RateLimited,
        applies: |e| e.status() == 429,
        words: |e| {
            happened(format!(
                "{} limits the rate of requests and does not say for how long.",
                e.name()
            ))
            .because("This key made too many requests in a short time, perhaps from several programs.")
            .then("Wait a minute; what is queued goes on by itself.")
            .by(Remedy::ShowRequests)
        },
    },
];
