//! Who may publish from a data folder: one process, for as long as it does.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::ConsoleError;

/// Beside the mirror. Its content says nothing; the system's lock on it does,
/// which ends with the process that holds it, however that ends.
const FILE: &str = "outbox.lock";

/// Held while something is published.
#[derive(Debug)]
pub(crate) struct Owning(Option<File>);

/// Shared by everything that this console publishes.
#[derive(Debug, Default)]
pub(crate) struct Owner(Mutex<Weak<Owning>>);

impl Owner {
    /// Takes the outbox of a folder; a mirror in memory has nobody to share it
    /// with.
    ///
    /// [`ConsoleError::ReadOnly`] where another process publishes.
    pub(crate) fn take(&self, directory: Option<&Path>) -> Result<Arc<Owning>, ConsoleError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owning) = held.upgrade() {
            return Ok(owning);
        }
        let file = match directory {
            Some(directory) => Some(locked(directory)?),
            None => None,
        };
        let owning = Arc::new(Owning(file));
        *held = Arc::downgrade(&owning);
        Ok(owning)
    }
}

impl Drop for Owning {
    fn drop(&mut self) {
        // Closing the file would do as well, where nothing inherited it.
        if let Some(file) = &self.0 {
            let _closed_next = file.unlock();
        }
    }
}

fn locked(directory: &Path) -> Result<File, ConsoleError> {
    let opened = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join(FILE));
    let refused = |reason: String| ConsoleError::ReadOnly { reason };
    let file = opened.map_err(|error| refused(format!("The outbox cannot be opened: {error}.")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(refused("Another Halyard publishes from this data folder.".into()))
        }
        Err(TryLockError::Error(error)) => Err(refused(format!("The outbox cannot be locked: {error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = std::env::temp_dir().join(format!("halyard-owner-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let (one, other) = (Owner::default(), Owner::default());
        let first = one.take(Some(&folder)).unwrap();
        let again = one.take(Some(&folder)).unwrap();
        let refused = other.take(Some(&folder));
        assert!(
            matches!(refused, Err(ConsoleError::ReadOnly { reason }) if reason.contains("Another Halyard"))
        );
        drop(first);
        assert!(other.take(Some(&folder)).is_err(), "it is still held");
        drop(again);
        assert!(other.take(Some(&folder)).is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
