//! Both engines' answers in one form.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flagsmith_flag_engine::engine_eval::EvaluationResult;
use flagsmith_flag_engine::types::{FlagsmithValue, FlagsmithValueType};
use halyard_engine::{Dialect, Engine, Identity};
use halyard_peers::official::{Official, traits_of};
use serde_json::{Value, json};

/// A flag as both sides tell of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flag {
    pub(crate) enabled: bool,
    pub(crate) value: Value,
    pub(crate) reason: String,
    pub(crate) variant: Option<String>,
}

/// What an engine says of one identity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Result {
        flags: BTreeMap<String, Flag>,
        /// Ids of the segments that match, as text.
        segments: Vec<String>,
    },
    /// The reference raises, and so this engine says that the server would fail.
    Fails(String),
    /// The crate panics.
    Panics(String),
    /// The crate has no form for a trait of this type.
    CannotSay,
}

/// This engine's answer, in the dialect that the crate speaks.
pub(crate) fn own(engine: &Engine, identity: Option<&Identity>) -> Answer {
    let evaluation = match identity {
        Some(identity) => engine.evaluate(identity),
        None => engine.evaluate_anonymous(),
    };
    match evaluation {
        Err(error) => Answer::Fails(error.cause.to_string()),
        Ok(evaluation) => Answer::Result {
            flags: evaluation
                .flags()
                .map(|flag| {
                    let of_flag = Flag {
                        enabled: flag.enabled,
                        value: flag.value.clone(),
                        reason: flag.reason.to_string(),
                        variant: flag.variant.map(str::to_owned),
                    };
                    (flag.name.to_owned(), of_flag)
                })
                .collect(),
            segments: evaluation
                .matched_segments()
                .map(|segment| segment.key.to_owned())
                .collect(),
        },
    }
}

/// The crate's answer.
pub(crate) fn official(crate_: &Official, identity: Option<&Identity>) -> Answer {
    let answer = catch_unwind(AssertUnwindSafe(|| match identity {
        None => Some(crate_.evaluate_anonymous()),
        Some(identity) => Some(crate_.evaluate_keyed(identity, &traits_of(identity).ok()?)),
    }));
    match answer {
        Ok(Some(result)) => rendered(&result),
        Ok(None) => Answer::CannotSay,
        Err(cause) => {
            let text = cause.downcast_ref::<String>().cloned();
            Answer::Panics(
                text.or_else(|| Some((*cause.downcast_ref::<&str>()?).to_owned()))
                    .unwrap_or_default(),
            )
        }
    }
}

fn rendered(result: &EvaluationResult) -> Answer {
    let flags = result.flags.iter().map(|(name, flag)| {
        let of_flag = Flag {
            enabled: flag.enabled,
            value: value_of(&flag.value),
            reason: flag.reason.clone(),
            variant: flag.variant.clone(),
        };
        (name.clone(), of_flag)
    });
    Answer::Result {
        flags: flags.collect(),
        segments: result
            .segments
            .iter()
            .filter_map(|segment| segment.metadata.segment_id)
            .map(|id| id.to_string())
            .collect(),
    }
}

fn value_of(value: &FlagsmithValue) -> Value {
    match value.value_type {
        FlagsmithValueType::None => Value::Null,
        FlagsmithValueType::String => json!(value.value),
        _ => serde_json::from_str(&value.value).unwrap_or_else(|_| json!(value.value)),
    }
}

impl Answer {
    /// Whether a segment matches.
    pub(crate) fn has(&self, segment: &str) -> bool {
        matches!(self, Self::Result { segments, .. } if segments.iter().any(|one| one == segment))
    }
}

/// Both engines, compiled from one document.
pub(crate) struct Pair {
    pub(crate) own: Engine,
    pub(crate) official: Official,
}

impl Pair {
    pub(crate) fn of(document: &Value) -> Result<Self, String> {
        let own =
            Engine::from_document(document, Dialect::Sdk11_1).map_err(|error| format!("own: {error}"))?;
        let official = Official::from_text(&document.to_string()).map_err(|error| error.to_string())?;
        Ok(Self { own, official })
    }

    pub(crate) fn answers(&self, identity: Option<&Identity>) -> (Answer, Answer) {
        (own(&self.own, identity), official(&self.official, identity))
    }
}

/// An identity as the corpus writes it; null is nobody.
pub(crate) fn identity_of(value: &Value) -> Option<Identity> {
    Some(Identity {
        identifier: value.as_object()?["identifier"].as_str().unwrap().to_owned(),
        key: value["key"].as_str().map(str::to_owned),
        traits: value["traits"]
            .as_object()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .collect(),
    })
}
