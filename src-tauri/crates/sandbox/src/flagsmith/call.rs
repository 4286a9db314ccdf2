//! One request and its answer, in the manner of the framework behind the real server.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::{Map, Value, json};

/// The version that every answer names.
pub(crate) const SERVER_VERSION: &str = "2.265.0";

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody that needs naming: the route asks for no credential, or for an environment key.
    Nobody,
    /// A person's token; the id of the person.
    User(u64),
    /// An organisation key, behind which there is no person.
    OrganisationKey,
}

impl Caller {
    /// The person's id, which an organisation key lacks.
    pub(crate) fn user(&self) -> Option<u64> {
        match self {
            Self::User(user) => Some(*user),
            Self::Nobody | Self::OrganisationKey => None,
        }
    }
}

/// Which environment an SDK request may read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnvironmentKey {
    pub(crate) environment: u64,
    /// Whether server-only flags are included.
    pub(crate) server_side: bool,
}

/// A request as the handlers see it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path with its leading slash.
    pub(crate) path: String,
    /// What stood in the pattern's holes.
    pub(crate) params: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) caller: Caller,
    pub(crate) environment_key: Option<EnvironmentKey>,
    /// When the environment last changed as far as this worker's cached row knows, where it is late.
    pub(crate) seen_updated_at: Option<jiff::Timestamp>,
}

/// What a handler gives: an answer, or the answer that refuses.
pub(crate) type Outcome = Result<Answer, Answer>;

impl Call {
    /// The text in the nth hole of the pattern.
    pub(crate) fn text(&self, position: usize) -> &str {
        self.params.get(position).map_or("", String::as_str)
    }

    /// The number in the nth hole; anything else matches no row.
    pub(crate) fn id(&self, position: usize) -> u64 {
        self.text(position).parse().unwrap_or(0)
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A query parameter that is a number.
    pub(crate) fn query_id(&self, name: &str) -> Option<u64> {
        self.query(name).and_then(|text| text.parse().ok())
    }

    /// A query parameter that is a truth value, as the server reads one.
    pub(crate) fn query_flag(&self, name: &str) -> Option<bool> {
        let text = self.query(name)?;
        Some(text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The environment of an SDK request; the door has let nobody in without one.
    pub(crate) fn key(&self) -> Result<EnvironmentKey, Answer> {
        self.environment_key
            .ok_or_else(|| Answer::detail(403, "Invalid or missing Environment key"))
    }

    /// The body as JSON. An absent body counts as an empty object.
    pub(crate) fn json(&self) -> Outcome2<Value> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        let content_type = self.header("content-type").unwrap_or("");
        let media = content_type.split(';').next().unwrap_or("").trim();
        if media != "application/json" {
            return Err(Answer::detail(
                415,
                &format!("Unsupported media type \"{content_type}\" in request."),
            ));
        }
        serde_json::from_slice(&self.body).map_err(|error| parse_error(&self.body, &error))
    }

    /// The body as an object; the server breaks on an array.
    pub(crate) fn object(&self) -> Outcome2<Map<String, Value>> {
        match self.json()? {
            Value::Object(object) => Ok(object),
            Value::Array(_) => Err(Answer::server_error()),
            other => Err(Answer::json(
                400,
                json!({"non_field_errors": [format!("Invalid data. Expected a dictionary, but got {}.", python_type(&other))]}),
            )),
        }
    }
}

/// A value or the answer that refuses.
pub(crate) type Outcome2<T> = Result<T, Answer>;

/// What the server's language calls the type of a value.
pub(crate) fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// The server's parser counts characters from 0 and columns from 1, and names what it would have liked.
fn parse_error(body: &[u8], error: &serde_json::Error) -> Answer {
    let line_start: usize = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    let at_end = error.is_eof();
    let within_line = if at_end {
        error.column()
    } else {
        error.column().saturating_sub(1)
    };
    let position = line_start + within_line;
    let before = body
        .get(..position)
        .unwrap_or(body)
        .trim_ascii_end()
        .last()
        .copied();
    let wanted = match before {
        Some(b'{') => "Expecting property name enclosed in double quotes",
        _ if error.to_string().contains("key must be a string") => {
            "Expecting property name enclosed in double quotes"
        }
        Some(b'"') if error.to_string().contains('`') => "Expecting ':' delimiter",
        _ => "Expecting value",
    };
    let sentence = format!(
        "JSON parse error - {wanted}: line {} column {} (char {position})",
        error.line(),
        within_line + 1
    );
    Answer::detail(400, &sentence)
}

/// What an answer carries.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Json(Value),
    Html(&'static str),
    Nothing,
}

/// How far the framework got with an answer, which decides its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dress {
    /// Rendered by the framework: `Allow`, no caching, `Vary: Accept, Origin`.
    Rendered,
    /// Made outside the framework: an error page or a health answer.
    Plain,
    /// A redirect, which carries least.
    Redirect,
}

/// A response before it is put on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) payload: Payload,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) dress: Dress,
    /// The `Vary` header, where it is not the usual one.
    pub(crate) vary: Option<&'static str>,
}

