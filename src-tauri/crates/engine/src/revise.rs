//! Compiling again after an edit, only what it touched.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::compile::{Compiler, IDENTIFIER_PATH, arrange, environment_can_fail};
use crate::document::{read_identity, read_segment, read_state};
use crate::engine::{Engine, Feature, Origin, Override, State};
use crate::error::DocumentError;
use crate::identities::Identities;
use crate::place::Node;
use crate::source::{SourceIdentity, SourceState};
use crate::tree::Tree;

/// One change to a document, in the document's own words.
#[derive(Clone, Copy, Debug)]
pub enum Revision<'a> {
    /// An item of `feature_states`: takes the place of the flag's default, or adds the flag at the end.
    Flag(&'a Value),
    /// The flag of this name goes, with all its overrides.
    RemoveFlag(&'a str),
    /// An item of `project.segments` with its rules and overrides: takes the place of the segment with the same id, or
    /// comes at the end.
    Segment(&'a Value),
    /// The segment with this id, as text, goes, with its overrides.
    RemoveSegment(&'a str),
    /// An item of `identity_overrides`: takes the place of the identity with the same identifier, or comes at the end.
    /// Of several with this identifier the others go.
    Identity(&'a Value),
    /// The identity with this identifier loses its overrides.
    RemoveIdentity(&'a str),
    /// Whether the flag with this id is in the project's `server_key_only_feature_ids`.
    ServerOnly(i64, bool),
}

impl Engine {
    /// The engine that the changed document would compile to. Shares with this one what did not change, so that it
    /// takes a fraction of the time of a compilation.
    ///
    /// Only the parts a [`Revision`] names are read again: other settings of the environment or project stay. A context
    /// cannot be revised. Removing what is not there changes nothing.
    pub fn revised(&self, revisions: &[Revision<'_>]) -> Result<Engine, DocumentError> {
        if self.origin == Origin::Context {
            return Err(DocumentError {
                place: "document".to_owned(),
                problem: "expected an environment document, found an evaluation context".to_owned(),
            });
        }
        let mut engine = self.clone();
        engine.context = OnceLock::new();
        for revision in revisions {
            match revision {
                Revision::Flag(value) => {
                    let tree = Tree::of(value);
                    engine.put_flag(read_state(&Node::root(&tree))?);
                }
                Revision::RemoveFlag(name) => engine.remove_flag(name),
                Revision::Segment(value) => engine.put_segment(value)?,
                Revision::RemoveSegment(key) => engine.remove_segment(key),
                Revision::Identity(value) => {
                    let tree = Tree::of(value);
                    engine.put_identity(read_identity(&Node::root(&tree))?);
                }
                Revision::RemoveIdentity(identifier) => engine.remove_identity(identifier),
                Revision::ServerOnly(flag, true) => {
                    Arc::make_mut(&mut engine.server_only_ids).insert(*flag);
                }
                Revision::ServerOnly(flag, false) => {
                    Arc::make_mut(&mut engine.server_only_ids).remove(flag);
                }
            }
        }
        engine.take_stock();
        engine.name_server_only_flags();
        Ok(engine)
    }

    fn put_flag(&mut self, source: SourceState) {
        if let Some(index) = self.feature_index(&source.name) {
            let feature = Arc::make_mut(&mut self.features[index as usize]);
            feature.id = source.feature_id;
            feature.default = State::new(source);
            feature.number_outcomes();
            return;
        }
        let index = self.features.len() as u32;
        Arc::make_mut(&mut self.feature_indices).insert(source.name.clone(), index);
        let mut feature = Feature::new(source);
        for (position, segment) in self.segments.iter_mut().enumerate() {
            if !segment.orphans.iter().any(|orphan| orphan.name == feature.name) {
                continue;
            }
            let segment = Arc::make_mut(segment);
            segment.note_override(index);
            let (own, others) = mem::take(&mut segment.orphans)
                .into_iter()
                .partition(|orphan| orphan.name == feature.name);
            segment.orphans = others;
            let own: Vec<SourceState> = own;
            let overrides = own.into_iter().map(|state| Override::new(position as u32, state));
            feature.overrides.extend(overrides);
        }
        arrange(&mut feature);
        self.features.push(Arc::new(feature));
        self.group_identities();
    }

    fn remove_flag(&mut self, name: &str) {
        let Some(removed) = self.feature_index(name) else {
            return;
        };
        self.features.remove(removed as usize);
        let indices: HashMap<String, u32> = self
            .features
            .iter()
            .enumerate()
            .map(|(index, feature)| (feature.name.clone(), index as u32))
            .collect();
        self.feature_indices = Arc::new(indices);
        for segment in &mut self.segments {
            if segment.orphans.iter().any(|orphan| orphan.name == name) {
                Arc::make_mut(segment)
                    .orphans
                    .retain(|orphan| orphan.name != name);
            }
            if segment.features.iter().any(|feature| *feature >= removed) {
                let features = &mut Arc::make_mut(segment).features;
                features.retain(|feature| *feature != removed);
                for feature in features.iter_mut().filter(|feature| **feature > removed) {
                    *feature -= 1;
                }
            }
        }
        for source in &mut self.identities.sources {
            if source.states.iter().any(|state| state.name == name) {
                let states = source.states.iter().filter(|state| state.name != name);
                *source = Arc::new(SourceIdentity {
                    identifier: source.identifier.clone(),
                    states: states.cloned().collect(),
                });
            }
        }
        self.group_identities();
    }

    fn put_segment(&mut self, value: &Value) -> Result<(), DocumentError> {
        let tree = Tree::of(value);
        let mut source = read_segment(&Node::root(&tree))?;
        let overrides = mem::take(&mut source.overrides);
        let mut compiler = Compiler {
            dialect: self.dialect,
            environment_can_fail: environment_can_fail(&self.environment_key, &self.environment_name),
            slots: mem::take(&mut self.slots),
            conditions: mem::take(&mut self.conditions),
        };
        let mut segment = compiler.segment(source);
        (self.slots, self.conditions) = (compiler.slots, compiler.conditions);
        let known = self.segments.iter().position(|known| known.key == segment.key);
        let index = known.unwrap_or(self.segments.len());
        self.drop_overrides_of(index);
        for state in overrides {
            let Some(feature) = self.feature_index(&state.name) else {
                segment.orphans.push(state);
                continue;
            };
            segment.note_override(feature);
            let added = Override::new(index as u32, state);
            self.rearrange(feature, |overrides| overrides.push(added));
        }
        match self.segments.get_mut(index) {
            Some(place) => *place = Arc::new(segment),
            None => self.segments.push(Arc::new(segment)),
        }
        Ok(())
    }

    fn remove_segment(&mut self, key: &str) {
        let Some(index) = self.segments.iter().position(|segment| segment.key == key) else {
            return;
        };
        self.drop_overrides_of(index);
        self.segments.remove(index);
        let removed = index as u32;
        let is_behind = |one: &Override| one.segment > removed;
        for feature in self
            .features
            .iter_mut()
            .filter(|feature| feature.overrides.iter().any(is_behind))
        {
            let feature = Arc::make_mut(feature);
            for one in feature.overrides.iter_mut().filter(|one| is_behind(one)) {
                one.segment -= 1;
            }
        }
    }

    fn drop_overrides_of(&mut self, index: usize) {
        let Some(segment) = self.segments.get(index).cloned() else {
            return;
        };
        for feature in &segment.features {
            self.rearrange(*feature, |overrides| {
                overrides.retain(|one| one.segment as usize != index);
            });
        }
    }

    /// Changes a feature's overrides, which are in document order for as long as that takes.
    fn rearrange(&mut self, feature: u32, change: impl FnOnce(&mut Vec<Override>)) {
        let feature = Arc::make_mut(&mut self.features[feature as usize]);
        let mut overrides: Vec<Override> = feature.in_document_order().cloned().collect();
        change(&mut overrides);
        // Stable: several overrides by one segment keep their order.
        overrides.sort_by_key(|one| one.segment);
        feature.overrides = overrides;
        arrange(feature);
    }

    fn put_identity(&mut self, source: SourceIdentity) {
        let sources = &mut self.identities.sources;
        let is_same = |known: &Arc<SourceIdentity>| known.identifier == source.identifier;
        let place = sources.iter().position(is_same).unwrap_or(sources.len());
        sources.retain(|known| !is_same(known));
        sources.insert(place, Arc::new(source));
        self.group_identities();
    }

    fn remove_identity(&mut self, identifier: &str) {
        self.identities
            .sources
            .retain(|source| source.identifier != identifier);
        self.group_identities();
    }

    fn group_identities(&mut self) {
        let sources = mem::take(&mut self.identities.sources);
        let indices = &self.feature_indices;
        let mut identities = Identities::new(sources, self.features.len(), |name| indices.get(name).copied());
        identities.slot = (!identities.is_empty()).then(|| self.slots.add(IDENTIFIER_PATH));
        self.identities = identities;
    }
}
