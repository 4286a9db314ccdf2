//! The words of a seed: flags, rules and overrides before they have ids.

use serde_json::Value;

/// A rule's type, and its conditions: operator, property and value.
pub(crate) type InnerRule<'a> = (&'a str, &'a [(&'a str, &'a str, &'a str)]);

/// A feature in a seed's words.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlagSeed<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) tags: Vec<u64>,
    pub(crate) owner: Option<u64>,
    pub(crate) value: Option<&'a str>,
    /// The other values of a multivariate feature, with their usual weights in percent.
    pub(crate) options: Vec<(&'a str, f64)>,
    pub(crate) server_only: bool,
    pub(crate) archived: bool,
}

/// An override in a seed's words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Override {
    pub(crate) enabled: bool,
    /// The default's value where it is missing.
    pub(crate) value: Option<Value>,
    /// The options' weights in their order, percent.
    pub(crate) weights: Vec<f64>,
}

impl Override {
    /// On, with the default's value.
    pub(crate) fn on() -> Self {
        Self {
            enabled: true,
            ..Self::default()
        }
    }

    /// On, with a value of its own.
    pub(crate) fn with(value: Value) -> Self {
        Self {
            enabled: true,
            value: Some(value),
            ..Self::default()
        }
    }

    /// On, with weights of its own.
    pub(crate) fn weighed(weights: &[f64]) -> Self {
        Self {
            enabled: true,
            weights: weights.to_vec(),
            ..Self::default()
        }
    }

    /// Off.
    pub(crate) fn off() -> Self {
        Self::default()
    }
}
