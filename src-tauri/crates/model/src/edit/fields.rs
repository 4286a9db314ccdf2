//! A state as its fields, and fields as a state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    ConfigDefinition, FieldPath, FlagDefinition, FlagState, FlagValue, IdentityState, SegmentDefinition,
    SegmentOverride, Subject, SubjectState, Variant,
};

/// The fields of a state with their values, in a fixed order. A field that is
/// not set is not in it; an absent subject has none.
pub type Fields = BTreeMap<FieldPath, Value>;

/// What somebody asks for, field by field; `None` unsets a field. Unsetting
/// [`FieldPath::Existence`] deletes.
pub type FieldChanges = BTreeMap<FieldPath, Option<Value>>;

/// Why fields make no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// The field.
    pub field: FieldPath,
    /// What is wrong, in a sentence.
    pub reason: String,
}

/// The fields of a state, none for an absent one.
pub fn fields_of(state: Option<&SubjectState>) -> Fields {
    let mut fields = Fields::new();
    let Some(state) = state else { return fields };
    let mut set = |field: FieldPath, value: Value| {
        fields.insert(field, value);
    };
    set(FieldPath::Existence, Value::Bool(true));
    match state {
        SubjectState::FlagState(state) => flag_state_fields(state, &mut set),
        SubjectState::IdentityOverride(own) => {
            set(FieldPath::Enabled, Value::Bool(own.enabled));
            set(FieldPath::Value, own.value.0.clone());
            set_list(&mut set, FieldPath::Weights, &own.variants);
        }
        SubjectState::Flag(flag) => definition_fields(flag, &mut set),
        SubjectState::Segment(segment) => {
            set(FieldPath::Name, Value::String(segment.name.clone()));
            set_text(&mut set, FieldPath::Description, segment.description.as_ref());
            set(FieldPath::Rules, to_value(&segment.rules));
        }
        SubjectState::Traits(traits) => {
            for (name, value) in traits {
                set(FieldPath::Trait(name.clone()), value.clone());
            }
        }
        SubjectState::Config(config) => {
            set(FieldPath::Value, config.value.0.clone());
            for (name, value) in &config.environments {
                set(FieldPath::EnvironmentValue(name.clone()), value.0.clone());
            }
        }
    }
    fields
}

fn flag_state_fields(state: &FlagState, set: &mut impl FnMut(FieldPath, Value)) {
    set(FieldPath::Enabled, Value::Bool(state.enabled));
    set(FieldPath::Value, state.value.0.clone());
    set_list(set, FieldPath::Weights, &state.variants);
    for own in &state.segment_overrides {
        let id = &own.segment_id;
        set(
            FieldPath::Override(id.clone()),
            Value::String(own.segment_name.clone()),
        );
        set(FieldPath::OverrideEnabled(id.clone()), Value::Bool(own.enabled));
        set(FieldPath::OverrideValue(id.clone()), own.value.0.clone());
        set_list(set, FieldPath::OverrideWeights(id.clone()), &own.variants);
    }
    let order: Vec<&String> = state
        .segment_overrides
        .iter()
        .map(|own| &own.segment_id)
        .collect();
    set_list(set, FieldPath::OverrideOrder, &order);
    targeting_fields(state.targeting.as_ref(), set);
}

fn definition_fields(flag: &FlagDefinition, set: &mut impl FnMut(FieldPath, Value)) {
    set_text(set, FieldPath::Description, flag.description.as_ref());
    for tag in &flag.tags {
        set(FieldPath::Tag(tag.clone()), Value::Bool(true));
    }
    set(FieldPath::Archived, Value::Bool(flag.archived));
    set(FieldPath::ServerOnly, Value::Bool(flag.server_only));
    set_list(set, FieldPath::Options, &flag.options);
    set(FieldPath::Enabled, Value::Bool(flag.enabled));
    set(FieldPath::Value, flag.value.0.clone());
    targeting_fields(flag.targeting.as_ref(), set);
    set_text(set, FieldPath::ActiveFrom, flag.active_from.as_ref());
    set_text(set, FieldPath::ActiveUntil, flag.active_until.as_ref());
}

fn targeting_fields(targeting: Option<&Value>, set: &mut impl FnMut(FieldPath, Value)) {
    let Some(targeting) = targeting.and_then(Value::as_object) else {
        return;
    };
    set(FieldPath::HasTargeting, Value::Bool(true));
    for (name, value) in targeting {
        if !value.is_null() {
            set(FieldPath::of_targeting(name), value.clone());
        }
    }
}

