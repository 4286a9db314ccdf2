//! The Go SDK. Every value is printed, then both sides are tried as booleans, integers, floats and texts.

use semver::Version;
use serde_json::Value;

use super::patterns::searches_in_go;
use super::{Asked, modulo_parts, print_scalar, satisfies, satisfies_unordered};
use crate::bucket::{bucket, percent};
use crate::operator::Operator;

pub(super) fn holds(asked: &Asked<'_>) -> Option<bool> {
    let value = if asked.property.is_empty() {
        None
    } else {
        asked.set_value()
    };
    let printed = match value {
        Some(value) => Some(print_scalar(value)?),
        None => None,
    };
    let operand = asked.operand.unwrap_or_default();
    let value = match (asked.operator, printed) {
        (Operator::PercentageSplit, printed) => return split_holds(asked, printed.as_deref(), operand),
        (Operator::IsSet, printed) => return Some(printed.is_some()),
        (Operator::IsNotSet, printed) => return Some(printed.is_none()),
        (_, None) => return Some(false),
        (_, Some(printed)) => printed,
    };
    Some(match asked.operator {
        Operator::In => in_holds(&value, operand),
        Operator::Contains => value.contains(operand),
        Operator::NotContains => !value.contains(operand),
        Operator::Regex => return searches_in_go(operand, &value),
        Operator::Modulo => {
            let parts = modulo_parts(operand, parse_float);
            let dividend = parse_float(&value);
            parts
                .zip(dividend)
                .is_some_and(|((divisor, remainder), dividend)| dividend % divisor == remainder)
        }
        Operator::Unknown => false,
        _ => compares(asked.operator, &value, operand),
    })
}

/// A trait that is not there is replaced by the identity's key.
fn split_holds(asked: &Asked<'_>, printed: Option<&str>, operand: &str) -> Option<bool> {
    let hashed = printed.unwrap_or(asked.key);
    let threshold = parse_float(operand);
    Some(threshold.is_some_and(|threshold| percent(bucket(asked.seed, hashed)) <= threshold))
}

/// A JSON list counts only if all of its members are text.
fn in_holds(value: &str, operand: &str) -> bool {
    match serde_json::from_str::<Value>(operand) {
        Ok(Value::Null) => false,
        Ok(Value::Array(items)) if items.iter().all(Value::is_string) => {
            items.iter().any(|item| item.as_str() == Some(value))
        }
        _ => operand.split(',').any(|member| member == value),
    }
}

fn compares(operator: Operator, value: &str, operand: &str) -> bool {
    if let Some(version) = operand.strip_suffix(":semver") {
        let versions = Version::parse(value).ok().zip(Version::parse(version).ok());
        return versions
            .is_some_and(|(version, operand)| satisfies(operator, Some(version.cmp_precedence(&operand))));
    }
    if let Some((left, right)) = parse_bool(value).zip(parse_bool(operand)) {
        return satisfies_unordered(operator, left, right);
    }
    if let (Ok(left), Ok(right)) = (value.parse::<i64>(), operand.parse::<i64>()) {
        return satisfies(operator, Some(left.cmp(&right)));
    }
    if let Some((left, right)) = parse_float(value).zip(parse_float(operand)) {
        return satisfies(operator, left.partial_cmp(&right));
    }
    satisfies(operator, Some(value.cmp(operand)))
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Numbers too large for a double are refused.
fn parse_float(text: &str) -> Option<f64> {
    let float = text.parse::<f64>().ok()?;
    let is_word = text.bytes().any(|byte| matches!(byte, b'n' | b'N'));
    (float.is_finite() || is_word).then_some(float)
}
