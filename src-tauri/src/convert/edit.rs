//! Edits, their outcomes and conflicts.

use halyard_console::{Outcome, Resolution};
use halyard_model::{Edit, EditState, Environment, FlagState, FlagValue, differences};

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
            Some(conflict) => OutcomeView::Conflict { conflict },
            None => return Err(WireError::gone("the conflict")),
        },
        Outcome::NotDone { edit } => OutcomeView::AlreadyThere {
            sentence: words::outcome::not_done(&edit, environment),
        },
    })
}

/// How to settle a conflict, inwards.
pub fn resolution_in(resolution: ResolutionView) -> Resolution {
    match resolution {
        ResolutionView::KeepTheirs => Resolution::KeepTheirs,
        ResolutionView::SendMine => Resolution::SendMine,
    }
}

/// An edit whose outcome is open. `now` is the flag's state in the mirror.
pub fn open_edit(edit: &Edit, environment: &Environment, now: Option<&FlagState>) -> OpenEditView {
    let conflict = conflict(edit, environment, now);
    OpenEditView {
        edit: edit.id.0.clone(),
        environment: edit.environment.0.clone(),
        environment_name: environment.name.clone(),
        flag: words::outcome::name(edit),
        sentence: match &conflict {
            Some(conflict) => conflict.sentence.clone(),
            None => words::outcome::open(edit, environment),
        },
        conflict,
    }
}

/// A conflict field by field; `None` where the edit is in none.
fn conflict(edit: &Edit, environment: &Environment, now: Option<&FlagState>) -> Option<ConflictView> {
    let EditState::Conflicted { theirs, already_sent } = &edit.state else {
        return None;
    };
    let base = edit.base.as_ref()?.flag_state()?;
    let mine = edit.wish.as_ref()?.flag_state()?;
    let theirs = theirs.as_deref()?.flag_state()?;
    let live = live(theirs, mine, now);
    let fields = FIELDS
        .iter()
        .filter_map(|(name, show)| {
            let (base, theirs, mine) = (show(base), show(theirs), show(mine));
            let moved = base != theirs || base != mine;
            moved.then(|| ConflictFieldView {
                field: (*name).to_owned(),
                contested: base != theirs && base != mine && theirs != mine,
                base,
                theirs,
                mine,
            })
        })
        .collect();
    Some(ConflictView {
        edit: edit.id.0.clone(),
        flag: words::outcome::name(edit),
        environment: environment.name.clone(),
        sentence: words::outcome::conflicted(edit, *already_sent, live),
        already_sent: *already_sent,
        live,
        fields,
    })
}

fn live(theirs: &FlagState, mine: &FlagState, now: Option<&FlagState>) -> LiveSideView {
    match now {
        Some(now) if differences(theirs, now).is_empty() => LiveSideView::Theirs,
        Some(now) if differences(mine, now).is_empty() => LiveSideView::Mine,
        _ => LiveSideView::Neither,
    }
}

type Show = fn(&FlagState) -> String;

/// The fields of a state as people read them.
const FIELDS: [(&str, Show); 5] = [
    (
        "State",
        |state| if state.enabled { "On".into() } else { "Off".into() },
    ),
    ("Value", |state| shown(&state.value)),
    ("Weights", |state| {
        let parts: Vec<String> = state
            .variants
            .iter()
            .map(|variant| format!("{} {}%", shown(&variant.value), variant.weight))
            .collect();
        parts.join(", ")
    }),
    ("Segment overrides", |state| {
        let parts: Vec<String> = state
            .segment_overrides
            .iter()
            .map(|own| {
                let on = if own.enabled { "on" } else { "off" };
                format!("{}: {on}, {}", own.segment_name, shown(&own.value))
            })
            .collect();
        parts.join("; ")
    }),
    ("Rules", |state| {
        state
            .targeting
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }),
];

fn shown(value: &FlagValue) -> String {
    if value.0.is_null() {
        "no value".into()
    } else {
        value.text()
    }
}
