//! Maya, the colleague who edits at an awkward moment.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One edit made by somebody else, as if through the service's own dashboard.
///
/// It goes straight to the service's data, not through a fault, and raises the same versions and audit
/// entries as a request would.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MayaEdit {
    /// The environment's name, such as `Production` or `production`. On EdgeFlags an empty name means the
    /// flag's base definition, which holds in every environment.
    #[serde(default)]
    pub environment: String,
    /// The flag's name (Flagsmith) or key (EdgeFlags).
    pub flag: String,
    /// The new state, where it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The new value, where it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}
