//! Snapshot files.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks for a snapshot file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ExportFileRequest {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The oldest moment in it; `null` for the newest alone.
    pub from: Option<String>,
    /// The newest moment in it; `null` for the one the mirror holds now.
    pub to: Option<String>,
    /// Encrypts it; `null` or empty leaves it readable by everybody.
    pub passphrase: Option<String>,
    /// Keeps identities and their overrides in it.
    pub identities: bool,
}

/// A snapshot file was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ExportedFileView {
    /// Where it is.
    pub path: String,
    /// Such as `Saved production-2026-11-20.halyard, 48 kB, to Downloads.`
    pub sentence: String,
}

/// A snapshot file that was chosen and not yet opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChosenFileView {
    /// Names it while it is read.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A passphrase must be typed.
    pub encrypted: bool,
    /// What is in it, in a sentence; `null` while it is encrypted.
    pub content: Option<String>,
}
