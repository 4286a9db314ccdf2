//! What became of edits.

use halyard_model::{Change, Edit, EditState, Environment};

use crate::view::LiveSideView;

/// Such as `guest_checkout is off in Staging`.
pub fn confirmed(edit: &Edit, environment: &Environment) -> String {
    format!("{} {} in {}", edit.flag.0, is(&edit.change), environment.name)
}

/// Nothing had to be sent.
pub fn already_there(edit: &Edit, environment: &Environment) -> String {
    format!(
        "{} already {} in {}. Nothing was sent.",
        edit.flag.0,
        is(&edit.change),
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
        edit.flag.0,
        is(&edit.change),
        environment.name
    )
}

/// It surely did not happen, or was given up.
pub fn not_done(edit: &Edit, environment: &Environment) -> String {
    match &edit.state {
        EditState::Refused { reason } => {
            format!("{} in {} is as before. {reason}", edit.flag.0, environment.name)
        }
        _ => format!(
            "{} in {} stays as the service has it.",
            edit.flag.0, environment.name
        ),
    }
}

/// What happened and what was sent.
pub fn conflicted(edit: &Edit, already_sent: bool, live: LiveSideView) -> String {
    let flag = &edit.flag.0;
    match (already_sent, live) {
        (false, _) => {
            format!("Somebody changed {flag} after your edit began. Nothing of yours has been sent.")
        }
        (true, LiveSideView::Mine) => {
            format!("Somebody changed {flag} just before your edit arrived. Yours has replaced theirs.")
        }
        (true, _) => format!("Somebody changed {flag} while your edit was on its way."),
    }
}

/// What an open edit that is in no conflict asks for, and where it stands.
pub fn open(edit: &Edit, environment: &Environment) -> String {
    match &edit.state {
        EditState::Unknown { .. } => unknown(edit, environment),
        _ => format!(
            "Being sent: {} {} in {}",
            edit.flag.0,
            is(&edit.change),
            environment.name
        ),
    }
}

fn is(change: &Change) -> String {
    let state = change
        .enabled
        .map(|enabled| if enabled { "is on" } else { "is off" });
    let value = change.value.as_ref().map(|value| match value.text() {
        text if value.0.is_null() || text.is_empty() => "has no value".to_owned(),
        text if text.chars().count() <= 40 => format!("has the value {text}"),
        _ => "has the new value".to_owned(),
    });
    match (state, value) {
        (Some(state), Some(value)) => format!("{state} and {value}"),
        (Some(state), None) => state.to_owned(),
        (None, Some(value)) => value,
        (None, None) => "is unchanged".to_owned(),
    }
}
