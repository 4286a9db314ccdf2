//! What an identity gets: the one place where the sandbox asks the engine.

use std::collections::{BTreeMap, BTreeSet};

use halyard_engine::{Dialect, Engine, Identity};
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

/// Evaluates an environment document for an identity, or for nobody.
///
/// # Errors
/// The engine's sentence where the server itself would fail.
pub(crate) fn evaluate(
    document: &Value,
    whom: Option<(&str, &Map<String, Value>)>,
) -> Result<Evaluated, String> {
    let engine = Engine::from_document(document, Dialect::Server10_2).map_err(|error| error.to_string())?;
    let evaluation = match whom {
        Some((identifier, traits)) => {
            let mut identity = Identity::new(identifier);
            identity.traits = traits
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            engine.evaluate(&identity)
        }
        None => engine.evaluate_anonymous(),
    };
    let evaluation = evaluation.map_err(|error| error.to_string())?;
    let flags = evaluation
        .flags()
        .map(|flag| {
            let variant = flag.variant.map(str::to_owned);
            (
                flag.name.to_owned(),
                Settled {
                    enabled: flag.enabled,
                    value: flag.value.clone(),
                    variant,
                },
            )
        })
        .collect();
    Ok(Evaluated {
        flags,
        segments: evaluation.segments().map(str::to_owned).collect(),
    })
}
