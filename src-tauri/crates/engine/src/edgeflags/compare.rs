//! The service's answer beside what was expected.

use serde_json::Value;

use super::expectation::{Agreement, EdgeReason, Expectation, Expected};

/// How an answer relates to an expectation.
///
/// `reason` is the service's word, where it gave one (the bulk call gives none). A disagreement is only spoken of
/// where the documentation is clear.
pub fn compare(expectation: &Expectation, answered: &Value, reason: Option<&str>) -> Agreement {
    if let Expected::RolloutDecides { outside, .. } = &expectation.expected {
        return compare_rollout(expectation, outside, answered, reason);
    }
    let Expected::Value(expected) = &expectation.expected else {
        return Agreement::CannotTell;
    };
    let same_value = same(expected, answered);
    let same_reason = match (expectation.reason, reason) {
        (_, None) => Some(true),
        (Some(expected), Some(word)) => EdgeReason::from_name(word).map(|found| found == expected),
        (None, Some(_)) => None,
    };
    match (same_value, same_reason) {
        (true, Some(true)) => Agreement::Agrees,
        (true, None) => Agreement::CannotTell,
        _ if !expectation.unsure.is_empty() => Agreement::CannotTell,
        (same_value, same_reason) => Agreement::Disagrees {
            value: !same_value,
            reason: same_reason == Some(false),
        },
    }
}

/// Inside or outside cannot be foreseen, but only these two are possible.
fn compare_rollout(
    expectation: &Expectation,
    outside: &Value,
    answered: &Value,
    reason: Option<&str>,
) -> Agreement {
    match reason.map(EdgeReason::from_name) {
        Some(Some(EdgeReason::Rollout)) => Agreement::Agrees,
        Some(Some(EdgeReason::Default)) if same(outside, answered) => Agreement::Agrees,
        Some(Some(EdgeReason::Default)) | None | Some(None) => Agreement::CannotTell,
        Some(Some(_)) if is_sure_of_rollout(expectation) => Agreement::Disagrees {
            value: false,
            reason: true,
        },
        Some(Some(_)) => Agreement::CannotTell,
    }
}

/// Doubts about the rollout's and the default's value do not touch who decides.
fn is_sure_of_rollout(expectation: &Expectation) -> bool {
    use super::expectation::Doubt;
    expectation
        .unsure
        .iter()
        .all(|doubt| matches!(doubt, Doubt::RolloutValue | Doubt::NoDefault))
}

/// Numbers of equal value are equal.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}
