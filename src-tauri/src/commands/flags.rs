//! Commands on flags.

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

/// An environment's flags, from the mirror. `reference` is the key of the environment
/// to compare with; `null` picks one.
#[tauri::command]
#[specta::specta]
pub async fn flags(
    connection: String,
    environment: String,
    reference: Option<String>,
) -> Result<FlagListView, WireError> {
    let _ = connection;
    let _ = environment;
    let _ = reference;
    later()
}

/// One flag in full, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn flag_detail(
    connection: String,
    environment: String,
    flag: String,
) -> Result<FlagDetailView, WireError> {
    let _ = connection;
    let _ = environment;
    let _ = flag;
    later()
}
