//! Trait values on which evaluators may disagree about a condition, each with the rule it would show.

mod comparison;
mod regex;

use serde_json::{Number, Value, json};

use super::kind::FindingKind as Kind;
use crate::bucket::bucket;
use crate::condition::Test;
use crate::engine::Condition;
use crate::lists::read_members;
use crate::numbers::{Integer, parse_float};
use crate::operator::Operator;
use crate::value::Seen;

/// Doubles hold every integer up to this one.
const LARGEST_EXACT: i64 = 1 << 53;

/// Members of a list beyond this are of the same kinds as those before, in all likelihood.
const MOST_MEMBERS: usize = 50;

/// Values tried until one falls into a split: enough for a split of a thousandth.
const MOST_TRIES: u32 = 10_000;

/// Values to try, each under the kind of finding that a disagreement would be. `None` is a trait that is not there.
pub(super) type Probes = Vec<(Kind, Option<Value>)>;

/// The values worth trying on a condition.
pub(super) fn probes_of(condition: &Condition) -> Probes {
    let text = condition.source.operand.as_str().unwrap_or_default();
    let mut probes = Probes::new();
    match condition.operator {
        Operator::Equal
        | Operator::NotEqual
        | Operator::GreaterThan
        | Operator::GreaterThanInclusive
        | Operator::LessThan
        | Operator::LessThanInclusive => comparison::probe(condition.operator, text, &mut probes),
        Operator::Contains => contains(text, &mut probes),
        Operator::NotContains => {
            let values = [
                json!(4207),
                json!("4207"),
                json!(1.5),
                json!(88),
                json!("88"),
                json!(true),
            ];
            push(&mut probes, Kind::NotContainsOnNumbers, values);
        }
        Operator::Regex => regex::probe(&condition.test, text, &mut probes),
        Operator::Modulo => modulo(&condition.test, &mut probes),
        Operator::In => list(&condition.source.operand, text, &mut probes),
        Operator::PercentageSplit => split(&condition.test, &condition.source.property, &mut probes),
        Operator::IsSet | Operator::IsNotSet => probes.push((Kind::NullTrait, Some(Value::Null))),
        Operator::Unknown => push(&mut probes, Kind::UnknownOperator, spellings(text)),
    }
    probes
}

fn push(probes: &mut Probes, kind: Kind, values: impl IntoIterator<Item = Value>) {
    probes.extend(values.into_iter().map(|value| (kind, Some(value))));
}

/// A text as it is and, where it is a number or a boolean, as that.
fn spellings(text: &str) -> Vec<Value> {
    let mut all = vec![json!(text)];
    match text {
        "true" => all.push(json!(true)),
        "false" => all.push(json!(false)),
        _ => {}
    }
    all.extend(text.parse::<i64>().ok().map(Value::from));
    let fraction = parse_float(text).filter(|float| float.fract() != 0.0);
    all.extend(fraction.and_then(number));
    all
}

fn number(float: f64) -> Option<Value> {
    Number::from_f64(float).map(Value::Number)
}

/// Integers that doubles or 64 bits cannot hold.
fn huge(integer: &Integer, text: &str, probes: &mut Probes) {
    match integer {
        Integer::Small(small) if small.unsigned_abs() > LARGEST_EXACT.unsigned_abs() => {
            let near = [small.checked_sub(1), Some(*small), small.checked_add(1)];
            push(
                probes,
                Kind::HugeInteger,
                near.into_iter().flatten().map(Value::from),
            );
        }
        Integer::Big(_) => {
            let values = [json!(text), json!(i64::MAX), json!(u64::MAX)];
            push(probes, Kind::HugeInteger, values);
        }
        Integer::Small(_) => {}
    }
}

