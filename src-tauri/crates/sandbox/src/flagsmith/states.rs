//! The states of a flag: its default, its segment overrides, its identity overrides.

use uuid::Uuid;

use super::rows::{Feature, FeatureSegment, FeatureState, Weight};
use super::store::Store;
use super::value::StoredValue;

/// What a new state needs to know.
#[derive(Debug, Clone)]
pub(crate) struct NewState {
    pub(crate) feature: u64,
    pub(crate) environment: u64,
    pub(crate) identity: Option<u64>,
    pub(crate) link: Option<u64>,
    pub(crate) enabled: bool,
    pub(crate) value: StoredValue,
    pub(crate) feature_version: Option<Uuid>,
}

impl Store {
    /// The states that count now in an environment for a feature, except those of identities: the default
    /// and the overrides. Duplicate overrides of one segment are included.
    pub(crate) fn current_states(&self, environment: u64, feature: u64) -> Vec<&FeatureState> {
        let live = self
            .live_version(environment, feature)
            .map(|version| version.uuid);
        let versioned = self
            .environments
            .get(&environment)
            .is_some_and(|environment| environment.versioned);
        let Some(ids) = self.states_by_flag.get(&(environment, feature)) else {
            return Vec::new();
        };
        ids.iter()
            .filter_map(|id| self.states.get(id))
            .filter(|state| state.identity.is_none())
            .filter(|state| {
                if versioned {
                    live.is_some() && state.feature_version == live
                } else {
                    state.live_from.is_none_or(|from| from <= self.now)
                }
            })
            .collect()
    }

    /// A feature's default state in an environment. There is none while its `live_from` lies in the future.
    pub(crate) fn default_state(&self, environment: u64, feature: u64) -> Option<&FeatureState> {
        self.current_states(environment, feature)
            .into_iter()
            .find(|state| state.link.is_none())
    }

    /// A feature's segment overrides in an environment, first to match first.
    pub(crate) fn overrides(&self, environment: u64, feature: u64) -> Vec<(&FeatureSegment, &FeatureState)> {
        let mut rows: Vec<(&FeatureSegment, &FeatureState)> = self
            .current_states(environment, feature)
            .into_iter()
            .filter_map(|state| Some((self.links.get(&state.link?)?, state)))
            .collect();
        rows.sort_by_key(|(link, _)| (link.priority, link.id));
        rows
    }

    /// The overrides with one for each segment: of duplicates, the one that matches first.
    pub(crate) fn served_overrides(
        &self,
        environment: u64,
        feature: u64,
    ) -> Vec<(&FeatureSegment, &FeatureState)> {
        let mut seen = Vec::new();
        self.overrides(environment, feature)
            .into_iter()
            .filter(|(link, _)| {
                let first = !seen.contains(&link.segment);
                seen.push(link.segment);
                first
            })
            .collect()
    }

    /// The links of a feature in an environment, in order, with those that no state uses.
    pub(crate) fn links_of(&self, environment: u64, feature: u64) -> Vec<&FeatureSegment> {
        let live = self
            .live_version(environment, feature)
            .map(|version| version.uuid);
        let mut rows: Vec<&FeatureSegment> = self
            .links
            .values()
            .filter(|link| link.environment == environment && link.feature == feature)
            .filter(|link| link.feature_version == live)
            .collect();
        rows.sort_by_key(|link| (link.priority, link.id));
        rows
    }

    /// An identity's overrides.
    pub(crate) fn identity_overrides(&self, identity: u64) -> impl Iterator<Item = &FeatureState> {
        self.states
            .values()
            .filter(move |state| state.identity == Some(identity))
    }

    /// An identity's override of a feature.
    pub(crate) fn identity_override(
        &self,
        environment: u64,
        identity: u64,
        feature: u64,
    ) -> Option<&FeatureState> {
        let ids = self.states_by_flag.get(&(environment, feature))?;
        ids.iter()
            .filter_map(|id| self.states.get(id))
            .find(|state| state.identity == Some(identity))
    }

    /// Adds a state with each option at its default weight.
    pub(crate) fn add_state(&mut self, new: NewState) -> u64 {
        let versioned = self
            .environments
            .get(&new.environment)
            .is_some_and(|environment| environment.versioned);
        let defaults: Vec<(u64, f64)> = self.features.get(&new.feature).map_or_else(Vec::new, |feature| {
            feature
                .options
                .iter()
                .map(|option| (option.id, option.default_percentage))
                .collect()
        });
        let id = self.next_id("feature state");
        let uuid = self.next_uuid("feature state");
        let weights = defaults
            .into_iter()
            .map(|(option, percentage)| self.new_weight(option, percentage))
            .collect();
        let state = FeatureState {
            id,
            origin: id,
            uuid,
            feature: new.feature,
            environment: new.environment,
            identity: new.identity,
            link: new.link,
            enabled: new.enabled,
            value: new.value,
            weights,
            created_at: self.now,
            updated_at: self.now,
            live_from: (!versioned).then_some(self.now),
            version: new.feature_version.is_none().then_some(1),
            feature_version: new.feature_version,
        };
        self.index_state(state);
        id
    }

