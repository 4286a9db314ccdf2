//! Where Halyard keeps its own files.

use std::{env, path::PathBuf};

use tauri::{AppHandle, Manager};

/// Moves all of Halyard's own files: mirror, log, window state, web data.
pub const DATA_DIR_VARIABLE: &str = "HALYARD_DATA_DIR";

/// The folder named by [`DATA_DIR_VARIABLE`], where it is set.
pub fn moved_folder() -> Option<PathBuf> {
    env::var_os(DATA_DIR_VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// The folder of Halyard's own files: as the variable says, else where the
/// system keeps the data of programs.
pub fn data_folder(app: &AppHandle) -> Result<PathBuf, tauri::Error> {
    match moved_folder() {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => app.path().app_data_dir(),
    }
}
