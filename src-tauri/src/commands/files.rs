//! Commands on snapshot files. A chosen file comes in pieces, as the window reads it.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use halyard_console::{ChosenId, Clock as _, ImportProgress, Seal, SystemClock};
use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt;
use tauri_specta::Event as _;

use crate::{
    app::{Halyard, export_folder},
    convert::{
        file::{chosen, export_in, exported, seal_in},
        large_count,
    },
    error::{ErrorCode, WireError},
    events::FileProgress,
    view::*,
    words::file::size,
};

/// Writes a snapshot file into the folder for downloads.
#[tauri::command]
#[specta::specta]
pub async fn export_file(
    app: State<'_, Halyard>,
    handle: AppHandle,
    request: ExportFileRequest,
) -> Result<ExportedFileView, WireError> {
    let input = export_in(request, export_folder(&handle)?)?;
    let saved = app.console.export(input).await?;
    app.files.saved(&saved.path);
    Ok(exported(&saved))
}

/// Begins to read a chosen file; returns what names it.
#[tauri::command]
#[specta::specta]
pub async fn choose_file(app: State<'_, Halyard>, name: String) -> Result<String, WireError> {
    Ok(app.console.choose_file(&name).0)
}

/// The next bytes of a chosen file, in base64.
#[tauri::command]
#[specta::specta]
pub async fn feed_file(app: State<'_, Halyard>, id: String, base64: String) -> Result<(), WireError> {
    let bytes = STANDARD
        .decode(base64)
        .map_err(|_| WireError::input("file", "The file arrived damaged. Choose it again."))?;
    Ok(app.console.feed_file(&ChosenId(id), &bytes)?)
}

/// Ends a chosen file and says what is in it. Nothing is imported.
#[tauri::command]
#[specta::specta]
pub async fn look_into_file(
    app: State<'_, Halyard>,
    id: String,
    passphrase: Option<String>,
) -> Result<ChosenFileView, WireError> {
    look(&app, &ChosenId(id), seal_in(passphrase)).await
}

/// What is in a chosen file.
pub(crate) async fn look(
    app: &Halyard,
    id: &ChosenId,
    seal: Option<Seal>,
) -> Result<ChosenFileView, WireError> {
    let facts = app.console.look_into(id, seal).await?;
    Ok(chosen(&id.0, facts, SystemClock.now()))
}

/// Opens a chosen file as a read-only connection; returns its id. A wrong or
/// missing passphrase is an error on the field `passphrase`. Giving the file up
/// meanwhile ends it, and nothing of it is left.
#[tauri::command]
#[specta::specta]
pub async fn open_file(
    app: State<'_, Halyard>,
    window: AppHandle,
    id: String,
    passphrase: Option<String>,
) -> Result<String, WireError> {
    let file = id.clone();
    let tell = move |progress: ImportProgress| {
        let progress = FileProgress {
            file: file.clone(),
            done: large_count(progress.done),
            total: large_count(progress.total),
            size: size(progress.bytes),
        };
        // A window that is closing hears nothing, which is right.
        let _unheard = progress.emit(&window);
    };
    let connection = app
        .console
        .import(&ChosenId(id.clone()), seal_in(passphrase), tell)
        .await?;
    app.files.settled(&id);
    Ok(connection.0)
}

/// Gives a chosen file up.
#[tauri::command]
#[specta::specta]
pub async fn drop_file(app: State<'_, Halyard>, id: String) -> Result<(), WireError> {
    app.files.settled(&id);
    app.console.drop_file(&ChosenId(id));
    Ok(())
}

/// Shows a written file in its folder.
#[tauri::command]
#[specta::specta]
pub async fn show_in_folder(
    app: State<'_, Halyard>,
    handle: AppHandle,
    path: String,
) -> Result<(), WireError> {
    // Only one that this Halyard has saved since it was started: the window
    // has no business with other paths.
    if !app.files.is_saved(Path::new(&path)) {
        return Err(WireError::gone("the file"));
    }
    handle.opener().reveal_item_in_dir(&path).map_err(|error| {
        let mut wire = WireError::new(ErrorCode::Service, "The folder could not be shown.");
        wire.cause = Some(error.to_string());
        wire.next_step = Some(format!("Open it by hand: {path}"));
        wire
    })
}
