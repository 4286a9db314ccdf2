//! What faults there are, as the control route lists them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::effect::{
    bad_gateway, broken_routes, incident_component, incident_impact, incident_title, maintenance_title, page,
    tunnel_user,
};

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

/// Every fault there is: first what befalls single requests, then the states of services.
pub fn catalogue() -> Vec<Listed> {
    let mut all = of_requests();
    all.extend(of_services());
    all
}

fn listed(name: &'static str, description: &'static str, own: Value, shared: Value) -> Listed {
    let mut parameters = own;
    if let (Some(all), Value::Object(shared)) = (parameters.as_object_mut(), shared) {
        all.extend(shared);
    }
    Listed {
        name,
        description,
        parameters,
    }
}

fn of_requests() -> Vec<Listed> {
    let listed = |name, description, own| listed(name, description, own, matching());
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
            "answer",
            "Exactly this is answered; not carried out.",
            json!({
                "status": { "type": "integer", "meaning": "200 to 599", "example": 403, "required": true },
                "content_type": { "type": "string", "default": page() },
                "body": { "type": "string", "default": "" },
                "headers": { "type": "object", "meaning": "further headers by name", "default": {} },
            }),
        ),
        listed(
            "clock_skew",
            "The Date header is off; carried out.",
            json!({ "seconds": {
                "type": "integer", "unit": "seconds", "meaning": "to the future where positive", "required": true,
            } }),
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
            "maya",
            "A colleague edits just before or just after the nth matching request.",
            json!({
                "edit": {
                    "type": "object",
                    "members": [
                        "environment", "flag", "enabled", "value", "weights", "overrides", "override_order",
                        "identities", "tags", "description", "archived", "created", "deleted", "segment",
                        "config", "members",
                    ],
                    "example": { "environment": "staging", "flag": "guest_checkout", "enabled": true },
                    "required": true,
                },
                "when": { "type": "string", "values": ["before", "after"], "default": "before" },
                "nth": { "type": "integer", "default": 1 },
            }),
        ),
    ]
}

fn of_services() -> Vec<Listed> {
    let listed = |name, description, own| listed(name, description, own, surface());
    let mut all = vec![
        listed(
            "stale_document",
            "Reads answer from the moment the fault was set.",
            json!({}),
        ),
        listed(
            "frozen_proxy",
            "The Edge Proxy takes no new documents, and its health stays green.",
            json!({}),
        ),
        listed(
            "cold_proxy",
            "The Edge Proxy has no document and gets none, as started while its upstream is down.",
            json!({}),
        ),
        listed(
            "bad_key_pair",
            "The Edge Proxy's server-side key of one environment is refused upstream.",
            json!({ "environment": {
                "type": "string", "meaning": "name or client-side key", "example": "Staging", "required": true,
            } }),
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
            "maintenance",
            "The status feed tells of scheduled maintenance.",
            json!({
                "title": { "type": "string", "default": maintenance_title() },
                "component": { "type": "string", "default": incident_component() },
                "starts_in": { "type": "integer", "unit": "seconds", "default": 3600 },
                "lasts": { "type": "integer", "unit": "seconds", "default": 3600 },
            }),
        ),
        listed(
            "odd_feed",
            "The status feed is told in a way that a lenient reader has to bear.",
            json!({ "oddity": {
                "type": "string",
                "values": ["missing_members", "unknown_words", "wrong_types", "status_only"],
                "example": "unknown_words",
                "required": true,
            } }),
        ),
    ];
    all.extend(of_the_way());
    all.extend(of_flagsmith());
    all
}

fn of_the_way() -> Vec<Listed> {
    let listed = |name, description, own| listed(name, description, own, json!({}));
    vec![
        listed(
            "tunnel_authentication",
            "The forward proxy asks for a name and a password.",
            json!({
                "user": { "type": "string", "default": tunnel_user() },
                "password": { "type": "string", "default": tunnel_user() },
            }),
        ),
        listed(
            "tunnel_refusal",
            "The forward proxy lets nobody through.",
            json!({ "status": { "type": "integer", "meaning": "400 to 599", "default": bad_gateway() } }),
        ),
    ]
}

