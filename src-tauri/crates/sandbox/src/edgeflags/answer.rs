//! Answers and refusals as EdgeFlags puts them on the wire.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A successful answer before it is put on the wire.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Option<Value>,
    max_age_seconds: Option<u32>,
}

impl Answer {
    /// 200 with a JSON body.
    pub(super) fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(body),
            max_age_seconds: None,
        }
    }

    /// 201 with a JSON body.
    pub(super) fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(body)
        }
    }

    /// 204.
    pub(super) fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            max_age_seconds: None,
        }
    }

    /// Lets clients keep the answer and ask again with `If-None-Match`.
    pub(super) fn cached_for(mut self, seconds: u32) -> Self {
        self.max_age_seconds = Some(seconds);
        self
    }

    /// The response, or 304 where the caller already holds this body.
    pub(super) fn into_response(self, asked: &HeaderMap) -> Response {
        let Some(body) = self.body else {
            return with_status(Response::new(Body::empty()), self.status);
        };
        let text = body.to_string();
        let Some(max_age) = self.max_age_seconds else {
            return json_response(self.status, text);
        };
        let tag = entity_tag(&text);
        let known = asked
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|tags| {
                tags.split(',')
                    .any(|one| one.trim().trim_start_matches("W/") == tag)
            });
        let mut response = if known {
            with_status(Response::new(Body::empty()), StatusCode::NOT_MODIFIED)
        } else {
            json_response(self.status, text)
        };
        let headers = response.headers_mut();
        insert(headers, header::ETAG.as_str(), &tag);
        insert(
            headers,
            header::CACHE_CONTROL.as_str(),
            &format!("private, max-age={max_age}"),
        );
        response
    }
}

/// A refusal in EdgeFlags' error envelope.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    text: String,
    details: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code,
            text: text.into(),
            details: None,
        }
    }

    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", text)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "A valid API token is needed",
        )
    }

    pub(super) fn forbidden(permission: &str) -> Self {
        let text = match permission {
            "*" => "Only an admin token may do this".to_owned(),
            other => format!("The token lacks the permission {other}"),
        };
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", text)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("{what} not found"))
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "Method not allowed",
        )
    }

    pub(super) fn duplicate(what: &str, key: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "CONFLICT",
            format!("{what} \"{key}\" exists already"),
        )
    }

    /// The only conflict that tells the version, which is how a client knows it from a duplicate key.
    pub(super) fn version_conflict(current_version: u64) -> Self {
        let mut refusal = Self::new(StatusCode::CONFLICT, "CONFLICT", "Version conflict");
        refusal.details = Some(json!({ "current_version": current_version }));
        refusal
    }

    pub(super) fn in_use(text: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", text)
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            "The body is larger than 1 MB",
        )
    }

    pub(super) fn rate_limited() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            "Rate limit exceeded",
        )
    }

    /// The sentence alone.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn into_response(self) -> Response {
        let mut body = json!({ "error": self.text, "code": self.code });
        if let Some(details) = self.details {
            body["details"] = details;
        }
        json_response(self.status, body.to_string())
    }
}

/// A throttled answer in this service's shape, for the fault board: what it tells about limits always, and
/// `Retry-After` where a number is given.
pub(crate) fn throttled(retry_after_seconds: Option<u64>) -> Response {
    let mut response = Refusal::rate_limited().into_response();
    let wait_ms = i64::try_from(retry_after_seconds.unwrap_or(60).saturating_mul(1000)).unwrap_or(i64::MAX);
    let reset_ms = Timestamp::now().as_millisecond().saturating_add(wait_ms);
    let headers = response.headers_mut();
    insert(headers, "x-ratelimit-limit", "1000");
    insert(headers, "x-ratelimit-remaining", "0");
    insert(headers, "x-ratelimit-reset", &reset_ms.to_string());
    if let Some(seconds) = retry_after_seconds {
        insert(headers, header::RETRY_AFTER.as_str(), &seconds.to_string());
    }
    response
}

/// Sets a header whose value this program made.
pub(super) fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn json_response(status: StatusCode, text: String) -> Response {
    let mut response = with_status(Response::new(Body::from(text)), status);
    insert(
        response.headers_mut(),
        header::CONTENT_TYPE.as_str(),
        "application/json",
    );
    response
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

fn entity_tag(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}
