//! Runs of the connection doctor that are going on, by name.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::error::WireError;

/// The runs that are going on. The window names them.
#[derive(Debug, Default)]
pub struct Examinations {
    runs: Mutex<HashMap<String, CancellationToken>>,
}

/// A run under way, which is no longer known by its name once this is dropped.
#[derive(Debug)]
pub struct Examination<'a> {
    all: &'a Examinations,
    name: String,
    cancel: CancellationToken,
}

impl Examinations {
    /// Begins a run. Fails on `run` where one of this name is going on.
    pub fn begin(&self, name: &str) -> Result<Examination<'_>, WireError> {
        let mut runs = self.lock();
        if runs.contains_key(name) {
            return Err(WireError::input("run", "This run is still going on."));
        }
        let cancel = CancellationToken::new();
        runs.insert(name.to_owned(), cancel.clone());
        Ok(Examination {
            all: self,
            name: name.to_owned(),
            cancel,
        })
    }

    /// Stops a run. One that is not going on is no error.
    pub fn stop(&self, name: &str) {
        if let Some(cancel) = self.lock().get(name) {
            cancel.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        // A map of whole entries is as good after a panic elsewhere as before.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Examination<'_> {
    /// Cancelled when the run is to stop.
    pub fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
    }
}

impl Drop for Examination<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.name);
    }
}
