//! Environments for the tests of the lint.

use halyard_engine::{Dialect, Engine};
use serde_json::{Value, json};

pub(crate) fn compiled(document: &Value) -> Engine {
    Engine::from_document(document, Dialect::Server10_2).unwrap_or_else(|error| panic!("{error}: {document}"))
}

pub(crate) fn segment(id: usize, rules: &Value) -> Value {
    json!({ "id": id, "name": format!("segment {id}"), "rules": rules, "feature_states": [] })
}

pub(crate) fn with_segments(segments: &Value) -> Value {
    json!({
        "api_key": "env", "name": "Production", "feature_states": [], "identity_overrides": [],
        "project": { "segments": segments }
    })
}
