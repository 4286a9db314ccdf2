//! The Rust SDK. Texts that look like numbers or booleans are compared as such; an unknown operator is EQUAL.

use semver::Version;
use serde_json::Value;

use super::patterns::searches_in_rust;
use super::{Asked, modulo_parts, print_scalar, satisfies, satisfies_unordered};
use crate::bucket::{BUCKETS, bucket};
use crate::operator::Operator;

/// Remainders closer than this are equal.
const NEAR: f64 = 1e-10;

pub(super) fn holds(asked: &Asked<'_>) -> Option<bool> {
    // A trait that is null counts as set, with empty text; through a path it is not found.
    let found = asked.value.filter(|value| !asked.is_path() || !value.is_null());
    let found = if asked.property.is_empty() { None } else { found };
    let operand = asked.operand.unwrap_or_default();
    let printed = match found {
        Some(Value::Null) => Some(String::new()),
        Some(value) => Some(print_scalar(value)?),
        None => None,
    };
    let (value, printed) = match (asked.operator, found.zip(printed)) {
        (Operator::PercentageSplit, found) => {
            return Some(split_holds(asked, found.map(|(_, printed)| printed), operand));
        }
        (Operator::IsSet, found) => return Some(found.is_some()),
        (Operator::IsNotSet, found) => return Some(found.is_none()),
        (_, None) => return Some(false),
        (_, Some(found)) => found,
    };
    Some(match asked.operator {
        Operator::In => !value.is_boolean() && operand.split(',').any(|member| member.trim() == printed),
        Operator::Contains => printed.contains(operand),
        Operator::NotContains => !printed.contains(operand),
        Operator::Regex => return searches_in_rust(operand, &printed),
        Operator::Modulo => {
            let parts = modulo_parts(operand, |text| text.parse::<f64>().ok());
            let dividend = printed.parse::<f64>().ok();
            parts
                .zip(dividend)
                .is_some_and(|((divisor, remainder), dividend)| (dividend % divisor - remainder).abs() < NEAR)
        }
        Operator::Unknown => compares(Operator::Equal, value, &printed, operand),
        operator => compares(operator, value, &printed, operand),
    })
}

/// The bucket is computed in single precision.
fn split_holds(asked: &Asked<'_>, printed: Option<String>, operand: &str) -> bool {
    let hashed = if asked.property.is_empty() {
        Some(asked.key.to_owned())
    } else {
        printed
    };
    let threshold = operand.parse::<f64>().ok();
    hashed.zip(threshold).is_some_and(|(hashed, threshold)| {
        let percent = f32::from(bucket(asked.seed, &hashed)) / f32::from(BUCKETS) * 100.0;
        f64::from(percent) <= threshold
    })
}

fn compares(operator: Operator, value: &Value, printed: &str, operand: &str) -> bool {
    match value {
        Value::Bool(boolean) => {
            parse_bool(operand, true).is_some_and(|operand| satisfies_unordered(operator, *boolean, operand))
        }
        Value::Number(number) if number.is_f64() => {
            let floats = printed.parse::<f64>().ok().zip(operand.parse::<f64>().ok());
            floats.is_some_and(|(left, right)| satisfies(operator, left.partial_cmp(&right)))
        }
        Value::Number(_) => {
            let integers = printed.parse::<i64>().ok().zip(operand.parse::<i64>().ok());
            integers.is_some_and(|(left, right)| satisfies(operator, Some(left.cmp(&right))))
        }
        Value::String(text) => compares_text(operator, text, operand),
        _ => false,
    }
}

fn compares_text(operator: Operator, text: &str, operand: &str) -> bool {
    if let Some(version) = operand.strip_suffix(":semver") {
        // Build metadata takes part in the order.
        let versions = Version::parse(text).ok().zip(Version::parse(version).ok());
        return versions.is_some_and(|(left, right)| satisfies(operator, Some(left.cmp(&right))));
    }
    if let Some((left, right)) = parse_bool(text, false).zip(parse_bool(operand, false)) {
        return satisfies_unordered(operator, left, right);
    }
    if let (Ok(left), Ok(right)) = (text.parse::<i64>(), operand.parse::<i64>()) {
        return satisfies(operator, Some(left.cmp(&right)));
    }
    if let (Ok(left), Ok(right)) = (text.parse::<f64>(), operand.parse::<f64>()) {
        return satisfies(operator, left.partial_cmp(&right));
    }
    satisfies(operator, Some(text.cmp(operand)))
}

fn parse_bool(text: &str, knows_one: bool) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" => Some(true),
        "1" if knows_one => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
