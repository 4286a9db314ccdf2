//! The proxy's answers.

use axum::body::{Body, to_bytes};
use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{EdgeProxy, Health};
use crate::flagsmith::{Evaluated, evaluate};

const LARGEST_BODY: usize = 8 * 1024 * 1024;
const MISSING_FIELD: &str = "https://errors.pydantic.dev/2.7/v/missing";

type Refused = Box<Response<Body>>;

/// The routes with the methods that each takes.
const ROUTES: [(&str, &[Method]); 7] = [
    ("/api/v1/flags/", &[Method::GET]),
    ("/api/v1/identities/", &[Method::GET, Method::POST]),
    ("/api/v1/environment-document", &[Method::GET]),
    ("/proxy/health", &[Method::GET]),
    ("/proxy/health/readiness", &[Method::GET]),
    ("/proxy/health/liveness", &[Method::GET]),
    ("/health", &[Method::GET]),
];

/// Answers a request.
pub(super) async fn answer(proxy: &EdgeProxy, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS && parts.headers.contains_key("access-control-request-method") {
        return preflight(&parts);
    }
    let path = parts.uri.path();
    let Some((path, methods)) = ROUTES.iter().find(|(route, _)| *route == path) else {
        return other_slash(&parts).unwrap_or_else(|| json_answer(404, &json!({"detail": "Not Found"})));
    };
    if !methods.contains(&parts.method) {
        return json_answer(405, &json!({"detail": "Method Not Allowed"}));
    }
    let outcome = match *path {
        "/api/v1/flags/" => flags(proxy, &parts),
        "/api/v1/identities/" if parts.method == Method::GET => identity_get(proxy, &parts),
        "/api/v1/identities/" => match to_bytes(body, LARGEST_BODY).await {
            Ok(body) => identity_post(proxy, &parts, &body),
            Err(_) => Err(Box::new(crash())),
        },
        "/api/v1/environment-document" => document(proxy, &parts),
        "/proxy/health/liveness" => Ok(plain(200, None, "")),
        _ => Ok(health(proxy)),
    };
    outcome.unwrap_or_else(|refused| *refused)
}

fn plain(status: u16, content_type: Option<&'static str>, body: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("server", HeaderValue::from_static("uvicorn"));
    if let Some(content_type) = content_type {
        headers.insert("content-type", HeaderValue::from_static(content_type));
    }
    response
}

fn json_answer(status: u16, body: &Value) -> Response<Body> {
    plain(status, Some("application/json"), &body.to_string())
}

/// What a fault inside the proxy looks like.
fn crash() -> Response<Body> {
    plain(500, Some("text/plain; charset=utf-8"), "Internal Server Error")
}

fn put(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}

fn preflight(parts: &Parts) -> Response<Body> {
    let mut response = plain(200, Some("text/plain; charset=utf-8"), "OK");
    let asked = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    };
    put(&mut response, "vary", "Origin");
    put(
        &mut response,
        "access-control-allow-methods",
        "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    );
    put(&mut response, "access-control-max-age", "600");
    put(&mut response, "access-control-allow-credentials", "true");
    put(&mut response, "access-control-allow-origin", asked("origin"));
    put(
        &mut response,
        "access-control-allow-headers",
        asked("access-control-request-headers"),
    );
    response
}

/// The redirect to the same path with or without its last slash, where that is a route.
fn other_slash(parts: &Parts) -> Option<Response<Body>> {
    let path = parts.uri.path();
    let other = path
        .strip_suffix('/')
        .map_or_else(|| format!("{path}/"), str::to_owned);
    ROUTES.iter().find(|(route, _)| *route == other)?;
    let host = parts
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let query = parts
        .uri
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let mut response = plain(307, None, "");
    put(&mut response, "location", &format!("http://{host}{other}{query}"));
    Some(response)
}

fn health(proxy: &EdgeProxy) -> Response<Body> {
    let (health, updated) = proxy.health();
    // The real proxy writes local time without a zone. This one's local time is UTC.
    let updated = updated.map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string());
    let (status, word, reason) = match health {
        Health::Fresh => (200, "ok", None),
        Health::NeverUpdated => (503, "error", Some("environment document(s) not updated.")),
        Health::Stale => (503, "error", Some("environment document(s) stale.")),
    };
    json_answer(
        status,
        &json!({"status": word, "reason": reason, "last_successful_update": updated}),
    )
}

fn unknown_key(shown: &str) -> Refused {
    let message = format!("unknown key {shown}");
    Box::new(json_answer(
        401,
        &json!({"status": "unauthorized", "message": message}),
    ))
}

fn key(parts: &Parts) -> Option<&str> {
    parts
        .headers
        .get("x-environment-key")
        .and_then(|key| key.to_str().ok())
}

