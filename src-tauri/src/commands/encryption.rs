//! Commands on the encryption of the local copy.

use halyard_console::{ConsoleError, Encryption, MirrorError};
use tauri::{AppHandle, Manager, State};

use super::connections::frame;
use crate::{app::Halyard, error::WireError, view::*, words};

/// Whether the local copy is encrypted.
#[tauri::command]
#[specta::specta]
pub async fn encryption(app: State<'_, Halyard>) -> Result<EncryptionView, WireError> {
    Ok(words::encryption::encryption(&app.console.encryption().await?))
}

/// Lets the window keep nothing by itself from now on: it would be plain text
/// beside the encrypted copy. It minds none of it.
const KEEP_NOTHING: &str = "localStorage.clear(); \
     Storage.prototype.setItem = () => { throw new Error('nothing is kept beside an encrypted copy'); };";

/// Encrypts the local copy with a key from the keychain, or no longer.
#[tauri::command]
#[specta::specta]
pub async fn set_encryption(
    app: State<'_, Halyard>,
    window: AppHandle,
    on: bool,
) -> Result<EncryptionView, WireError> {
    let wanted = if on { Encryption::On } else { Encryption::Off };
    let facts = app.console.set_encryption(wanted).await?;
    if facts.now == Encryption::On
        && let Some(window) = window.get_webview_window("main")
        && let Err(error) = window.eval(KEEP_NOTHING)
    {
        tracing::warn!(%error, "the window keeps what is typed until Halyard starts again");
    }
    Ok(words::encryption::encryption(&facts))
}

/// Tries again to open a local copy whose key was missing or wrong.
#[tauri::command]
#[specta::specta]
pub async fn unlock_mirror(app: State<'_, Halyard>) -> Result<AppView, WireError> {
    match app.console.unlock().await {
        // The frame says why it is still locked.
        Ok(()) | Err(ConsoleError::Mirror(MirrorError::Locked(_))) => frame(&app).await,
        Err(error) => Err(error.into()),
    }
}

/// Sets a local copy that cannot be opened aside and begins an empty one.
#[tauri::command]
#[specta::specta]
pub async fn set_mirror_aside(app: State<'_, Halyard>) -> Result<AppView, WireError> {
    app.console.set_mirror_aside().await?;
    frame(&app).await
}
