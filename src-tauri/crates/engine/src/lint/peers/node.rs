//! The Node SDK. Traits keep the type the application gave them; the operand is cast to it.

use std::cmp::Ordering;

use semver::Version;
use serde_json::Value;

use super::patterns::searches_in_node;
use super::{Asked, modulo_parts, satisfies};
use crate::bucket::{bucket, percent};
use crate::operator::Operator;

pub(super) fn holds(asked: &Asked<'_>) -> Option<bool> {
    if asked.operator == Operator::PercentageSplit {
        return split_holds(asked);
    }
    if asked.property.is_empty() {
        return Some(false);
    }
    let value = match (asked.operator, asked.set_value()) {
        (Operator::IsSet, value) => return Some(value.is_some()),
        (Operator::IsNotSet, value) => return Some(value.is_none()),
        (_, None) => return Some(false),
        (_, Some(value)) => value,
    };
    let printed = print(value)?;
    Some(match asked.operator {
        Operator::NotContains => {
            let text = value.as_str();
            let operand = asked.operand.filter(|operand| !operand.is_empty());
            text.zip(operand)
                .is_some_and(|(text, operand)| !text.contains(operand))
        }
        Operator::Regex => match asked.operand.filter(|operand| !operand.is_empty()) {
            Some(pattern) => return searches_in_node(pattern, &printed),
            None => false,
        },
        Operator::Modulo => modulo_holds(&printed, asked.operand.unwrap_or_default()),
        Operator::In => in_holds(value, &printed, asked.operand),
        Operator::Unknown => false,
        _ => compares(asked.operator, value, asked.operand),
    })
}

/// Only a JSONPath is looked up here; a plain trait name finds nothing.
fn split_holds(asked: &Asked<'_>) -> Option<bool> {
    let hashed = if asked.property.is_empty() {
        Some(asked.key.to_owned())
    } else if asked.is_path() {
        asked.set_value().filter(|value| !is_falsy(value)).and_then(print)
    } else {
        None
    };
    let threshold = parse_float(asked.operand.unwrap_or("null"));
    Some(hashed.is_some_and(|hashed| percent(bucket(asked.seed, &hashed)) <= threshold))
}

fn in_holds(value: &Value, printed: &str, operand: Option<&str>) -> bool {
    if is_falsy(value) || value.is_boolean() {
        return false;
    }
    let Some(operand) = operand else { return false };
    if let Ok(Value::Array(items)) = serde_json::from_str(operand) {
        return items.iter().any(|item| item.as_str() == Some(printed));
    }
    operand.split(',').any(|member| member == printed)
}

fn modulo_holds(printed: &str, operand: &str) -> bool {
    let dividend = parse_float(printed);
    let parts = modulo_parts(operand, |text| Some(parse_float(text)));
    parts.is_some_and(|(divisor, remainder)| {
        divisor != 0.0 && dividend % divisor == remainder && !dividend.is_nan()
    })
}

fn compares(operator: Operator, value: &Value, operand: Option<&str>) -> bool {
    if let Some(operand) = operand
        && operand.ends_with(":semver")
    {
        return compares_versions(operator, value, &operand.replacen(":semver", "", 1));
    }
    match value {
        Value::Bool(boolean) => {
            let cast = !matches!(operand, Some("False" | "false"));
            satisfies(operator, Some(boolean.cmp(&cast)))
        }
        Value::Number(number) => {
            let cast = parse_float(operand.unwrap_or("null"));
            satisfies(operator, number.as_f64().unwrap_or(f64::NAN).partial_cmp(&cast))
        }
        Value::String(text) => {
            let cast = operand.unwrap_or("null");
            if operator == Operator::Contains {
                return !text.is_empty() && text.contains(cast);
            }
            satisfies(operator, Some(by_code_unit(text, cast)))
        }
        _ => false,
    }
}

fn compares_versions(operator: Operator, value: &Value, operand: &str) -> bool {
    let Some(text) = value.as_str() else {
        // Comparing with a version fails inside and counts as no, except that NOT_EQUAL compares the values.
        return operator == Operator::NotEqual;
    };
    match operator {
        Operator::NotEqual => return text != operand,
        Operator::Contains => return !text.is_empty() && text.contains(operand),
        _ => {}
    }
    let read = |text: &str| {
        let trimmed = text.trim();
        Version::parse(trimmed.strip_prefix('v').unwrap_or(trimmed)).ok()
    };
    let versions = read(text).zip(read(operand));
    versions.is_some_and(|(version, operand)| satisfies(operator, Some(version.cmp_precedence(&operand))))
}

/// Texts are ordered by UTF-16 code units.
fn by_code_unit(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// JavaScript takes zero and empty text for false.
fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(boolean) => !boolean,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Every number is a double there.
fn print(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            let float = number.as_f64()?;
            // Beyond these an exponent is printed, which the model leaves out.
            let is_plain = float == 0.0 || (1e-6..1e21).contains(&float.abs());
            is_plain.then(|| (float + 0.0).to_string())
        }
        other => super::print_scalar(other),
    }
}

/// `parseFloat`: the longest start that is a number, blanks before it skipped; NaN where there is none.
fn parse_float(text: &str) -> f64 {
    let text = text.trim_start();
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with(['+', '-']));
    if text[sign..].starts_with("Infinity") {
        return if text.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let whole = digits(&text[sign..]);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text[end..].starts_with('.') {
        fraction = digits(&text[end + 1..]);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return f64::NAN;
    }
    if text[end..].starts_with(['e', 'E']) {
        let after = &text[end + 1..];
        let exponent_sign = usize::from(after.starts_with(['+', '-']));
        let exponent = digits(&after[exponent_sign..]);
        if exponent > 0 {
            end += 1 + exponent_sign + exponent;
        }
    }
    text[..end].trim_end_matches('.').parse().unwrap_or(f64::NAN)
}
