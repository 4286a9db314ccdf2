//! How much of a service's limits is used.
//!
//! What is used is counted out of each snapshot when it arrives and kept in
//! the mirror, one row a day. What is allowed is what the service itself says,
//! as last read, else the documented default. What nobody tells stays unknown.

mod allowed;
mod count;

use halyard_mirror::Stored;
use halyard_model::{ConnectionId, Endpoint, EnvironmentKey, FetchStatus, Service, Snapshot, Timestamp};
use halyard_provider::Urgency;
use serde::{Deserialize, Serialize};

pub(crate) use allowed::Allowed;
use count::Counts;

use crate::{Console, ConsoleError, Event, server::is_hosted, state::Site};

/// A day in milliseconds.
const DAY_MILLIS: i64 = 86_400_000;

/// What is compared with: what was held so many days ago, or since the first
/// day that is known.
const TREND_DAYS: i64 = 7;

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Flags of the project.
    Flags,
    /// Segments of the project.
    Segments,
    /// Segment overrides in the environment.
    SegmentOverrides,
    /// Conditions of the segment that has the most.
    Conditions,
    /// Bytes of the longest value of a flag, an override or an option.
    ValueBytes,
    /// Bytes of the longest value of a condition.
    ConditionBytes,
    /// Identities with overrides of their own in the document.
    IdentityOverrides,
    /// Bytes of the environment document.
    DocumentBytes,
    /// Bytes of EdgeFlags' largest definition, which one request has to carry.
    DefinitionBytes,
    /// Billed calls of the running month or billing period.
    MonthlyCalls,
}

/// Where a limit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSource {
    /// The service said so, then.
    Told {
        /// When it was read.
        at: Timestamp,
    },
    /// The documentation says so; the service does not tell its own number.
    Documented,
    /// None is known: neither told nor documented.
    Unlimited,
    /// There is one, and the service has not told it.
    Untold,
}

/// How near a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitLevel {
    /// Four fifths are used.
    Near,
    /// All of it is used.
    Reached,
}

/// How near a limit is, where that is worth a word.
pub fn limit_level(used: u64, limit: u64) -> Option<LimitLevel> {
    if used >= limit {
        Some(LimitLevel::Reached)
    } else if u128::from(used) * 5 >= u128::from(limit) * 4 {
        Some(LimitLevel::Near)
    } else {
        None
    }
}

/// Something that takes much of a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// The flag's key, the segment's name.
    pub name: String,
    /// How much it takes.
    pub amount: u64,
}

/// What was used on an earlier day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitTrend {
    /// How much.
    pub before: u64,
    /// How many days ago.
    pub days: u32,
}

/// One limit with what is used of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitFacts {
    /// What it is about.
    pub kind: LimitKind,
    /// How much is used; `None`: unknown, which is not zero.
    pub used: Option<u64>,
    /// The moment for which that is known.
    pub as_of: Option<Timestamp>,
    /// How much is allowed.
    pub limit: Option<u64>,
    /// Where that comes from.
    pub source: LimitSource,
    /// What takes the most, the heaviest first; at most three.
    pub heaviest: Vec<Contributor>,
    /// What was used earlier, where it differs.
    pub trend: Option<LimitTrend>,
}

impl LimitFacts {
    /// How near it is, where that is worth a word.
    pub fn level(&self) -> Option<LimitLevel> {
        self.used
            .zip(self.limit)
            .and_then(|(used, limit)| limit_level(used, limit))
    }
}

/// An environment's limits, and what is known of the plan behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentLimits {
    /// Each limit that the service has.
    pub limits: Vec<LimitFacts>,
    /// The plan's name.
    pub plan: Option<String>,
    /// The service has stopped serving flags for the organisation; `None`:
    /// unknown.
    pub blocked: Option<bool>,
}

