//! Commands that decide conflicts.

use tauri::State;

use crate::{app::Halyard, commands::not_yet, error::WireError, view::*};

/// A conflict field by field, with what is decided so far.
#[tauri::command]
#[specta::specta]
pub async fn conflict(
    _app: State<'_, Halyard>,
    _edit: String,
    _choices: Vec<ChoiceView>,
) -> Result<ConflictView, WireError> {
    not_yet()
}

/// What the merged result does against what is live, once nothing is contested.
#[tauri::command]
#[specta::specta]
pub async fn conflict_impact(
    _app: State<'_, Halyard>,
    _edit: String,
    _choices: Vec<ChoiceView>,
) -> Result<ImpactView, WireError> {
    not_yet()
}

/// Writes the merged result under a precondition: against the state that was
/// shown. `confirmed` as in [`EditRequest::confirmed`].
#[tauri::command]
#[specta::specta]
pub async fn resolve_conflict(
    _app: State<'_, Halyard>,
    _edit: String,
    _choices: Vec<ChoiceView>,
    _confirmed: Option<String>,
) -> Result<OutcomeView, WireError> {
    not_yet()
}

/// Gives the edit up and leaves what somebody else made of it.
#[tauri::command]
#[specta::specta]
pub async fn keep_theirs(_app: State<'_, Halyard>, _edit: String) -> Result<OutcomeView, WireError> {
    not_yet()
}
