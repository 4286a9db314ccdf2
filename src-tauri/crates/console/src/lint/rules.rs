//! The rules: plain facts in, doubts out.

use std::collections::{BTreeMap, BTreeSet};

use halyard_engine::{Finding, FindingKind, Severity};
use halyard_model::{
    Flag, FlagKey, FlagState, FlagValue, IdentityState, SegmentKey, Service, Timestamp, ValueKind, Variant,
};
use serde_json::Value;

use super::doubt::{Doubt, NeverApplies};
use crate::LimitFacts;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// Weights are sums of decimal fractions, which doubles do not add up exactly.
const ROUNDING: f64 = 1e-9;

/// A limit that is reached within so many days at the rate of late is worth a
/// word.
const DAYS_AHEAD: u64 = 90;

/// Another environment of the project.
pub(super) struct Elsewhere {
    pub(super) name: String,
    pub(super) flags: BTreeMap<FlagKey, Flag>,
}

/// A segment of the project.
pub(super) struct KnownSegment {
    pub(super) key: SegmentKey,
    pub(super) name: String,
    /// Something names it in one of the environments, or is about to.
    pub(super) is_used: bool,
}

/// An override of one identity.
pub(super) struct IdentityOverride {
    pub(super) flag: FlagKey,
    pub(super) identity: String,
    pub(super) state: IdentityState,
}

/// How far what is known reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Every environment of the project.
    Whole,
    /// One or more are not mirrored.
    Partly,
}

/// Everything that the rules look at.
pub(super) struct Facts<'a> {
    pub(super) service: Service,
    pub(super) here: &'a [Flag],
    pub(super) elsewhere: &'a [Elsewhere],
    pub(super) environments: Known,
    /// `None` where it cannot be told which are used.
    pub(super) segments: Option<&'a [KnownSegment]>,
    pub(super) identities: &'a [IdentityOverride],
    pub(super) findings: &'a [Finding],
    pub(super) limits: &'a [LimitFacts],
    /// Since when a flag surely is as it is here.
    pub(super) unchanged_since: &'a dyn Fn(&Flag) -> Option<Timestamp>,
    pub(super) now: Timestamp,
    /// What is unchanged for so long is told.
    pub(super) days: u32,
}

/// Everything doubtful, worst first.
pub(super) fn doubts(facts: &Facts<'_>) -> Vec<Doubt> {
    let mut all = of_engine(facts);
    let with_identities: BTreeSet<&FlagKey> = facts.identities.iter().map(|own| &own.flag).collect();
    for flag in facts.here {
        all.extend(weights(flag));
        all.extend(other_type(facts, flag));
        all.extend(archived_but_on(flag));
        all.extend(overrides_like_default(facts, flag, &all));
        all.extend(stale(facts, flag, &with_identities));
    }
    all.extend(identities_like_default(facts));
    all.extend(unused_segments(facts));
    all.extend(facts.limits.iter().filter_map(near_limit));
    all.sort_by(|one, other| {
        let place = |doubt: &Doubt| (doubt.severity(), doubt.rank());
        place(one)
            .cmp(&place(other))
            .then_with(|| one.name().cmp(&other.name()))
    });
    all
}

/// What the engine found and that concerns the environment itself. How SDKs
/// differ from the server is told where somebody previews.
fn of_engine(facts: &Facts<'_>) -> Vec<Doubt> {
    let mut all = Vec::new();
    for finding in facts.findings {
        let subject = &finding.subject;
        let concerns = finding.severity() != Severity::Differs || finding.kind == FindingKind::TiedPriorities;
        // Weights are counted here for every service.
        if !concerns || finding.kind == FindingKind::WeightsOverHundred {
            continue;
        }
        let nobody = matches!(
            finding.kind,
            FindingKind::SegmentWithoutRules | FindingKind::SegmentNeverMatches
        );
        let why = match (&subject.other_segment, finding.kind) {
            (Some(other), FindingKind::ShadowedOverride) => Some(NeverApplies::Shadowed {
                by: other.name.clone(),
            }),
            _ if nobody && !subject.flags.is_empty() => Some(NeverApplies::NobodyMatches),
            _ => None,
        };
        let (Some(why), Some(segment)) = (why, &subject.segment) else {
            all.push(Doubt::Engine(Box::new(finding.clone())));
            continue;
        };
        all.extend(subject.flags.iter().map(|flag| Doubt::OverrideNeverApplies {
            flag: FlagKey(flag.clone()),
            segment: SegmentKey(segment.key.clone()),
            name: segment.name.clone(),
            why: why.clone(),
        }));
    }
    all
}