impl Console {
    /// How much of the service's limits an environment uses, from the mirror.
    pub async fn environment_limits(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<EnvironmentLimits, ConsoleError> {
        let endpoint = self.known_connection(connection).await?.endpoint;
        let snapshot = self.inner.mirror.snapshot_facts(connection, environment).await?;
        let days: Vec<(i64, Counts)> = self.inner.mirror.daily_counts(connection, environment).await?;
        let allowed = self.last_allowed(connection).await?;
        let today = day_of(self.inner.clock.now());
        let counted = days.first().map(|(_, counts)| counts);
        let newest = counted.map(|counts| &counts.amounts);
        let as_of = snapshot.map(|snapshot| snapshot.fetched_at);
        let mut limits: Vec<LimitFacts> = kinds(&endpoint)
            .iter()
            .map(|&kind| {
                let amount = newest.and_then(|amounts| amounts.get(&kind));
                let (limit, source) = allowed::limit(kind, &endpoint, allowed.as_ref());
                LimitFacts {
                    kind,
                    used: amount.map(|amount| amount.used),
                    as_of: amount.and(as_of),
                    limit,
                    source,
                    heaviest: amount.map(|amount| amount.heaviest.clone()).unwrap_or_default(),
                    trend: trend(kind, &days, today),
                }
            })
            .collect();
        limits.push(monthly(allowed.as_ref()));
        Ok(EnvironmentLimits {
            limits,
            plan: allowed.as_ref().and_then(|allowed| allowed.plan.clone()),
            blocked: allowed
                .as_ref()
                .and_then(|allowed| allowed.blocked)
                .or(counted.and_then(|counts| counts.blocked)),
        })
    }

    /// What the service last said about a connection's limits. They are the
    /// project's and the organisation's, the same in every environment.
    pub(crate) async fn last_allowed(
        &self,
        connection: &ConnectionId,
    ) -> Result<Option<Allowed>, ConsoleError> {
        let kept: Vec<Allowed> = self.inner.mirror.allowances(connection).await?;
        Ok(kept.into_iter().max_by_key(|allowed| allowed.at))
    }

    /// Reads the provider's own numbers. What it refuses to tell leaves the
    /// last copy in place, with its age.
    pub(crate) async fn read_allowances(&self, site: &Site, urgency: Urgency) -> Result<(), ConsoleError> {
        let reach = self.reach(site).await?.going(urgency);
        let at = self.inner.clock.now();
        let told = match reach.provider.allowances(reach.target()).await {
            Ok(answer) => self.heard(&site.0, answer),
            Err(failure) => {
                tracing::info!(
                    connection = site.0.0,
                    failure = failure.for_log(),
                    "the limits could not be read"
                );
                return Ok(());
            }
        };
        let before = self.last_allowed(&site.0).await?;
        let allowed = Allowed::new(told, at);
        self.inner
            .mirror
            .save_allowances(&site.0, &site.1, &allowed)
            .await?;
        if before.is_none_or(|before| !before.says_the_same(&allowed)) {
            self.tell(Event::Health {
                connection: site.0.clone(),
            });
        }
        Ok(())
    }

    /// Counts a snapshot that was just stored: when it changed something, at
    /// the first one of a day, and where an earlier count was cut off.
    pub(crate) async fn count_parts(
        &self,
        site: &Site,
        snapshot: &Snapshot,
        stored: Stored,
        status: &FetchStatus,
    ) -> Result<(), ConsoleError> {
        let day = day_of(self.inner.clock.now());
        let days: Vec<(i64, Counts)> = self.inner.mirror.daily_counts(&site.0, &site.1).await?;
        let newest = days.first();
        let is_current = stored == Stored::Unchanged
            && newest.is_some_and(|(held, counts)| *held == day && Some(counts.of) >= status.changed_at);
        if is_current {
            return Ok(());
        }
        let service = self.known_connection(&site.0).await?.endpoint.service();
        let counts = Counts::of(service, snapshot);
        self.inner
            .mirror
            .save_daily_counts(&site.0, &site.1, day, &counts)
            .await?;
        if newest.is_none_or(|(_, before)| !before.says_the_same(&counts)) {
            self.tell(Event::Health {
                connection: site.0.clone(),
            });
        }
        Ok(())
    }
}

/// What is counted at an endpoint, in the order in which it is shown.
fn kinds(endpoint: &Endpoint) -> &'static [LimitKind] {
    use LimitKind::*;
    match endpoint.service() {
        Service::Flagsmith if is_hosted(endpoint) => &[
            SegmentOverrides,
            DocumentBytes,
            Flags,
            Segments,
            Conditions,
            ValueBytes,
            ConditionBytes,
            IdentityOverrides,
        ],
        Service::Flagsmith => &[
            SegmentOverrides,
            DocumentBytes,
            Flags,
            Segments,
            Conditions,
            ValueBytes,
            ConditionBytes,
        ],
        Service::EdgeFlags => &[DefinitionBytes, Flags, Segments, Conditions],
    }
}