fn of_flagsmith() -> Vec<Listed> {
    let listed = |name, description, own| listed(name, description, own, surface());
    let maybe = |unit: &str| json!({ "type": "integer", "unit": unit, "default": null });
    vec![
        listed(
            "database_down",
            "Flagsmith's database is down: pages with status 500, its health says so, and a conditional document \
             request may still get a 304.",
            json!({}),
        ),
        listed(
            "failed_migrations",
            "Flagsmith's migrations failed half way: its health says so, and some routes break.",
            json!({ "broken": { "type": "array", "meaning": "parts of paths", "default": broken_routes() } }),
        ),
        listed(
            "document_lag",
            "Flagsmith tells the time of the last change late; conditional document requests get a 304 meanwhile.",
            json!({ "ms": { "type": "integer", "unit": "milliseconds", "required": true } }),
        ),
        listed(
            "queue",
            "Tasks wait in Flagsmith's queue, and its documents stand still until it is empty.",
            json!({
                "waiting": { "type": "integer", "unit": "tasks", "required": true },
                "per_second": { "type": "integer", "meaning": "more after each second, or fewer", "default": 0 },
            }),
        ),
        listed(
            "permissions",
            "Whoever calls Flagsmith is no administrator and may do only this.",
            json!({ "granted": {
                "type": "array", "meaning": "the server's names", "example": ["UPDATE_FEATURE_STATE"], "required": true,
            } }),
        ),
        listed(
            "change_requests",
            "An environment of Flagsmith can be changed by change requests only.",
            json!({
                "environment": {
                    "type": "string", "meaning": "name or client-side key", "example": "Production", "required": true,
                },
                "approvals": { "type": "integer", "default": 1 },
            }),
        ),
        listed(
            "unlicensed_audit",
            "Flagsmith shows nothing of its audit log, as a build without a licence does.",
            json!({}),
        ),
        listed(
            "hosted_identities",
            "Flagsmith keeps identities in the hosted service's separate store.",
            json!({}),
        ),
        listed(
            "throttle_window",
            "Flagsmith limits each credential on its administration routes.",
            json!({
                "requests": { "type": "integer", "meaning": "in a window", "required": true },
                "window_ms": { "type": "integer", "unit": "milliseconds", "required": true },
            }),
        ),
        listed(
            "usage",
            "What Flagsmith tells of usage and of the plan; nothing of what is left out.",
            json!({
                "calls": maybe("calls in 30 days"),
                "allowance": maybe("calls in a month"),
                "plan": { "type": "string", "default": null },
            }),
        ),
        listed(
            "project_limits",
            "What Flagsmith allows in a project; it tells and enforces no limit that is left out.",
            json!({
                "features": maybe("flags"),
                "segments": maybe("segments"),
                "segment_overrides": maybe("overrides in one environment"),
            }),
        ),
        listed(
            "serving_blocked",
            "Flagsmith serves no flags to the organisation, as over its plan's allowance.",
            json!({}),
        ),
    ]
}

/// The parameter of a state: which service is in it.
fn surface() -> Value {
    json!({
        "surface": {
            "type": "string",
            "values": ["flagsmith", "edge_proxy", "edgeflags", "status", "proxy_upstream"],
            "default": null,
        },
    })
}

/// The parameters that say which requests a fault strikes.
fn matching() -> Value {
    let mut all = surface();
    all["method"] = json!({ "type": "string", "default": null });
    all["path"] = json!({ "type": "string", "meaning": "part of the path with its query", "default": null });
    all["after"] = json!({ "type": "integer", "meaning": "let the first n pass", "default": 0 });
    all["times"] = json!({ "type": "integer", "meaning": "strike n, null for ever", "default": null });
    all
}