fn set_text(set: &mut impl FnMut(FieldPath, Value), field: FieldPath, text: Option<&String>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        set(field, Value::String(text.clone()));
    }
}

/// An empty list is a field that is not set.
fn set_list<T: Serialize>(set: &mut impl FnMut(FieldPath, Value), field: FieldPath, list: &[T]) {
    if !list.is_empty() {
        set(field, to_value(list));
    }
}

/// Our own types have names for keys and numbers that JSON knows, so nothing fails.
fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The state that fields make; `None` where they say that it does not exist.
/// What is no content (versions, times, priorities) comes from `like`.
pub fn state_from(
    subject: &Subject,
    fields: &Fields,
    like: Option<&SubjectState>,
) -> Result<Option<SubjectState>, BadField> {
    if fields.get(&FieldPath::Existence) != Some(&Value::Bool(true)) {
        return Ok(None);
    }
    let version = like.and_then(SubjectState::version).cloned();
    Ok(Some(match subject {
        Subject::FlagState { .. } => {
            SubjectState::FlagState(flag_state_from(fields, like.and_then(SubjectState::flag_state))?)
        }
        Subject::IdentityOverride { .. } => SubjectState::IdentityOverride(IdentityState {
            enabled: boolean(fields, FieldPath::Enabled)?,
            value: value(fields, &FieldPath::Value),
            variants: list(fields, FieldPath::Weights)?,
        }),
        Subject::Flag { .. } => SubjectState::Flag(FlagDefinition {
            version,
            ..definition_from(fields)?
        }),
        Subject::Segment { .. } => SubjectState::Segment(SegmentDefinition {
            name: text(fields, FieldPath::Name)?.unwrap_or_default(),
            description: text(fields, FieldPath::Description)?,
            rules: list(fields, FieldPath::Rules)?,
            version,
        }),
        Subject::Traits { .. } => SubjectState::Traits(
            fields
                .iter()
                .filter_map(|(field, value)| match field {
                    FieldPath::Trait(name) => Some((name.clone(), value.clone())),
                    _ => None,
                })
                .collect(),
        ),
        Subject::Config { .. } => SubjectState::Config(ConfigDefinition {
            value: value(fields, &FieldPath::Value),
            environments: fields
                .iter()
                .filter_map(|(field, value)| match field {
                    FieldPath::EnvironmentValue(name) => Some((name.clone(), FlagValue(value.clone()))),
                    _ => None,
                })
                .collect(),
            version,
        }),
    }))
}

fn flag_state_from(fields: &Fields, like: Option<&FlagState>) -> Result<FlagState, BadField> {
    let known = |id: &str| {
        let overrides = like
            .map(|like| like.segment_overrides.as_slice())
            .unwrap_or_default();
        overrides.iter().find(|own| own.segment_id == id)
    };
    let order: Vec<String> = list(fields, FieldPath::OverrideOrder)?;
    let mut ids: Vec<&String> = order.iter().filter(|id| has_override(fields, id)).collect();
    let unordered = fields.keys().filter_map(|field| match field {
        FieldPath::Override(id) if !order.contains(id) => Some(id),
        _ => None,
    });
    ids.extend(unordered);
    let mut segment_overrides = Vec::with_capacity(ids.len());
    for id in ids {
        segment_overrides.push(SegmentOverride {
            segment_id: id.clone(),
            segment_name: text(fields, FieldPath::Override(id.clone()))?.unwrap_or_default(),
            priority: known(id).and_then(|own| own.priority),
            enabled: boolean(fields, FieldPath::OverrideEnabled(id.clone()))?,
            value: value(fields, &FieldPath::OverrideValue(id.clone())),
            variants: list(fields, FieldPath::OverrideWeights(id.clone()))?,
        });
    }
    Ok(FlagState {
        enabled: boolean(fields, FieldPath::Enabled)?,
        value: value(fields, &FieldPath::Value),
        variants: list::<Variant>(fields, FieldPath::Weights)?,
        segment_overrides,
        targeting: targeting_from(fields),
        version: like.and_then(|like| like.version.clone()),
        updated_at: like.and_then(|like| like.updated_at),
    })
}

fn has_override(fields: &Fields, id: &str) -> bool {
    fields.contains_key(&FieldPath::Override(id.to_owned()))
}

