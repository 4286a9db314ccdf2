//! Snapshot files.

use halyard_console::{ExportInput, ExportedFile, FileFacts, Kept, Seal};
use halyard_model::{ConnectionId, EnvironmentKey, Timestamp};
use std::path::PathBuf;

use super::moment::at_in;
use crate::{
    error::WireError,
    view::*,
    words::{file, time::Clock},
};

/// What is to be exported, inwards.
pub fn export_in(request: ExportFileRequest, folder: PathBuf) -> Result<ExportInput, WireError> {
    Ok(ExportInput {
        connection: ConnectionId(request.connection),
        environment: EnvironmentKey(request.environment),
        from: at_in(request.from.as_deref())?,
        to: at_in(request.to.as_deref())?,
        seal: seal_in(request.passphrase),
        identities: if request.identities {
            Kept::Kept
        } else {
            Kept::Removed
        },
        authors: Kept::Kept,
        folder,
    })
}

/// A passphrase, inwards; an empty one is none.
pub fn seal_in(passphrase: Option<String>) -> Option<Seal> {
    passphrase
        .filter(|passphrase| !passphrase.is_empty())
        .map(Seal::new)
}

/// A file that was saved.
pub fn exported(saved: &ExportedFile) -> ExportedFileView {
    ExportedFileView {
        path: saved.path.to_string_lossy().into_owned(),
        sentence: file::saved(saved),
    }
}

/// A file that was chosen.
pub fn chosen(id: &str, facts: FileFacts, now: Timestamp) -> ChosenFileView {
    let content = facts.content.as_ref();
    ChosenFileView {
        id: id.to_owned(),
        content: content.map(|content| file::content(content, &Clock::local(), now)),
        encrypted: facts.encrypted,
        name: facts.name,
    }
}
