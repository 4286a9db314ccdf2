//! Why a condition does not hold, where the values alone do not say.

use halyard_engine::{Cause, ConditionTrace, Operator, SeenType};
use serde_json::Value;

use super::{condition::saw, failure, number::cut};

/// A clause such as `trait not set`, or what was made of the value, such as `read as the number 7`.
pub fn because(condition: &ConditionTrace<'_>) -> Option<String> {
    match &condition.cause {
        Some(cause) => Some(words(cause, condition)),
        None => read_as_number(condition),
    }
}

/// What is doubtful about a condition whatever the identity, as far as its own trace tells.
pub fn warning(condition: &ConditionTrace<'_>) -> Option<String> {
    match (&condition.cause, &condition.hazard) {
        (Some(Cause::CanNeverMatch), _) => Some("No value satisfies this condition.".into()),
        (Some(Cause::UnknownOperator), _) => Some("The server does not know this operator.".into()),
        (Some(Cause::BadPattern | Cause::Fails(_)), _) => None,
        (_, Some(hazard)) => Some(format!(
            "The server fails as soon as there is a value to compare: {}.",
            failure::cause(hazard)
        )),
        _ => None,
    }
}

fn words(cause: &Cause, condition: &ConditionTrace<'_>) -> String {
    match cause {
        Cause::Unset if is_trait(condition.property) => "trait not set".into(),
        Cause::Unset => "there is no value".into(),
        Cause::WrongType => wrong_type(condition),
        Cause::UnreadableOperand => format!(
            "{} cannot be read as {}",
            operand(condition.operand),
            kind(condition.seen_as)
        ),
        Cause::UnreadableVersion => match &condition.raw {
            Some(raw) => format!("{} is no version", saw(raw)),
            None => "it is no version".into(),
        },
        Cause::CanNeverMatch => "no value satisfies it".into(),
        Cause::UnknownOperator => "the server does not know this operator".into(),
        Cause::BadPattern => "the pattern is broken, so the server fails".into(),
        Cause::Fails(cause) => format!("{}, so the server fails", failure::cause(cause)),
        _ => "the values do not fit".into(),
    }
}

fn wrong_type(condition: &ConditionTrace<'_>) -> String {
    let kind = kind(condition.seen_as);
    match condition.operator {
        Operator::Contains | Operator::NotContains => format!("only text is searched, and this is {kind}"),
        Operator::In => format!("a list holds text and whole numbers, and this is {kind}"),
        Operator::Modulo => format!("only numbers have a remainder, and this is {kind}"),
        _ if is_version(condition.operand) => {
            format!("only text is compared as a version, and this is {kind}")
        }
        _ => format!("it never holds for {kind}"),
    }
}

/// Text that the server takes for a number.
fn read_as_number(condition: &ConditionTrace<'_>) -> Option<String> {
    let is_text = condition.raw.as_deref().is_some_and(Value::is_string);
    let number = match condition.seen_as? {
        SeenType::Integer | SeenType::Float if is_text => condition.coerced()?,
        _ => return None,
    };
    Some(format!("read as the number {}", cut(&number)))
}

fn is_trait(property: &str) -> bool {
    !property.is_empty() && (!property.starts_with("$.") || property.starts_with("$.identity.traits."))
}

fn is_version(operand: &Value) -> bool {
    operand.as_str().is_some_and(|text| text.ends_with(":semver"))
}

fn kind(seen_as: Option<SeenType>) -> &'static str {
    match seen_as {
        Some(SeenType::Boolean) => "a boolean",
        Some(SeenType::Integer) => "a whole number",
        Some(SeenType::Float) => "a number",
        Some(SeenType::Text) => "text",
        Some(SeenType::Version) => "a version",
        None => "what it is",
    }
}

fn operand(operand: &Value) -> String {
    match operand {
        Value::String(text) if text.is_empty() => "empty text".into(),
        Value::String(text) => cut(text.strip_suffix(":semver").unwrap_or(text)),
        other => cut(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::{Dialect, Engine, Identity};
    use serde_json::json;

    /// The clause for one condition, asked of one trait value.
    fn clause(operator: &str, operand: &str, seen: Value) -> Option<String> {
        let document = json!({
            "api_key": "env", "name": "Production", "feature_states": [],
            "project": {"segments": [{"id": 1, "name": "s", "feature_states": [], "rules": [{
                "type": "ALL", "rules": [],
                "conditions": [{"operator": operator, "property_": "seen", "value": operand}]}]}]},
        });
        let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
        let identity = Identity::new("u").with_trait("seen", seen);
        because(engine.trace(&identity).conditions().first().unwrap())
    }

    #[test]
    fn a_cause_is_told_where_the_values_do_not_say() {
        let cases = [
            ("EQUAL", "DE", json!(null), Some("trait not set")),
            ("EQUAL", "DE", json!("FR"), None),
            (
                "EQUAL",
                "DE",
                json!(7),
                Some("DE cannot be read as a whole number"),
            ),
            (
                "EQUAL",
                "",
                json!(7.5),
                Some("empty text cannot be read as a number"),
            ),
            ("GREATER_THAN", "10", json!("7"), Some("read as the number 7")),
            ("GREATER_THAN", "10", json!("007"), Some("read as the number 7")),
            (
                "CONTAINS",
                "1",
                json!("123"),
                Some("only text is searched, and this is a whole number"),
            ),
            (
                "IN",
                "1.5,true",
                json!(1.5),
                Some("a list holds text and whole numbers, and this is a number"),
            ),
            (
                "MODULO",
                "2|1",
                json!("abc"),
                Some("only numbers have a remainder, and this is text"),
            ),
            (
                "GREATER_THAN",
                "1.2.0:semver",
                json!("next"),
                Some("\"next\" is no version"),
            ),
            (
                "ROUGHLY",
                "7",
                json!(7),
                Some("the server does not know this operator"),
            ),
            (
                "REGEX",
                "^(1",
                json!("1"),
                Some("the pattern is broken, so the server fails"),
            ),
            (
                "MODULO",
                "0|0",
                json!(7),
                Some("it divides by zero, so the server fails"),
            ),
        ];
        for (operator, operand, seen, expected) in cases {
            assert_eq!(
                clause(operator, operand, seen.clone()).as_deref(),
                expected,
                "{operator} {operand} {seen}"
            );
        }
    }
}
