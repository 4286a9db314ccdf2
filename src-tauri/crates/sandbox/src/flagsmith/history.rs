//! The states that each flag went through, as far as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::rows::FeatureState;
use super::store::Store;
use super::tracked::FlagPlace;
use crate::Surface;
use crate::history::{Change, SCHEDULE, Writer, Writes};

/// A flag in an environment, as it was after its last write.
#[derive(Debug, Clone)]
struct Known {
    environment: String,
    flag: String,
    state: Value,
}

/// What flags were after their last write, and the newest writes.
#[derive(Debug)]
pub(super) struct History {
    pub(super) writes: Writes,
    known: BTreeMap<FlagPlace, Known>,
    /// Flags that change without a write, and when.
    due: BTreeMap<FlagPlace, Timestamp>,
}

/// Whether what a request changed is its work or was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    ToPass,
    ToNothing,
}

impl History {
    /// Keeps nothing.
    pub(super) fn none() -> Self {
        Self {
            writes: Writes::new(Surface::Flagsmith, 0),
            known: BTreeMap::new(),
            due: BTreeMap::new(),
        }
    }

    /// Keeps so many writes from now on.
    pub(super) fn begin(store: &mut Store, most: usize) -> Self {
        store.take_touched();
        let mut history = Self {
            writes: Writes::new(Surface::Flagsmith, most),
            ..Self::none()
        };
        let places: Vec<FlagPlace> = store.states_by_flag.keys().copied().collect();
        for place in places {
            if let Some(known) = known(store, place) {
                history.known.insert(place, known);
            }
            history.note_due(store, place);
        }
        history
    }

    /// Before a request is carried out: what has gone live on its own since the last one.
    pub(super) fn catch_up(&mut self, store: &Store) {
        let due: BTreeSet<FlagPlace> = self
            .due
            .iter()
            .filter(|(_, from)| **from <= store.now)
            .map(|(place, _)| *place)
            .collect();
        self.note(store, due, &Writer::named(SCHEDULE), Came::ToPass);
    }

    /// After a request: what it changed.
    pub(super) fn take(&mut self, store: &mut Store, writer: &Writer, came: Came) {
        let touched = store.take_touched();
        self.note(store, touched, writer, came);
    }

    fn note(&mut self, store: &Store, places: BTreeSet<FlagPlace>, writer: &Writer, came: Came) {
        if !self.writes.is_kept() {
            return;
        }
        for place in places {
            self.note_due(store, place);
            let after = known(store, place);
            let before = self.known.remove(&place);
            if let Some(after) = &after {
                self.known.insert(place, after.clone());
            }
            let Some(named) = after.as_ref().or(before.as_ref()) else {
                continue;
            };
            let (environment, flag) = (named.environment.clone(), named.flag.clone());
            let before = before.map(|known| known.state);
            let after = after.map(|known| known.state);
            // A draft touches its flag and changes nothing of it. A direct write of what was there already
            // is a write.
            let direct = after.as_ref().is_none_or(|state| state["version"].is_null());
            if before == after && !(direct && came == Came::ToPass) {
                continue;
            }
            let change = Change {
                environment,
                flag,
                before,
                after,
            };
            self.writes.add(writer, change);
        }
    }

    fn note_due(&mut self, store: &Store, place: FlagPlace) {
        match store.next_change(place) {
            Some(from) => self.due.insert(place, from),
            None => self.due.remove(&place),
        };
    }
}

impl Store {
    /// The flags that were touched since the last call.
    pub(super) fn take_touched(&mut self) -> BTreeSet<FlagPlace> {
        let mut touched = self.states.take_touched();
        touched.extend(self.links.take_touched());
        touched.extend(self.versions.take_touched());
        touched
    }

    /// When a flag changes next without a write.
    fn next_change(&self, (environment, feature): FlagPlace) -> Option<Timestamp> {
        let versions = self.versions_of(environment, feature);
        let versions = versions
            .filter(|version| version.published)
            .filter_map(|version| version.live_from);
        let states = self.states_by_flag.get(&(environment, feature));
        let states = states.into_iter().flatten();
        let states = states.filter_map(|id| self.states.get(id)?.live_from);
        versions.chain(states).filter(|from| *from > self.now).min()
    }
}

fn known(store: &Store, place: FlagPlace) -> Option<Known> {
    let (environment, feature) = place;
    let flag = store.features.get(&feature)?.name.clone();
    let name = store.environments.get(&environment)?.name.clone();
    let default = store.default_state(environment, feature)?;
    let version = store.live_version(environment, feature);
    let overrides: Vec<Value> = store
        .overrides(environment, feature)
        .into_iter()
        .map(|(link, state)| {
            let mut shown = shown(state);
            shown["segment"] = json!(link.segment);
            shown["priority"] = json!(link.priority);
            shown
        })
        .collect();
    let mut state = shown(default);
    state["version"] = json!(version.map(|version| version.uuid));
    state["overrides"] = Value::Array(overrides);
    Some(Known {
        environment: name,
        flag,
        state,
    })
}

fn shown(state: &FeatureState) -> Value {
    let weights: Vec<Value> = state
        .weights
        .iter()
        .map(|weight| json!({"option": weight.option, "percentage": weight.percentage}))
        .collect();
    json!({"enabled": state.enabled, "value": state.value.typed(), "weights": weights})
}
