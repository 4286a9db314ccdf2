//! Why one condition is judged differently.

use halyard_engine::Identity;
use regex::Regex;
use serde_json::Value;

use crate::answers::Answer;

/// What the reference makes of a value that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unset,
    Bool,
    Int,
    Float,
    Text,
}

/// One condition, with the value it reads.
pub(crate) struct Probe<'a> {
    pub(crate) operator: &'a str,
    pub(crate) property: &'a str,
    pub(crate) operand: &'a Value,
    /// `None` where the property is absent.
    pub(crate) raw: Option<Value>,
    /// The value is read by a path that only a JSONPath library can follow.
    pub(crate) by_path: bool,
}

/// All that the reference knows; the first six compare.
pub(crate) const OPERATORS: [&str; 14] = [
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_INCLUSIVE",
    "LESS_THAN",
    "LESS_THAN_INCLUSIVE",
    "CONTAINS",
    "NOT_CONTAINS",
    "REGEX",
    "MODULO",
    "IN",
    "PERCENTAGE_SPLIT",
    "IS_SET",
    "IS_NOT_SET",
];

impl<'a> Probe<'a> {
    pub(crate) fn of(condition: &'a Value, identity: &Identity, environment: &Value) -> Self {
        let property = condition["property_"].as_str().unwrap_or_default();
        let key = format!(
            "{}_{}",
            environment["api_key"].as_str().unwrap_or_default(),
            identity.identifier
        );
        let key = identity.key.clone().filter(|key| !key.is_empty()).unwrap_or(key);
        let raw = match property {
            _ if identity.traits.contains_key(property) => identity.traits.get(property).cloned(),
            "" | "$.identity.key" => Some(key.into()),
            "$.identity.identifier" => Some(identity.identifier.clone().into()),
            "$.environment.name" => Some(environment["name"].clone()),
            "$.environment['key']" | "$.environment.key" => Some(environment["api_key"].clone()),
            "$.identity['traits']['age']" => identity.traits.get("age").cloned(),
            _ => property
                .strip_prefix("$.identity.traits.")
                .and_then(|name| identity.traits.get(name).cloned()),
        };
        Self {
            operator: condition["operator"].as_str().unwrap_or_default(),
            property,
            operand: &condition["value"],
            by_path: raw.is_none() && property.starts_with('$'),
            raw,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match &self.raw {
            None | Some(Value::Null) => Kind::Unset,
            Some(Value::Bool(_)) => Kind::Bool,
            Some(Value::Number(number)) if number.is_f64() => Kind::Float,
            Some(Value::Number(_)) => Kind::Int,
            Some(Value::String(text)) => {
                let text = text.strip_prefix('-').unwrap_or(text);
                match text.split_once('.') {
                    _ if digits(text) => Kind::Int,
                    Some((whole, part)) if digits(whole) && digits(part) => Kind::Float,
                    _ => Kind::Text,
                }
            }
            Some(_) => Kind::Text,
        }
    }

    fn operand(&self) -> &str {
        self.operand.as_str().unwrap_or_default()
    }

    /// The class of a disagreement about this condition alone; `None` when it is on no list.
    pub(crate) fn class(&self, own: &Answer, own_matches: bool) -> Option<&'static str> {
        let kind = self.kind();
        let is_text = matches!(self.raw, Some(Value::String(_)));
        let operand = self.operand();
        let compares = OPERATORS[..6].contains(&self.operator);
        if !OPERATORS.contains(&self.operator) {
            return Some("unknown-operator");
        }
        if matches!(own, Answer::Fails(_)) {
            return Some("failing-evaluation");
        }
        if self.raw == Some(Value::Null) {
            return Some("null-is-set");
        }
        if self.operand.is_null() {
            return Some("null-operand");
        }
        match self.operator {
            _ if self.wide_class().is_some() => self.wide_class(),
            "CONTAINS" | "NOT_CONTAINS" if kind != Kind::Text => Some("contains-on-numbers"),
            _ if operand.ends_with(":semver") && is_text => Some("semver-suffix"),
            "IN" if operand.starts_with('[') => Some("in-list-as-json"),
            "IN" if kind == Kind::Float => Some("in-with-floats"),
            "IN" if operand.split(',').any(|member| member.trim() != member) => Some("in-members-trimmed"),
            "MODULO" if operand.split('|').any(is_spelled_for_python) => Some("number-spelling"),
            "MODULO" if kind == Kind::Bool => Some("modulo-of-bools"),
            "MODULO" if operand.contains('-') || self.printed().starts_with('-') => {
                Some("modulo-of-negatives")
            }
            "PERCENTAGE_SPLIT" if is_spelled_for_python(operand) => Some("number-spelling"),
            "REGEX" => self.pattern_class(kind, own_matches),
            "PERCENTAGE_SPLIT" if !is_text && matches!(kind, Kind::Bool | Kind::Float) => Some("printing"),
            _ if is_text && matches!(kind, Kind::Int | Kind::Float) && !self.property.is_empty() => {
                Some("numbers-in-text")
            }
            _ if compares && kind == Kind::Bool => Some("bool-comparisons"),
            _ if compares && matches!(kind, Kind::Int) && self.is_beyond_64_bits() => Some("beyond-64-bits"),
            _ if compares && matches!(kind, Kind::Int | Kind::Float) && is_spelled_for_python(operand) => {
                Some("number-spelling")
            }
            _ if is_text && (compares || self.operator == "MODULO") && self.reads_as_more_than_text() => {
                Some("text-as-number")
            }
            _ => None,
        }
    }

    /// The class of a condition whose answer depends on more than itself.
    pub(crate) fn wide_class(&self) -> Option<&'static str> {
        if self.property.starts_with("$.flags") {
            return Some("flag-read-by-path");
        }
        self.by_path.then_some("path")
    }

    fn printed(&self) -> String {
        match &self.raw {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }

    /// The crate parses text as a number or a boolean wherever both sides let it.
    fn reads_as_more_than_text(&self) -> bool {
        let more = |text: &str| {
            text.parse::<f64>().is_ok() || matches!(text.to_lowercase().as_str(), "true" | "false")
        };
        more(&self.printed()) || more(self.operand())
    }

    fn is_beyond_64_bits(&self) -> bool {
        let beyond = |text: &str| text.len() > 15 && text.parse::<i64>().is_err();
        beyond(&self.printed()) || beyond(self.operand())
    }

    fn pattern_class(&self, kind: Kind, own_matches: bool) -> Option<&'static str> {
        let is_text = matches!(self.raw, Some(Value::String(_)));
        if kind == Kind::Bool || kind == Kind::Float && !is_text {
            return Some("printing");
        }
        if is_text && matches!(kind, Kind::Int | Kind::Float) {
            let unchanged = self
                .printed()
                .parse::<f64>()
                .is_ok_and(|number| number.to_string() == self.printed());
            if !unchanged {
                return Some("numbers-in-text");
            }
        }
        let Ok(anchored) = Regex::new(&format!("^(?:{})", self.operand())) else {
            return Some("pattern-dialect");
        };
        let same = anchored.is_match(&self.printed()) == own_matches;
        Some(if same {
            "pattern-unanchored"
        } else {
            "pattern-dialect"
        })
    }
}

/// Python takes blanks, underscores and other digits in numbers, Rust does not.
fn is_spelled_for_python(text: &str) -> bool {
    text.trim() != text
        || text.contains('_')
        || text
            .chars()
            .any(|letter| letter.is_numeric() && !letter.is_ascii())
}
