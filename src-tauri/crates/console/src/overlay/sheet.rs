//! The parts of a document that drafts touch.

use std::collections::{BTreeMap, BTreeSet};

use halyard_engine::{DocumentError, Engine, Revision, TraitChanges};
use serde_json::{Value, json};

use super::places::{Places, flag_name, list};

/// What a part of a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Flag,
    Segment,
    Identity,
}

/// A part of a document: flags by name, segments by id, identities by
/// identifier.
type Part = (Kind, String);

/// A document with changes beside it. Only what is touched is copied.
pub(crate) struct Sheet<'d> {
    document: &'d Value,
    places: &'d Places,
    /// What became of a part; `None` where it is gone.
    touched: BTreeMap<Part, Option<Value>>,
    /// Segments that drafts made, by the key that stands for them until then.
    made: BTreeMap<String, String>,
    /// Who of a kind was given a state of a flag.
    joined: BTreeMap<(Kind, String), Vec<String>>,
    server_only: Vec<(i64, bool)>,
    dirty: BTreeSet<Part>,
    last_id: u64,
    pub(crate) traits: TraitChanges,
}

impl<'d> Sheet<'d> {
    /// A document as it is.
    pub(crate) fn new(document: &'d Value, places: &'d Places) -> Sheet<'d> {
        Sheet {
            document,
            places,
            touched: BTreeMap::new(),
            made: BTreeMap::new(),
            joined: BTreeMap::new(),
            server_only: Vec::new(),
            dirty: BTreeSet::new(),
            last_id: places.highest,
            traits: TraitChanges::default(),
        }
    }

    pub(super) fn document(&self) -> &'d Value {
        self.document
    }

    /// A number that nothing has. Higher than all, as the service's next one
    /// would be: options are in the order of their numbers.
    pub(super) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn original(&self, kind: Kind, key: &str) -> Option<&'d Value> {
        let (items, places) = match kind {
            Kind::Flag => (&self.document["feature_states"], &self.places.flags),
            Kind::Segment => (&self.document["project"]["segments"], &self.places.segments),
            Kind::Identity => (&self.document["identity_overrides"], &self.places.identities),
        };
        items.get(*places.get(key)?)
    }

    pub(super) fn get(&self, kind: Kind, key: &str) -> Option<&Value> {
        match self.touched.get(&(kind, key.to_owned())) {
            Some(touched) => touched.as_ref(),
            None => self.original(kind, key),
        }
    }

    /// A part to be changed.
    pub(super) fn get_mut(&mut self, kind: Kind, key: &str) -> Option<&mut Value> {
        let part = (kind, key.to_owned());
        if !self.touched.contains_key(&part) {
            let original = self.original(kind, key)?.clone();
            self.touched.insert(part.clone(), Some(original));
        }
        self.dirty.insert(part.clone());
        self.touched.get_mut(&part)?.as_mut()
    }

    pub(super) fn put(&mut self, kind: Kind, key: &str, value: Value) {
        let part = (kind, key.to_owned());
        self.dirty.insert(part.clone());
        self.touched.insert(part, Some(value));
    }

    pub(super) fn remove(&mut self, kind: Kind, key: &str) {
        let part = (kind, key.to_owned());
        self.dirty.insert(part.clone());
        self.touched.insert(part, None);
    }

    /// A flag's default state.
    pub(crate) fn flag(&self, name: &str) -> Option<&Value> {
        self.get(Kind::Flag, name)
    }

    /// The id of a segment by its key: as it is, or of one that an earlier
    /// draft or somebody else has made under the name that the key holds.
    pub(super) fn segment_id(&self, key: &str) -> Option<String> {
        let made = self.made.get(key).cloned();
        let named = || {
            let key = halyard_model::SegmentKey(key.to_owned());
            self.places.segment_names.get(key.name_to_be()?).cloned()
        };
        let id = made.or_else(named).unwrap_or_else(|| key.to_owned());
        self.get(Kind::Segment, &id).map(|_| id)
    }

    /// Remembers which segment a key stands for.
    pub(super) fn note_made(&mut self, key: &str, id: &str) {
        self.made.insert(key.to_owned(), id.to_owned());
    }

    /// Who of a kind has a state of a flag, in document order.
    pub(super) fn holders(&self, kind: Kind, flag: &str) -> Vec<String> {
        let known = match kind {
            Kind::Flag => return Vec::new(),
            Kind::Segment => self.places.overriding.get(flag),
            Kind::Identity => self.places.owners.get(flag),
        };
        let mut holders: Vec<String> = known.cloned().unwrap_or_default();
        for key in self.joined.get(&(kind, flag.to_owned())).into_iter().flatten() {
            if !holders.contains(key) {
                holders.push(key.clone());
            }
        }
        holders.retain(|key| {
            self.get(kind, key).is_some_and(|item| {
                list(&item[states_member(kind)]).any(|state| flag_name(state) == Some(flag))
            })
        });
        holders
    }

    /// Gives a part a state of a flag beside those it has.
    pub(super) fn join(&mut self, kind: Kind, key: &str, flag: &str, state: Value) {
        let Some(item) = self.get_mut(kind, key) else {
            return;
        };
        let states = &mut item[states_member(kind)];
        match states.as_array_mut() {
            Some(states) => states.push(state),
            None => *states = json!([state]),
        }
        let joined = self.joined.entry((kind, flag.to_owned())).or_default();
        joined.push(key.to_owned());
    }

    /// Takes all states of a flag away from a part. An identity that is left
    /// without any goes.
    pub(super) fn strip(&mut self, kind: Kind, key: &str, flag: &str) {
        let Some(item) = self.get_mut(kind, key) else {
            return;
        };
        let mut is_bare = false;
        if let Some(states) = item[states_member(kind)].as_array_mut() {
            states.retain(|state| flag_name(state) != Some(flag));
            is_bare = states.is_empty();
        }
        if is_bare && kind == Kind::Identity {
            self.remove(kind, key);
        }
    }

    /// Who receives a flag: everybody, or server-side keys alone.
    pub(super) fn set_server_only(&mut self, flag: &Value, only: bool) {
        self.server_only
            .extend(flag["feature"]["id"].as_i64().map(|id| (id, only)));
    }

    /// What `before` becomes by what was touched since the last time: the
    /// engine of the document with the changes written into it.
    pub(crate) fn compiled_from(&mut self, before: &Engine) -> Result<Engine, DocumentError> {
        let dirty = std::mem::take(&mut self.dirty);
        let mut revisions: Vec<Revision<'_>> = Vec::with_capacity(dirty.len());
        let gone = |part: &&Part| matches!(self.touched.get(*part), Some(None));
        for (kind, key) in dirty.iter().filter(gone) {
            revisions.push(match kind {
                Kind::Flag => Revision::RemoveFlag(key),
                Kind::Segment => Revision::RemoveSegment(key),
                Kind::Identity => Revision::RemoveIdentity(key),
            });
        }
        // In the order of their kinds: flags are there before what refers to them.
        for part in &dirty {
            let Some(Some(value)) = self.touched.get(part) else {
                continue;
            };
            revisions.push(match part.0 {
                Kind::Flag => Revision::Flag(value),
                Kind::Segment => Revision::Segment(value),
                Kind::Identity => Revision::Identity(value),
            });
        }
        for (flag, only) in self.server_only.drain(..) {
            revisions.push(Revision::ServerOnly(flag, only));
        }
        before.revised(&revisions)
    }
}

