//! Commands about staged edits, change sets and publishing.

use tauri::State;

use crate::{app::Halyard, commands::not_yet, error::WireError, view::*};

/// The change sets of a connection.
#[tauri::command]
#[specta::specta]
pub async fn changes(_app: State<'_, Halyard>, _connection: String) -> Result<ChangesView, WireError> {
    not_yet()
}

/// Begins a change set; without a name, it is called after the day.
#[tauri::command]
#[specta::specta]
pub async fn new_change_set(
    _app: State<'_, Halyard>,
    _connection: String,
    _name: Option<String>,
) -> Result<ChangeSetView, WireError> {
    not_yet()
}

/// Gives a change set another name.
#[tauri::command]
#[specta::specta]
pub async fn rename_change_set(
    _app: State<'_, Halyard>,
    _change_set: String,
    _name: String,
) -> Result<(), WireError> {
    not_yet()
}

/// Gives up a change set with what is left of it.
#[tauri::command]
#[specta::specta]
pub async fn discard_change_set(_app: State<'_, Halyard>, _change_set: String) -> Result<(), WireError> {
    not_yet()
}

/// Takes back that a change set was given up.
#[tauri::command]
#[specta::specta]
pub async fn restore_change_set(_app: State<'_, Halyard>, _change_set: String) -> Result<(), WireError> {
    not_yet()
}

/// Stages an edit, or amends the one of the same subject.
#[tauri::command]
#[specta::specta]
pub async fn stage_edit(_app: State<'_, Halyard>, _request: StageRequest) -> Result<StagedView, WireError> {
    not_yet()
}

/// Stages the same changes for several subjects, all or none.
#[tauri::command]
#[specta::specta]
pub async fn stage_edits(
    _app: State<'_, Halyard>,
    _requests: Vec<StageRequest>,
) -> Result<Vec<StagedView>, WireError> {
    not_yet()
}

/// Changes what a staged edit asks for.
#[tauri::command]
#[specta::specta]
pub async fn amend_edit(
    _app: State<'_, Halyard>,
    _edit: String,
    _changes: Vec<FieldEdit>,
) -> Result<(), WireError> {
    not_yet()
}

/// Whether publishing sends an edit.
#[tauri::command]
#[specta::specta]
pub async fn tick_edit(_app: State<'_, Halyard>, _edit: String, _ticked: bool) -> Result<(), WireError> {
    not_yet()
}

/// Puts an edit at another place of its change set, the first at 0.
#[tauri::command]
#[specta::specta]
pub async fn move_edit(_app: State<'_, Halyard>, _edit: String, _to: u32) -> Result<(), WireError> {
    not_yet()
}

/// Gives an edit up.
#[tauri::command]
#[specta::specta]
pub async fn discard_edit(_app: State<'_, Halyard>, _edit: String) -> Result<(), WireError> {
    not_yet()
}

/// Takes back that an edit was given up.
#[tauri::command]
#[specta::specta]
pub async fn restore_edit(_app: State<'_, Halyard>, _edit: String) -> Result<(), WireError> {
    not_yet()
}

/// Begins to send a change set's ticked edits.
#[tauri::command]
#[specta::specta]
pub async fn publish(
    _app: State<'_, Halyard>,
    _change_set: String,
    _confirmed: Vec<Confirmed>,
) -> Result<(), WireError> {
    not_yet()
}

/// Sends nothing more until it is resumed.
#[tauri::command]
#[specta::specta]
pub async fn hold_publishing(_app: State<'_, Halyard>, _change_set: String) -> Result<(), WireError> {
    not_yet()
}

/// Goes on sending.
#[tauri::command]
#[specta::specta]
pub async fn resume_publishing(_app: State<'_, Halyard>, _change_set: String) -> Result<(), WireError> {
    not_yet()
}

/// Ends publishing; what is not sent is staged again.
#[tauri::command]
#[specta::specta]
pub async fn cancel_publishing(_app: State<'_, Halyard>, _change_set: String) -> Result<(), WireError> {
    not_yet()
}

/// Sends a refused edit again, or one whose outcome is known to be nothing.
#[tauri::command]
#[specta::specta]
pub async fn retry_edit(_app: State<'_, Halyard>, _edit: String) -> Result<(), WireError> {
    not_yet()
}

/// Stages the inverse of what a change set sent, as a new change set.
#[tauri::command]
#[specta::specta]
pub async fn roll_back(_app: State<'_, Halyard>, _change_set: String) -> Result<ChangeSetView, WireError> {
    not_yet()
}

/// What a change set's ticked edits do in one environment.
#[tauri::command]
#[specta::specta]
pub async fn change_set_impact(
    _app: State<'_, Halyard>,
    _change_set: String,
    _environment: String,
) -> Result<ChangeSetImpactView, WireError> {
    not_yet()
}

/// Removes what a write that was cut off left behind.
#[tauri::command]
#[specta::specta]
pub async fn remove_leftover(
    _app: State<'_, Halyard>,
    _edit: String,
    _handle: String,
) -> Result<(), WireError> {
    not_yet()
}
