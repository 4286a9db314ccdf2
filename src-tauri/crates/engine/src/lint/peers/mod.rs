//! What the Node, Go and Rust SDKs make of one condition, as far as their code tells.
//!
//! These are small models for finding examples, not engines: one condition, one trait value. Where a model is not
//! sure, it says nothing, and then no example is given.

mod go;
mod node;
mod patterns;
mod rust;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests;

pub(super) use patterns::{Obstacle, obstacles};

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::finding::{Evaluator, Verdict};
use crate::operator::Operator;

/// A condition and who is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Trait name or JSONPath; empty for a split on the identity.
    pub(super) property: &'a str,
    pub(super) operator: Operator,
    /// As the document has it; `None` for null.
    pub(super) operand: Option<&'a str>,
    /// The segment's key, which splits hash.
    pub(super) seed: &'a str,
    /// The identity's key.
    pub(super) key: &'a str,
    /// The trait's value; `None` for none, JSON null for null.
    pub(super) value: Option<&'a Value>,
}

impl Asked<'_> {
    /// The SDK's verdict; `None` where the model does not reach.
    pub(super) fn verdict(&self, evaluator: Evaluator) -> Option<Verdict> {
        let holds = match evaluator {
            Evaluator::NodeSdk => node::holds(self),
            Evaluator::GoSdk => go::holds(self),
            Evaluator::RustSdk => rust::holds(self),
            Evaluator::FlagsApi | Evaluator::EdgeProxy | Evaluator::PythonSdk => None,
        };
        holds.map(Verdict::from)
    }

    /// The value, null counting as none.
    fn set_value(&self) -> Option<&Value> {
        self.value.filter(|value| !value.is_null())
    }

    fn is_path(&self) -> bool {
        self.property.starts_with("$.")
    }
}

/// Whether a comparison's operator is satisfied by how a value relates to the operand. `None` stands for NaN.
fn satisfies(operator: Operator, relation: Option<Ordering>) -> bool {
    match operator {
        Operator::Equal => relation == Some(Ordering::Equal),
        Operator::NotEqual => relation != Some(Ordering::Equal),
        Operator::GreaterThan => relation == Some(Ordering::Greater),
        Operator::GreaterThanInclusive => relation.is_some_and(Ordering::is_ge),
        Operator::LessThan => relation == Some(Ordering::Less),
        Operator::LessThanInclusive => relation.is_some_and(Ordering::is_le),
        _ => false,
    }
}

/// Go and Rust do not order booleans.
fn satisfies_unordered(operator: Operator, left: bool, right: bool) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        _ => false,
    }
}

/// A number as Go and Rust print it: never an exponent, no fraction for whole numbers.
fn print_plainly(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    number.as_f64().unwrap_or_default().to_string()
}

/// A value as Go and Rust print it; `None` for lists and objects, which the models do not know.
fn print_scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::Number(number) => Some(print_plainly(number)),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `divisor|remainder` and the dividend, read by a language's own reader.
fn modulo_parts<T>(operand: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    let (divisor, remainder) = operand.split_once('|')?;
    if remainder.contains('|') {
        return None;
    }
    Some((read(divisor)?, read(remainder)?))
}
