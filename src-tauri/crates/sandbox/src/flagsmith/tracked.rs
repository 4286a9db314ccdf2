//! Rows that remember which flags were touched.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::rows::{FeatureSegment, FeatureState, Version};

/// A flag in an environment: the ids of the environment and of the feature.
pub(crate) type FlagPlace = (u64, u64);

/// A row that belongs to a flag's state in an environment.
pub(crate) trait OfFlag {
    /// The flag; nothing for an identity's own override, which is no part of the flag's state.
    fn place(&self) -> Option<FlagPlace>;
}

impl OfFlag for FeatureState {
    fn place(&self) -> Option<FlagPlace> {
        self.identity
            .is_none()
            .then_some((self.environment, self.feature))
    }
}

impl OfFlag for FeatureSegment {
    fn place(&self) -> Option<FlagPlace> {
        Some((self.environment, self.feature))
    }
}

impl OfFlag for Version {
    fn place(&self) -> Option<FlagPlace> {
        Some((self.environment, self.feature))
    }
}

/// Rows by their id. Whatever changes one notes its flag, so that a history need not look at every flag after
/// every write.
#[derive(Debug, Clone)]
pub(crate) struct Tracked<K, V> {
    rows: BTreeMap<K, V>,
    touched: BTreeSet<FlagPlace>,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }
}

impl<K, V> Deref for Tracked<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.rows
    }
}

impl<K: Ord, V: OfFlag> Tracked<K, V> {
    pub(crate) fn insert(&mut self, id: K, row: V) {
        self.touched.extend(row.place());
        self.rows.insert(id, row);
    }

    pub(crate) fn get_mut(&mut self, id: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(id)?;
        self.touched.extend(row.place());
        Some(row)
    }

    pub(crate) fn remove(&mut self, id: &K) -> Option<V> {
        let row = self.rows.remove(id)?;
        self.touched.extend(row.place());
        Some(row)
    }

    /// Removes the rows that are not wanted.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&V) -> bool) {
        let touched = &mut self.touched;
        self.rows.retain(|_, row| {
            let stays = wanted(row);
            if !stays {
                touched.extend(row.place());
            }
            stays
        });
    }

    /// Changes the rows that are meant.
    pub(crate) fn change(&mut self, meant: impl Fn(&V) -> bool, change: impl Fn(&mut V)) {
        for row in self.rows.values_mut().filter(|row| meant(row)) {
            self.touched.extend(row.place());
            change(row);
        }
    }

    /// The flags that were touched since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<FlagPlace> {
        std::mem::take(&mut self.touched)
    }
}
