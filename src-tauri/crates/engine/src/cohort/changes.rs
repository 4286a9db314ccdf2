//! Traits that are others after an edit than before.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::builder::ChunkBuilder;
use super::chunk::Chunk;
use crate::identity::Identity;

/// What becomes of the traits of single identities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraitChanges {
    by_identifier: HashMap<String, BTreeMap<String, Option<Value>>>,
}

impl TraitChanges {
    /// Gives an identity's trait a value; `None` and null unset it. The last word on a trait counts.
    pub fn set(&mut self, identifier: &str, name: &str, to: Option<Value>) {
        let own = self.by_identifier.entry(identifier.to_owned()).or_default();
        own.insert(name.to_owned(), to.filter(|value| !value.is_null()));
    }

    /// Adds changes that come after these.
    pub fn extend(&mut self, later: &TraitChanges) {
        for (identifier, traits) in &later.by_identifier {
            let own = self.by_identifier.entry(identifier.clone()).or_default();
            own.extend(traits.clone());
        }
    }

    /// Whether nobody's traits change.
    pub fn is_empty(&self) -> bool {
        self.by_identifier.is_empty()
    }

    /// The identity with the traits it will have.
    #[must_use]
    pub fn applied_to(&self, mut identity: Identity) -> Identity {
        for (name, to) in self.by_identifier.get(&identity.identifier).into_iter().flatten() {
            match to {
                Some(value) => identity.traits.insert(name.clone(), value.clone()),
                None => identity.traits.remove(name),
            };
        }
        identity
    }

    /// The chunk with the traits that its rows will have; `None` where no row changes.
    pub(crate) fn of_chunk(&self, chunk: &Chunk) -> Option<Arc<Chunk>> {
        let changes = |row: usize| self.by_identifier.contains_key(chunk.identifier(row));
        if self.is_empty() || !(0..chunk.len()).any(changes) {
            return None;
        }
        let mut builder = ChunkBuilder::new(chunk.len());
        for row in 0..chunk.len() {
            let identity = self.applied_to(chunk.identity(row));
            builder.begin(&identity.identifier, identity.key.as_deref());
            for (name, value) in &identity.traits {
                builder.set(name, value);
            }
        }
        builder.close()
    }
}
