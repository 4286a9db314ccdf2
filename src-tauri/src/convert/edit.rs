//! Edits and their outcomes.

use halyard_console::Outcome;
use halyard_model::{Edit, EditState, Environment};

use super::field::subject;
use crate::{view::*, words};

/// What became of an edit, in a sentence. `conflict` is there where it met one,
/// `change_set` is the name of the set it is in.
pub fn outcome(
    outcome: Outcome,
    environment: &Environment,
    conflict: Option<ConflictView>,
    change_set: Option<&str>,
) -> OutcomeView {
    match outcome {
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
        Outcome::Conflict { edit } => match conflict {
            Some(conflict) => OutcomeView::Conflict {
                conflict: Box::new(conflict),
            },
            // Somebody has settled it in this very moment.
            None => OutcomeView::AlreadyThere {
                sentence: words::outcome::not_done(&edit, environment),
            },
        },
        Outcome::NotDone { edit } => OutcomeView::AlreadyThere {
            sentence: words::outcome::not_done(&edit, environment),
        },
        Outcome::Staged { edit } => OutcomeView::Queued {
            sentence: words::change::queued(&words::outcome::name(&edit), change_set),
        },
    }
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
                words::conflict::sentence(&words::outcome::name(edit), *already_sent, LiveSideView::Theirs)
            }
            _ => words::outcome::open(edit, environment),
        },
        conflict: matches!(edit.state, EditState::Conflicted { .. }),
    }
}
