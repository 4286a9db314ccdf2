//! Snapshot files outside of the window: where they are saved, and those that
//! the system hands over.

use std::{
    env,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use halyard_console::ChosenId;
use tauri::{AppHandle, Manager};
use tauri_specta::Event as _;

use super::Halyard;
use crate::{
    commands::files::look,
    error::WireError,
    events::{Changed, ChangedTag},
    view::ChosenFileView,
};

/// Moves where snapshot files are saved.
pub const EXPORT_DIR_VARIABLE: &str = "HALYARD_EXPORT_DIR";

/// More than any snapshot file has; what is larger is refused when it is fed.
const MOST_BYTES: u64 = 65 * 1024 * 1024;

/// The file that waits to be opened, and the files that were saved.
#[derive(Debug, Default)]
pub struct Files {
    waiting: Mutex<Option<ChosenFileView>>,
    saved: Mutex<Vec<PathBuf>>,
}

impl Files {
    /// The file that waits to be opened.
    pub fn waiting(&self) -> Option<ChosenFileView> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A file waits, in place of any other.
    pub fn wait_for(&self, file: ChosenFileView) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    }

    /// A file was opened or given up.
    pub fn settled(&self, id: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take_if(|file| file.id == id);
    }

    /// A file was saved by this program.
    pub fn saved(&self, path: &Path) {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.push(path.to_owned());
    }

    /// Whether a file was saved by this program.
    pub fn is_saved(&self, path: &Path) -> bool {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.iter().any(|one| one == path)
    }
}

/// The folder that snapshot files are saved in: as the variable says, else
/// where the system keeps downloads.
pub fn export_folder(app: &AppHandle) -> Result<PathBuf, WireError> {
    let moved = env::var_os(EXPORT_DIR_VARIABLE).filter(|path| !path.is_empty());
    if let Some(folder) = moved {
        return std::path::absolute(folder).map_err(|error| no_folder(&error.to_string()));
    }
    app.path()
        .download_dir()
        .map_err(|error| no_folder(&error.to_string()))
}

fn no_folder(reason: &str) -> WireError {
    let mut error = WireError::input("folder", "Halyard finds no folder for downloads.");
    error.cause = Some(reason.to_owned());
    error.next_step = Some(format!(
        "Set {EXPORT_DIR_VARIABLE} to a folder and start Halyard again."
    ));
    error
}

/// The file that a program was started with: the first argument that is no option.
pub fn file_in(arguments: &[String], folder: &Path) -> Option<PathBuf> {
    let named = arguments
        .iter()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))?;
    Some(folder.join(named)).filter(|_| !named.is_empty())
}

/// Takes in a file that the system handed over, and tells the window that it
/// waits. What is wrong with it is said in place of its content.
pub fn hand_over(app: &AppHandle, path: PathBuf) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let halyard = app.state::<Halyard>();
        match taken_in(&halyard, &path).await {
            Ok(file) => {
                halyard.files.wait_for(file);
                let tags = vec![ChangedTag::App];
                // A window that is closing hears nothing, which is right.
                let _unheard = Changed { tags }.emit(&app);
            }
            Err(error) => tracing::warn!(%error, "the file that Halyard was started with cannot be read"),
        }
    });
}

/// Reads a file into the console, as if it had been chosen in the window.
pub async fn taken_in(halyard: &Halyard, path: &Path) -> std::io::Result<ChosenFileView> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let path = path.to_owned();
    let reading = tauri::async_runtime::spawn_blocking(move || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    });
    let bytes = reading.await.map_err(std::io::Error::other)??;
    let console = &halyard.console;
    let id = console.choose_file(&name);
    let fed = console.feed_file(&id, &bytes).map_err(WireError::from);
    drop(bytes);
    let looked = match fed {
        Ok(()) => look(halyard, &id, None).await,
        Err(error) => Err(error),
    };
    let ChosenId(id) = id;
    Ok(looked.unwrap_or_else(|error| ChosenFileView {
        id,
        name,
        encrypted: false,
        content: Some(error.sentence),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_argument_that_is_no_option_is_the_file() {
        let arguments = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let folder = Path::new("/home/maya");
        for (given, expected) in [
            (&["halyard"][..], None),
            (&["halyard", ""], None),
            (&["halyard", "--wait"], None),
            (&["halyard", "a.halyard"], Some("/home/maya/a.halyard")),
            (&["halyard", "-x", "/b/c d.halyard", "e"], Some("/b/c d.halyard")),
        ] {
            assert_eq!(
                file_in(&arguments(given), folder),
                expected.map(PathBuf::from),
                "{given:?}"
            );
        }
    }
}
