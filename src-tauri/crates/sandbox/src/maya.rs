//! Maya, the colleague who edits at an awkward moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One edit made by somebody else, as if through the service's own dashboard.
///
/// It goes straight to the service's data, not through a fault, and raises the same versions and audit
/// entries as requests would. Every member but the environment and the flag may be left out; what is left out
/// stays as it is. What is about a flag's state in an environment is written at once, as one version where the
/// environment keeps versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MayaEdit {
    /// The environment's name, such as `Production` or `production`. On EdgeFlags an empty name means the
    /// base definition, which holds in every environment. On Flagsmith it may be empty where nothing of the
    /// edit belongs to an environment.
    pub environment: String,
    /// The flag's name (Flagsmith) or key (EdgeFlags). Empty where the edit is not about a flag.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub flag: String,
    /// The new state, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The new value, where it changes; a config's value where `config` names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// New weights of the flag's default in percent, by option: its id, or its value written as text. Options
    /// that are not named keep theirs. Flagsmith.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Segment overrides that are added, changed or removed. Flagsmith.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<MayaOverride>,
    /// The names of segments whose overrides come first now, in this order; the others follow as they were.
    /// Flagsmith.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub override_order: Vec<String>,
    /// What changes for single identities. Flagsmith.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<MayaIdentity>,
    /// The labels of the flag's tags, all of them; a label that no tag has becomes a tag. Flagsmith.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The flag's description. Flagsmith.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the flag is archived. Flagsmith.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Creates the flag first, with `enabled` and `value` in every environment.
    #[serde(skip_serializing_if = "is_false")]
    pub created: bool,
    /// Deletes the flag or the config. On EdgeFlags, where an environment is named, its override only.
    #[serde(skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// A segment that is created, changed or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<MayaSegment>,
    /// The key of a config that is created, changed or deleted, in place of a flag. EdgeFlags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Members of the definition as the service writes them, such as `targeting` or `active_from`; null
    /// clears one. EdgeFlags.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub members: Map<String, Value>,
}

impl MayaEdit {
    /// Refuses an edit that is about nothing: it was misspelt.
    pub(crate) fn checked(self) -> Result<Self, String> {
        let named = !self.flag.is_empty()
            || self.config.is_some()
            || self.segment.is_some()
            || !self.identities.is_empty();
        match named {
            true => Ok(self),
            false => Err("an edit names a flag, a config, a segment or identities".to_owned()),
        }
    }
}

/// One segment override of a [`MayaEdit`]. It is added where the flag has none for the segment; a new one
/// takes from the flag's default what is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MayaOverride {
    /// The segment's name.
    pub segment: String,
    /// The new state, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The new value, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// New weights in percent, as in [`MayaEdit::weights`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Its place among the flag's overrides, from 0, which wins; the others make room. A new one comes last
    /// unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<usize>,
    /// Removes it.
    #[serde(skip_serializing_if = "is_false")]
    pub removed: bool,
}

/// What changes for one identity in a [`MayaEdit`]. The identity is created where it is missing, and its
/// override of the flag where a state, a value or weights are given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MayaIdentity {
    /// Who.
    pub identifier: String,
    /// The override's new state, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The override's new value, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The override's new weights in percent, as in [`MayaEdit::weights`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Removes the override.
    #[serde(skip_serializing_if = "is_false")]
    pub removed: bool,
    /// Stored traits that are set; null removes one.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub traits: Map<String, Value>,
}

impl MayaIdentity {
    /// Whether the identity's override of the flag is written.
    pub(crate) fn overrides(&self) -> bool {
        self.enabled.is_some() || self.value.is_some() || !self.weights.is_empty()
    }
}

/// A segment in a [`MayaEdit`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MayaSegment {
    /// Its name (Flagsmith) or key (EdgeFlags).
    pub name: String,
    /// Its new name. Flagsmith.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed: Option<String>,
    /// Its description. Flagsmith.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its rules as Flagsmith writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Value>,
    /// Its conditions as EdgeFlags writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Value>,
    /// Deletes it.
    #[serde(skip_serializing_if = "is_false")]
    pub deleted: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