    /// Clones a state for another version. Clones of clones remember the first.
    pub(crate) fn clone_state(&mut self, source: u64, link: Option<u64>, version: Uuid) -> Option<u64> {
        let source = self.states.get(&source)?.clone();
        let id = self.next_id("feature state");
        let uuid = self.next_uuid("feature state");
        let weights = source
            .weights
            .iter()
            .map(|weight| self.new_weight(weight.option, weight.percentage))
            .collect();
        let state = FeatureState {
            id,
            uuid,
            link,
            weights,
            created_at: self.now,
            updated_at: self.now,
            live_from: None,
            version: None,
            feature_version: Some(version),
            ..source
        };
        self.index_state(state);
        Some(id)
    }

    fn index_state(&mut self, state: FeatureState) {
        self.states_by_flag
            .entry((state.environment, state.feature))
            .or_default()
            .push(state.id);
        self.states.insert(state.id, state);
    }

    fn new_weight(&mut self, option: u64, percentage: f64) -> Weight {
        Weight {
            id: self.next_id("weight"),
            uuid: self.next_uuid("weight"),
            option,
            percentage,
        }
    }

    /// Removes a state.
    pub(crate) fn remove_state(&mut self, id: u64) {
        let Some(state) = self.states.remove(&id) else {
            return;
        };
        if let Some(ids) = self.states_by_flag.get_mut(&(state.environment, state.feature)) {
            ids.retain(|other| *other != id);
        }
    }

    /// Gives options of a state their weights in percent; options that the feature lacks are left out.
    pub(crate) fn set_weights(&mut self, state: u64, weights: &[(u64, f64)]) {
        for (option, percentage) in weights {
            let known = self
                .states
                .get(&state)
                .is_some_and(|state| state.weights.iter().any(|weight| weight.option == *option));
            let added = (!known).then(|| self.new_weight(*option, *percentage));
            let Some(state) = self.states.get_mut(&state) else {
                return;
            };
            match added {
                Some(weight) => state.weights.push(weight),
                None => {
                    for weight in state.weights.iter_mut().filter(|weight| weight.option == *option) {
                        weight.percentage = *percentage;
                    }
                }
            }
        }
    }

    /// Adds a link to a segment. Without a priority it comes last; a priority that is taken is taken twice.
    pub(crate) fn add_link(
        &mut self,
        environment: u64,
        feature: u64,
        segment: u64,
        priority: Option<u64>,
        feature_version: Option<Uuid>,
    ) -> u64 {
        let priority = priority.unwrap_or_else(|| {
            self.links
                .values()
                .filter(|link| link.environment == environment && link.feature == feature)
                .filter(|link| link.feature_version == feature_version)
                .map(|link| link.priority + 1)
                .max()
                .unwrap_or(0)
        });
        let id = self.next_id("feature segment");
        let uuid = self.next_uuid("feature segment");
        let moved = self.next_id("move of a feature segment");
        self.links.insert(
            id,
            FeatureSegment {
                id,
                uuid,
                feature,
                segment,
                environment,
                priority,
                feature_version,
                moved,
            },
        );
        id
    }

    /// Removes a link with its state; the links behind it close up.
    pub(crate) fn remove_link(&mut self, id: u64) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        let states: Vec<u64> = self
            .states_by_flag
            .get(&(link.environment, link.feature))
            .map(|ids| {
                ids.iter()
                    .filter(|state| self.states.get(state).is_some_and(|state| state.link == Some(id)))
                    .copied()
                    .collect()
            })
            .unwrap_or_default();
        for state in states {
            self.remove_state(state);
        }
        let behind = |other: &FeatureSegment| {
            other.environment == link.environment
                && other.feature == link.feature
                && other.feature_version == link.feature_version
                && other.priority > link.priority
        };
        self.links.change(behind, |other| other.priority -= 1);
    }

    /// Adds a feature to its project: a default state in each environment, and a first version where the
    /// environment keeps versions.
    pub(crate) fn add_feature(&mut self, feature: Feature) -> u64 {
        let id = feature.id;
        let (enabled, project) = (feature.default_enabled, feature.project);
        let value = StoredValue::from_initial(feature.initial_value.as_deref());
        self.features.insert(id, feature);
        let environments: Vec<(u64, bool)> = self
            .environments_of(project)
            .map(|environment| (environment.id, environment.versioned))
            .collect();
        for (environment, versioned) in environments {
            let feature_version = versioned.then(|| self.first_version(environment, id));
            self.add_state(NewState {
                feature: id,
                environment,
                identity: None,
                link: None,
                enabled,
                value: value.clone(),
                feature_version,
            });
        }
        id
    }

    /// Removes a feature and everything that refers to it.
    pub(crate) fn remove_feature(&mut self, feature: u64) {
        let states: Vec<u64> = self
            .states
            .values()
            .filter(|state| state.feature == feature)
            .map(|state| state.id)
            .collect();
        for state in states {
            self.remove_state(state);
        }
        self.links.retain(|link| link.feature != feature);
        self.versions.retain(|version| version.feature != feature);
        self.versions_by_flag.retain(|(_, of), _| *of != feature);
        self.states_by_flag.retain(|(_, of), _| *of != feature);
        self.segments
            .retain(|_, segment| segment.feature != Some(feature));
        self.features.remove(&feature);
    }
}
