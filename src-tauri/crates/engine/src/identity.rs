//! Whom to evaluate.

use std::collections::BTreeMap;

use serde_json::Value;

/// An identity with its traits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The name the application knows it by.
    pub identifier: String,
    /// What is hashed for splits and variants. `None`, or empty text, stands for `<environment key>_<identifier>`.
    pub key: Option<String>,
    /// Trait values by name. Null counts as unset.
    pub traits: BTreeMap<String, Value>,
}

impl Identity {
    /// An identity without a key of its own and without traits.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            key: None,
            traits: BTreeMap::new(),
        }
    }

    /// The same identity with one more trait.
    #[must_use]
    pub fn with_trait(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.traits.insert(name.into(), value.into());
        self
    }
}
