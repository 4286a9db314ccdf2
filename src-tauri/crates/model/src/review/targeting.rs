//! What is wrong with an EdgeFlags flag's targeting and window.

use jiff::{Timestamp, civil};
use serde_json::Value;

use super::{
    problem::{Found, ProblemKind},
    rules::RulePlace,
};
use crate::FieldPath;

/// Whether targeting decides anything.
pub(super) fn has_targets(targeting: &Value) -> bool {
    let rules = targeting.get("rules").and_then(Value::as_array);
    rules.is_some_and(|rules| !rules.is_empty())
        || targeting.get("rollout").is_some_and(|rollout| !rollout.is_null())
}

pub(super) fn check(targeting: Option<&Value>, found: &mut Found) {
    let Some(targeting) = targeting else { return };
    if !targeting.is_object() {
        found.add(FieldPath::HasTargeting, ProblemKind::Malformed { at: None });
        return;
    }
    let set = |name: &str| targeting.get(name).filter(|value| !value.is_null());
    if let Some(rules) = set("rules") {
        check_rules(rules, found);
    }
    if let Some(rollout) = set("rollout") {
        let share = rollout["percentage"].as_f64();
        if !share.is_some_and(|share| (0.0..=100.0).contains(&share)) {
            found.add(FieldPath::Rollout, ProblemKind::BadPercentage { at: None });
        }
        let attribute = rollout["attribute"].as_str();
        if attribute.is_none_or(|attribute| attribute.trim().is_empty()) {
            found.add(FieldPath::Rollout, ProblemKind::NoAttribute);
        }
    }
}

fn check_rules(rules: &Value, found: &mut Found) {
    let Some(rules) = rules.as_array() else {
        found.add(FieldPath::Rules, ProblemKind::Malformed { at: None });
        return;
    };
    for (index, rule) in rules.iter().enumerate() {
        let place = |condition| RulePlace {
            rule: vec![index],
            condition,
        };
        if rule.get("value").is_none() {
            found.add(FieldPath::Rules, ProblemKind::NoServedValue { at: place(None) });
        }
        let Some(conditions) = rule["conditions"].as_array() else {
            found.add(
                FieldPath::Rules,
                ProblemKind::Malformed {
                    at: Some(place(None)),
                },
            );
            continue;
        };
        for (index, condition) in conditions.iter().enumerate() {
            if let Some(kind) = check_condition(condition, place(Some(index))) {
                found.add(FieldPath::Rules, kind);
            }
        }
    }
}

fn check_condition(condition: &Value, at: RulePlace) -> Option<ProblemKind> {
    let is_named = |name: &str| {
        condition[name]
            .as_str()
            .is_some_and(|text| !text.trim().is_empty())
    };
    if !is_named("operator") {
        return Some(ProblemKind::NoOperator { at });
    }
    if !is_named("property") {
        return Some(ProblemKind::NoProperty { at });
    }
    let is_whole = condition.get("value").is_some();
    (!is_whole).then_some(ProblemKind::Malformed { at: Some(at) })
}

pub(super) fn check_window(from: Option<&str>, until: Option<&str>, found: &mut Found) {
    for (field, moment) in [(FieldPath::ActiveFrom, from), (FieldPath::ActiveUntil, until)] {
        if moment.is_some_and(|moment| !is_moment(moment)) {
            found.add(field, ProblemKind::BadMoment);
        }
    }
    let exact = |moment: Option<&str>| moment?.parse::<Timestamp>().ok();
    if let (Some(from), Some(until)) = (exact(from), exact(until))
        && until <= from
    {
        found.add(FieldPath::ActiveUntil, ProblemKind::EndsBeforeItBegins);
    }
}

/// A date, or a time without a zone, is ISO 8601 too, though only the service
/// knows when that is.
fn is_moment(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok()
        || text.parse::<civil::DateTime>().is_ok()
        || text.parse::<civil::Date>().is_ok()
}
