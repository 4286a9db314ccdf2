//! A flag's default and overrides read and written as one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::FeatureState;
use super::states::NewState;
use super::store::Store;
use super::value::{StoredValue, TaggedRefusal};

/// What changes in one state.
#[derive(Debug, Clone, Default)]
pub(crate) struct StateChange {
    pub(crate) enabled: Option<bool>,
    /// `{"type", "value"}`, where it changes.
    pub(crate) value: Option<Value>,
    /// The weight in percent of each option, by option id.
    pub(crate) variants: Option<Vec<(u64, f64)>>,
    /// Whether the state's time stamp moves; one of the two one-call routes forgets it.
    pub(crate) bump_updated_at: bool,
}

/// What changes in one override, which is made if it is not there.
#[derive(Debug, Clone)]
pub(crate) struct OverrideChange {
    pub(crate) segment: u64,
    pub(crate) priority: Option<u64>,
    pub(crate) state: StateChange,
}

/// What changes in a flag.
#[derive(Debug, Clone)]
pub(crate) struct WholeFlag {
    pub(crate) default: Option<StateChange>,
    pub(crate) overrides: Vec<OverrideChange>,
    /// Whether overrides that are not named stay.
    pub(crate) keep_others: bool,
}

/// Why a change cannot be. `segment` is `None` for the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteFailure {
    Value {
        segment: Option<u64>,
        why: TaggedRefusal,
    },
    Variants {
        segment: Option<u64>,
        sentence: &'static str,
    },
    DuplicatePriority(u64),
    UnknownSegment(u64),
    NoState,
}

impl Store {
    /// A flag with its default and its overrides.
    pub(crate) fn whole_flag(&self, environment: u64, feature: u64) -> Value {
        let overrides: Vec<Value> = self
            .served_overrides(environment, feature)
            .into_iter()
            .map(|(link, state)| {
                json!({
                    "segment": {"id": link.segment}, "priority": link.priority, "enabled": state.enabled,
                    "value": state.value.tagged(), "variants": variants(state),
                })
            })
            .collect();
        let default = self.default_state(environment, feature).map(|state| {
            json!({"enabled": state.enabled, "value": state.value.tagged(), "variants": variants(state)})
        });
        json!({"environment_default": default, "segment_overrides": overrides})
    }

    /// Writes a change, all of it or nothing. On an environment with versions it makes and publishes one.
    pub(crate) fn write_whole_flag(
        &mut self,
        environment: u64,
        feature: u64,
        change: &WholeFlag,
        by: Option<u64>,
    ) -> Result<(), WriteFailure> {
        self.check_change(environment, feature, change)?;
        let versioned = self
            .environments
            .get(&environment)
            .is_some_and(|environment| environment.versioned);
        let draft = versioned.then(|| self.draft(environment, feature, by, None, None));
        if let Some(default) = &change.default {
            let id = self
                .state_in(environment, feature, draft, None)
                .ok_or(WriteFailure::NoState)?;
            self.write_state(id, default);
        }
        if !change.keep_others {
            for segment in self.segments_in(environment, feature, draft) {
                if !change.overrides.iter().any(|kept| kept.segment == segment) {
                    self.drop_override(environment, feature, draft, segment);
                }
            }
        }
        for row in &change.overrides {
            self.write_override(environment, feature, draft, row);
        }
        if let Some(draft) = draft {
            self.publish(draft, by, None);
        }
        self.touch(environment);
        Ok(())
    }

    /// Removes an override; whether there was one.
    pub(crate) fn delete_override(
        &mut self,
        environment: u64,
        feature: u64,
        segment: u64,
        by: Option<u64>,
    ) -> bool {
        if self.state_in(environment, feature, None, Some(segment)).is_none() {
            return false;
        }
        let versioned = self
            .environments
            .get(&environment)
            .is_some_and(|environment| environment.versioned);
        let draft = versioned.then(|| self.draft(environment, feature, by, None, None));
        self.drop_override(environment, feature, draft, segment);
        if let Some(draft) = draft {
            self.publish(draft, by, None);
        }
        self.touch(environment);
        true
    }

    fn check_change(&self, environment: u64, feature: u64, change: &WholeFlag) -> Result<(), WriteFailure> {
        if let Some(default) = &change.default {
            self.check_state(feature, None, default)?;
        }
        for row in &change.overrides {
            if !self.segments.contains_key(&row.segment) {
                return Err(WriteFailure::UnknownSegment(row.segment));
            }
            self.check_state(feature, Some(row.segment), &row.state)?;
        }
        let mut priorities: Vec<(u64, u64)> = self
            .served_overrides(environment, feature)
            .iter()
            .filter(|_| change.keep_others)
            .map(|(link, _)| (link.segment, link.priority))
            .collect();
        for row in &change.overrides {
            let Some(priority) = row.priority else { continue };
            priorities.retain(|(segment, _)| *segment != row.segment);
            if priorities.iter().any(|(_, taken)| *taken == priority) {
                return Err(WriteFailure::DuplicatePriority(priority));
            }
            priorities.push((row.segment, priority));
        }
        Ok(())
    }

