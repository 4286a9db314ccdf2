//! What is wrong with a segment's rules.

use serde::{Deserialize, Serialize};

use super::problem::{Found, ProblemKind};
use crate::{FieldPath, SegmentCondition, SegmentRule};

/// How many levels of rules a segment takes.
const LEVELS: usize = 2;

/// Flagsmith's share of identities, which looks at nothing.
const PERCENTAGE_SPLIT: &str = "PERCENTAGE_SPLIT";

/// Where something is in rules, counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePlace {
    /// The rule, then the rule below that, and so on.
    pub rule: Vec<usize>,
    /// The condition of that rule.
    pub condition: Option<usize>,
}

pub(super) fn check(rules: &[SegmentRule], found: &mut Found) {
    if rules.is_empty() {
        found.add(FieldPath::Rules, ProblemKind::NoRules);
    }
    for (index, rule) in rules.iter().enumerate() {
        check_rule(rule, &[index], found);
    }
}

fn check_rule(rule: &SegmentRule, path: &[usize], found: &mut Found) {
    let at = RulePlace {
        rule: path.to_vec(),
        condition: None,
    };
    if path.len() > LEVELS {
        // Those below it are too deep as well, and one sentence is enough.
        found.add(FieldPath::Rules, ProblemKind::NestedTooDeep { at });
        return;
    }
    if rule.conditions.is_empty() && rule.rules.is_empty() {
        found.add(FieldPath::Rules, ProblemKind::EmptyRule { at: at.clone() });
    }
    for (index, condition) in rule.conditions.iter().enumerate() {
        let at = RulePlace {
            condition: Some(index),
            ..at.clone()
        };
        if let Some(kind) = check_condition(condition, at) {
            found.add(FieldPath::Rules, kind);
        }
    }
    for (index, below) in rule.rules.iter().enumerate() {
        let path: Vec<usize> = path.iter().copied().chain([index]).collect();
        check_rule(below, &path, found);
    }
}

fn check_condition(condition: &SegmentCondition, at: RulePlace) -> Option<ProblemKind> {
    if condition.operator.trim().is_empty() {
        return Some(ProblemKind::NoOperator { at });
    }
    let property = condition.property.as_deref();
    let is_blank = property.is_some_and(|property| property.trim().is_empty());
    if condition.operator != PERCENTAGE_SPLIT {
        return (property.is_none() || is_blank).then_some(ProblemKind::NoProperty { at });
    }
    if is_blank {
        return Some(ProblemKind::NoProperty { at });
    }
    let share = condition
        .value
        .as_f64()
        .or_else(|| condition.value.as_str()?.trim().parse().ok());
    let is_share = share.is_some_and(|share| (0.0..=100.0).contains(&share));
    (!is_share).then_some(ProblemKind::BadPercentage { at: Some(at) })
}
