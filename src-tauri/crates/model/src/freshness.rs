//! How far what is shown can be trusted to be current.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What is known about fetching one environment. "When did we last look" and
/// "when did it last change" are different facts, kept apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FetchStatus {
    /// The last time the service confirmed what the mirror holds.
    pub checked_at: Option<Timestamp>,
    /// The last time the content was found changed.
    pub changed_at: Option<Timestamp>,
    /// Failures since the last success.
    pub failures: u32,
    /// The first of them.
    pub failing_since: Option<Timestamp>,
    /// The last of them.
    pub failed_at: Option<Timestamp>,
    /// The last failure in a sentence.
    pub last_failure: Option<String>,
    /// The last failure was the service not being reached at all.
    pub unreachable: bool,
    /// Not before this moment, as the service asked.
    pub retry_at: Option<Timestamp>,
}

impl FetchStatus {
    /// After a fetch that succeeded at `now`.
    pub fn succeeded(&self, now: Timestamp, changed: bool) -> FetchStatus {
        FetchStatus {
            checked_at: Some(now),
            changed_at: if changed { Some(now) } else { self.changed_at },
            ..FetchStatus::default()
        }
    }

    /// After a fetch that failed at `now`.
    pub fn failed(
        &self,
        now: Timestamp,
        reason: String,
        unreachable: bool,
        retry_at: Option<Timestamp>,
    ) -> FetchStatus {
        FetchStatus {
            checked_at: self.checked_at,
            changed_at: self.changed_at,
            failures: self.failures.saturating_add(1),
            failing_since: self.failing_since.or(Some(now)),
            failed_at: Some(now),
            last_failure: Some(reason),
            unreachable,
            retry_at,
        }
    }
}

/// When a value stops being fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreshnessRule {
    /// Stale from this age on, in milliseconds; ageing from half of it.
    pub stale_after_millis: i64,
}

/// How far what is shown can be trusted to be current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Nothing was ever fetched.
    Never,
    /// Confirmed recently.
    Fresh,
    /// Past half the limit.
    Ageing,
    /// Past the limit.
    Stale,
    /// The service cannot be reached: what is shown is the mirror's.
    Offline,
}

/// Judges a [`FetchStatus`] at `now`.
pub fn freshness(status: &FetchStatus, rule: FreshnessRule, now: Timestamp) -> Freshness {
    if status.unreachable && status.failures > 0 {
        return Freshness::Offline;
    }
    let Some(checked_at) = status.checked_at else {
        return Freshness::Never;
    };
    let age = now.millis_since(checked_at);
    if age >= rule.stale_after_millis {
        Freshness::Stale
    } else if age * 2 >= rule.stale_after_millis {
        Freshness::Ageing
    } else {
        Freshness::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: FreshnessRule = FreshnessRule {
        stale_after_millis: 100,
    };

    #[test]
    fn age_decides_while_the_service_answers() {
        let status = FetchStatus::default().succeeded(Timestamp(1000), true);
        for (now, expected) in [
            (1000, Freshness::Fresh),
            (1049, Freshness::Fresh),
            (1050, Freshness::Ageing),
            (1099, Freshness::Ageing),
            (1100, Freshness::Stale),
            (900, Freshness::Fresh),
        ] {
            assert_eq!(freshness(&status, RULE, Timestamp(now)), expected, "at {now}");
        }
        assert_eq!(
            freshness(&FetchStatus::default(), RULE, Timestamp(0)),
            Freshness::Never
        );
    }

    #[test]
    fn a_service_out_of_reach_is_offline_until_it_answers() {
        let fetched = FetchStatus::default().succeeded(Timestamp(1000), true);
        let offline = fetched.failed(Timestamp(1010), "connection refused".into(), true, None);
        let still = offline.failed(Timestamp(1020), "connection refused".into(), true, None);
        assert_eq!(freshness(&still, RULE, Timestamp(1020)), Freshness::Offline);
        assert_eq!((still.failures, still.failing_since), (2, Some(Timestamp(1010))));
        assert_eq!(
            still.checked_at,
            Some(Timestamp(1000)),
            "a failure does not make the mirror younger"
        );
        let back = still.succeeded(Timestamp(1030), false);
        assert_eq!(freshness(&back, RULE, Timestamp(1030)), Freshness::Fresh);
        assert_eq!(back.changed_at, Some(Timestamp(1000)));
    }

    #[test]
    fn a_refusal_is_not_offline() {
        let status = FetchStatus::default().succeeded(Timestamp(0), true).failed(
            Timestamp(10),
            "403".into(),
            false,
            None,
        );
        assert_eq!(freshness(&status, RULE, Timestamp(10)), Freshness::Fresh);
    }
}
