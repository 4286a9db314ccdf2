//! What is known when a server's answer is looked into, and what it would say
//! under an assumption.

use std::collections::BTreeMap;

use halyard_engine::{Dialect, Engine, EvaluationError, Identity};
use halyard_model::{FlagKey, FlagState, FlagValue, RemoteFlag, Surface};
use serde_json::{Value, json};

use super::Said;
use crate::{engines::Compiled, overlay};

/// What a server says of every flag that a document has; nothing of those it
/// leaves out of its answers.
pub(super) type Answers = BTreeMap<String, Said>;

/// A server's way with answers, beside the evaluation itself.
pub(super) struct Manner {
    hides_disabled: bool,
    server_only: Vec<String>,
}

impl Manner {
    /// Of a surface, asked with a client-side key. An Edge Proxy goes by the
    /// project's word on disabled flags alone.
    pub(super) fn of(surface: &Surface, compiled: &Compiled) -> Manner {
        let rules = compiled.engine.remote();
        let project = &compiled.document()["project"]["hide_disabled_flags"];
        Manner {
            hides_disabled: match surface {
                Surface::FlagsApi | Surface::Admin => rules.hide_disabled,
                Surface::EdgeProxy(_) => project.as_bool().unwrap_or_default(),
            },
            server_only: rules.server_only_flags,
        }
    }

    /// Leaves a flag out because only server-side keys receive it.
    pub(super) fn keeps_back(&self, flag: &FlagKey) -> bool {
        self.server_only.contains(&flag.0)
    }

    /// Leaves a flag out because it is off.
    pub(super) fn hides(&self, said: &Said) -> bool {
        self.hides_disabled && !said.enabled
    }
}

/// What an evaluation gives, with nothing left out.
pub(super) fn evaluated(engine: &Engine, identity: &Identity) -> Result<Answers, EvaluationError> {
    let evaluation = engine.evaluate(identity)?;
    let answers = evaluation.flags().map(|flag| {
        let said = Said {
            enabled: flag.enabled,
            value: FlagValue(flag.value.clone()),
        };
        (flag.name.to_owned(), said)
    });
    Ok(answers.collect())
}

/// What a server answered. One that says nothing of on or off is taken for on.
pub(super) fn answered(flags: Vec<RemoteFlag>) -> Answers {
    let said = |flag: RemoteFlag| {
        let said = Said {
            enabled: flag.enabled.unwrap_or(true),
            value: flag.value,
        };
        (flag.key.0, said)
    };
    flags.into_iter().map(said).collect()
}

/// The document without segments that override nothing: the Flags API does not
/// look at them.
pub(super) fn without_unused_segments(document: &Value) -> Option<Engine> {
    let mut document = document.clone();
    let segments = document["project"]["segments"].as_array_mut()?;
    segments.retain(|segment| {
        segment["feature_states"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty())
    });
    Engine::from_document(&document, Dialect::Server10_2).ok()
}

/// The document with its segments the other way round, so that of two overrides
/// with the same priority the last one wins, as on the Flags API. `None` where
/// no flag has two of the same.
pub(super) fn with_last_of_ties(document: &Value) -> Option<Engine> {
    let mut document = document.clone();
    let segments = document["project"]["segments"].as_array_mut()?;
    let mut seen = std::collections::HashSet::new();
    let overrides = segments
        .iter()
        .flat_map(|segment| segment["feature_states"].as_array().into_iter().flatten());
    let tied = overrides
        .filter(|state| {
            let place = (
                state["feature"]["name"].to_string(),
                state["feature_segment"]["priority"].to_string(),
            );
            !seen.insert(place)
        })
        .count();
    if tied == 0 {
        return None;
    }
    segments.reverse();
    Engine::from_document(&document, Dialect::Server10_2).ok()
}

/// What the identity's own override gives once its weights may choose an
/// option, as on the Flags API. `None` where it has none, or none with weights.
pub(super) fn pinned(document: &Value, identity: &Identity, flag: &FlagKey) -> Option<Said> {
    let owner = document["identity_overrides"]
        .as_array()?
        .iter()
        .find(|one| one["identifier"] == identity.identifier.as_str())?;
    let own = owner["identity_features"]
        .as_array()?
        .iter()
        .find(|state| state["feature"]["name"] == flag.0.as_str())?;
    if own["multivariate_feature_state_values"].as_array()?.is_empty() {
        return None;
    }
    // Alone and as a default, where the engine lets weights choose.
    let alone = json!({
        "api_key": document["api_key"], "name": document["name"],
        "project": {"segments": []}, "feature_states": [own],
    });
    let engine = Engine::from_document(&alone, Dialect::Server10_2).ok()?;
    evaluated(&engine, identity).ok()?.remove(&flag.0)
}

/// The document with flags as they were read on their own. `None` where it
/// shows all of them as they are.
pub(super) fn with_flags<'s>(
    document: &Value,
    states: impl Iterator<Item = (&'s FlagKey, &'s FlagState)>,
) -> Option<Engine> {
    let mut newer = document.clone();
    let mut differs = false;
    for (flag, state) in states {
        differs |= overlay::lay_state(&mut newer, flag, state);
    }
    if !differs {
        return None;
    }
    Engine::from_document(&newer, Dialect::Server10_2).ok()
}
