//! Identities, their traits, and what they are answered.

use halyard_model::FlagValue;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(in crate::flagsmith) struct IdentityRow {
    pub(in crate::flagsmith) id: u64,
    pub(in crate::flagsmith) identifier: String,
}

/// A row of a hosted project's identities, and their page.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct EdgeIdentityRow {
    pub(in crate::flagsmith) identity_uuid: String,
    pub(in crate::flagsmith) identifier: String,
    #[serde(default)]
    pub(in crate::flagsmith) dashboard_alias: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct EdgeIdentityPage {
    pub(in crate::flagsmith) results: Vec<EdgeIdentityRow>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct TraitRow {
    pub(in crate::flagsmith) id: u64,
    pub(in crate::flagsmith) trait_key: String,
    #[serde(default)]
    pub(in crate::flagsmith) value_type: Option<String>,
    #[serde(default)]
    pub(in crate::flagsmith) integer_value: Option<i64>,
    #[serde(default)]
    pub(in crate::flagsmith) string_value: Option<String>,
    #[serde(default)]
    pub(in crate::flagsmith) boolean_value: Option<bool>,
    #[serde(default)]
    pub(in crate::flagsmith) float_value: Option<f64>,
}

impl TraitRow {
    pub(in crate::flagsmith) fn value(&self) -> Value {
        match self.value_type.as_deref() {
            Some("int") => self.integer_value.map_or(Value::Null, Value::from),
            Some("bool") => self.boolean_value.map_or(Value::Null, Value::from),
            Some("float") => self.float_value.map_or(Value::Null, Value::from),
            _ => self.string_value.clone().map_or(Value::Null, Value::from),
        }
    }
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct EdgeTraitRow {
    pub(in crate::flagsmith) trait_key: String,
    #[serde(default)]
    pub(in crate::flagsmith) trait_value: Value,
}

/// A flag in an answer of the Flags API or an Edge Proxy.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct EvaluatedRow {
    pub(in crate::flagsmith) feature: EvaluatedFeature,
    pub(in crate::flagsmith) enabled: bool,
    #[serde(default)]
    pub(in crate::flagsmith) feature_state_value: FlagValue,
    #[serde(default)]
    pub(in crate::flagsmith) identity: Option<Value>,
    #[serde(default)]
    pub(in crate::flagsmith) feature_segment: Option<Value>,
    #[serde(default)]
    pub(in crate::flagsmith) variant: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct EvaluatedFeature {
    pub(in crate::flagsmith) name: String,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct Evaluated {
    pub(in crate::flagsmith) flags: Vec<EvaluatedRow>,
}
