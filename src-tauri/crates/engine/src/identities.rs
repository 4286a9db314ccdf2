//! Identity overrides: who has which states of their own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::document::group_identities;
use crate::engine::State;
use crate::outcome::Decider;
use crate::source::SourceIdentity;
use crate::value::Seen;

/// All identity overrides of an environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identities {
    pub(crate) sets: Arc<[OverrideSet]>,
    /// The override sets of an identifier, first one first.
    by_identifier: Arc<HashMap<String, Vec<u32>>>,
    /// Set and position of every identity's own state, per feature.
    by_feature: Arc<[Vec<(u32, u32)>]>,
    /// A trait may be named like the path to the identifier, and then goes first.
    pub(crate) slot: Option<u32>,
    /// As read, to be grouped again when one changes.
    pub(crate) sources: Vec<Arc<SourceIdentity>>,
}

/// Overrides that several identities share.
#[derive(Debug)]
pub(crate) struct OverrideSet {
    pub(crate) states: Vec<OwnState>,
}

/// An identity's own state of a feature.
#[derive(Debug)]
pub(crate) struct OwnState {
    pub(crate) feature: u32,
    /// Its number among all identities' states of this feature.
    pub(crate) nth: u32,
    pub(crate) state: State,
}

impl Identities {
    /// Groups identities with equal overrides; overrides of features that the environment does not have are left out.
    pub(crate) fn new(
        sources: Vec<Arc<SourceIdentity>>,
        features: usize,
        feature_index: impl Fn(&str) -> Option<u32>,
    ) -> Self {
        let mut sets = Vec::new();
        let mut by_identifier: HashMap<String, Vec<u32>> = HashMap::new();
        let mut by_feature = vec![Vec::new(); features];
        for (index, group) in group_identities(&sources).into_iter().enumerate() {
            let index = index as u32;
            for identifier in group.identifiers {
                let known = by_identifier.entry(identifier).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
            let mut states = Vec::with_capacity(group.states.len());
            for source in group.states {
                let Some(feature) = feature_index(&source.name) else {
                    continue;
                };
                let places: &mut Vec<(u32, u32)> = &mut by_feature[feature as usize];
                states.push(OwnState {
                    feature,
                    nth: places.len() as u32,
                    state: State::new(source.clone()),
                });
                places.push((index, states.len() as u32 - 1));
            }
            sets.push(OverrideSet { states });
        }
        Self {
            sets: sets.into(),
            by_identifier: Arc::new(by_identifier),
            by_feature: by_feature.into(),
            slot: None,
            sources,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_identifier.is_empty()
    }

    /// Set and position of every identity's own state of a feature.
    pub(crate) fn states_of(&self, feature: usize) -> &[(u32, u32)] {
        self.by_feature.get(feature).map_or(&[], Vec::as_slice)
    }

    /// Notes who decides each feature that some of the sets have. The first set that names a feature wins, as equal
    /// priorities go by order.
    pub(crate) fn note_winners(&self, sets: &[u32], winners: &mut Vec<(u32, Decider)>) {
        for set in sets {
            for (position, own) in self.sets[*set as usize].states.iter().enumerate() {
                if !winners.iter().any(|(known, _)| *known == own.feature) {
                    let decider = Decider::Identity {
                        set: *set,
                        state: position as u32,
                    };
                    winners.push((own.feature, decider));
                }
            }
        }
    }

    /// The sets of overrides that apply to an identifier as the reference sees it.
    pub(crate) fn sets_of(&self, identifier: &Seen<'_>, buffer: &mut String) -> &[u32] {
        let sets = match identifier {
            Seen::Text(_) | Seen::Integer(_) => {
                let text = identifier.print_in(buffer);
                text.and_then(|text| self.by_identifier.get(text))
            }
            _ => None,
        };
        sets.map_or(&[], Vec::as_slice)
    }
}
