//! What the commands share, and how it comes to life.

mod bridge;
mod demo;
mod examinations;
mod files;
mod folder;
pub mod links;
mod log;
mod notices;
mod start;

use std::path::PathBuf;

use halyard_console::Console;
use halyard_model::{ConnectionId, EnvironmentKey};
use halyard_sandbox::Running;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use examinations::Examinations;
pub use files::{EXPORT_DIR_VARIABLE, Files, export_folder};
pub use folder::{DATA_DIR_VARIABLE, data_folder};
pub use start::run;

use crate::view::NoticeView;

/// The state behind every command.
pub struct Halyard {
    /// The use cases.
    pub console: Console,
    /// What happened at start that the user should know.
    notices: Vec<NoticeView>,
    /// The folder of Halyard's own files.
    pub folder: PathBuf,
    /// Snapshot files that came from outside and that went there.
    pub files: Files,
    /// Runs of the connection doctor that are going on.
    pub examinations: Examinations,
    /// The sandbox of the demo, while it runs.
    sandbox: Mutex<Option<Running>>,
    cancel: CancellationToken,
}

impl Halyard {
    /// The state of an application that has just begun.
    pub(crate) fn new(
        console: Console,
        notices: Vec<NoticeView>,
        folder: PathBuf,
        cancel: CancellationToken,
    ) -> Halyard {
        Halyard {
            console,
            notices,
            folder,
            files: Files::default(),
            examinations: Examinations::default(),
            sandbox: Mutex::default(),
            cancel,
        }
    }

    /// What happened at start, and when a locked local copy was opened since.
    pub fn notices(&self) -> Vec<NoticeView> {
        let later = self.console.found_later();
        let later = later.and_then(|found| start::notice(&found, &self.folder, None));
        self.notices.iter().cloned().chain(later).collect()
    }

    /// Refreshes an environment in the background. Its failure is in the fetch
    /// status, where the window shows it.
    pub fn refresh_soon(&self, connection: ConnectionId, environment: EnvironmentKey) {
        let console = self.console.clone();
        tauri::async_runtime::spawn(async move {
            if let Err(error) = console.refresh(&connection, &environment).await {
                tracing::debug!(error = error.for_log(), "the refresh after an edit failed");
            }
        });
    }
}
