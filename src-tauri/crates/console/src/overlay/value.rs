//! Values and weights as the server keeps them.

use halyard_model::{FlagValue, Variant};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{LeftOutReason, id_text, places::list, sheet::Sheet};

/// A value as the server keeps it: text without blanks around it, a fraction
/// as text.
pub(super) fn kept(value: Option<&Value>) -> Result<Value, LeftOutReason> {
    Ok(match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::Bool(on)) => Value::Bool(*on),
        Some(Value::String(text)) => Value::String(trimmed(text)),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => Value::from(whole),
            None if number.is_f64() => Value::String(number.to_string()),
            _ => return Err(LeftOutReason::NotKept),
        },
        Some(Value::Array(_) | Value::Object(_)) => return Err(LeftOutReason::NotKept),
    })
}

/// Text without the blanks around it. Python, in which the server is written,
/// counts four separators among them.
pub(super) fn trimmed(text: &str) -> String {
    let is_blank = |character: char| character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character);
    text.trim_matches(is_blank).to_owned()
}

/// What a new flag's value becomes: the server takes it as text, and text that
/// looks like a number or a boolean for one.
pub(super) fn initial(value: &FlagValue) -> Result<Value, LeftOutReason> {
    let text = match kept(Some(&value.0))? {
        Value::String(text) => text,
        other => return Ok(other),
    };
    if let Ok(whole) = text.parse::<i32>() {
        return Ok(Value::from(whole));
    }
    Ok(match text.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::String(text),
    })
}

/// On or off; unset is off.
pub(super) fn switch(to: Option<&Value>) -> Result<bool, LeftOutReason> {
    match to {
        None => Ok(false),
        Some(Value::Bool(on)) => Ok(*on),
        Some(_) => Err(LeftOutReason::Unreadable),
    }
}

/// A field's list; unset is empty.
pub(super) fn read_list<T: DeserializeOwned>(to: Option<&Value>) -> Result<Vec<T>, LeftOutReason> {
    match to {
        None => Ok(Vec::new()),
        Some(value) => serde_json::from_value(value.clone()).map_err(|_| LeftOutReason::Unreadable),
    }
}

/// The rows of weights of a state.
pub(super) fn weights(state: &Value) -> impl Iterator<Item = &Value> {
    list(&state["multivariate_feature_state_values"])
}

/// The option's identifier in a row of weights.
pub(super) fn option_id(weight: &Value) -> String {
    id_text(&weight["multivariate_feature_option"]["id"])
}

/// Gives options their shares in a state; those that are not named keep
/// theirs. Rows that the state lacks are made from those of the flag's default.
pub(super) fn weigh(
    sheet: &mut Sheet<'_>,
    state: &mut Value,
    default: &Value,
    shares: &[Variant],
) -> Result<(), LeftOutReason> {
    let mut missing = Ok(());
    for share in shares {
        if set_weight(state, &share.id, share.weight) {
            continue;
        }
        let known = weights(default).find(|weight| option_id(weight) == share.id);
        match known {
            Some(known) => {
                let row = sheet.new_weight(&known["multivariate_feature_option"], share.weight);
                push_weight(state, row);
            }
            None => missing = Err(LeftOutReason::OptionMissing),
        }
    }
    missing
}

/// Whether the state has the option.
fn set_weight(state: &mut Value, option: &str, weight: f64) -> bool {
    let rows = state["multivariate_feature_state_values"].as_array_mut();
    let row = rows.into_iter().flatten().find(|row| option_id(row) == option);
    let Some(row) = row else { return false };
    if row["percentage_allocation"].as_f64() != Some(weight) {
        row["percentage_allocation"] = Value::from(weight);
    }
    true
}

/// Adds a row of weights to a state.
pub(super) fn push_weight(state: &mut Value, row: Value) {
    match state["multivariate_feature_state_values"].as_array_mut() {
        Some(rows) => rows.push(row),
        None => state["multivariate_feature_state_values"] = Value::Array(vec![row]),
    }
}
