//! What faults there are, as the control route lists them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::fault::{incident_component, incident_impact, incident_title};

/// A fault as the control route lists it: its name, what it does, and its own parameters.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The name in `PUT {control.url}faults/{name}`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// Parameters by name, each with its type and what it means.
    pub parameters: Value,
}

/// Every fault there is.
pub fn catalogue() -> Vec<Listed> {
    let listed = |name, description, own: Value| {
        let mut parameters = own;
        let state = matches!(name, "stale_document" | "frozen_proxy" | "incident");
        if let (Some(all), Value::Object(shared)) = (parameters.as_object_mut(), matching(state)) {
            all.extend(shared);
        }
        Listed {
            name,
            description,
            parameters,
        }
    };
    let ms = || json!({ "ms": { "type": "integer", "unit": "milliseconds", "required": true } });
    vec![
        listed(
            "latency",
            "The request is carried out after a wait, even if the client has gone.",
            ms(),
        ),
        listed(
            "throttle",
            "429 in the service's own shape; not carried out.",
            json!({ "retry_after": { "type": "integer", "unit": "seconds", "default": null } }),
        ),
        listed(
            "server_error",
            "A 5xx; not carried out.",
            json!({
                "status": { "type": "integer", "values": [500, 502, 503, 504], "default": 500 },
                "body": { "type": "string", "values": ["html", "json", "empty"], "default": "html" },
            }),
        ),
        listed(
            "cut_body",
            "Carried out; the connection closes in the middle of the body.",
            json!({}),
        ),
        listed(
            "commit_then_cut",
            "Carried out; the connection closes without an answer.",
            json!({}),
        ),
        listed(
            "late_commit",
            "The connection closes without an answer; carried out later.",
            ms(),
        ),
        listed(
            "refuse",
            "The connection closes without an answer; not carried out.",
            json!({}),
        ),
        listed(
            "wrong_shape",
            "Carried out; 200 with valid JSON of another shape.",
            json!({}),
        ),
        listed(
            "malformed_json",
            "Carried out; the answer's JSON breaks off.",
            json!({}),
        ),
        listed(
            "huge_body",
            "200 with JSON of this size; not carried out.",
            json!({ "bytes": { "type": "integer", "unit": "bytes", "required": true } }),
        ),
        listed(
            "endless_paging",
            "Every page of a list says that there is another one.",
            json!({}),
        ),
        listed(
            "stale_document",
            "Reads answer from the moment the fault was set.",
            json!({}),
        ),
        listed(
            "frozen_proxy",
            "The Edge Proxy takes no new documents.",
            json!({}),
        ),
        listed(
            "incident",
            "The status feed tells of an open incident.",
            json!({
                "title": { "type": "string", "default": incident_title() },
                "impact": {
                    "type": "string",
                    "values": ["minor", "major", "critical"],
                    "default": incident_impact(),
                },
                "component": { "type": "string", "default": incident_component() },
            }),
        ),
        listed(
            "maya",
            "A colleague edits just before or just after the nth matching request.",
            json!({
                "edit": {
                    "type": "object",
                    "members": ["environment", "flag", "enabled", "value"],
                    "required": true,
                },
                "when": { "type": "string", "values": ["before", "after"], "default": "before" },
                "nth": { "type": "integer", "default": 1 },
            }),
        ),
    ]
}

/// The parameters that say which requests a fault strikes.
fn matching(is_state: bool) -> Value {
    let surface = json!({
        "surface": {
            "type": "string",
            "values": ["flagsmith", "edge_proxy", "edgeflags", "status", "proxy_upstream"],
            "default": null,
        },
    });
    if is_state {
        return surface;
    }
    let mut all = surface;
    all["method"] = json!({ "type": "string", "default": null });
    all["path"] = json!({ "type": "string", "meaning": "part of the path with its query", "default": null });
    all["after"] = json!({ "type": "integer", "meaning": "let the first n pass", "default": 0 });
    all["times"] = json!({ "type": "integer", "meaning": "strike n, null for ever", "default": null });
    all
}
