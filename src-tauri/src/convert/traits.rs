//! Traits as typed and as stored.

use halyard_model::IdentityRef;
use serde_json::Value;

use crate::{error::WireError, view::*};

/// Typed traits, inwards. Errors name the trait.
fn traits_in(traits: &[TraitView]) -> Result<Vec<(String, Value)>, WireError> {
    let mut typed: Vec<(String, Value)> = Vec::new();
    for one in traits {
        let name = one.name.trim();
        let field = format!("trait:{}", one.name);
        if name.is_empty() {
            return Err(WireError::input(&field, "Give the trait a name."));
        }
        if typed.iter().any(|(other, _)| other == name) {
            return Err(WireError::input(
                &field,
                format!("The trait {name} is there twice."),
            ));
        }
        typed.push((name.to_owned(), typed_value(one.kind, &one.text, &field)?));
    }
    Ok(typed)
}

/// A trait's value, inwards. `field` is what an error names.
pub fn typed_value(kind: TraitKindView, text: &str, field: &str) -> Result<Value, WireError> {
    match kind {
        TraitKindView::Text => Ok(Value::String(text.to_owned())),
        TraitKindView::Boolean => match text.trim() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(WireError::input(field, "A boolean trait is true or false.")),
        },
        TraitKindView::Number => serde_json::from_str(text.trim())
            .ok()
            .filter(Value::is_number)
            .ok_or_else(|| WireError::input(field, "This is not a number. Write it like 7 or 418.5.")),
    }
}

/// What is known about an identity, inwards. Errors name the field.
pub fn identity_in(identifier: &str, traits: &[TraitView]) -> Result<IdentityRef, WireError> {
    let identifier = identifier.trim();
    if identifier.is_empty() {
        return Err(WireError::input("identifier", "Type an identifier."));
    }
    Ok(IdentityRef {
        identifier: identifier.to_owned(),
        traits: traits_in(traits)?,
    })
}

/// A stored trait as a person would type it; a stored null is no trait.
pub fn trait_out((name, value): (String, Value)) -> Option<TraitView> {
    let (kind, text) = value_out(&value)?;
    Some(TraitView { name, kind, text })
}

/// A value as a person would type it; `None` for null.
pub fn value_out(value: &Value) -> Option<(TraitKindView, String)> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => (TraitKindView::Boolean, flag.to_string()),
        Value::Number(number) => (TraitKindView::Number, number.to_string()),
        Value::String(text) => (TraitKindView::Text, text.clone()),
        other => (TraitKindView::Text, other.to_string()),
    })
}
