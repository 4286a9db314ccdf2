//! Commands on edits.

use crate::error::{ErrorCode, WireError};
use crate::view::*;

fn later<T>() -> Result<T, WireError> {
    Err(WireError {
        code: ErrorCode::Gone,
        sentence: String::new(),
        cause: None,
        next_step: None,
        detail: None,
        retry_at: None,
        field: None,
    })
}

/// Writes a change under its precondition.
#[tauri::command]
#[specta::specta]
pub async fn edit_flag(request: EditRequest) -> Result<OutcomeView, WireError> {
    let _ = request;
    later()
}

/// Leads a confirmed edit back, itself under a precondition.
#[tauri::command]
#[specta::specta]
pub async fn undo_edit(edit: String) -> Result<OutcomeView, WireError> {
    let _ = edit;
    later()
}

/// Settles a conflict.
#[tauri::command]
#[specta::specta]
pub async fn resolve_conflict(edit: String, resolution: ResolutionView) -> Result<OutcomeView, WireError> {
    let _ = edit;
    let _ = resolution;
    later()
}

/// Reads a flag again to learn what became of an edit.
#[tauri::command]
#[specta::specta]
pub async fn settle_edit(edit: String) -> Result<OutcomeView, WireError> {
    let _ = edit;
    later()
}

/// Edits whose outcome is open, of one connection.
#[tauri::command]
#[specta::specta]
pub async fn open_edits(connection: String) -> Result<Vec<OpenEditView>, WireError> {
    let _ = connection;
    later()
}
