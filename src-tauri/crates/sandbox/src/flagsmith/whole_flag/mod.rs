//! A flag's default and overrides read and written as one.

mod check;

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

/// Which of the one-call routes writes: they differ in what becomes of what is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// `PATCH` of the whole flag: what is left out stays. Priorities are stored as they are given, and a new
    /// override has its place in the list unless told otherwise.
    Patch,
    /// `PUT` of the whole flag: what is left out is reset, and overrides that a given list leaves out go.
    Replace,
    /// The older routes: what is left out stays, a new override comes last, and others make room.
    Older,
}

/// What changes in a flag.
#[derive(Debug, Clone)]
pub(crate) struct WholeFlag {
    pub(crate) default: Option<StateChange>,
    pub(crate) overrides: Option<Vec<OverrideChange>>,
    /// Segments whose overrides go.
    pub(crate) removed: Vec<u64>,
    pub(crate) manner: Manner,
}

impl WholeFlag {
    /// No change yet.
    pub(crate) fn new(manner: Manner) -> Self {
        Self {
            default: None,
            overrides: None,
            removed: Vec::new(),
            manner,
        }
    }

    fn writes_nothing(&self) -> bool {
        let no_override = match self.manner {
            Manner::Replace => self.overrides.is_none(),
            Manner::Patch | Manner::Older => self.rows().is_empty(),
        };
        self.default.is_none() && no_override && self.removed.is_empty()
    }

    fn rows(&self) -> &[OverrideChange] {
        self.overrides.as_deref().unwrap_or_default()
    }
}

/// Which state of a change is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Default,
    /// The override at this place of the list, from 0.
    Override(usize),
}

/// Why a change cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteFailure {
    Value { part: Part, why: TaggedRefusal },
    Variants { part: Part, sentence: &'static str },
    UnknownSegment(Part),
    DuplicateSegment(u64),
    DuplicatePriority(u64),
    NoState,
}

/// The states that a write concerns: a draft's, or what counts now.
#[derive(Debug, Clone, Copy)]
struct Target {
    environment: u64,
    feature: u64,
    draft: Option<Uuid>,
}

/// What a state becomes where a change leaves something out.
enum Otherwise {
    Stays,
    /// Disabled, without a value.
    Cleared,
    /// As another state.
    As(Box<FeatureState>),
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

    /// Writes a change, all of it or nothing. On an environment with versions it makes and publishes one,
    /// unless there is nothing to write.
    pub(crate) fn write_whole_flag(
        &mut self,
        environment: u64,
        feature: u64,
        change: &WholeFlag,
        by: Option<u64>,
    ) -> Result<(), WriteFailure> {
        self.check_change(environment, feature, change)?;
        if change.writes_nothing() {
            return Ok(());
        }
        let target = self.target(environment, feature, by);
        if let Some(default) = &change.default {
            let id = self.state_in(target, None).ok_or(WriteFailure::NoState)?;
            let otherwise = match change.manner {
                Manner::Replace => Otherwise::Cleared,
                Manner::Patch | Manner::Older => Otherwise::Stays,
            };
            self.write_state(id, default, otherwise);
        }
        for segment in self.leaving(target, change) {
            self.drop_override(target, segment);
        }
        for (position, row) in change.rows().iter().enumerate() {
            self.write_override(target, position, row, change.manner);
        }
        self.finish(target, by);
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
        let live = Target {
            environment,
            feature,
            draft: None,
        };
        if self.state_in(live, Some(segment)).is_none() {
            return false;
        }
        let target = self.target(environment, feature, by);
        self.drop_override(target, segment);
        self.finish(target, by);
        true
    }

    /// What counts now, or a draft of it on an environment with versions.
    fn target(&mut self, environment: u64, feature: u64, by: Option<u64>) -> Target {
        let versioned = self
            .environments
            .get(&environment)
            .is_some_and(|environment| environment.versioned);
        let draft = versioned.then(|| self.draft(environment, feature, by, None, None));
        Target {
            environment,
            feature,
            draft,
        }
    }

    fn finish(&mut self, target: Target, by: Option<u64>) {
        if let Some(draft) = target.draft {
            self.publish(draft, by, None);
        } else {
            self.log_whole_flag(target.environment, target.feature);
        }
        self.touch(target.environment);
    }

