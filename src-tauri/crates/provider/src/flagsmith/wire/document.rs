//! The environment document, as far as the flag list needs it.

use halyard_model::FlagValue;
use serde::Deserialize;

use super::{WeightRow, or_default};

/// The environment document, as far as the flag list needs it.
#[derive(Deserialize)]
pub(in crate::flagsmith) struct Document {
    #[serde(default)]
    pub(in crate::flagsmith) updated_at: Option<String>,
    pub(in crate::flagsmith) project: DocumentProject,
    pub(in crate::flagsmith) feature_states: Vec<DocumentState>,
    #[serde(default)]
    pub(in crate::flagsmith) identity_overrides: Option<Vec<DocumentIdentity>>,
    #[serde(default)]
    pub(in crate::flagsmith) use_identity_overrides_in_local_eval: Option<bool>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentProject {
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) segments: Vec<DocumentSegment>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentSegment {
    pub(in crate::flagsmith) id: u64,
    pub(in crate::flagsmith) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) feature_states: Vec<DocumentState>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentState {
    pub(in crate::flagsmith) feature: DocumentFeature,
    pub(in crate::flagsmith) enabled: bool,
    #[serde(default)]
    pub(in crate::flagsmith) django_id: Option<u64>,
    #[serde(default)]
    pub(in crate::flagsmith) feature_segment: Option<DocumentPriority>,
    #[serde(default)]
    pub(in crate::flagsmith) feature_state_value: FlagValue,
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) multivariate_feature_state_values: Vec<DocumentWeight>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentFeature {
    pub(in crate::flagsmith) id: u64,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentPriority {
    #[serde(default)]
    pub(in crate::flagsmith) priority: Option<i64>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentWeight {
    #[serde(default)]
    pub(in crate::flagsmith) id: Option<u64>,
    pub(in crate::flagsmith) percentage_allocation: f64,
    pub(in crate::flagsmith) multivariate_feature_option: DocumentOption,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentOption {
    #[serde(default)]
    pub(in crate::flagsmith) id: Option<u64>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentIdentity {
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) identity_features: Vec<DocumentIdentityState>,
}

#[derive(Deserialize)]
pub(in crate::flagsmith) struct DocumentIdentityState {
    pub(in crate::flagsmith) feature: DocumentFeature,
}

impl DocumentState {
    /// The shares as the admin lists write them.
    pub(in crate::flagsmith) fn weights(&self) -> Vec<WeightRow> {
        self.multivariate_feature_state_values
            .iter()
            .map(|weight| WeightRow {
                id: weight.id,
                multivariate_feature_option: weight.multivariate_feature_option.id.unwrap_or_default(),
                percentage_allocation: weight.percentage_allocation,
            })
            .collect()
    }
}
