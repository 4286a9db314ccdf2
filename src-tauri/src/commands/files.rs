//! Commands on snapshot files. A chosen file comes in pieces, as the window reads it.

use tauri::State;

use crate::{app::Halyard, error::WireError, view::*};

fn not_yet<T>() -> Result<T, WireError> {
    Err(WireError::input("", "This is being built."))
}

/// Writes a snapshot file into the folder for downloads.
#[tauri::command]
#[specta::specta]
pub async fn export_file(
    _app: State<'_, Halyard>,
    request: ExportFileRequest,
) -> Result<ExportedFileView, WireError> {
    let _ = request;
    not_yet()
}

/// Begins to read a chosen file; returns what names it.
#[tauri::command]
#[specta::specta]
pub async fn choose_file(_app: State<'_, Halyard>, name: String) -> Result<String, WireError> {
    let _ = name;
    not_yet()
}

/// The next bytes of a chosen file, in base64.
#[tauri::command]
#[specta::specta]
pub async fn feed_file(_app: State<'_, Halyard>, id: String, base64: String) -> Result<(), WireError> {
    let _ = (id, base64);
    not_yet()
}

/// Ends a chosen file and says what is in it. Nothing is imported.
#[tauri::command]
#[specta::specta]
pub async fn look_into_file(
    _app: State<'_, Halyard>,
    id: String,
    passphrase: Option<String>,
) -> Result<ChosenFileView, WireError> {
    let _ = (id, passphrase);
    not_yet()
}

/// Opens a chosen file as a read-only connection; returns its id. A wrong or
/// missing passphrase is an error on the field `passphrase`.
#[tauri::command]
#[specta::specta]
pub async fn open_file(
    _app: State<'_, Halyard>,
    id: String,
    passphrase: Option<String>,
) -> Result<String, WireError> {
    let _ = (id, passphrase);
    not_yet()
}

/// Gives a chosen file up.
#[tauri::command]
#[specta::specta]
pub async fn drop_file(_app: State<'_, Halyard>, id: String) -> Result<(), WireError> {
    let _ = id;
    not_yet()
}

/// Shows a written file in its folder.
#[tauri::command]
#[specta::specta]
pub async fn show_in_folder(_app: State<'_, Halyard>, path: String) -> Result<(), WireError> {
    let _ = path;
    not_yet()
}