fn weights(flag: &Flag) -> Vec<Doubt> {
    let doubt = |segment: Option<&str>, sum: f64| Doubt::WeightsDoNotAddUp {
        flag: flag.key.clone(),
        segment: segment.map(str::to_owned),
        sum,
    };
    let over = |variants: &[Variant]| {
        let sum: f64 = variants.iter().map(|variant| variant.weight).sum();
        (sum > 100.0 + ROUNDING).then_some(sum)
    };
    let mut all: Vec<Doubt> = over(&flag.state.variants)
        .map(|sum| doubt(None, sum))
        .into_iter()
        .collect();
    for own in &flag.state.segment_overrides {
        all.extend(over(&own.variants).map(|sum| doubt(Some(&own.segment_name), sum)));
    }
    let percentage = rollout(&flag.state).filter(|percentage| !(0.0..=100.0).contains(percentage));
    all.extend(percentage.map(|percentage| doubt(None, percentage)));
    all
}

/// EdgeFlags: the share of a rollout, in percent.
fn rollout(state: &FlagState) -> Option<f64> {
    state
        .targeting
        .as_ref()?
        .get("rollout")?
        .get("percentage")?
        .as_f64()
}

fn other_type(facts: &Facts<'_>, flag: &Flag) -> Option<Doubt> {
    let here = type_of(&flag.state.value)?;
    let elsewhere: Vec<(String, ValueKind)> = facts
        .elsewhere
        .iter()
        .filter_map(|place| {
            let there = type_of(&place.flags.get(&flag.key)?.state.value)?;
            (there != here).then(|| (place.name.clone(), there))
        })
        .collect();
    (!elsewhere.is_empty()).then(|| Doubt::TypeDiffers {
        flag: flag.key.clone(),
        here,
        elsewhere,
    })
}

/// No value, and empty text, are of no type.
fn type_of(value: &FlagValue) -> Option<ValueKind> {
    let is_empty = value.0.as_str().is_some_and(|text| text.trim().is_empty());
    Some(value.kind()).filter(|kind| *kind != ValueKind::None && !is_empty)
}

fn archived_but_on(flag: &Flag) -> Option<Doubt> {
    let turned_on = flag.state.segment_overrides.iter().any(|own| own.enabled);
    let is_on = flag.archived && (flag.state.enabled || turned_on);
    is_on.then(|| Doubt::ArchivedButOn {
        flag: flag.key.clone(),
    })
}

/// Overrides like the default, from the last one on: one that stands before
/// another override keeps its members from that.
fn overrides_like_default(facts: &Facts<'_>, flag: &Flag, known: &[Doubt]) -> Vec<Doubt> {
    if facts.service != Service::Flagsmith {
        return Vec::new();
    }
    let state = &flag.state;
    let mut all = Vec::new();
    for own in state.segment_overrides.iter().rev() {
        let never_applies = known.iter().any(|doubt| {
            matches!(doubt, Doubt::OverrideNeverApplies { flag: of, segment, .. }
                if *of == flag.key && segment.0 == own.segment_id)
        });
        if never_applies {
            continue;
        }
        if !is_like(state, own.enabled, &own.value, &own.variants) {
            break;
        }
        all.push(Doubt::OverrideLikeDefault {
            flag: flag.key.clone(),
            segment: SegmentKey(own.segment_id.clone()),
            name: own.segment_name.clone(),
        });
    }
    all
}

fn identities_like_default(facts: &Facts<'_>) -> Vec<Doubt> {
    let flags: BTreeMap<&FlagKey, &Flag> = facts.here.iter().map(|flag| (&flag.key, flag)).collect();
    let like = facts.identities.iter().filter(|own| {
        let Some(flag) = flags.get(&own.flag) else {
            return false;
        };
        // Where segments have a say, it may keep the identity from one.
        let no_segments = flag.state.segment_overrides.is_empty();
        no_segments
            && is_like(
                &flag.state,
                own.state.enabled,
                &own.state.value,
                &own.state.variants,
            )
    });
    like.map(|own| Doubt::IdentityLikeDefault {
        flag: own.flag.clone(),
        identity: own.identity.clone(),
    })
    .collect()
}

