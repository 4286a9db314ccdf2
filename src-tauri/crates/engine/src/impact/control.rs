//! Progress and cancelling of long runs.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::available_parallelism;

/// Watches and stops a run from another thread. One control is for one run.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    rows_read: AtomicU64,
    bytes_read: AtomicU64,
    rows_done: AtomicU64,
    threads: Option<NonZeroUsize>,
}

/// The run was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped")]
pub struct Stopped;

impl Control {
    /// A control for a run on as many threads as the machine runs at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// A control for a run on so many threads.
    pub fn with_threads(threads: NonZeroUsize) -> Self {
        Self {
            threads: Some(threads),
            ..Self::default()
        }
    }

    /// Stops the run within a tenth of a second. There is no way back.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Identities read so far.
    pub fn rows_read(&self) -> u64 {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// Bytes of the input read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Identities evaluated so far; with two documents, in both.
    pub fn rows_done(&self) -> u64 {
        self.rows_done.load(Ordering::Relaxed)
    }

    pub(crate) fn note_read(&self, rows: u64, bytes: u64) {
        self.rows_read.store(rows, Ordering::Relaxed);
        self.bytes_read.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn note_done(&self, rows: usize) {
        self.rows_done.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if self.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    pub(super) fn threads(&self) -> usize {
        let machine = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(machine).get()
    }
}