fn contains(text: &str, probes: &mut Probes) {
    if let Some(label) = text.strip_suffix(":semver") {
        let values = [format!("1.2.3-{label}"), format!("1.2.3+{label}")];
        return push(probes, Kind::VersionContains, values.map(Value::from));
    }
    if text.is_empty() {
        return;
    }
    for around in [format!("1{text}3"), format!("1{text}"), text.to_owned()] {
        if matches!(Seen::of_text(&around), Seen::Integer(_) | Seen::Float(_)) {
            push(probes, Kind::ContainsOnNumbers, spellings(&around));
        }
    }
}

fn modulo(test: &Test, probes: &mut Probes) {
    let Test::Modulo { divisor, remainder } = test else {
        return;
    };
    if *divisor == 0.0 || divisor.abs() > 1e9 || remainder.abs() > 1e9 {
        return;
    }
    let dividend = |count: f64| remainder + divisor * count;
    for count in [-1.0, -2.0] {
        let value = dividend(count);
        // Only where the signs of dividend and divisor differ do the languages.
        if value * divisor < 0.0 {
            let whole = (value.fract() == 0.0).then(|| json!(value as i64));
            push(probes, Kind::ModuloOfNegatives, whole.or_else(|| number(value)));
        }
    }
    push(probes, Kind::ModuloOfBooleans, [json!(true), json!(false)]);
    if divisor.fract() != 0.0 || remainder.fract() != 0.0 {
        let values = (1..20).filter_map(|count| number(dividend(f64::from(count))));
        push(probes, Kind::ModuloRounding, values);
    }
}

fn list(operand: &Value, text: &str, probes: &mut Probes) {
    let Ok(members) = read_members(operand) else {
        return;
    };
    let items = match serde_json::from_str(text) {
        Ok(Value::Array(items)) => Some(items),
        _ => None,
    };
    for (position, member) in members.iter().take(MOST_MEMBERS).enumerate() {
        let Some(items) = &items else {
            comma_member(member, probes);
            continue;
        };
        let kind = match items.get(position) {
            Some(item) if !item.is_string() => Kind::InJsonListOfNumbers,
            _ => Kind::InJsonList,
        };
        push(probes, kind, spellings(member));
    }
}

/// A member of a list written with commas.
fn comma_member(member: &str, probes: &mut Probes) {
    let trimmed = member.trim();
    if trimmed != member {
        push(probes, Kind::InListWithBlanks, spellings(trimmed));
        return push(probes, Kind::InListWithBlanks, [json!(member)]);
    }
    match Seen::of_text(member) {
        Seen::Float(_) => push(probes, Kind::InDecimalMember, spellings(member)),
        Seen::Integer(integer) if integer.to_string() != member => {
            push(probes, Kind::InUnusualNumber, [json!(member)]);
        }
        Seen::Integer(Integer::Small(0)) => push(probes, Kind::InFalsyMember, [json!(0)]),
        Seen::Integer(integer) => huge(&integer, member, probes),
        Seen::Text(text) if text.is_empty() => push(probes, Kind::InFalsyMember, [json!("")]),
        Seen::Text(text) if matches!(text.as_ref(), "true" | "false") => {
            push(probes, Kind::InBooleanMember, [json!(text == "true")]);
        }
        _ => {}
    }
}

fn split(test: &Test, property: &str, probes: &mut Probes) {
    let Test::Split { seed, bound, .. } = test else {
        return;
    };
    if property.is_empty() {
        return;
    }
    let is_inside = |text: &str| bucket(seed, text) < *bound;
    probes.push((Kind::SplitByMissingTrait, None));
    if !property.starts_with("$.") {
        let inside = (0..MOST_TRIES)
            .map(|count| format!("user-{count}"))
            .find(|text| is_inside(text));
        push(probes, Kind::SplitByTraitInNode, inside.map(Value::from));
    }
    let padded = (0..MOST_TRIES)
        .find(|count| is_inside(&count.to_string()) != is_inside(&format!("0{count}")))
        .map(|count| json!(format!("0{count}")));
    push(probes, Kind::SplitByPrintedValue, padded);
}
