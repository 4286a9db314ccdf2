//! Natural values to try: those a person would type to make a condition hold, or to keep it from holding.

use serde_json::Value;

use crate::condition::{Test, operand_text};
use crate::engine::Condition;
use crate::lists::read_members;
use crate::numbers::{Integer, parse_float, parse_integer, print_float};
use crate::operator::Operator;

/// Of a list this many members are tried.
const MEMBERS: usize = 4;

/// Text that is probably none of those a condition names.
const FOREIGN: [&str; 3] = ["other", "none", "x"];

/// Values worth trying for a condition, likeliest first. Which of them make it hold is for the condition to say.
pub(super) fn values_for(condition: &Condition, current: Option<&Value>) -> Vec<Value> {
    let operand = operand_text(&condition.source.operand);
    match condition.operator {
        Operator::Equal
        | Operator::NotEqual
        | Operator::GreaterThan
        | Operator::GreaterThanInclusive
        | Operator::LessThan
        | Operator::LessThanInclusive => around(&operand),
        Operator::Contains | Operator::NotContains => containing(&operand, current),
        Operator::Regex => matching(&condition.test),
        Operator::Modulo => remainders(&condition.test, current),
        Operator::In => members(&condition.source.operand),
        Operator::IsSet | Operator::IsNotSet | Operator::PercentageSplit | Operator::Unknown => Vec::new(),
    }
}

/// What is tried when neither the condition nor another one on the same trait suggests a value.
pub(super) fn last_resorts(condition: &Condition) -> Vec<Value> {
    let mut values = vec![Value::Bool(true)];
    values.extend(FOREIGN.map(Value::from));
    values.push(Value::from(1));
    // Text compares by code point: with a letter more it is greater, with one less it is smaller.
    let operand = operand_text(&condition.source.operand);
    let shorter: String = operand
        .chars()
        .take(operand.chars().count().saturating_sub(1))
        .collect();
    values.extend([format!("{operand}a"), shorter].map(Value::from));
    values
}

/// The operand as each type it reads as, and its neighbours.
fn around(operand: &str) -> Vec<Value> {
    if let Some(version) = operand.strip_suffix(":semver") {
        return versions(version);
    }
    if let Some(Integer::Small(integer)) = parse_integer(operand) {
        let neighbours = [Some(integer), integer.checked_add(1), integer.checked_sub(1)];
        return neighbours.into_iter().flatten().map(Value::from).collect();
    }
    if let Some(float) = parse_float(operand).filter(|float| float.is_finite()) {
        return [float, float + 1.0, float - 1.0].map(Value::from).to_vec();
    }
    match operand {
        "true" | "True" => vec![Value::Bool(true), Value::Bool(false), Value::from(operand)],
        "false" | "False" => vec![Value::Bool(false), Value::Bool(true), Value::from(operand)],
        text => vec![Value::from(text)],
    }
}

fn versions(text: &str) -> Vec<Value> {
    let Ok(version) = semver::Version::parse(text) else {
        return Vec::new();
    };
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    let lower = match (major, minor, patch) {
        (_, _, 1..) => format!("{major}.{minor}.{}", patch - 1),
        (_, 1.., _) => format!("{major}.{}.0", minor - 1),
        (1.., ..) => format!("{}.0.0", major - 1),
        _ => "0.0.0-0".to_owned(),
    };
    [
        text.to_owned(),
        format!("{major}.{minor}.{}", patch.saturating_add(1)),
        lower,
    ]
    .map(Value::from)
    .to_vec()
}

fn containing(operand: &str, current: Option<&Value>) -> Vec<Value> {
    let mut values = Vec::new();
    let current = current.and_then(Value::as_str);
    if operand.starts_with('@') {
        // The end of an address: whoever it belongs to stays.
        let local = current.and_then(|address| address.split('@').next());
        let local = local.filter(|local| !local.is_empty()).unwrap_or("someone");
        values.push(Value::from(format!("{local}{operand}")));
    } else if let Some(current) = current {
        values.push(Value::from(format!("{current}{operand}")));
    }
    // Text that is nothing but digits would become a number, which contains nothing.
    values.extend([Value::from(operand), Value::from(format!("v{operand}"))]);
    values
}

fn matching(test: &Test) -> Vec<Value> {
    let Test::Regex(pattern) = test else {
        return Vec::new();
    };
    let example = pattern.example();
    example.into_iter().flat_map(|text| typed(&text)).collect()
}

/// The nearest number above what there is, and its neighbour.
fn remainders(test: &Test, current: Option<&Value>) -> Vec<Value> {
    let Test::Modulo { divisor, remainder } = test else {
        return Vec::new();
    };
    if !divisor.is_finite() || *divisor == 0.0 || !remainder.is_finite() {
        return Vec::new();
    }
    let start = current.and_then(Value::as_f64).unwrap_or_default();
    let nearest = start - start.rem_euclid(*divisor) + remainder;
    [nearest, nearest + divisor.abs(), nearest + 1.0, *remainder]
        .into_iter()
        .filter(|number| number.is_finite())
        .map(number)
        .collect()
}

/// A number, without a fraction where it has none.
fn number(number: f64) -> Value {
    let whole = number as i64;
    if number.fract() == 0.0 && whole.unsigned_abs() < 1 << 53 {
        Value::from(whole)
    } else {
        Value::from(number)
    }
}

fn members(operand: &Value) -> Vec<Value> {
    let members = read_members(operand).unwrap_or_default();
    members
        .iter()
        .take(MEMBERS)
        .flat_map(|member| typed(member))
        .collect()
}

/// Text as the type it reads as, where that prints the same, and as text.
fn typed(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    match (parse_integer(text), parse_float(text)) {
        (Some(Integer::Small(integer)), _) if integer.to_string() == text => {
            values.push(Value::from(integer));
        }
        (None, Some(float)) if print_float(float) == text => {
            values.push(Value::from(float));
        }
        _ => {}
    }
    values.push(Value::from(text));
    values
}
