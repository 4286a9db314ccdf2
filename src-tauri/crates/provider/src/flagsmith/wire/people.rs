//! Identities, their traits, and what they are answered.

use halyard_model::FlagValue;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(in crate::flagsmith) struct IdentityRow {
    pub(in crate::flagsmith) id: u64,
    pub(in crate::flagsmith) identifier: String,
}

/// A row of an audit list.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct AuditRow {
    #[serde(default)]
    pub(in crate::flagsmith) created_date: Option<String>,
    #[serde(default, deserialize_with = "super::or_default")]
    pub(in crate::flagsmith) log: String,
    #[serde(default)]
    pub(in crate::flagsmith) author: Option<AuthorRow>,
    #[serde(default)]
    pub(in crate::flagsmith) environment: Option<PlaceRow>,
    #[serde(default)]
    pub(in crate::flagsmith) related_object_type: Option<String>,
}

/// The environment of an audit row.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct PlaceRow {
    #[serde(default)]
    pub(in crate::flagsmith) api_key: String,
}

/// The person of an audit row.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct AuthorRow {
    #[serde(default, deserialize_with = "super::or_default")]
    email: String,
    #[serde(default, deserialize_with = "super::or_default")]
    first_name: String,
    #[serde(default, deserialize_with = "super::or_default")]
    last_name: String,
}

impl AuthorRow {
    /// The name, or the address where there is none.
    pub(in crate::flagsmith) fn name(&self) -> Option<String> {
        let name = format!("{} {}", self.first_name.trim(), self.last_name.trim());
        let known = [name.trim(), self.email.trim()];
        known.into_iter().find(|text| !text.is_empty()).map(str::to_owned)
    }
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

/// What an identity of the hosted store gets of a flag.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct EdgeOverrideRow {
    pub(in crate::flagsmith) featurestate_uuid: String,
    /// The feature's number, or the feature itself.
    pub(in crate::flagsmith) feature: Value,
    #[serde(default)]
    pub(in crate::flagsmith) enabled: bool,
    #[serde(default)]
    pub(in crate::flagsmith) feature_state_value: FlagValue,
    #[serde(default, deserialize_with = "super::or_default")]
    pub(in crate::flagsmith) multivariate_feature_state_values: Vec<EdgeWeightRow>,
}

impl EdgeOverrideRow {
    /// Whether it concerns a feature.
    pub(in crate::flagsmith) fn is_of(&self, feature: &str) -> bool {
        let number = self.feature.as_u64().or_else(|| self.feature.get("id")?.as_u64());
        number.is_some_and(|number| number.to_string() == feature)
    }
}

/// A weight in the hosted store.
#[derive(Clone, Deserialize)]
pub(in crate::flagsmith) struct EdgeWeightRow {
    /// The option's number, or the option itself.
    pub(in crate::flagsmith) multivariate_feature_option: Value,
    pub(in crate::flagsmith) percentage_allocation: f64,
}

impl EdgeWeightRow {
    /// The same as in the server's own database, where it names an option.
    pub(in crate::flagsmith) fn plain(&self) -> Option<super::WeightRow> {
        let option = &self.multivariate_feature_option;
        Some(super::WeightRow {
            id: None,
            multivariate_feature_option: option.as_u64().or_else(|| option.get("id")?.as_u64())?,
            percentage_allocation: self.percentage_allocation,
        })
    }
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
