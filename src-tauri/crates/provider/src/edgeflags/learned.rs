//! What a service and a token were seen to be like, which nothing documented
//! tells. Kept while Halyard runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::content::flag::Offered;
use super::read::any_whole;
use super::wire::{FLAGS, Item, Kind, SEGMENTS};
use crate::cache::Owner;
use crate::{Permission, Standing};

/// What is known of one service's lists.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lists {
    /// They carry whole definitions. The documentation's sample abridges them,
    /// so nothing is assumed.
    pub(super) whole: bool,
    /// What their flags have beside what is documented.
    pub(super) offered: Offered,
}

/// What was seen, by base address and by token.
#[derive(Debug, Default)]
pub(super) struct Learned {
    lists: Mutex<HashMap<String, Lists>>,
    permissions: Mutex<HashMap<(Owner, &'static str), Standing>>,
}

impl Learned {
    pub(super) fn lists(&self, base: &str) -> Lists {
        lock(&self.lists).get(base).copied().unwrap_or_default()
    }

    /// Learns from a list; gives what is known afterwards. Segments show their
    /// conditions also where lists are abridged, so they tell nothing.
    pub(super) fn seen_in_list(&self, base: &str, kind: Kind, items: &[Item]) -> Lists {
        let mut all = lock(&self.lists);
        let known = all.entry(base.to_owned()).or_default();
        known.whole |= kind != SEGMENTS && any_whole(items);
        if kind == FLAGS {
            known.offered = items.iter().fold(known.offered, |known, item| {
                known.or(Offered::by(&item.definition))
            });
        }
        *known
    }

    /// What a token was seen to be allowed, or not.
    pub(super) fn permission(&self, owner: Owner, name: &'static str) -> Option<Standing> {
        lock(&self.permissions).get(&(owner, name)).copied()
    }

    /// Keeps what a write showed of a permission.
    pub(super) fn showed(&self, owner: Owner, name: &'static str, standing: Standing) {
        lock(&self.permissions).insert((owner, name), standing);
    }

    /// Tells what probing reads could not: the first write did.
    pub(super) fn correct(&self, owner: Owner, permission: &mut Permission) {
        let permissions = lock(&self.permissions);
        let shown = permissions
            .iter()
            .find(|((of, name), _)| *of == owner && *name == permission.name);
        if let (Standing::Unknown, Some((_, standing))) = (permission.standing, shown) {
            permission.standing = *standing;
        }
    }
}

/// A lock on a value that cannot be left half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
