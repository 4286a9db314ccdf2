//! Real HTTP to servers of this crate, and shapes of answers.

#![allow(dead_code, reason = "every test program uses its own part")]

pub(crate) mod acme;
pub(crate) mod stand_ins;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Serves a router on a free loopback port; the address has no slash at its end.
pub(crate) async fn serve(router: Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, task)
}

/// Puts a switch before a router: while it is on, everything is answered 503.
pub(crate) fn with_switch(router: Router) -> (Router, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(false));
    let seen = down.clone();
    let layer = middleware::from_fn(move |request: Request, next: Next| {
        let down = seen.load(Ordering::SeqCst);
        async move {
            if down {
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            } else {
                next.run(request).await
            }
        }
    });
    (router.layer(layer), down)
}

/// A client that follows no redirect, unpacks nothing and goes straight to its server.
pub(crate) fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .build()
        .unwrap()
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON, or null.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The names of the headers that a server decides on, not the connection.
    pub(crate) fn header_names(&self) -> BTreeSet<String> {
        self.headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .filter(|name| !belongs_to_connection(name))
            .collect()
    }
}

/// Headers that say how a body travels or when, in lower case.
pub(crate) fn belongs_to_connection(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "date",
        "transfer-encoding",
        "keep-alive",
    ]
    .contains(&name)
}

/// Sends a request as it is told.
pub(crate) async fn send(
    client: &Client,
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Option<String>,
) -> Reply {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let mut request = client
        .request(Method::from_bytes(method.as_bytes()).unwrap(), url)
        .headers(map);
    if let Some(body) = body {
        request = request.body(body);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}

/// The shape of a value: types for values, the first element for an array.
pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(number) if number.is_f64() => json!("fraction"),
        Value::Number(_) => json!("integer"),
        Value::String(_) => json!("text"),
        Value::Array(items) => Value::Array(items.iter().take(1).map(shape).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

/// Where two values differ in shape; null fits everything, and arrays are compared as far as both go.
pub(crate) fn shape_differences(wanted: &Value, got: &Value, place: &str, found: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(wanted), Value::Object(got)) => {
            for name in wanted.keys().filter(|name| !got.contains_key(*name)) {
                found.push(format!("{place}.{name} is missing"));
            }
            for name in got.keys().filter(|name| !wanted.contains_key(*name)) {
                found.push(format!("{place}.{name} is too much"));
            }
            for (name, value) in wanted {
                let Some(other) = got.get(name) else { continue };
                // A flag's value may be of any type; that it is bare or not is the shape.
                let bare = name == "feature_state_value" && value.is_object() == other.is_object();
                if !bare || value.is_object() {
                    shape_differences(value, other, &format!("{place}.{name}"), found);
                }
            }
        }
        (Value::Array(wanted), Value::Array(got)) => {
            let kept = wanted
                .iter()
                .filter(|item| item.get("_trimmed_by_capture").is_none());
            for (position, (wanted, got)) in kept.zip(got).enumerate() {
                shape_differences(wanted, got, &format!("{place}[{position}]"), found);
            }
        }
        _ if shape(wanted) == shape(got) => {}
        _ => found.push(format!("{place} is {} and not {}", shape(got), shape(wanted))),
    }
}
