//! Whose turn it is to write, and which writes are on their way.

use std::sync::Arc;

use halyard_model::{EditId, Subject};
use tokio::sync::OwnedMutexGuard;

use crate::{Console, state::Site};

impl Console {
    /// One write to a subject at a time: a second click waits for the first
    /// answer instead of racing it.
    pub(crate) async fn subject_turn(&self, site: &Site, subject: &Subject) -> OwnedMutexGuard<()> {
        let lock = {
            let mut volatile = self.volatile();
            // Those that nobody holds or waits for are not needed any more.
            volatile
                .subject_locks
                .retain(|_, lock| Arc::strong_count(lock) > 1);
            volatile
                .subject_locks
                .entry((site.clone(), subject.clone()))
                .or_default()
                .clone()
        };
        lock.lock_owned().await
    }
}

/// Counts a write while it is on its way, and tells refreshes that it was.
pub(crate) struct Underway {
    console: Console,
    site: Site,
    edit: EditId,
}

impl Underway {
    pub(super) fn begin(console: &Console, site: &Site, edit: &EditId) -> Underway {
        let underway = Underway {
            console: console.clone(),
            site: site.clone(),
            edit: edit.clone(),
        };
        console.volatile().sending.insert(edit.clone());
        underway.count(1);
        underway
    }

    fn count(&self, by: i32) {
        let mut volatile = self.console.volatile();
        *volatile.writes.entry(self.site.clone()).or_default() += 1;
        let open = volatile.writes_open.entry(self.site.0.clone()).or_default();
        *open = open.saturating_add_signed(by);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.console.volatile().sending.remove(&self.edit);
        self.count(-1);
        self.console.tell_environment(&self.site);
    }
}
