//! Conditions, each different one compiled once.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::Index;
use std::sync::Arc;

use crate::engine::Condition;
use crate::quick::Quicks;
use crate::source::SourceCondition;

/// All conditions of an environment, numbered. Numbers stay when conditions are added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    all: Vec<Arc<Condition>>,
    /// The same in short.
    pub(crate) quicks: Quicks,
    /// Numbers by a hash of what they were compiled from.
    known: Arc<HashMap<u64, Vec<u32>>>,
}

impl Conditions {
    /// The number of the condition that was compiled from the same source for the same seed.
    pub(crate) fn find(&self, source: &SourceCondition, seed: &str) -> Option<u32> {
        let candidates = self.known.get(&fingerprint(source, seed))?;
        let is_same = |index: &u32| {
            let known = &self.all[*index as usize];
            known.source == *source && known.seed == seed
        };
        candidates.iter().copied().find(is_same)
    }

    /// Adds a condition that is not there yet.
    pub(crate) fn add(&mut self, condition: Condition) -> u32 {
        let index = self.all.len() as u32;
        let hash = fingerprint(&condition.source, &condition.seed);
        Arc::make_mut(&mut self.known)
            .entry(hash)
            .or_default()
            .push(index);
        self.quicks
            .add(&condition.property, condition.operator, &condition.test);
        self.all.push(Arc::new(condition));
        index
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Condition> {
        self.all.get(index as usize).map(AsRef::as_ref)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.all.iter().map(AsRef::as_ref)
    }
}

impl Index<usize> for Conditions {
    type Output = Condition;

    #[inline]
    fn index(&self, index: usize) -> &Condition {
        &self.all[index]
    }
}

fn fingerprint(source: &SourceCondition, seed: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    source.property.hash(&mut hasher);
    source.operator.hash(&mut hasher);
    match source.operand.as_str() {
        Some(text) => text.hash(&mut hasher),
        None => source.operand.to_string().hash(&mut hasher),
    }
    seed.hash(&mut hasher);
    hasher.finish()
}
