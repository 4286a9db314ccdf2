//! Commands on preview.

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

/// What an identity gets of every flag, with a reason each.
#[tauri::command]
#[specta::specta]
pub async fn preview(request: PreviewRequest) -> Result<PreviewView, WireError> {
    let _ = request;
    later()
}

/// Identities the service knows whose identifier contains a text.
#[tauri::command]
#[specta::specta]
pub async fn find_identities(
    connection: String,
    environment: String,
    search: String,
) -> Result<Vec<IdentityView>, WireError> {
    let _ = connection;
    let _ = environment;
    let _ = search;
    later()
}

/// The traits the service stores for an identity.
#[tauri::command]
#[specta::specta]
pub async fn identity_traits(
    connection: String,
    environment: String,
    identity: IdentityView,
) -> Result<Vec<TraitView>, WireError> {
    let _ = connection;
    let _ = environment;
    let _ = identity;
    later()
}