/// The member in which a part holds states of flags.
pub(super) fn states_member(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag | Kind::Segment => "feature_states",
        Kind::Identity => "identity_features",
    }
}

/// What a new state holds.
pub(super) struct NewState {
    /// The flag as documents name it.
    pub(super) feature: Value,
    pub(super) enabled: bool,
    pub(super) value: Value,
    /// Rows of weights.
    pub(super) weights: Vec<Value>,
    /// Of a segment override.
    pub(super) priority: Option<u64>,
}

impl Sheet<'_> {
    /// A state as a document writes it, under a number of its own.
    pub(super) fn new_state(&mut self, new: &NewState) -> Value {
        let id = self.new_id();
        json!({
            "feature": new.feature, "enabled": new.enabled, "django_id": id,
            "feature_segment": new.priority.map(|priority| json!({"priority": priority})),
            "featurestate_uuid": uuid_of(id), "feature_state_value": new.value,
            "multivariate_feature_state_values": new.weights,
        })
    }

    /// A row of weights, for an option as documents write it.
    pub(super) fn new_weight(&mut self, option: &Value, weight: f64) -> Value {
        let id = self.new_id();
        json!({
            "multivariate_feature_option": option, "percentage_allocation": weight,
            "id": id, "mv_fs_value_uuid": uuid_of(id),
        })
    }
}

/// A UUID that belongs to a number.
fn uuid_of(id: u64) -> String {
    uuid::Uuid::from_u64_pair(0x4000, id | 1 << 63).to_string()
}
