//! Conditions in words: the one place from which the one-sentence reasons, the
//! traces, the ways to another result and the findings take them.

use std::borrow::Cow;

use halyard_engine::Operator;
use serde_json::Value;

use super::number::{cut, list, two, value};

/// What a condition asks, wherever it was found.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Trait name or JSONPath; empty for a split on the identity.
    property: &'a str,
    operator: Operator,
    /// The operator's name in the document, also when it is unknown.
    operator_name: &'a str,
    operand: Cow<'a, str>,
}

impl<'a> Asked<'a> {
    /// As the document has it.
    pub fn new(property: &'a str, operator_name: &'a str, operand: &'a Value) -> Asked<'a> {
        let operand = match operand {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Null => Cow::Borrowed(""),
            other => Cow::Owned(other.to_string()),
        };
        Asked {
            property,
            operator: Operator::from_name(operator_name),
            operator_name,
            operand,
        }
    }

    /// With the operand as it was typed.
    pub fn typed(property: &'a str, operator_name: &'a str, operand: &'a str) -> Asked<'a> {
        Asked {
            property,
            operator: Operator::from_name(operator_name),
            operator_name,
            operand: Cow::Borrowed(operand),
        }
    }

    /// The trait, or what else is looked at, by its plain name.
    pub fn property(&self) -> Cow<'a, str> {
        property(self.property)
    }

    /// What is asked, after the property: `is one of DE, AT`.
    pub fn asks(&self) -> String {
        self.phrase(Sense::Positive)
    }

    /// The opposite of what is asked: `is not one of DE, AT`.
    pub fn asks_not(&self) -> String {
        self.phrase(Sense::Negative)
    }

    /// The whole condition: `country is one of DE, AT`.
    pub fn in_words(&self) -> String {
        format!("{} {}", self.property(), self.asks())
    }

    /// A condition that held, as a fact about the identity. Where the value says more than the question, the value:
    /// `country is DE` for a list of countries. `bucket` is that of a percentage split.
    pub fn fact(&self, seen: Option<&Value>, bucket: Option<f64>) -> String {
        let property = self.property();
        match (self.operator, seen, bucket) {
            (Operator::PercentageSplit, _, Some(bucket)) => {
                format!("bucket {} is under {}", two(bucket), cut(&self.operand))
            }
            (
                Operator::Equal
                | Operator::In
                | Operator::GreaterThan
                | Operator::GreaterThanInclusive
                | Operator::LessThan
                | Operator::LessThanInclusive,
                Some(seen),
                _,
            ) => format!("{property} is {}", shown(seen)),
            (Operator::NotEqual, Some(seen), _) => {
                format!("{property} is {}, not {}", shown(seen), self.operand_shown())
            }
            _ => self.in_words(),
        }
    }

    /// A condition that did not hold, as a fact about the identity: `country is FR`, `plan is not set`.
    pub fn fact_of_failure(&self, seen: Option<&Value>, bucket: Option<f64>) -> String {
        let property = self.property();
        match (self.operator, seen, bucket) {
            (Operator::PercentageSplit, _, Some(bucket)) => {
                format!("bucket {} is over {}", two(bucket), cut(&self.operand))
            }
            (
                Operator::IsNotSet
                | Operator::Contains
                | Operator::NotContains
                | Operator::Regex
                | Operator::Modulo,
                Some(_),
                _,
            ) => format!("{property} {}", self.asks_not()),
            (_, Some(seen), _) => format!("{property} is {}", shown(seen)),
            (_, None, _) => format!("{property} is not set"),
        }
    }

    fn phrase(&self, sense: Sense) -> String {
        let not = sense.pick("", "not ");
        let operand = self.operand_shown();
        match self.operator {
            Operator::Equal => format!("is {not}{operand}"),
            Operator::NotEqual => format!("is {}{operand}", sense.pick("not ", "")),
            Operator::GreaterThan => format!("is {} {operand}", sense.pick("over", "at most")),
            Operator::GreaterThanInclusive => format!("is {} {operand}", sense.pick("at least", "under")),
            Operator::LessThan => format!("is {} {operand}", sense.pick("under", "at least")),
            Operator::LessThanInclusive => format!("is {} {operand}", sense.pick("at most", "over")),
            Operator::Contains => format!("{} {operand}", sense.pick("contains", "does not contain")),
            Operator::NotContains => format!("{} {operand}", sense.pick("does not contain", "contains")),
            Operator::Regex => format!("{} {operand}", sense.pick("matches", "does not match")),
            Operator::Modulo => match self.operand.split_once('|') {
                Some((divisor, remainder)) => format!("modulo {} is {not}{}", cut(divisor), cut(remainder)),
                None => format!("modulo {operand} is {not}0"),
            },
            Operator::In => format!("is {not}one of {}", list(&self.members())),
            Operator::PercentageSplit => format!("is {not}in the first {operand}%"),
            Operator::IsSet => format!("is {not}set"),
            Operator::IsNotSet => format!("is {}set", sense.pick("not ", "")),
            // An operator without words of its own keeps its name.
            _ => format!("{}{} {operand}", sense.pick("", "not "), self.operator_name),
        }
    }

    /// The operand: a version said to be one, and emptiness said aloud.
    fn operand_shown(&self) -> String {
        if let Some(version) = self.operand.strip_suffix(":semver") {
            return format!("version {}", cut(version));
        }
        if self.operand.is_empty() {
            return "empty".into();
        }
        cut(&self.operand)
    }

    /// The members of a list, read as the server reads them.
    fn members(&self) -> Vec<String> {
        let listed: Option<Vec<Value>> = self
            .operand
            .starts_with('[')
            .then(|| serde_json::from_str(&self.operand).ok())
            .flatten();
        match listed {
            Some(members) => members.iter().map(value).collect(),
            None => self.operand.split(',').map(str::to_owned).collect(),
        }
    }
}

#[derive(Clone, Copy)]
enum Sense {
    Positive,
    Negative,
}

impl Sense {
    fn pick(self, positive: &'static str, negative: &'static str) -> &'static str {
        match self {
            Sense::Positive => positive,
            Sense::Negative => negative,
        }
    }
}

