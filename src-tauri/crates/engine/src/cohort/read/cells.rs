//! From the text of a cell to a value.

use serde_json::{Number, Value};

/// The value that a cell's text stands for: true or false, a number that prints the same way, or the text itself.
pub(in crate::cohort) fn infer(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (whole, rest) = unsigned.split_at(digits(unsigned));
    // A leading zero is part of a code, such as a postcode.
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    if rest.is_empty() {
        return text.parse::<i64>().ok().map(Value::from);
    }
    let after = match rest.strip_prefix('.') {
        Some(fraction) => match digits(fraction) {
            0 => return None,
            length => fraction.split_at(length).1,
        },
        None => rest,
    };
    (after.is_empty() || is_exponent(after))
        .then(|| text.parse().ok().and_then(Number::from_f64).map(Value::Number))
        .flatten()
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Only with a sign, as programs print it: `12e5` is more often a code than a number.
fn is_exponent(text: &str) -> bool {
    let digits_of = |rest: &str| !rest.is_empty() && digits(rest) == rest.len();
    text.strip_prefix(['e', 'E'])
        .and_then(|rest| rest.strip_prefix(['+', '-']))
        .is_some_and(digits_of)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::infer;

    #[test]
    fn types_are_inferred_only_where_nothing_is_lost() {
        let table = [
            ("true", json!(true)),
            ("FALSE", json!(false)),
            ("0", json!(0)),
            ("-7", json!(-7)),
            ("1.50", json!(1.5)),
            ("-0.5", json!(-0.5)),
            ("1e-05", json!(1e-5)),
            ("1.5E+3", json!(1500.0)),
            ("9223372036854775807", json!(i64::MAX)),
        ];
        for (text, value) in table {
            assert_eq!(infer(text), Some(value), "{text}");
        }
        let texts = [
            "",
            " 1",
            "1 ",
            "007",
            "12e5",
            "1e",
            "1.",
            ".5",
            "+1",
            "1,5",
            "NaN",
            "inf",
            "yes",
            "0x10",
            "-",
            "--1",
            "1_0",
            "9223372036854775808",
            "1e+999",
            "tRUE",
        ];
        for text in texts {
            assert_eq!(infer(text), None::<Value>, "{text}");
        }
    }
}
