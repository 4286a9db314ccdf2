//! Edits: what somebody means to change, kept apart from what was fetched.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, EnvironmentKey, FlagKey, FlagState, FlagValue, Timestamp};

/// Names one edit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditId(pub String);

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

/// How far an edit has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EditState {
    /// Written down, not sent.
    Pending,
    /// Being sent. An edit found in this state at start was cut off: its
    /// outcome is unknown until the flag is read again.
    Sent,
    /// The service holds it: a read after the write showed it.
    Confirmed,
    /// Somebody else changed the flag since the edit's base.
    Conflicted {
        /// What the service holds now.
        theirs: Box<FlagState>,
        /// The edit had already been sent when the other change was seen, so
        /// that both states exist in the service's history.
        already_sent: bool,
    },
    /// The service said no, or could not be reached before anything was sent.
    Refused {
        /// Why, in a sentence.
        reason: String,
    },
    /// It was sent and no answer can tell what became of it.
    Unknown {
        /// Why, in a sentence.
        reason: String,
    },
    /// The user gave it up.
    Dropped,
}

/// One intended change to one flag in one environment, with the state it
/// rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Its name.
    pub id: EditId,
    /// The connection it goes to.
    pub connection: ConnectionId,
    /// The environment it goes to.
    pub environment: EnvironmentKey,
    /// The flag it changes.
    pub flag: FlagKey,
    /// The state the user saw when deciding.
    pub base: FlagState,
    /// What they decided.
    pub change: Change,
    /// How far it has come.
    pub state: EditState,
    /// When it was written down.
    pub created_at: Timestamp,
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
