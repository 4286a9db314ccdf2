//! Laying changes of any subject over a document, in the document's own words.

use std::collections::BTreeMap;

use halyard_engine::Revision;
use halyard_model::{FieldChanges, FieldPath, FlagKey, SegmentKey, Subject};
use serde_json::{Value, json};

use super::default_state;
use crate::{ConsoleError, Draft};

/// The parts of a document that drafts touch, as they are to be; `None` for
/// one that goes.
#[derive(Default)]
pub(super) struct Touched {
    flags: BTreeMap<String, Option<Value>>,
    segments: BTreeMap<String, Option<Value>>,
    identities: BTreeMap<String, Value>,
}

impl Touched {
    /// The parts after drafts that come one after the other.
    ///
    /// [`ConsoleError::Gone`] where the document does not have a flag.
    pub(super) fn by(document: &Value, drafts: &[Draft]) -> Result<Touched, ConsoleError> {
        let mut touched = Touched::default();
        // What is made comes first: others may name it.
        let makes = |draft: &&Draft| matches!(draft.subject, Subject::Segment { .. } | Subject::Flag { .. });
        let (first, then): (Vec<&Draft>, Vec<&Draft>) = drafts.iter().partition(makes);
        for draft in first.into_iter().chain(then) {
            match &draft.subject {
                Subject::FlagState { flag } => touched.state(document, flag, &draft.changes)?,
                Subject::Flag { flag } => touched.flag(document, flag, &draft.changes),
                Subject::Segment { segment } => touched.segment(document, segment, &draft.changes),
                Subject::IdentityOverride { flag, identity } => {
                    touched.identity(document, flag, identity, &draft.changes)?;
                }
                // Traits come with whoever is evaluated, and configs are EdgeFlags'.
                Subject::Traits { .. } | Subject::Config { .. } => {}
            }
        }
        Ok(touched)
    }

    /// What changes, as the engine takes it.
    pub(super) fn revisions(&self) -> Vec<Revision<'_>> {
        let flags = self.flags.iter().map(|(name, item)| match item {
            Some(item) => Revision::Flag(item),
            None => Revision::RemoveFlag(name),
        });
        let segments = self.segments.iter().map(|(id, item)| match item {
            Some(item) => Revision::Segment(item),
            None => Revision::RemoveSegment(id),
        });
        let identities = self.identities.values().map(Revision::Identity);
        flags.chain(segments).chain(identities).collect()
    }

    fn default_of(&self, document: &Value, flag: &FlagKey) -> Result<Value, ConsoleError> {
        let known = match self.flags.get(&flag.0) {
            Some(item) => item.clone(),
            None => default_state(document, flag).cloned(),
        };
        known.ok_or(ConsoleError::Gone { what: "the flag" })
    }

    fn state(
        &mut self,
        document: &Value,
        flag: &FlagKey,
        changes: &FieldChanges,
    ) -> Result<(), ConsoleError> {
        let mut item = self.default_of(document, flag)?;
        let own =
            |field: &FieldPath| matches!(field, FieldPath::Enabled | FieldPath::Value | FieldPath::Weights);
        if changes.keys().any(own) {
            set(
                &mut item,
                changes,
                [FieldPath::Enabled, FieldPath::Value, FieldPath::Weights],
            );
            self.flags.insert(flag.0.clone(), Some(item.clone()));
        }
        let order = changes.get(&FieldPath::OverrideOrder).and_then(Option::as_ref);
        let order: Vec<&str> = order
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut ids: Vec<&str> = changes.keys().filter_map(FieldPath::override_of).collect();
        ids.extend(&order);
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let Some(mut segment) = self.segment_now(document, id) else {
                continue;
            };
            let place = order.iter().position(|one| *one == id);
            lay_override(&mut segment, flag, &item, (id, place), changes);
            self.segments.insert(id.to_owned(), Some(segment));
        }
        Ok(())
    }

    fn flag(&mut self, document: &Value, flag: &FlagKey, changes: &FieldChanges) {
        if changes.get(&FieldPath::Existence) == Some(&None) {
            self.flags.insert(flag.0.clone(), None);
            return;
        }
        if default_state(document, flag).is_some() || self.flags.contains_key(&flag.0) {
            // What a flag is called for decides nothing.
            return;
        }
        let mut item = json!({
            "feature": {"id": i64::from(u32::MAX) + i64::try_from(self.flags.len()).unwrap_or_default(),
                        "name": flag.0, "type": "STANDARD"},
            "enabled": false, "feature_state_value": null, "django_id": null, "feature_segment": null,
            "featurestate_uuid": uuid::Uuid::new_v4(), "multivariate_feature_state_values": [],
        });
        set(
            &mut item,
            changes,
            [FieldPath::Enabled, FieldPath::Value, FieldPath::Weights],
        );
        self.flags.insert(flag.0.clone(), Some(item));
    }

    fn segment_now(&self, document: &Value, id: &str) -> Option<Value> {
        if let Some(known) = self.segments.get(id) {
            return known.clone();
        }
        let segments = document["project"]["segments"].as_array()?;
        let is_it = |one: &&Value| match &one["id"] {
            Value::Number(number) => number.to_string() == id,
            other => other == id,
        };
        segments.iter().find(is_it).cloned()
    }

    fn segment(&mut self, document: &Value, key: &SegmentKey, changes: &FieldChanges) {
        if changes.get(&FieldPath::Existence) == Some(&None) {
            self.segments.insert(key.0.clone(), None);
            return;
        }
        let new_id = i64::from(u32::MAX) + i64::try_from(self.segments.len()).unwrap_or_default();
        let mut item = self.segment_now(document, &key.0).unwrap_or_else(
            || json!({"id": new_id, "name": key.name_to_be(), "rules": [], "feature_states": []}),
        );
        if let Some(Some(name)) = changes.get(&FieldPath::Name) {
            item["name"] = name.clone();
        }
        if let Some(rules) = changes.get(&FieldPath::Rules) {
            item["rules"] = in_documents_words(rules.as_ref());
        }
        self.segments.insert(key.0.clone(), Some(item));
    }

    fn identity(
        &mut self,
        document: &Value,
        flag: &FlagKey,
        identity: &str,
        changes: &FieldChanges,
    ) -> Result<(), ConsoleError> {
        let known = self.identities.get(identity).cloned().or_else(|| {
            let listed = document["identity_overrides"].as_array()?;
            listed.iter().find(|one| one["identifier"] == identity).cloned()
        });
        let mut item = known.unwrap_or_else(|| {
            json!({
                "identifier": identity, "environment_api_key": document["api_key"], "identity_traits": [],
                "created_date": document["updated_at"], "identity_features": [], "django_id": null,
                "identity_uuid": uuid::Uuid::new_v4(),
            })
        });
        let default = self.default_of(document, flag)?;
        let removed = changes.get(&FieldPath::Existence) == Some(&None);
        if let Some(states) = item["identity_features"].as_array_mut() {
            let place = states
                .iter()
                .position(|one| one["feature"]["name"] == flag.0.as_str());
            match (place, removed) {
                (Some(place), true) => {
                    states.remove(place);
                }
                (None, true) => {}
                (place, false) => {
                    let mut own = place.map_or(default, |place| states.remove(place));
                    set(
                        &mut own,
                        changes,
                        [FieldPath::Enabled, FieldPath::Value, FieldPath::Weights],
                    );
                    states.push(own);
                }
            }
        }
        self.identities.insert(identity.to_owned(), item);
        Ok(())
    }
}

