//! The users that flags are evaluated for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FlagKey, FlagValue};

/// An identity to evaluate for: who, and what is known about them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityRef {
    /// The identifier the application uses.
    pub identifier: String,
    /// Trait names and values, in the order given. Values are text, numbers or
    /// booleans.
    pub traits: Vec<(String, Value)>,
}

/// An identity the service knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// The service's identifier of the record.
    pub remote_id: String,
    /// The identifier the application uses.
    pub identifier: String,
    /// A name given in the dashboard (hosted Flagsmith only).
    pub alias: Option<String>,
}

/// What the service itself answered for an identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteFlag {
    /// The flag.
    pub key: FlagKey,
    /// On or off; EdgeFlags answers only with a value.
    pub enabled: Option<bool>,
    /// What the identity gets.
    pub value: FlagValue,
    /// The service's own word for why, where it gives one.
    pub reason: Option<String>,
}
