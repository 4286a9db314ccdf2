//! The two public pages about the service itself.

use serde_json::{Map, Value, json};

use super::route::Route;

const PATHS: [&str; 15] = [
    "/health",
    "/api/v1/flags",
    "/api/v1/flags/{key}",
    "/api/v1/flags/{key}/environments/{environment}",
    "/api/v1/configs",
    "/api/v1/configs/{key}",
    "/api/v1/configs/{key}/environments/{environment}",
    "/api/v1/segments",
    "/api/v1/segments/{key}",
    "/api/v1/evaluate",
    "/api/v1/project",
    "/api/v1/project/environments",
    "/api/v1/project/environments/{name}",
    "/api/v1/tokens",
    "/api/v1/audit",
];

/// What `/openapi.json` answers: every path with its verbs, without schemas.
pub(super) fn document() -> Value {
    let paths: Map<String, Value> = PATHS
        .iter()
        .map(|path| {
            let verbs = Route::parse(path).map_or(&[][..], |route| route.methods());
            let operations: Map<String, Value> = verbs
                .iter()
                .map(|verb| {
                    (
                        verb.to_lowercase(),
                        json!({ "responses": { "default": { "description": "" } } }),
                    )
                })
                .collect();
            ((*path).to_owned(), Value::Object(operations))
        })
        .collect();
    json!({ "openapi": "3.0.3", "info": { "title": "EdgeFlags", "version": "sandbox" }, "paths": paths })
}

/// What `/docs` answers.
pub(super) const DOCS_PAGE: &str = "<!doctype html><title>EdgeFlags</title>\
    <h1>EdgeFlags, as Halyard's sandbox speaks it</h1><p><a href=\"/openapi.json\">openapi.json</a></p>";
