//! What an environment document says about the subjects of edits. Pure parsing.

use std::collections::BTreeMap;

use halyard_model::{
    FlagKey, FlagValue, IdentityState, RuleKind, SegmentCondition, SegmentDefinition, SegmentRule, Variant,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

/// Everything of a Flagsmith document that is not in the lists of flags and
/// segments.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// The segments with their rules, by identifier; no descriptions.
    pub(crate) segments: BTreeMap<String, SegmentDefinition>,
    /// Every state that an identity has of its own.
    pub(crate) overrides: Vec<(FlagKey, String, IdentityState)>,
}

/// What is read of a document at once. What flags give, by far the most of it,
/// is passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parts {
    project: Project,
    identity_overrides: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Project {
    segments: Vec<SegmentPart>,
}

#[derive(Deserialize)]
struct SegmentPart {
    id: Value,
    #[serde(default)]
    name: String,
    #[serde(default)]
    rules: Value,
    #[serde(default, rename = "feature_states")]
    _overrides: IgnoredAny,
}

/// Everything of a document at once; nothing where it cannot be read.
pub(crate) fn whole(document: &str) -> Whole {
    let parts: Parts = serde_json::from_str(document).unwrap_or_default();
    let segments = parts.project.segments.into_iter().map(|part| {
        let definition = SegmentDefinition {
            name: part.name,
            description: None,
            rules: rules(&part.rules),
            version: None,
        };
        (identifier(&part.id), definition)
    });
    let mut overrides = Vec::new();
    for identity in &parts.identity_overrides {
        let Some(identifier) = text(&identity["identifier"]) else {
            continue;
        };
        for item in identity["identity_features"].as_array().into_iter().flatten() {
            if let Some(flag) = flag_of(item) {
                overrides.push((flag, identifier.clone(), identity_state(item)));
            }
        }
    }
    Whole {
        segments: segments.collect(),
        overrides,
    }
}

/// The rules of a Flagsmith segment, as its document has them; no description,
/// which only the list of segments tells.
pub(super) fn segment(document: &Value, id: &str) -> Option<SegmentDefinition> {
    let segments = document["project"]["segments"].as_array()?;
    let found = segments.iter().find(|one| identifier(&one["id"]) == id)?;
    Some(SegmentDefinition {
        name: text(&found["name"]).unwrap_or_default(),
        description: None,
        rules: rules(&found["rules"]),
        version: None,
    })
}

/// What an identity gets of a flag, where it has a state of its own.
pub(super) fn identity_override(document: &Value, flag: &FlagKey, identity: &str) -> Option<IdentityState> {
    overrides_of_identity(document, identity).remove(flag)
}

/// Every state that an identity has of its own.
pub(super) fn overrides_of_identity(document: &Value, identity: &str) -> BTreeMap<FlagKey, IdentityState> {
    let found = identities(document).find(|one| one["identifier"] == identity);
    let states = found.and_then(|one| one["identity_features"].as_array());
    states
        .into_iter()
        .flatten()
        .filter_map(|item| Some((flag_of(item)?, identity_state(item))))
        .collect()
}

/// The identities that have a state of a flag of their own, with it.
pub(super) fn overrides_of_flag(document: &Value, flag: &FlagKey) -> Vec<(String, IdentityState)> {
    identities(document)
        .filter_map(|one| {
            let states = one["identity_features"].as_array()?;
            let own = states.iter().find(|item| flag_of(item).as_ref() == Some(flag))?;
            Some((text(&one["identifier"])?, identity_state(own)))
        })
        .collect()
}

/// Every state that an identity has of its own, in the document's order.
pub(crate) fn every_identity_override(document: &Value) -> Vec<(FlagKey, String, IdentityState)> {
    identities(document)
        .filter_map(|one| Some((text(&one["identifier"])?, one["identity_features"].as_array()?)))
        .flat_map(|(identity, states)| {
            states
                .iter()
                .filter_map(move |item| Some((flag_of(item)?, identity.clone(), identity_state(item))))
        })
        .collect()
}

fn identities(document: &Value) -> impl Iterator<Item = &Value> {
    document["identity_overrides"].as_array().into_iter().flatten()
}

fn flag_of(item: &Value) -> Option<FlagKey> {
    text(&item["feature"]["name"]).map(FlagKey)
}

fn identity_state(item: &Value) -> IdentityState {
    let options = item["multivariate_feature_state_values"].as_array();
    let variant = |share: &Value| {
        let option = &share["multivariate_feature_option"];
        Variant {
            id: identifier(&option["id"]),
            key: text(&option["key"]),
            value: FlagValue(option["value"].clone()),
            weight: share["percentage_allocation"].as_f64().unwrap_or_default(),
        }
    };
    IdentityState {
        enabled: item["enabled"].as_bool().unwrap_or_default(),
        value: FlagValue(item["feature_state_value"].clone()),
        variants: options.into_iter().flatten().map(variant).collect(),
    }
}

fn rules(list: &Value) -> Vec<SegmentRule> {
    let rule = |one: &Value| SegmentRule {
        kind: match one["type"].as_str() {
            Some("ANY") => RuleKind::Any,
            Some("NONE") => RuleKind::None,
            _ => RuleKind::All,
        },
        conditions: one["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(condition)
            .collect(),
        rules: rules(&one["rules"]),
    };
    list.as_array().into_iter().flatten().map(rule).collect()
}

fn condition(one: &Value) -> SegmentCondition {
    // The document writes the property's name with an underscore behind it.
    let property = text(&one["property_"]).or_else(|| text(&one["property"]));
    SegmentCondition {
        operator: text(&one["operator"]).unwrap_or_default(),
        property: property.filter(|name| !name.is_empty()),
        value: one["value"].clone(),
    }
}

/// Identifiers are numbers in documents and text in Halyard.
fn identifier(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
