//! What people type, checked before anything is sent.

use halyard_model::{FlagValue, Service, ValueKind};
use serde_json::Value;

use crate::ConsoleError;

/// Characters Flagsmith keeps of a value.
const FLAGSMITH_VALUE_LIMIT: usize = 20_000;

/// Turns typed text into a value of a kind, as a service can keep it.
///
/// Errors name the field `value` and say what was expected.
pub fn parse_value(service: Service, kind: ValueKind, text: &str) -> Result<FlagValue, ConsoleError> {
    let value = match kind {
        ValueKind::None => Value::Null,
        ValueKind::Text => Value::String(as_kept(service, text).to_owned()),
        ValueKind::Boolean => match text.trim() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(refused("A boolean is true or false.")),
        },
        ValueKind::Number => number(service, text.trim())?,
        ValueKind::Json => json(service, text)?,
    };
    if let (Service::Flagsmith, Value::String(text)) = (service, &value) {
        let length = text.chars().count();
        if length > FLAGSMITH_VALUE_LIMIT {
            let sentence = format!("Flagsmith keeps up to 20,000 characters; this has {length}.");
            return Err(refused(&sentence));
        }
    }
    Ok(FlagValue(value))
}

/// Flagsmith takes blanks and line ends off both ends of what it is sent. An
/// edit that asked for them would never be found carried out.
fn as_kept(service: Service, text: &str) -> &str {
    match service {
        Service::Flagsmith => text.trim(),
        Service::EdgeFlags => text,
    }
}

fn number(service: Service, text: &str) -> Result<Value, ConsoleError> {
    let parsed: Option<Value> = serde_json::from_str(text).ok().filter(Value::is_number);
    let Some(number) = parsed else {
        return Err(refused("This is not a number. Write it like 7 or 0.82."));
    };
    if service == Service::EdgeFlags {
        return Ok(number);
    }
    // Flagsmith keeps 32-bit integers and would quietly store 1.5 as text.
    match number.as_i64().and_then(|number| i32::try_from(number).ok()) {
        Some(number) => Ok(Value::from(number)),
        None => Err(refused(
            "Flagsmith keeps whole numbers from -2,147,483,648 to 2,147,483,647. Choose text to keep it as it is.",
        )),
    }
}

/// Flagsmith keeps JSON as text; what was typed is kept, inner blanks included.
fn json(service: Service, text: &str) -> Result<Value, ConsoleError> {
    let parsed: Value = serde_json::from_str(text).map_err(|error| {
        refused(&format!(
            "This is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        ))
    })?;
    Ok(match service {
        Service::Flagsmith => Value::String(as_kept(service, text).to_owned()),
        Service::EdgeFlags => parsed,
    })
}

fn refused(sentence: &str) -> ConsoleError {
    ConsoleError::Input {
        field: "value",
        sentence: sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_what_the_service_can_keep() {
        use Service::{EdgeFlags, Flagsmith};
        use ValueKind::{Boolean, Json, None, Number, Text};
        let long = "x".repeat(FLAGSMITH_VALUE_LIMIT + 1);
        for (service, kind, text, expected) in [
            (Flagsmith, None, "ignored", Some(json!(null))),
            (Flagsmith, Text, "25", Some(json!("25"))),
            (Flagsmith, Text, "\u{a0} two words\n", Some(json!("two words"))),
            (EdgeFlags, Text, " two words\n", Some(json!(" two words\n"))),
            (Flagsmith, Number, "25", Some(json!(25))),
            (Flagsmith, Number, "1.5", Option::None),
            (EdgeFlags, Number, "1.5", Some(json!(1.5))),
            (Flagsmith, Number, "3000000000", Option::None),
            (Flagsmith, Number, "x", Option::None),
            (Flagsmith, Boolean, "true", Some(json!(true))),
            (Flagsmith, Boolean, "yes", Option::None),
            (Flagsmith, Json, "{\"a\": 1}", Some(json!("{\"a\": 1}"))),
            (EdgeFlags, Json, "{\"a\": 1}", Some(json!({"a": 1}))),
            (Flagsmith, Json, "{", Option::None),
            (Flagsmith, Text, &long, Option::None),
            (EdgeFlags, Text, "😀", Some(json!("😀"))),
        ] {
            let value = parse_value(service, kind, text).ok().map(|value| value.0);
            assert_eq!(value, expected, "{service:?} {kind:?} {text:.20}");
        }
    }
}