    fn states_in(&self, target: Target) -> Vec<&FeatureState> {
        match target.draft {
            Some(draft) => self
                .states_of_version(draft)
                .into_iter()
                .filter_map(|id| self.states.get(&id))
                .collect(),
            None => self.current_states(target.environment, target.feature),
        }
    }

    /// The state of an override, or without a segment of the default. Of duplicates it is the one that is served.
    fn state_in(&self, target: Target, segment: Option<u64>) -> Option<u64> {
        let found = |state: &&FeatureState| {
            let link = state.link.and_then(|link| self.links.get(&link));
            (link.map(|link| link.segment) == segment)
                .then(|| (link.map(|link| (link.priority, link.id)), state.id))
        };
        self.states_in(target)
            .iter()
            .filter_map(found)
            .min()
            .map(|(_, id)| id)
    }

    /// The segments whose overrides a change removes.
    fn leaving(&self, target: Target, change: &WholeFlag) -> Vec<u64> {
        let mut leaving = change.removed.clone();
        if change.manner == Manner::Replace && change.overrides.is_some() {
            let held = self
                .states_in(target)
                .into_iter()
                .filter_map(|state| self.links.get(&state.link?))
                .map(|link| link.segment);
            leaving.extend(held.filter(|held| change.rows().iter().all(|row| row.segment != *held)));
        }
        leaving.sort_unstable();
        leaving.dedup();
        leaving
    }

    /// Removes every override of a segment, duplicates too.
    fn drop_override(&mut self, target: Target, segment: u64) {
        let links: Vec<u64> = self
            .links
            .values()
            .filter(|link| link.environment == target.environment && link.feature == target.feature)
            .filter(|link| link.feature_version == target.draft && link.segment == segment)
            .map(|link| link.id)
            .collect();
        for link in links {
            self.remove_link(link);
        }
    }

    fn write_override(&mut self, target: Target, position: usize, row: &OverrideChange, manner: Manner) {
        let default = self
            .state_in(target, None)
            .and_then(|id| self.states.get(&id))
            .cloned();
        let inherited = default.map_or(Otherwise::Cleared, |state| Otherwise::As(Box::new(state)));
        let present = self.state_in(target, Some(row.segment));
        let otherwise = match (present, manner) {
            (Some(_), Manner::Patch | Manner::Older) => Otherwise::Stays,
            (None, Manner::Older) => Otherwise::Cleared,
            (Some(_) | None, Manner::Patch | Manner::Replace) => inherited,
        };
        let id = present.unwrap_or_else(|| self.new_override(target, position, row, manner));
        let link = self.states.get(&id).and_then(|state| state.link);
        match (link, row.priority, manner) {
            (Some(id), Some(priority), Manner::Older) => {
                let from = self.links.get(&id).map_or(priority, |link| link.priority);
                self.move_link(id, from, priority);
            }
            (Some(link), Some(priority), Manner::Patch | Manner::Replace) => {
                self.set_priority(link, priority);
            }
            _ => {}
        }
        self.write_state(id, &row.state, otherwise);
    }

    fn new_override(&mut self, target: Target, position: usize, row: &OverrideChange, manner: Manner) -> u64 {
        let place = u64::try_from(position).unwrap_or(u64::MAX);
        let priority = match manner {
            Manner::Older => None,
            Manner::Patch | Manner::Replace => Some(row.priority.unwrap_or(place)),
        };
        let (environment, feature) = (target.environment, target.feature);
        let link = self.add_link(environment, feature, row.segment, priority, target.draft);
        self.add_state(NewState {
            feature,
            environment,
            identity: None,
            link: Some(link),
            enabled: false,
            value: StoredValue::empty(),
            feature_version: target.draft,
        })
    }

    /// Writes a change that has been checked.
    fn write_state(&mut self, id: u64, change: &StateChange, otherwise: Otherwise) {
        let now = self.now;
        let Some(state) = self.states.get_mut(&id) else {
            return;
        };
        let mut weights = change.variants.clone();
        match otherwise {
            Otherwise::Stays => {}
            Otherwise::Cleared => {
                state.enabled = false;
                state.value.clear();
            }
            Otherwise::As(other) => {
                state.enabled = other.enabled;
                state.value = other.value;
                let inherited = other.weights.iter();
                let inherited = inherited.map(|weight| (weight.option, weight.percentage));
                weights = weights.or_else(|| Some(inherited.collect()));
            }
        }
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
        if let Some(weights) = weights {
            self.set_weights(id, &weights);
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
