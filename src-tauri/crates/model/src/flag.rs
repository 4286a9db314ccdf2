//! Flags and their state in one environment.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Timestamp;

/// A flag's name, unique within a project. Flagsmith calls it the feature's
/// name, EdgeFlags the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlagKey(pub String);

/// What a value is, told apart because `25` and `"25"` reach clients differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// No value.
    None,
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// An object or an array.
    Json,
}

/// The value a flag carries: any JSON, `null` meaning none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlagValue(pub Value);

impl FlagValue {
    /// What the value is. Text that holds a JSON object or array counts as
    /// JSON, since Flagsmith keeps JSON values as text.
    pub fn kind(&self) -> ValueKind {
        match &self.0 {
            Value::Null => ValueKind::None,
            Value::Bool(_) => ValueKind::Boolean,
            Value::Number(_) => ValueKind::Number,
            Value::Array(_) | Value::Object(_) => ValueKind::Json,
            Value::String(text) => {
                let trimmed = text.trim_start();
                let bracketed = trimmed.starts_with('{') || trimmed.starts_with('[');
                if bracketed && serde_json::from_str::<Value>(text).is_ok() {
                    ValueKind::Json
                } else {
                    ValueKind::Text
                }
            }
        }
    }

    /// The value as a person would type it: text without quotes, everything
    /// else as JSON, nothing for none.
    pub fn text(&self) -> String {
        match &self.0 {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// One option of a multivariate flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// The service's identifier of the option.
    pub id: String,
    /// The option's key, where it was given one.
    pub key: Option<String>,
    /// What identities in this option get.
    pub value: FlagValue,
    /// Share of identities, in percent.
    pub weight: f64,
}

/// A segment's own state of a flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentOverride {
    /// The service's identifier of the segment.
    pub segment_id: String,
    /// The segment's name.
    pub segment_name: String,
    /// Order among the overrides: the lowest matching one wins.
    pub priority: Option<i64>,
    /// On or off for members.
    pub enabled: bool,
    /// What members get.
    pub value: FlagValue,
    /// Options and weights for members, where they differ from the flag's.
    pub variants: Vec<Variant>,
}

/// What tells one state of a flag from the next, as the service counts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Version {
    /// Flagsmith v2: the uuid of the environment feature version.
    Uuid(String),
    /// EdgeFlags: the flag's version number.
    Number(u64),
}

/// A flag's state in one environment: everything that decides what users get
/// and that an edit can change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlagState {
    /// On or off where no override says otherwise.
    pub enabled: bool,
    /// The value where no override or option says otherwise.
    pub value: FlagValue,
    /// Options of a multivariate flag, in the order in which their shares fill
    /// 0 to 100.
    pub variants: Vec<Variant>,
    /// Segment overrides, the one tried first in front.
    pub segment_overrides: Vec<SegmentOverride>,
    /// EdgeFlags targeting (rules and rollout) as the service gave it.
    pub targeting: Option<Value>,
    /// The service's count of states, where it has one. Not part of the
    /// content: two equal states can have different versions.
    pub version: Option<Version>,
    /// When the service says it last changed. Not reliable on Flagsmith v1,
    /// whose one-call writes leave it alone; not part of the content.
    pub updated_at: Option<Timestamp>,
}

impl FlagState {
    /// A state that is only on or off.
    pub fn plain(enabled: bool, value: FlagValue) -> FlagState {
        FlagState {
            enabled,
            value,
            variants: Vec::new(),
            segment_overrides: Vec::new(),
            targeting: None,
            version: None,
            updated_at: None,
        }
    }
}

/// Whether a flag has options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// One value.
    Standard,
    /// Several options with weights.
    Multivariate,
}

/// A label on a flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its text.
    pub label: String,
    /// Its colour as the service gave it, such as `#FF0000`.
    pub color: Option<String>,
}

/// Something about a flag that a person must know before changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagNote {
    /// EdgeFlags: the flag itself is off, and by the documented order an
    /// environment override cannot turn it on.
    BaseDisabled,
    /// EdgeFlags: an explicit value hides rules and rollout.
    ValueHidesTargeting,
    /// EdgeFlags: the list gave an abridged definition, so only the changed
    /// members can be sent.
    AbridgedDefinition,
}

/// A flag as one environment has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// Its name.
    pub key: FlagKey,
    /// The service's identifier: Flagsmith's feature id; the key on EdgeFlags.
    pub remote_id: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it has options.
    pub kind: FlagKind,
    /// Its labels.
    pub tags: Vec<Tag>,
    /// Who owns it: names or addresses.
    pub owners: Vec<String>,
    /// Put away by its owners. It is still served.
    pub archived: bool,
    /// Served only to server-side keys.
    pub server_only: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// How many identities have a state of their own; unknown on EdgeFlags.
    pub identity_overrides: Option<u32>,
    /// What to know before changing it.
    pub notes: Vec<FlagNote>,
    /// Its state in the environment.
    pub state: FlagState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_tell_values_apart() {
        for (value, kind) in [
            (json!(null), ValueKind::None),
            (json!(""), ValueKind::Text),
            (json!("25"), ValueKind::Text),
            (json!(25), ValueKind::Number),
            (json!(true), ValueKind::Boolean),
            (json!("{\"slot\": 1}"), ValueKind::Json),
            (json!("{not json"), ValueKind::Text),
            (json!([1]), ValueKind::Json),
        ] {
            assert_eq!(FlagValue(value.clone()).kind(), kind, "{value}");
        }
    }
}