/// Whether a state of one's own gives what the environment gives. Where shares
/// decide, it does not: each state deals them out anew.
fn is_like(state: &FlagState, enabled: bool, value: &FlagValue, variants: &[Variant]) -> bool {
    let (Some(ours), Some(theirs)) = (settled(variants), settled(&state.variants)) else {
        return false;
    };
    let same_value = same(value, &state.value);
    enabled == state.enabled && ours == theirs && (same_value || ours.is_some())
}

fn same(one: &FlagValue, other: &FlagValue) -> bool {
    let number = |value: &FlagValue| value.0.as_f64();
    one == other || (number(one).is_some() && number(one) == number(other))
}

/// The option that everybody gets, if any; `None` where shares decide.
fn settled(variants: &[Variant]) -> Option<Option<&str>> {
    let (whole, rest): (Vec<&Variant>, Vec<&Variant>) =
        variants.iter().partition(|variant| variant.weight >= 100.0);
    if rest.iter().any(|variant| variant.weight > 0.0) {
        return None;
    }
    Some(whole.first().map(|variant| variant.id.as_str()))
}

fn unused_segments(facts: &Facts<'_>) -> Vec<Doubt> {
    let segments = facts.segments.unwrap_or_default().iter();
    segments
        .filter(|segment| !segment.is_used)
        .map(|segment| Doubt::UnusedSegment {
            segment: segment.key.clone(),
            name: segment.name.clone(),
            environments: facts.elsewhere.len() + 1,
        })
        .collect()
}

/// A flag that nobody has touched for long: what it may be good for is told
/// once, the strongest first.
fn stale(facts: &Facts<'_>, flag: &Flag, with_identities: &BTreeSet<&FlagKey>) -> Option<Doubt> {
    let seen = (facts.unchanged_since)(flag)?;
    // The service may know of a later change than was seen.
    let since = flag.state.updated_at.map_or(seen, |at| at.max(seen));
    let is_long = facts.now.millis_since(since) >= i64::from(facts.days).saturating_mul(DAY);
    if !is_long || flag.archived {
        return None;
    }
    let key = flag.key.clone();
    let states = || {
        let there = facts
            .elsewhere
            .iter()
            .filter_map(|place| place.flags.get(&flag.key));
        std::iter::once(flag).chain(there)
    };
    if facts.environments == Known::Whole {
        if states().all(is_off) {
            return Some(Doubt::OffEverywhere { flag: key, since });
        }
        let alike = |other: &Flag| {
            same(&flag.state.value, &other.state.value)
                && settled(&flag.state.variants) == settled(&other.state.variants)
        };
        let for_all = !with_identities.contains(&flag.key);
        if for_all && states().all(|other| is_on_for_all(other) && alike(other)) {
            return Some(Doubt::RolledOut { flag: key, since });
        }
    }
    Some(Doubt::Unchanged { flag: key, since })
}

fn is_off(flag: &Flag) -> bool {
    let overridden = flag.state.segment_overrides.iter().any(|own| own.enabled);
    !flag.state.enabled && !overridden && flag.identity_overrides.unwrap_or(0) == 0
}

fn is_on_for_all(flag: &Flag) -> bool {
    let state = &flag.state;
    let targeted = state.targeting.as_ref().is_some_and(|targeting| {
        let rules = targeting.get("rules").and_then(Value::as_array);
        rules.is_some_and(|rules| !rules.is_empty()) || rollout(state).is_some_and(|share| share < 100.0)
    });
    state.enabled
        && state.segment_overrides.is_empty()
        && settled(&state.variants).is_some()
        && !targeted
        && flag.identity_overrides.unwrap_or(0) == 0
}

fn near_limit(limit: &LimitFacts) -> Option<Doubt> {
    let days_left = days_left(limit);
    (limit.level().is_some() || days_left.is_some()).then(|| Doubt::NearLimit {
        limit: Box::new(limit.clone()),
        days_left,
    })
}

/// Days until a limit is reached at the rate of late, where they are few.
fn days_left(limit: &LimitFacts) -> Option<u32> {
    let (used, allowed, trend) = (limit.used?, limit.limit?, limit.trend?);
    let grown = used.checked_sub(trend.before).filter(|grown| *grown > 0)?;
    let left = allowed.checked_sub(used).filter(|left| *left > 0)?;
    let days = left.saturating_mul(u64::from(trend.days)).div_ceil(grown);
    (days <= DAYS_AHEAD).then(|| u32::try_from(days).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
