//! What can go wrong with the mirror.

use std::error::Error;
use std::io;

/// Why the mirror could not do what was asked. Whatever the kind, a write that
/// failed left everything as it was.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Another process held the file for longer than a write waits.
    #[error("the mirror is in use by another program")]
    Busy,
    /// The file cannot be read as a database any more. The next
    /// [`Mirror::open`](crate::Mirror::open) sets it aside.
    #[error("the mirror's file is damaged")]
    Damaged,
    /// The file is encrypted, and its key is not at hand. It is kept as it is.
    #[error("the mirror is encrypted, and {0}")]
    Locked(KeyTrouble),
    /// The disk is full.
    #[error("there is no room left on the disk")]
    Full,
    /// The directory or the file may not be read or written.
    #[error("the mirror's file may not be read or written")]
    NotAllowed,
    /// What was to be written belongs to a connection, environment, snapshot
    /// or edit that is not in the mirror; it may just have been deleted.
    #[error("what this belongs to is not in the mirror")]
    Missing,
    /// Anything else.
    #[error("the mirror failed")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

/// Why an encrypted file cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTrouble {
    /// No key was given.
    #[error("its key is missing")]
    Missing,
    /// The key is another file's.
    #[error("the key at hand is not its own")]
    Wrong,
}

/// SQLite's primary result codes, <https://sqlite.org/rescode.html>.
mod code {
    pub(super) const PERMISSION: i32 = 3;
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READ_ONLY: i32 = 8;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANNOT_OPEN: i32 = 14;
    pub(super) const NOT_A_DATABASE: i32 = 26;
    /// Extended codes that say more than their primary one. The index shared
    /// between readers could not grow, which is how a full disk first shows.
    pub(super) const SHARED_INDEX_SIZE: i32 = 4874;
    pub(super) const FOREIGN_KEY: i32 = 787;
}

impl From<sqlx::Error> for MirrorError {
    fn from(error: sqlx::Error) -> MirrorError {
        let code = match &error {
            sqlx::Error::PoolTimedOut => return MirrorError::Busy,
            sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i32>().ok()),
            _ => None,
        };
        match code {
            Some(code::SHARED_INDEX_SIZE) => MirrorError::Full,
            Some(code::FOREIGN_KEY) => MirrorError::Missing,
            // The low byte of an extended code is its primary code.
            Some(code) => match code & 0xff {
                code::BUSY | code::LOCKED => MirrorError::Busy,
                code::CORRUPT | code::NOT_A_DATABASE => MirrorError::Damaged,
                code::FULL => MirrorError::Full,
                code::PERMISSION | code::READ_ONLY | code::CANNOT_OPEN => MirrorError::NotAllowed,
                _ => MirrorError::Other(error.into()),
            },
            None => MirrorError::Other(error.into()),
        }
    }
}

impl From<io::Error> for MirrorError {
    fn from(error: io::Error) -> MirrorError {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => MirrorError::NotAllowed,
            io::ErrorKind::StorageFull => MirrorError::Full,
            _ => MirrorError::Other(error.into()),
        }
    }
}

impl From<serde_json::Error> for MirrorError {
    fn from(error: serde_json::Error) -> MirrorError {
        MirrorError::Other(error.into())
    }
}
