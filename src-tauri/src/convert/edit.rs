//! Edits, their outcomes and conflicts.

use halyard_console::Outcome;
use halyard_model::{Edit, EditState, Environment, FlagState, differences};

use super::field::subject;
use crate::{error::WireError, view::*, words};

/// What became of an edit, in a sentence. `now` is the flag's state in the mirror.
pub fn outcome(
    outcome: Outcome,
    environment: &Environment,
    now: Option<&FlagState>,
) -> Result<OutcomeView, WireError> {
    Ok(match outcome {
        Outcome::Confirmed { edit } => OutcomeView::Confirmed {
            sentence: words::outcome::confirmed(&edit, environment),
            edit: edit.id.0,
        },
        Outcome::AlreadyThere { edit } => OutcomeView::AlreadyThere {
            sentence: words::outcome::already_there(&edit, environment),
        },
        Outcome::Unknown { edit } => OutcomeView::Unknown {
            sentence: words::outcome::unknown(&edit, environment),
            edit: edit.id.0,
        },
        Outcome::Conflict { edit } => match conflict(&edit, environment, now) {
            Some(conflict) => OutcomeView::Conflict {
                conflict: Box::new(conflict),
            },
            None => return Err(WireError::gone("the conflict")),
        },
        Outcome::NotDone { edit } | Outcome::Staged { edit } => OutcomeView::AlreadyThere {
            sentence: words::outcome::not_done(&edit, environment),
        },
    })
}

/// An edit whose outcome is open.
pub fn open_edit(edit: &Edit, environment: &Environment) -> OpenEditView {
    OpenEditView {
        edit: edit.id.0.clone(),
        environment: edit.environment.0.clone(),
        environment_name: environment.name.clone(),
        subject: subject(&edit.subject),
        name: words::outcome::name(edit),
        change_set: edit.change_set.as_ref().map(|id| id.0.clone()),
        sentence: match &edit.state {
            EditState::Conflicted { already_sent, .. } => {
                words::outcome::conflicted(edit, *already_sent, LiveSideView::Theirs)
            }
            _ => words::outcome::open(edit, environment),
        },
        conflict: matches!(edit.state, EditState::Conflicted { .. }),
    }
}

/// A conflict field by field; `None` where the edit is in none.
fn conflict(edit: &Edit, environment: &Environment, now: Option<&FlagState>) -> Option<ConflictView> {
    let EditState::Conflicted { theirs, already_sent } = &edit.state else {
        return None;
    };
    let mine = edit.wish.as_ref()?.flag_state()?;
    let live = live(theirs.as_deref()?.flag_state()?, mine, now);
    Some(ConflictView {
        edit: edit.id.0.clone(),
        connection: edit.connection.0.clone(),
        environment: edit.environment.0.clone(),
        environment_name: environment.name.clone(),
        subject: subject(&edit.subject),
        name: words::outcome::name(edit),
        change_set: None,
        sentence: words::outcome::conflicted(edit, *already_sent, live),
        already_sent: *already_sent,
        live,
        base_label: String::new(),
        theirs_label: String::new(),
        mine_label: String::new(),
        merged_label: String::new(),
        fields: Vec::new(),
        unchanged: Vec::new(),
        contested: 0,
        precondition: String::new(),
        rounds: edit.rounds,
    })
}

fn live(theirs: &FlagState, mine: &FlagState, now: Option<&FlagState>) -> LiveSideView {
    match now {
        Some(now) if differences(theirs, now).is_empty() => LiveSideView::Theirs,
        Some(now) if differences(mine, now).is_empty() => LiveSideView::Mine,
        _ => LiveSideView::Neither,
    }
}
