//! Segments with their rules, as far as an edit keeps or sends them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::or_default;

/// A segment with its rules.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::flagsmith) struct WholeSegmentRow {
    pub(in crate::flagsmith) id: u64,
    pub(in crate::flagsmith) name: String,
    #[serde(default)]
    pub(in crate::flagsmith) description: Option<String>,
    /// The flag it was made for, where it was made for one.
    #[serde(default)]
    pub(in crate::flagsmith) feature: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) rules: Vec<RuleRow>,
    /// Sent back with each change, for the service drops what is left out.
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) metadata: Vec<Value>,
}

/// A rule with its number.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::flagsmith) struct RuleRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::flagsmith) id: Option<u64>,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(in crate::flagsmith) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) conditions: Vec<ConditionRow>,
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) rules: Vec<RuleRow>,
}

/// A condition with its number.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::flagsmith) struct ConditionRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::flagsmith) id: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(in crate::flagsmith) operator: String,
    /// Sent also where there is none.
    #[serde(default)]
    pub(in crate::flagsmith) property: Option<String>,
    /// Sent as empty text where there is none: the service makes the text
    /// `None` of a `null` and of nothing.
    #[serde(default)]
    pub(in crate::flagsmith) value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::flagsmith) description: Option<String>,
}
