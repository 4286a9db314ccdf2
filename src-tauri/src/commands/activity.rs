//! Commands on the requests that were made.

use tauri::State;

use super::not_yet;
use crate::{app::Halyard, error::WireError, view::*};

/// Requests that were made, the newest first.
#[tauri::command]
#[specta::specta]
pub async fn activity(
    _app: State<'_, Halyard>,
    _request: ActivityRequest,
) -> Result<ActivityView, WireError> {
    Err(not_yet())
}

/// One request in full.
#[tauri::command]
#[specta::specta]
pub async fn exchange(_app: State<'_, Halyard>, _id: String) -> Result<ExchangeDetailView, WireError> {
    Err(not_yet())
}

/// The listed requests as text for a support ticket, without keys, query
/// values and personal data.
#[tauri::command]
#[specta::specta]
pub async fn export_activity(
    _app: State<'_, Halyard>,
    _request: ActivityRequest,
    _format: ActivityFormatView,
) -> Result<String, WireError> {
    Err(not_yet())
}

/// Forgets the requests of a connection, or all.
#[tauri::command]
#[specta::specta]
pub async fn clear_activity(_app: State<'_, Halyard>, _connection: Option<String>) -> Result<(), WireError> {
    Err(not_yet())
}
