//! What became of edits.

use halyard_model::{Edit, EditState, Environment, FieldPath, FlagValue, Subject};
use serde_json::Value;

/// Such as `guest_checkout is off in Staging`.
pub fn confirmed(edit: &Edit, environment: &Environment) -> String {
    format!("{} {} in {}", name(edit), is(edit), environment.name)
}

/// Nothing had to be sent.
pub fn already_there(edit: &Edit, environment: &Environment) -> String {
    format!(
        "{} already {} in {}. Nothing was sent.",
        name(edit),
        is(edit),
        environment.name
    )
}

/// No answer can tell.
pub fn unknown(edit: &Edit, environment: &Environment) -> String {
    let reason = match &edit.state {
        EditState::Unknown { reason } => reason.as_str(),
        _ => "No answer came.",
    };
    format!(
        "It is not known whether {} {} in {}. {reason}",
        name(edit),
        is(edit),
        environment.name
    )
}

/// It surely did not happen, or was given up.
pub fn not_done(edit: &Edit, environment: &Environment) -> String {
    match &edit.state {
        EditState::Refused(refusal) => {
            format!(
                "{} in {} is as before. {}",
                name(edit),
                environment.name,
                refusal.reason
            )
        }
        _ => format!(
            "{} in {} stays as the service has it.",
            name(edit),
            environment.name
        ),
    }
}

/// What an open edit that is in no conflict asks for, and where it stands.
pub fn open(edit: &Edit, environment: &Environment) -> String {
    match &edit.state {
        EditState::Unknown { .. } => unknown(edit, environment),
        _ => format!("Being sent: {} {} in {}", name(edit), is(edit), environment.name),
    }
}

/// What an edit is about, as people call it.
pub fn name(edit: &Edit) -> String {
    name_of(&edit.subject)
}

/// What a subject is called.
pub fn name_of(subject: &Subject) -> String {
    match subject {
        Subject::FlagState { flag } | Subject::Flag { flag } => flag.0.clone(),
        Subject::IdentityOverride { flag, identity } => format!("{} for {identity}", flag.0),
        Subject::Segment { segment } => segment.name_to_be().unwrap_or(&segment.0).to_owned(),
        Subject::Traits { identity } => identity.clone(),
        Subject::Config { key } => key.clone(),
    }
}

fn is(edit: &Edit) -> String {
    let wished = halyard_model::fields_of(edit.wish.as_ref());
    let (mut state, mut value, mut more) = (None, None, false);
    for field in edit.changes() {
        match (&field, wished.get(&field)) {
            (FieldPath::Enabled, Some(Value::Bool(true))) => state = Some("is on"),
            (FieldPath::Enabled, _) => state = Some("is off"),
            (FieldPath::Value, wished) => value = Some(has(&FlagValue(wished.cloned().unwrap_or_default()))),
            _ => more = true,
        }
    }
    match (state, value) {
        (Some(state), Some(value)) => format!("{state} and {value}"),
        (Some(state), None) => state.to_owned(),
        (None, Some(value)) => value,
        (None, None) if more => "is changed".to_owned(),
        (None, None) => "is unchanged".to_owned(),
    }
}

fn has(value: &FlagValue) -> String {
    match value.text() {
        text if value.0.is_null() || text.is_empty() => "has no value".to_owned(),
        text if text.chars().count() <= 40 => format!("has the value {text}"),
        _ => "has the new value".to_owned(),
    }
}