const SERVER_ERROR_PAGE: &str = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n";
const NOT_FOUND_PAGE: &str = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n";
const BROWSABLE_PAGE: &str = "<!DOCTYPE html>\n<html>\n  <head><title>Browsable answer</title></head>\n  <body><p>Ask with Accept: application/json to get data.</p></body>\n</html>\n";

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            payload: Payload::Json(body),
            headers: Vec::new(),
            dress: Dress::Rendered,
            vary: None,
        }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn created(body: Value) -> Self {
        Self::json(201, body)
    }

    pub(crate) fn bad(body: Value) -> Self {
        Self::json(400, body)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            payload: Payload::Nothing,
            ..Self::json(status, Value::Null)
        }
    }

    pub(crate) fn detail(status: u16, sentence: &str) -> Self {
        Self::json(status, json!({"detail": sentence}))
    }

    /// The 404 of a row that is not there.
    pub(crate) fn no_match(model: &str) -> Self {
        Self::detail(404, &format!("No {model} matches the given query."))
    }

    /// The 403 that nested routes give for a parent that is not there.
    pub(crate) fn forbidden() -> Self {
        Self::detail(403, "You do not have permission to perform this action.")
    }

    /// The page that stands for every fault inside the server.
    pub(crate) fn server_error() -> Self {
        Self {
            payload: Payload::Html(SERVER_ERROR_PAGE),
            dress: Dress::Plain,
            ..Self::json(500, Value::Null)
        }
    }

    /// The page for a route that does not exist.
    pub(crate) fn unknown_route() -> Self {
        Self {
            payload: Payload::Html(NOT_FOUND_PAGE),
            dress: Dress::Plain,
            ..Self::json(404, Value::Null)
        }
    }

    /// The page that a browser gets where a program gets data.
    pub(crate) fn browsable() -> Self {
        Self {
            payload: Payload::Html(BROWSABLE_PAGE),
            vary: Some("Accept, Cookie, Origin"),
            ..Self::json(200, Value::Null)
        }
        .with("Set-Cookie", "csrftoken=sandbox; Path=/; SameSite=Lax".to_owned())
    }

    pub(crate) fn redirect(location: String) -> Self {
        Self {
            payload: Payload::Html(""),
            dress: Dress::Redirect,
            ..Self::json(301, Value::Null)
        }
        .with("Location", location)
    }

    /// A refusal of a part, named by the field that holds the part.
    pub(crate) fn below(mut self, field: &str) -> Self {
        if let Payload::Json(body) = &mut self.payload
            && self.status == 400
        {
            *body = json!({field: body.take()});
        }
        self
    }

    /// A refusal of one row, at its place in a list in which nothing is wrong with the others.
    pub(crate) fn at(mut self, position: usize, of: usize) -> Self {
        if let Payload::Json(body) = &mut self.payload
            && self.status == 400
        {
            let mut errors = vec![json!({}); of.max(position + 1)];
            errors[position] = body.take();
            *body = Value::Array(errors);
        }
        self
    }

    pub(crate) fn plain(mut self) -> Self {
        self.dress = Dress::Plain;
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn varying(mut self, vary: &'static str) -> Self {
        self.vary = Some(vary);
        self
    }

    /// Puts the answer on the wire. `allow` lists the methods of the route that was found.
    pub(crate) fn into_response(self, allow: Option<&str>) -> Response<Body> {
        let (content_type, body) = match &self.payload {
            Payload::Json(value) => (Some("application/json"), value.to_string()),
            Payload::Html(page) => (Some("text/html; charset=utf-8"), (*page).to_owned()),
            Payload::Nothing => (None, String::new()),
        };
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(
                    HeaderName::from_bytes(name.as_bytes()).unwrap_or(axum::http::header::VARY),
                    value,
                );
            }
        };
        put("Server", "gunicorn");
        if let Some(content_type) = content_type {
            put("Content-Type", content_type);
        }
        let usual = if self.dress == Dress::Rendered {
            "Accept, Origin"
        } else {
            "Origin"
        };
        put("Vary", self.vary.unwrap_or(usual));
        if self.dress == Dress::Rendered
            && let Some(allow) = allow
        {
            put("Allow", allow);
        }
        if self.dress != Dress::Redirect {
            put("Expires", &httpdate::fmt_http_date(std::time::SystemTime::now()));
            put(
                "Cache-Control",
                "max-age=0, no-cache, no-store, must-revalidate, private",
            );
            put("Pragma", "no-cache");
            put("X-Frame-Options", "DENY");
        }
        put("X-Content-Type-Options", "nosniff");
        put("Referrer-Policy", "same-origin");
        put("Cross-Origin-Opener-Policy", "same-origin");
        put("Flagsmith-Version", SERVER_VERSION);
        for (name, value) in &self.headers {
            put(name, value);
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        response
    }
}
