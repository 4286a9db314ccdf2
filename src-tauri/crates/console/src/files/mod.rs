//! Snapshot files: written for a colleague, and opened as a connection that
//! can be read and nothing else.

mod chosen;
mod export;
mod import;
mod save;

pub(crate) use chosen::ChosenFiles;
pub use chosen::{ChosenId, FileContent, FileFacts};
pub use export::{ExportInput, ExportedFile};
pub use halyard_mirror::file::{FileError, FileHeader, Kept, Seal};
pub use import::ImportProgress;

use crate::ConsoleError;

/// A thread that reads or writes a file has ended without saying how.
fn ended() -> ConsoleError {
    FileError::Io(std::io::Error::other("it was given up")).into()
}