/// A property by its plain name; traits keep theirs.
pub fn property(property: &str) -> Cow<'_, str> {
    let plain = match property {
        "" => "the identity",
        "$.identity.identifier" => "the identifier",
        "$.identity.key" => "the identity key",
        "$.environment.name" => "the environment",
        "$.environment.key" => "the environment key",
        other => match other.strip_prefix("$.identity.traits.") {
            Some(name) => name,
            None => return flag_property(other),
        },
    };
    Cow::Borrowed(plain)
}

/// `$.flags.checkout.enabled` reads another flag.
fn flag_property(path: &str) -> Cow<'_, str> {
    let read = path
        .strip_prefix("$.flags.")
        .and_then(|rest| rest.rsplit_once('.'));
    match read {
        Some((flag, "enabled")) => Cow::Owned(format!("the state of flag {flag}")),
        Some((flag, "value")) => Cow::Owned(format!("the value of flag {flag}")),
        Some((flag, "variant")) => Cow::Owned(format!("the option of flag {flag}")),
        _ => Cow::Borrowed(path),
    }
}

/// What was seen, as JSON, cut where it is long: `"DE"`, `7`.
pub fn saw(seen: &Value) -> String {
    cut(&seen.to_string())
}

fn shown(seen: &Value) -> String {
    match seen {
        Value::String(text) if text.is_empty() => "empty".into(),
        other => value(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operator_has_words_and_opposite_words() {
        // Property, operator, operand; in words; the opposite.
        let cases = [
            ("country", "EQUAL", "DE", "country is DE", "is not DE"),
            ("country", "EQUAL", "", "country is empty", "is not empty"),
            ("country", "NOT_EQUAL", "DE", "country is not DE", "is DE"),
            (
                "app",
                "EQUAL",
                "1.2.0:semver",
                "app is version 1.2.0",
                "is not version 1.2.0",
            ),
            (
                "app",
                "GREATER_THAN",
                "2.0:semver",
                "app is over version 2.0",
                "is at most version 2.0",
            ),
            (
                "order_count",
                "GREATER_THAN",
                "10",
                "order_count is over 10",
                "is at most 10",
            ),
            (
                "order_count",
                "GREATER_THAN_INCLUSIVE",
                "10",
                "order_count is at least 10",
                "is under 10",
            ),
            (
                "order_count",
                "LESS_THAN",
                "10",
                "order_count is under 10",
                "is at least 10",
            ),
            (
                "order_count",
                "LESS_THAN_INCLUSIVE",
                "10",
                "order_count is at most 10",
                "is over 10",
            ),
            (
                "email",
                "CONTAINS",
                "@acme",
                "email contains @acme",
                "does not contain @acme",
            ),
            (
                "email",
                "NOT_CONTAINS",
                "@acme",
                "email does not contain @acme",
                "contains @acme",
            ),
            (
                "email",
                "REGEX",
                ".*@acme",
                "email matches .*@acme",
                "does not match .*@acme",
            ),
            ("id", "MODULO", "4|1", "id modulo 4 is 1", "modulo 4 is not 1"),
            (
                "country",
                "IN",
                "DE,AT",
                "country is one of DE, AT",
                "is not one of DE, AT",
            ),
            (
                "country",
                "IN",
                "[\"DE\",7]",
                "country is one of DE, 7",
                "is not one of DE, 7",
            ),
            (
                "",
                "PERCENTAGE_SPLIT",
                "25",
                "the identity is in the first 25%",
                "is not in the first 25%",
            ),
            ("beta", "IS_SET", "", "beta is set", "is not set"),
            ("beta", "IS_NOT_SET", "", "beta is not set", "is set"),
            ("beta", "ROUGHLY", "7", "beta ROUGHLY 7", "not ROUGHLY 7"),
        ];
        for (property, operator, operand, words, opposite) in cases {
            let asked = Asked::typed(property, operator, operand);
            assert_eq!(asked.in_words(), words);
            assert_eq!(asked.asks_not(), opposite, "{words}");
        }
    }

    #[test]
    fn a_condition_that_held_is_told_by_what_was_seen() {
        let cases = [
            ("country", "IN", "DE,AT", json!("DE"), "country is DE"),
            (
                "order_count",
                "GREATER_THAN_INCLUSIVE",
                "5",
                json!(7),
                "order_count is 7",
            ),
            ("country", "NOT_EQUAL", "DE", json!("FR"), "country is FR, not DE"),
            (
                "email",
                "CONTAINS",
                "@acme",
                json!("a@acme.test"),
                "email contains @acme",
            ),
            ("beta", "IS_SET", "", json!(true), "beta is set"),
            (
                "$.identity.identifier",
                "EQUAL",
                "u_1",
                json!("u_1"),
                "the identifier is u_1",
            ),
        ];
        for (property, operator, operand, seen, fact) in cases {
            assert_eq!(
                Asked::typed(property, operator, operand).fact(Some(&seen), None),
                fact
            );
        }
        let split = Asked::typed("", "PERCENTAGE_SPLIT", "25");
        assert_eq!(
            split.fact(Some(&json!("u_1")), Some(22.42)),
            "bucket 22.42 is under 25"
        );
    }

    #[test]
    fn a_condition_that_did_not_hold_is_told_by_what_was_seen() {
        let asked = Asked::typed("plan", "EQUAL", "beta");
        assert_eq!(asked.fact_of_failure(None, None), "plan is not set");
        assert_eq!(asked.fact_of_failure(Some(&json!("gold")), None), "plan is gold");
        let unset = Asked::typed("plan", "IS_NOT_SET", "");
        assert_eq!(unset.fact_of_failure(Some(&json!("gold")), None), "plan is set");
        let split = Asked::typed("", "PERCENTAGE_SPLIT", "25");
        assert_eq!(
            split.fact_of_failure(Some(&json!("u_1")), Some(42.0)),
            "bucket 42.00 is over 25"
        );
    }

    #[test]
    fn properties_have_plain_names() {
        let cases = [
            ("country", "country"),
            ("$.identity.traits.country", "country"),
            ("$.identity.key", "the identity key"),
            ("$.environment.name", "the environment"),
            ("$.flags.checkout.enabled", "the state of flag checkout"),
            ("$..key", "$..key"),
        ];
        for (path, name) in cases {
            assert_eq!(property(path), name);
        }
    }
}
