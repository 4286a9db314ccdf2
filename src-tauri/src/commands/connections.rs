//! Commands on connections.

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

/// The frame: connections, keychain, notices.
#[tauri::command]
#[specta::specta]
pub async fn app() -> Result<AppView, WireError> {
    later()
}

/// Starts the sandbox inside the app and connects to both of its services.
#[tauri::command]
#[specta::specta]
pub async fn start_demo() -> Result<Vec<ConnectionView>, WireError> {
    later()
}

/// Checks an address and a key, and lists what they open. The only call that
/// carries a key; nothing is saved.
#[tauri::command]
#[specta::specta]
pub async fn connect(request: ConnectRequest) -> Result<DraftView, WireError> {
    let _ = request;
    later()
}

/// Lists the environments of a project of a draft.
#[tauri::command]
#[specta::specta]
pub async fn draft_environments(
    draft: String,
    project: String,
) -> Result<Vec<EnvironmentChoiceView>, WireError> {
    let _ = draft;
    let _ = project;
    later()
}

/// Saves a draft as a connection and its key in the keychain.
#[tauri::command]
#[specta::specta]
pub async fn save_connection(request: SaveConnectionRequest) -> Result<ConnectionView, WireError> {
    let _ = request;
    later()
}

/// Saves a draft's key for the connection it was typed again for.
#[tauri::command]
#[specta::specta]
pub async fn save_key(draft: String, keep_key: KeepKeyView) -> Result<ConnectionView, WireError> {
    let _ = draft;
    let _ = keep_key;
    later()
}

/// Gives a draft up and forgets its key.
#[tauri::command]
#[specta::specta]
pub async fn discard_draft(draft: String) -> Result<(), WireError> {
    let _ = draft;
    later()
}

/// Removes a connection, its key and everything mirrored of it.
#[tauri::command]
#[specta::specta]
pub async fn forget_connection(connection: String) -> Result<(), WireError> {
    let _ = connection;
    later()
}

/// Tries the keychain again.
#[tauri::command]
#[specta::specta]
pub async fn retry_key_store() -> Result<KeyStoreView, WireError> {
    later()
}

/// Remembers light or dark.
#[tauri::command]
#[specta::specta]
pub async fn set_theme(theme: ThemeView) -> Result<(), WireError> {
    let _ = theme;
    later()
}

/// Remembers where the user is.
#[tauri::command]
#[specta::specta]
pub async fn remember_place(place: PlaceView) -> Result<(), WireError> {
    let _ = place;
    later()
}