fn definition_from(fields: &Fields) -> Result<FlagDefinition, BadField> {
    let mut tags = BTreeSet::new();
    for (field, set) in fields {
        if let (FieldPath::Tag(label), Value::Bool(true)) = (field, set) {
            tags.insert(label.clone());
        }
    }
    Ok(FlagDefinition {
        description: text(fields, FieldPath::Description)?,
        tags,
        archived: boolean(fields, FieldPath::Archived)?,
        server_only: boolean(fields, FieldPath::ServerOnly)?,
        options: list(fields, FieldPath::Options)?,
        enabled: boolean(fields, FieldPath::Enabled)?,
        value: value(fields, &FieldPath::Value),
        targeting: targeting_from(fields),
        active_from: text(fields, FieldPath::ActiveFrom)?,
        active_until: text(fields, FieldPath::ActiveUntil)?,
        version: None,
    })
}

/// Targeting that is set and empty stays so: in an environment it hides the
/// flag's own.
fn targeting_from(fields: &Fields) -> Option<Value> {
    let mut members = Map::new();
    for (field, value) in fields {
        let name = match field {
            FieldPath::Rules => "rules",
            FieldPath::Rollout => "rollout",
            FieldPath::Targeting(name) => name,
            _ => continue,
        };
        members.insert(name.to_owned(), value.clone());
    }
    let is_set = fields.get(&FieldPath::HasTargeting) == Some(&Value::Bool(true));
    (is_set || !members.is_empty()).then_some(Value::Object(members))
}

fn boolean(fields: &Fields, field: FieldPath) -> Result<bool, BadField> {
    match fields.get(&field) {
        Some(Value::Bool(set)) => Ok(*set),
        None => Ok(false),
        Some(_) => Err(bad(field, "It is on or off.")),
    }
}

fn text(fields: &Fields, field: FieldPath) -> Result<Option<String>, BadField> {
    match fields.get(&field) {
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        None | Some(Value::Null) => Ok(None),
        Some(_) => Err(bad(field, "It is text.")),
    }
}

fn value(fields: &Fields, field: &FieldPath) -> FlagValue {
    FlagValue(fields.get(field).cloned().unwrap_or_default())
}

fn list<T: DeserializeOwned>(fields: &Fields, field: FieldPath) -> Result<Vec<T>, BadField> {
    match fields.get(&field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => serde_json::from_value(list.clone())
            .map_err(|error| bad(field, &format!("It cannot be read: {error}."))),
    }
}

fn bad(field: FieldPath, reason: &str) -> BadField {
    BadField {
        field,
        reason: reason.to_owned(),
    }
}

/// Whether two values of a field mean the same. That a segment has an override
/// counts, not what the segment is called. `30` and `30.0` are one number, in
/// lists and objects too; `25` and `"25"` reach clients differently.
pub fn same_value(field: &FieldPath, one: Option<&Value>, other: Option<&Value>) -> bool {
    match (field, one, other) {
        (FieldPath::Override(_), one, other) => one.is_some() == other.is_some(),
        (_, Some(one), Some(other)) => same_json(one, other),
        (_, one, other) => one.is_none() && other.is_none(),
    }
}

fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        // Whole numbers differ where floating point could not tell them apart.
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() != b.is_f64() && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| same_json(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => one == other,
    }
}

/// The fields in which two states differ. What is not set and what does not
/// exist differ from everything else.
pub fn changed_fields(one: Option<&SubjectState>, other: Option<&SubjectState>) -> Vec<FieldPath> {
    let (one, other) = (fields_of(one), fields_of(other));
    let all: BTreeSet<&FieldPath> = one.keys().chain(other.keys()).collect();
    all.into_iter()
        .filter(|field| !same_value(field, one.get(*field), other.get(*field)))
        .cloned()
        .collect()
}

/// The state that changes lead to from a base; from none, where the subject
/// does not exist yet.
pub fn changed(
    subject: &Subject,
    base: Option<&SubjectState>,
    changes: &FieldChanges,
) -> Result<Option<SubjectState>, BadField> {
    if changes.is_empty() {
        return Ok(base.cloned());
    }
    let mut fields = fields_of(base);
    fields.insert(FieldPath::Existence, Value::Bool(true));
    // A whole comes before its parts, and takes along what was set of them.
    for (field, value) in changes {
        match value {
            Some(value) => {
                fields.insert(field.clone(), value.clone());
            }
            None => fields.retain(|other, _| other != field && !other.is_within(field)),
        }
    }
    state_from(subject, &fields, base)
}
