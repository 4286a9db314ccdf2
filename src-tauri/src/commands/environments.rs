//! Commands on environments.

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

/// Chooses how much a write to an environment asks first.
#[tauri::command]
#[specta::specta]
pub async fn set_protection(
    connection: String,
    environment: String,
    protection: ProtectionView,
) -> Result<(), WireError> {
    let _ = connection;
    let _ = environment;
    let _ = protection;
    later()
}

/// Refreshes an environment now. Progress and the end are told by events.
#[tauri::command]
#[specta::specta]
pub async fn refresh(connection: String, environment: String) -> Result<(), WireError> {
    let _ = connection;
    let _ = environment;
    later()
}

/// What the status bar shows.
#[tauri::command]
#[specta::specta]
pub async fn status(connection: String) -> Result<StatusView, WireError> {
    let _ = connection;
    later()
}
