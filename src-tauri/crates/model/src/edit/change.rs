//! The commonest change to a flag's state: on or off, and its value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FieldChanges, FieldPath};
use crate::{FlagState, FlagValue};

/// What an edit changes; `None` leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Turn on or off.
    pub enabled: Option<bool>,
    /// Replace the value.
    pub value: Option<FlagValue>,
}

impl Change {
    /// Turns a flag on or off.
    pub fn toggle(enabled: bool) -> Change {
        Change {
            enabled: Some(enabled),
            value: None,
        }
    }

    /// The state after the change.
    pub fn applied_to(&self, state: &FlagState) -> FlagState {
        let mut state = state.clone();
        if let Some(enabled) = self.enabled {
            state.enabled = enabled;
        }
        if let Some(value) = &self.value {
            state.value = value.clone();
        }
        state
    }

    /// The same, field by field.
    pub fn fields(&self) -> FieldChanges {
        let enabled = self
            .enabled
            .map(|enabled| (FieldPath::Enabled, Some(Value::Bool(enabled))));
        let value = self
            .value
            .as_ref()
            .map(|value| (FieldPath::Value, Some(value.0.clone())));
        enabled.into_iter().chain(value).collect()
    }

    /// The change that leads back to `base` in the parts this one touches.
    pub fn inverse(&self, base: &FlagState) -> Change {
        Change {
            enabled: self.enabled.map(|_| base.enabled),
            value: self.value.as_ref().map(|_| base.value.clone()),
        }
    }

    /// Whether `state` already holds everything this change asks for.
    pub fn is_met_by(&self, state: &FlagState) -> bool {
        self.enabled.is_none_or(|enabled| enabled == state.enabled)
            && self.value.as_ref().is_none_or(|value| *value == state.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_inverse_leads_back() {
        let base = FlagState::plain(false, FlagValue(json!("a")));
        let change = Change {
            enabled: Some(true),
            value: Some(FlagValue(json!(2))),
        };
        let after = change.applied_to(&base);
        assert!(change.is_met_by(&after) && !change.is_met_by(&base));
        assert_eq!(change.inverse(&base).applied_to(&after), base);
    }

    #[test]
    fn the_inverse_leaves_untouched_parts_alone() {
        let base = FlagState::plain(false, FlagValue(json!("a")));
        assert_eq!(Change::toggle(true).inverse(&base), Change::toggle(false));
    }
}