fn monthly(allowed: Option<&Allowed>) -> LimitFacts {
    let limit = allowed.and_then(|allowed| allowed.monthly_calls);
    LimitFacts {
        kind: LimitKind::MonthlyCalls,
        used: allowed.and_then(|allowed| allowed.monthly_used),
        as_of: allowed.map(|allowed| allowed.at),
        limit,
        source: match allowed.filter(|_| limit.is_some()) {
            Some(allowed) => LimitSource::Told { at: allowed.at },
            None => LimitSource::Untold,
        },
        heaviest: Vec::new(),
        trend: None,
    }
}

/// What an environment held a week ago, or on the first day that is known;
/// nothing where that is today, or where it held as much.
fn trend(kind: LimitKind, days: &[(i64, Counts)], today: i64) -> Option<LimitTrend> {
    let used = |counts: &Counts| counts.amounts.get(&kind).map(|amount| amount.used);
    let now = days.first().and_then(|(_, counts)| used(counts))?;
    let earlier = days.iter().filter(|(day, _)| *day < today);
    let known: Vec<(i64, u64)> = earlier
        .filter_map(|(day, counts)| Some((*day, used(counts)?)))
        .collect();
    let &(day, before) = known
        .iter()
        .find(|(day, _)| *day <= today - TREND_DAYS)
        .or(known.last())?;
    (before != now).then(|| LimitTrend {
        before,
        days: u32::try_from(today - day).unwrap_or(u32::MAX),
    })
}

/// Days since the Unix epoch, UTC.
fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MILLIS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{count::Amount, *};

    #[test]
    fn amber_comes_before_the_limit() {
        for (used, limit, expected) in [
            (0, 100, None),
            (79, 100, None),
            (80, 100, Some(LimitLevel::Near)),
            (99, 100, Some(LimitLevel::Near)),
            (100, 100, Some(LimitLevel::Reached)),
            (101, 100, Some(LimitLevel::Reached)),
            (3, 4, None),
            (4, 5, Some(LimitLevel::Near)),
            (0, 0, Some(LimitLevel::Reached)),
            (u64::MAX - 1, u64::MAX, Some(LimitLevel::Near)),
        ] {
            assert_eq!(limit_level(used, limit), expected, "{used} of {limit}");
        }
    }

    #[test]
    fn a_trend_compares_with_a_week_ago_or_with_what_is_known() {
        let counts = |used: u64| Counts {
            of: Timestamp(0),
            blocked: None,
            amounts: BTreeMap::from([(
                LimitKind::Flags,
                Amount {
                    used,
                    heaviest: Vec::new(),
                },
            )]),
        };
        let told = |days: &[(i64, u64)]| {
            let days: Vec<(i64, Counts)> = days.iter().map(|&(day, used)| (day, counts(used))).collect();
            trend(LimitKind::Flags, &days, 100).map(|trend| (trend.before, trend.days))
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[(100, 8)]), None, "nothing to compare with");
        assert_eq!(told(&[(100, 8), (99, 5)]), Some((5, 1)));
        assert_eq!(told(&[(100, 8), (99, 7), (97, 5)]), Some((5, 3)));
        assert_eq!(
            told(&[(100, 8), (99, 7), (93, 6), (92, 1)]),
            Some((6, 7)),
            "a week, though more is known"
        );
        assert_eq!(told(&[(100, 8), (99, 7), (90, 2), (80, 1)]), Some((2, 10)));
        assert_eq!(told(&[(100, 8), (93, 8)]), None, "as much as then");
        assert_eq!(told(&[(99, 8), (90, 5)]), Some((5, 10)), "not counted today yet");
        assert_eq!(
            trend(LimitKind::Segments, &[(100, counts(1)), (90, counts(2))], 100),
            None
        );
    }
}
