//! What an identity gets: the one place where the sandbox asks the engine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A flag as the engine settled it.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) enabled: bool,
    pub(crate) value: Value,
    /// `control` or the option's key on a multivariate flag.
    pub(crate) variant: Option<String>,
}

/// What the engine says about an identity.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evaluated {
    pub(crate) flags: BTreeMap<String, Settled>,
    /// The names of the segments that the identity is in.
    pub(crate) segments: BTreeSet<String>,
}

/// Evaluates an environment document for an identity.
///
/// # Errors
/// The engine's sentence where the server itself would fail.
pub(crate) fn evaluate(
    _document: &Value,
    _identifier: &str,
    _traits: &Map<String, Value>,
) -> Result<Evaluated, String> {
    Ok(Evaluated::default())
}