    fn check_state(
        &self,
        feature: u64,
        segment: Option<u64>,
        change: &StateChange,
    ) -> Result<(), WriteFailure> {
        if let Some(value) = &change.value {
            let written = StoredValue::empty().write_tagged(value);
            written.map_err(|why| WriteFailure::Value { segment, why })?;
        }
        let Some(variants) = &change.variants else {
            return Ok(());
        };
        let options = self
            .features
            .get(&feature)
            .map_or(&[][..], |feature| feature.options.as_slice());
        let all = options.len() == variants.len()
            && options
                .iter()
                .all(|option| variants.iter().any(|(id, _)| *id == option.id));
        if !all {
            return Err(WriteFailure::Variants {
                segment,
                sentence: "Must include all feature's variants.",
            });
        }
        if variants.iter().map(|(_, weight)| weight).sum::<f64>() > 100.0 {
            return Err(WriteFailure::Variants {
                segment,
                sentence: "Total weight must not exceed 100.",
            });
        }
        Ok(())
    }

    /// The states that a write concerns: a draft's, or what counts now.
    fn states_in(&self, environment: u64, feature: u64, draft: Option<Uuid>) -> Vec<&FeatureState> {
        match draft {
            Some(draft) => self
                .states_of_version(draft)
                .into_iter()
                .filter_map(|id| self.states.get(&id))
                .collect(),
            None => self.current_states(environment, feature),
        }
    }

    fn state_in(
        &self,
        environment: u64,
        feature: u64,
        draft: Option<Uuid>,
        segment: Option<u64>,
    ) -> Option<u64> {
        self.states_in(environment, feature, draft)
            .into_iter()
            .find(|state| {
                let link = state.link.and_then(|link| self.links.get(&link));
                link.map(|link| link.segment) == segment
            })
            .map(|state| state.id)
    }

    fn segments_in(&self, environment: u64, feature: u64, draft: Option<Uuid>) -> Vec<u64> {
        self.states_in(environment, feature, draft)
            .into_iter()
            .filter_map(|state| self.links.get(&state.link?))
            .map(|link| link.segment)
            .collect()
    }

    fn drop_override(&mut self, environment: u64, feature: u64, draft: Option<Uuid>, segment: u64) {
        let state = self.state_in(environment, feature, draft, Some(segment));
        let link = state
            .and_then(|state| self.states.get(&state))
            .and_then(|state| state.link);
        if let Some(link) = link {
            self.remove_link(link);
        }
    }

    fn write_override(&mut self, environment: u64, feature: u64, draft: Option<Uuid>, row: &OverrideChange) {
        let id = match self.state_in(environment, feature, draft, Some(row.segment)) {
            Some(id) => id,
            None => {
                let link = self.add_link(environment, feature, row.segment, row.priority, draft);
                let default = self.state_in(environment, feature, draft, None);
                let value = default
                    .and_then(|id| self.states.get(&id))
                    .map(|state| state.value.clone());
                self.add_state(NewState {
                    feature,
                    environment,
                    identity: None,
                    link: Some(link),
                    enabled: false,
                    value: value.unwrap_or_else(StoredValue::empty),
                    feature_version: draft,
                })
            }
        };
        let link = self.states.get(&id).and_then(|state| state.link);
        if let (Some(link), Some(priority)) = (link.and_then(|link| self.links.get_mut(&link)), row.priority)
        {
            link.priority = priority;
        }
        self.write_state(id, &row.state);
    }

    fn write_state(&mut self, id: u64, change: &StateChange) {
        let now = self.now;
        if let Some(state) = self.states.get_mut(&id) {
            if let Some(enabled) = change.enabled {
                state.enabled = enabled;
            }
            if let Some(value) = &change.value {
                // The change has been checked.
                let _ = state.value.write_tagged(value);
            }
            if change.bump_updated_at {
                state.updated_at = now;
            }
        }
        if let Some(variants) = &change.variants {
            self.set_weights(id, variants);
        }
    }
}

fn variants(state: &FeatureState) -> Vec<Value> {
    state
        .weights
        .iter()
        .map(|weight| json!({"id": weight.option, "weight": weight.percentage}))
        .collect()
}
