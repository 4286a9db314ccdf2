//! Where things stand in a document.

use std::collections::HashMap;

use serde_json::Value;

use super::id_text;

/// Where each flag, segment and identity stands in a document, and who has a
/// state of which flag. Made once per document.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(super) flags: HashMap<String, usize>,
    pub(super) segments: HashMap<String, usize>,
    pub(super) segment_names: HashMap<String, String>,
    pub(super) identities: HashMap<String, usize>,
    /// The segments that override a flag, in document order.
    pub(super) overriding: HashMap<String, Vec<String>>,
    /// The identities with a state of a flag of their own.
    pub(super) owners: HashMap<String, Vec<String>>,
    /// No identifier of the document is higher.
    pub(super) highest: u64,
}

impl Places {
    /// Of a document.
    pub(crate) fn of(document: &Value) -> Places {
        let mut places = Places::default();
        // Of several with one name the last counts.
        for (place, state) in list(&document["feature_states"]).enumerate() {
            if let Some(name) = flag_name(state) {
                places.flags.insert(name.to_owned(), place);
            }
            places.note_ids(state);
        }
        for (place, segment) in list(&document["project"]["segments"]).enumerate() {
            let id = id_text(&segment["id"]);
            places.note_id(&segment["id"]);
            if let Some(name) = segment["name"].as_str() {
                places.segment_names.insert(name.to_owned(), id.clone());
            }
            for state in list(&segment["feature_states"]) {
                places.note_ids(state);
                note(&mut places.overriding, flag_name(state), &id);
            }
            places.segments.insert(id, place);
        }
        for (place, identity) in list(&document["identity_overrides"]).enumerate() {
            let Some(identifier) = identity["identifier"].as_str() else {
                continue;
            };
            places.note_id(&identity["django_id"]);
            for state in list(&identity["identity_features"]) {
                places.note_ids(state);
                note(&mut places.owners, flag_name(state), identifier);
            }
            places.identities.entry(identifier.to_owned()).or_insert(place);
        }
        places
    }

    /// How many identities have a state of a flag of their own.
    pub(crate) fn identities_with(&self, flag: &str) -> usize {
        self.owners.get(flag).map_or(0, Vec::len)
    }

    fn note_ids(&mut self, state: &Value) {
        self.note_id(&state["django_id"]);
        self.note_id(&state["feature"]["id"]);
        for weight in list(&state["multivariate_feature_state_values"]) {
            self.note_id(&weight["id"]);
            self.note_id(&weight["multivariate_feature_option"]["id"]);
        }
    }

    fn note_id(&mut self, id: &Value) {
        let id = id.as_u64().or_else(|| id.as_str()?.parse().ok());
        self.highest = self.highest.max(id.unwrap_or_default());
    }
}

fn note(of: &mut HashMap<String, Vec<String>>, flag: Option<&str>, owner: &str) {
    let Some(flag) = flag else { return };
    let known = of.entry(flag.to_owned()).or_default();
    if known.last().is_none_or(|last| last != owner) {
        known.push(owner.to_owned());
    }
}

/// The items of a list; none of what is no list.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The name of the flag that a state is of.
pub(super) fn flag_name(state: &Value) -> Option<&str> {
    state["feature"]["name"].as_str()
}