/// The document that a request's key stands for. Without a key the proxy breaks.
fn keyed(proxy: &EdgeProxy, parts: &Parts) -> Result<(std::sync::Arc<Value>, bool), Refused> {
    let key = key(parts).ok_or_else(|| Box::new(crash()))?;
    proxy
        .document(key)
        .ok_or_else(|| unknown_key(&format!("'{key}'")))
}

/// The whole document, for a client-side key too.
fn document(proxy: &EdgeProxy, parts: &Parts) -> Result<Response<Body>, Refused> {
    let key = key(parts).ok_or_else(|| unknown_key("None"))?;
    let (document, _) = proxy
        .document(key)
        .ok_or_else(|| unknown_key(&format!("'{key}'")))?;
    Ok(json_answer(200, &document))
}

fn query(parts: &Parts, name: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok()?;
    pairs
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// The flags of a document for an identity, or for nobody. Even for nobody the proxy evaluates segments, so
/// an override of people without a trait applies. Only the project's word on disabled flags counts here, and
/// a server-side key gets everything.
fn served(
    document: &Value,
    whom: Option<(&str, &Map<String, Value>)>,
    server_side: bool,
) -> Result<Vec<Value>, Refused> {
    let Evaluated { flags, .. } = evaluate(document, whom).map_err(|_| Box::new(crash()))?;
    let project = &document["project"];
    let hide_disabled = project["hide_disabled_flags"].as_bool().unwrap_or(false);
    let rows = document["feature_states"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    Ok(rows
        .iter()
        .filter_map(|row| {
            let feature = &row["feature"];
            let settled = flags.get(feature["name"].as_str()?)?;
            let server_only = project["server_key_only_feature_ids"]
                .as_array()
                .is_some_and(|ids| ids.contains(&feature["id"]));
            let hidden = server_only || (hide_disabled && !settled.enabled);
            (server_side || !hidden).then(|| {
                json!({"feature": feature, "enabled": settled.enabled, "feature_state_value": settled.value})
            })
        })
        .collect())
}

fn flags(proxy: &EdgeProxy, parts: &Parts) -> Result<Response<Body>, Refused> {
    let (document, server_side) = keyed(proxy, parts)?;
    let rows = served(&document, None, server_side)?;
    let Some(name) = query(parts, "feature") else {
        return Ok(json_answer(200, &Value::Array(rows)));
    };
    match rows.iter().find(|row| row["feature"]["name"] == name.as_str()) {
        Some(row) => Ok(json_answer(200, row)),
        None => {
            let message = format!("feature '{name}' not found");
            Err(Box::new(json_answer(
                404,
                &json!({"status": "not_found", "message": message}),
            )))
        }
    }
}

fn missing(place: &str, input: &Value) -> Refused {
    let detail = json!([{
        "type": "missing", "loc": [place, "identifier"], "msg": "Field required", "input": input,
        "url": MISSING_FIELD,
    }]);
    Box::new(json_answer(422, &json!({"detail": detail})))
}

fn identity_get(proxy: &EdgeProxy, parts: &Parts) -> Result<Response<Body>, Refused> {
    let Some(identifier) = query(parts, "identifier") else {
        return Err(missing("query", &Value::Null));
    };
    identity(proxy, parts, &identifier, &[])
}

fn identity_post(proxy: &EdgeProxy, parts: &Parts, body: &[u8]) -> Result<Response<Body>, Refused> {
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        let wanted = if body == b"{" {
            "Expecting property name enclosed in double quotes"
        } else {
            "Expecting value"
        };
        let detail = json!([{
            "type": "json_invalid", "loc": ["body", error.column()], "msg": "JSON decode error", "input": {},
            "ctx": {"error": wanted},
        }]);
        Box::new(json_answer(422, &json!({"detail": detail})))
    })?;
    let Some(identifier) = body["identifier"].as_str() else {
        return Err(missing("body", &body));
    };
    let traits: Vec<Value> = body["traits"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|sent| json!({"trait_key": sent["trait_key"], "trait_value": sent["trait_value"]}))
        .collect();
    identity(proxy, parts, identifier, &traits)
}

fn identity(
    proxy: &EdgeProxy,
    parts: &Parts,
    identifier: &str,
    traits: &[Value],
) -> Result<Response<Body>, Refused> {
    let (document, server_side) = keyed(proxy, parts)?;
    let sent: Map<String, Value> = traits
        .iter()
        .filter_map(|sent| {
            Some((
                sent["trait_key"].as_str()?.to_owned(),
                sent["trait_value"].clone(),
            ))
        })
        .collect();
    let rows = served(&document, Some((identifier, &sent)), server_side)?;
    Ok(json_answer(
        200,
        &json!({"identifier": identifier, "traits": traits, "flags": rows}),
    ))
}
