//! Snapshot files: one environment, at one moment or over a stretch of its
//! timeline, in one file that is opened without any key.
//!
//! What a file looks like byte by byte is in `docs/snapshot-file.md`. In short:
//! a line of magic with the version, then one zstd frame of JSON lines: a
//! header, texts once each, moments that refer to them, and an end with a
//! digest over all of it. With a passphrase, the whole is an age file.
//!
//! A file comes from somebody else. So nothing in it is believed: every number
//! has a limit ([`limits`]), every reference must lead backwards, nothing is
//! unpacked further than it is needed, and the names in it are never paths.

mod bounded;
mod json;
pub mod limits;
mod line;
mod names;
mod pieces;
mod read;
mod records;
mod seal;
mod stretch;
mod withhold;
mod write;

use std::io;

use halyard_model::{Environment, Service, Timestamp};
use serde::{Deserialize, Serialize};

pub use names::{clean_name, file_name};
pub use read::{FileMoment, FileReader};
pub use seal::Seal;
pub use write::FileWriter;

/// How the name of a snapshot file ends, without the dot.
pub const EXTENSION: &str = "halyard";

/// The version of the format that this Halyard writes, and the newest it reads.
pub const VERSION: u64 = 1;

/// Whether something is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// As it was.
    Kept,
    /// It was taken out.
    Removed,
}

/// What a file says of itself before its content.
#[derive(Clone, Debug, PartialEq)]
pub struct FileHeader {
    /// When it was written.
    pub made_at: Timestamp,
    /// What wrote it, such as `Halyard 0.1.0`.
    pub made_by: String,
    /// The service that the moments came from.
    pub service: Service,
    /// What the connection is called.
    pub connection: String,
    /// What the organisation is called, where the service has them.
    pub organisation: Option<String>,
    /// What the project is called.
    pub project: String,
    /// The environment. Its `remote_id` does not go out; as read, nothing can
    /// be written to it.
    pub environment: Environment,
    /// How many moments it holds at most: those that were asked for. What
    /// differed in identities alone becomes one where they were taken out.
    pub moments: u64,
    /// Identities, their traits and their overrides.
    pub identities: Kept,
    /// Who changed what.
    pub authors: Kept,
}

/// Why a snapshot file cannot be read, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It begins otherwise.
    #[error("this is not a snapshot file of Halyard")]
    NotASnapshot,
    /// Its format is of a later version.
    #[error("a newer Halyard wrote it (format {version}; this one reads up to {VERSION})")]
    Newer {
        /// The version it says.
        version: u64,
    },
    /// It is cut off, or some of its bytes are others than were written.
    #[error("it is damaged at {place}")]
    Damaged {
        /// Where, such as `part 17` or `the end`.
        place: String,
    },
    /// It is encrypted, and no passphrase was given.
    #[error("it is encrypted: its passphrase is needed")]
    PassphraseNeeded,
    /// It was encrypted with another passphrase.
    #[error("this is not the passphrase it was encrypted with")]
    PassphraseWrong,
    /// Unpacking it would take more than any snapshot does.
    #[error("it is too large: {what}")]
    TooLarge {
        /// What, and the limit.
        what: String,
    },
    /// It is whole and says what no environment can be.
    #[error("it says what cannot be: {what}")]
    Impossible {
        /// What.
        what: String,
    },
    /// The bytes could not be read or written.
    #[error("{0}")]
    Io(io::Error),
}

impl FileError {
    fn damaged(place: impl Into<String>) -> FileError {
        FileError::Damaged { place: place.into() }
    }

    fn too_large(what: impl Into<String>) -> FileError {
        FileError::TooLarge { what: what.into() }
    }

    fn impossible(what: impl Into<String>) -> FileError {
        FileError::Impossible { what: what.into() }
    }
}

/// What was found wrong inside a reader comes out of it as it went in.
impl From<io::Error> for FileError {
    fn from(error: io::Error) -> FileError {
        match error.downcast::<FileError>() {
            Ok(known) => known,
            Err(error) => FileError::Io(error),
        }
    }
}

/// What every call of this module gives.
pub type Result<T> = std::result::Result<T, FileError>;
