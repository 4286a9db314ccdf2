//! Values for EQUAL, NOT_EQUAL and the four orderings.

use serde_json::{Value, json};

use super::{Probes, huge, number, push};
use crate::lint::kind::FindingKind as Kind;
use crate::numbers::{parse_float, parse_integer};
use crate::operator::Operator;
use crate::value::Seen;

/// Operands that a person may mean as a boolean.
const BOOLEAN_WORDS: [&str; 8] = ["true", "false", "1", "0", "yes", "no", "on", "off"];

/// Beyond this, neighbours of a double are no longer a whole number away.
const SMALL: f64 = 1e15;

pub(super) fn probe(operator: Operator, text: &str, probes: &mut Probes) {
    if let Some(version) = text.strip_suffix(":semver") {
        return versions(operator, version, probes);
    }
    let lower = text.to_ascii_lowercase();
    let is_boolean_word = BOOLEAN_WORDS.contains(&lower.as_str());
    let is_ordering = is_ordering(operator);
    if is_ordering && is_boolean_word {
        push(probes, Kind::OrderOfBooleans, [json!(true), json!(false)]);
    } else if is_boolean_word && !matches!(text, "true" | "false") {
        push(probes, Kind::BooleanOperand, [json!(true), json!(false)]);
    }
    if let Some(float) = parse_float(text).filter(|float| float.is_finite()) {
        return numbers(operator, text, float, probes);
    }
    if matches!(lower.as_str(), "true" | "false") {
        let words = ["True", "TRUE", "true", "False", "FALSE", "false"];
        push(probes, Kind::BooleanPassedAsText, words.map(Value::from));
    }
    if !is_boolean_word && !is_ordering {
        push(probes, Kind::BooleanAgainstText, [json!(true), json!(false)]);
    }
    let values = [json!(5), json!(-3), json!(2.5), json!("5")];
    push(probes, Kind::TextOperandOnNumbers, values);
}

fn is_ordering(operator: Operator) -> bool {
    !matches!(operator, Operator::Equal | Operator::NotEqual)
}

fn numbers(operator: Operator, text: &str, float: f64, probes: &mut Probes) {
    if is_ordering(operator) && matches!(text, "0" | "1") {
        push(probes, Kind::OrderOfZeroAndOne, [json!(1), json!(0)]);
    }
    let integer = parse_integer(text);
    if float.abs() < SMALL {
        let is_plain = matches!(Seen::of_text(text), Seen::Integer(_) | Seen::Float(_));
        if integer.is_none() {
            let near = [
                float.floor(),
                float.ceil(),
                float.floor() - 1.0,
                float.ceil() + 1.0,
            ];
            let whole = near.map(|one| one as i64);
            push(probes, Kind::DecimalOperandOnIntegers, whole.map(Value::from));
            let texts = whole.map(|one| json!(one.to_string()));
            push(probes, Kind::DecimalOperandOnIntegers, texts);
        }
        match (is_plain, is_ordering(operator)) {
            (false, _) => unusual(float, probes),
            (true, true) => passed_as_text(text, float, probes),
            (true, false) => spelled_otherwise(text, probes),
        }
    }
    if let Some(integer) = integer {
        huge(&integer, text, probes);
    }
}

/// The number itself and its neighbours, for an operand that not everybody reads.
fn unusual(float: f64, probes: &mut Probes) {
    let near = [float, float + 1.0, float - 1.0];
    let whole = near.into_iter().filter(|one| one.fract() == 0.0);
    push(
        probes,
        Kind::UnusualNumberOperand,
        whole.map(|one| json!(one as i64)),
    );
    push(
        probes,
        Kind::UnusualNumberOperand,
        near.into_iter().filter_map(number),
    );
}

/// Texts whose order among texts is another than that of their numbers.
fn passed_as_text(text: &str, float: f64, probes: &mut Probes) {
    let whole = float.trunc() as i64;
    let near = [whole - 1, whole + 1, whole * 10 + 1, whole / 10, 9, 100];
    // Zero and one are another matter, and so are integers where the operand has a fraction.
    let near = near.into_iter().filter(|one| !(0..=1).contains(one));
    let fraction = if text.contains('.') { ".5" } else { "" };
    push(
        probes,
        Kind::NumberPassedAsText,
        near.map(|one| json!(format!("{one}{fraction}"))),
    );
}

/// The same number in other digits.
fn spelled_otherwise(text: &str, probes: &mut Probes) {
    let padded = match text.strip_prefix('-') {
        Some(digits) => format!("-0{digits}"),
        None => format!("0{text}"),
    };
    let longer = if text.contains('.') {
        format!("{text}0")
    } else {
        format!("{text}.0")
    };
    push(
        probes,
        Kind::NumberSpelledOtherwise,
        [json!(longer), json!(padded)],
    );
}

fn versions(operator: Operator, version: &str, probes: &mut Probes) {
    let plain = version.split('+').next().unwrap_or_default();
    let builds = [format!("{plain}+1"), plain.to_owned(), format!("{plain}+zz")];
    push(probes, Kind::VersionBuildMetadata, builds.map(Value::from));
    let prefixed = [format!("v{plain}"), "v999.0.0".to_owned(), "v0.0.0".to_owned()];
    push(probes, Kind::VersionWithPrefix, prefixed.map(Value::from));
    if operator == Operator::NotEqual {
        push(probes, Kind::VersionNotEqualInNode, [json!("latest")]);
    }
}
