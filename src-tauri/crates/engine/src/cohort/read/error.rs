//! What can keep a file from being read.

use crate::impact::Stopped;

/// A file of identities that cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The control was cancelled.
    #[error("stopped")]
    Stopped,
    /// Reading itself failed.
    #[error("cannot be read: {0}")]
    Input(#[from] std::io::Error),
    /// Not a file of identities: the line (counted from 1) and what is wrong with it.
    #[error("line {line}: {problem}")]
    Unreadable {
        /// Counted from 1.
        line: u64,
        /// What is wrong, in words.
        problem: String,
    },
    /// More than is kept in memory at once; streaming still works.
    #[error("more than {limit} bytes in memory")]
    TooLarge {
        /// [`ReadOptions::memory`](super::ReadOptions::memory).
        limit: usize,
    },
}

impl From<Stopped> for ReadError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}
