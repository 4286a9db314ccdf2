//! What can go wrong in a use case.

use halyard_mirror::{MirrorError, file::FileError};
use halyard_provider::Failure;

use crate::{encryption::EncryptionHindrance, secret::SecretError};

/// Why a use case did not come to its end. Nothing typed is lost by any of
/// them: the caller still holds it, and edits are written down before they are
/// sent.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The service did not do it.
    #[error(transparent)]
    Service(#[from] Failure),
    /// The mirror could not be read or written.
    #[error("the local copy could not be used: {0}")]
    Mirror(#[from] MirrorError),
    /// A snapshot file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The keychain could not be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The connection's key is nowhere: it must be typed again.
    #[error("the key of this connection is not in the keychain")]
    NoKey,
    /// The local copy can be neither encrypted nor made plain.
    #[error(transparent)]
    Encryption(#[from] EncryptionHindrance),
    /// What was typed cannot be used.
    #[error("{sentence}")]
    Input {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        sentence: String,
    },
    /// What was typed in one row of a list cannot be used.
    #[error("{sentence}")]
    ListInput {
        /// The list.
        list: &'static str,
        /// Which row of what was typed, from 0.
        row: usize,
        /// Which part of the row.
        part: &'static str,
        /// What is wrong with it.
        sentence: String,
    },
    /// The state that the user saw is no longer what the mirror holds.
    #[error("the flag changed while it was on screen")]
    StaleView,
    /// The environment is protected and the edit was not confirmed.
    #[error("this environment asks before it is changed")]
    ConfirmationNeeded,
    /// Nothing can be written there.
    #[error("{reason}")]
    ReadOnly {
        /// Why.
        reason: String,
    },
    /// The document in the mirror cannot be evaluated.
    #[error("the environment document cannot be evaluated: {0}")]
    Document(#[from] halyard_engine::DocumentError),
    /// The service itself would fail to evaluate this.
    #[error("the server would fail here: {0}")]
    Evaluation(#[from] halyard_engine::EvaluationError),
    /// The service evaluates by itself and keeps its rules to itself, so
    /// nothing about it can be worked out here.
    #[error("the service evaluates by itself")]
    RemoteOnly,
    /// The connection is a snapshot file: nobody can be asked for more, and
    /// nothing can be written.
    #[error("this is a snapshot file")]
    FromFile,
    /// A server can only be asked about now.
    #[error("a server can only be asked about now")]
    OnlyNow,
    /// Parts of a moment are damaged, so that an evaluation of it could be
    /// wrong without anybody noticing.
    #[error("parts of the snapshot are damaged: {}", .parts.join(", "))]
    DamagedMoment {
        /// What they are, such as `flag new_checkout`.
        parts: Vec<String>,
    },
    /// What was asked for is not there.
    #[error("{what} is not there any more")]
    Gone {
        /// What.
        what: &'static str,
    },
}

impl ConsoleError {
    /// What the log holds of it: what kind of error it is, and nothing that a
    /// service said, a document holds or a person typed, which may name a
    /// flag, a value or a person.
    pub fn for_log(&self) -> String {
        match self {
            ConsoleError::Service(failure) => failure.for_log(),
            ConsoleError::Input { field, .. } => format!("the input of {field} cannot be used"),
            ConsoleError::ListInput { list, part, .. } => {
                format!("the input of {list}, {part} cannot be used")
            }
            ConsoleError::ReadOnly { .. } => "nothing can be written there".into(),
            ConsoleError::DamagedMoment { .. } => "parts of a moment are damaged".into(),
            ConsoleError::Document(_) => "the environment document cannot be evaluated".into(),
            ConsoleError::Evaluation(_) => "the server would fail here".into(),
            ConsoleError::File(_) => "a snapshot file could not be read or written".into(),
            // Sentences of ours, and of the system about its own.
            ConsoleError::Mirror(_)
            | ConsoleError::Secret(_)
            | ConsoleError::NoKey
            | ConsoleError::Encryption(_)
            | ConsoleError::StaleView
            | ConsoleError::ConfirmationNeeded
            | ConsoleError::RemoteOnly
            | ConsoleError::FromFile
            | ConsoleError::OnlyNow
            | ConsoleError::Gone { .. } => self.to_string(),
        }
    }
}