/// Gives a state what is asked for: on or off, value, shares.
fn set(item: &mut Value, changes: &FieldChanges, [enabled, value, weights]: [FieldPath; 3]) {
    if let Some(Some(enabled)) = changes.get(&enabled) {
        item["enabled"] = enabled.clone();
    }
    if let Some(value) = changes.get(&value) {
        item["feature_state_value"] = value.clone().unwrap_or_default();
    }
    if let Some(Some(weights)) = changes.get(&weights)
        && let Ok(variants) = serde_json::from_value::<Vec<halyard_model::Variant>>(weights.clone())
    {
        super::weigh(item, &variants);
    }
}

/// Gives a segment its override of a flag, changes it or takes it away.
fn lay_override(
    segment: &mut Value,
    flag: &FlagKey,
    default: &Value,
    (id, place): (&str, Option<usize>),
    changes: &FieldChanges,
) {
    let id = id.to_owned();
    let removed = changes.get(&FieldPath::Override(id.clone())) == Some(&None);
    let made = matches!(changes.get(&FieldPath::Override(id.clone())), Some(Some(_)));
    let Some(states) = segment["feature_states"].as_array_mut() else {
        return;
    };
    let known = states
        .iter()
        .position(|one| one["feature"]["name"] == flag.0.as_str());
    if removed {
        known.map(|known| states.remove(known));
        return;
    }
    let mut item = match known {
        Some(known) => states.remove(known),
        None if made => {
            let mut item = default.clone();
            item["feature_segment"] = json!({"priority": i32::MAX});
            item["featurestate_uuid"] = json!(uuid::Uuid::new_v4());
            item
        }
        None => return,
    };
    set(
        &mut item,
        changes,
        [
            FieldPath::OverrideEnabled(id.clone()),
            FieldPath::OverrideValue(id.clone()),
            FieldPath::OverrideWeights(id),
        ],
    );
    if let Some(place) = place {
        item["feature_segment"] = json!({"priority": place});
    }
    states.push(item);
}

/// Rules as documents write them: a condition's property has an underscore
/// behind its name.
fn in_documents_words(rules: Option<&Value>) -> Value {
    let rule = |one: &Value| {
        let conditions: Vec<Value> = one["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|condition| {
                json!({"operator": condition["operator"], "property_": condition["property"], "value": condition["value"]})
            })
            .collect();
        json!({"type": one["type"], "conditions": conditions, "rules": in_documents_words(Some(&one["rules"]))})
    };
    let list = rules.and_then(Value::as_array);
    Value::Array(list.into_iter().flatten().map(rule).collect())
}
