//! The control route: the fault board over HTTP, for tests in other processes and for curious people.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Effect, Fault, FaultBoard, MayaEdit, Surface, catalogue, edgeflags::EdgeFlagsOptions, journal::Journal,
};

/// Further off, a date would leave what HTTP can write; seconds.
const MOST_SKEW: u64 = 315_360_000;

#[derive(Debug, Clone)]
struct Control {
    board: FaultBoard,
    journal: Journal,
}

/// The routes, from the control listener's root.
pub(crate) fn router(board: FaultBoard, journal: Journal) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/faults", delete(clear))
        .route("/faults/{name}", put(set).delete(remove))
        .route("/edits", post(edit))
        .route("/edgeflags", get(options).put(set_options))
        .route("/passages", get(passages))
        .route("/journal", get(exchanges).delete(forget))
        .layer(middleware::from_fn(only_from_this_machine))
        .with_state(Control { board, journal })
}

/// A web page in somebody's browser must not be able to reach the board through a name of its own.
async fn only_from_this_machine(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "127.0.0.1" | "localhost") {
        return refuse(
            StatusCode::FORBIDDEN,
            "the control route answers to 127.0.0.1 and localhost only",
        );
    }
    next.run(request).await
}

async fn overview(State(control): State<Control>) -> Response {
    let posted = control.board.posted();
    let faults: Vec<Value> = catalogue()
        .into_iter()
        .map(|listed| {
            let settings: Vec<Value> = posted
                .iter()
                .filter(|one| one.fault.effect.name() == listed.name)
                .filter_map(|one| serde_json::to_value(one).ok())
                .collect();
            let mut entry = json!(listed);
            entry["settings"] = json!(settings);
            entry
        })
        .collect();
    Json(json!({ "faults": faults, "edgeflags": control.board.edgeflags().options() })).into_response()
}

async fn set(
    State(control): State<Control>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let settings = match parse(&headers, &body) {
        Ok(Value::Array(many)) => many,
        Ok(one) => vec![one],
        Err(reason) => return refuse(StatusCode::BAD_REQUEST, &reason),
    };
    if !catalogue().iter().any(|listed| listed.name == name) {
        return refuse(StatusCode::NOT_FOUND, &format!("there is no fault named {name}"));
    }
    let faults: Result<Vec<Fault>, String> = settings
        .into_iter()
        .map(|setting| read_fault(&name, setting))
        .collect();
    match faults {
        Ok(faults) => {
            control.board.replace(&name, faults);
            overview(State(control)).await
        }
        Err(reason) => refuse(StatusCode::BAD_REQUEST, &reason),
    }
}

/// Reads one setting. A misspelt parameter would otherwise strike every request, so it is refused.
fn read_fault(name: &str, setting: Value) -> Result<Fault, String> {
    let Value::Object(mut setting) = setting else {
        return Err("a setting is a JSON object".to_owned());
    };
    let listed = catalogue().into_iter().find(|listed| listed.name == name);
    let parameters = listed.map(|listed| listed.parameters).unwrap_or_default();
    if let Some(unknown) = setting.keys().find(|key| parameters.get(key.as_str()).is_none()) {
        return Err(format!("{name} has no parameter {unknown}"));
    }
    setting.insert("name".to_owned(), json!(name));
    let fault: Fault = serde_json::from_value(Value::Object(setting)).map_err(|error| error.to_string())?;
    match &fault.effect {
        Effect::Answer { status, .. } if !(200..600).contains(status) => {
            Err("status is from 200 to 599".to_owned())
        }
        Effect::ClockSkew { seconds } if seconds.unsigned_abs() > MOST_SKEW => {
            Err("seconds are at most ten years".to_owned())
        }
        Effect::TunnelRefusal { status } if !(400..600).contains(status) => {
            Err("status is from 400 to 599".to_owned())
        }
        Effect::ThrottleWindow { window_ms: 0, .. } => Err("window_ms is at least 1".to_owned()),
        Effect::ServerError { status, .. } if !matches!(status, 500 | 502 | 503 | 504) => {
            Err("status is 500, 502, 503 or 504".to_owned())
        }
        Effect::Incident { impact, .. } if !matches!(impact.as_str(), "minor" | "major" | "critical") => {
            Err("impact is minor, major or critical".to_owned())
        }
        Effect::Maya { edit, .. } => edit.clone().checked().map(|_| fault),
        _ => Ok(fault),
    }
}

async fn remove(State(control): State<Control>, Path(name): Path<String>) -> Response {
    control.board.remove(&name);
    overview(State(control)).await
}

async fn clear(State(control): State<Control>) -> Response {
    control.board.clear();
    overview(State(control)).await
}

#[derive(Deserialize)]
struct EditNow {
    surface: Surface,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

async fn edit(State(control): State<Control>, headers: HeaderMap, body: Bytes) -> Response {
    let read = || -> Result<(Surface, MayaEdit), String> {
        let asked: EditNow =
            serde_json::from_value(parse(&headers, &body)?).map_err(|error| error.to_string())?;
        let edit: MayaEdit =
            serde_json::from_value(Value::Object(asked.rest)).map_err(|error| error.to_string())?;
        Ok((asked.surface, edit.checked()?))
    };
    let (surface, edit) = match read() {
        Ok(read) => read,
        Err(reason) => return refuse(StatusCode::BAD_REQUEST, &reason),
    };
    match control.board.edit_as_maya(surface, &edit) {
        Ok(()) => Json(json!({ "edited": edit })).into_response(),
        Err(reason) => refuse(StatusCode::UNPROCESSABLE_ENTITY, &reason),
    }
}

async fn options(State(control): State<Control>) -> Json<EdgeFlagsOptions> {
    Json(control.board.edgeflags().options())
}

async fn set_options(State(control): State<Control>, headers: HeaderMap, body: Bytes) -> Response {
    let read = parse(&headers, &body)
        .and_then(|value| serde_json::from_value(value).map_err(|error| error.to_string()));
    match read {
        Ok(options) => {
            control.board.edgeflags().set_options(options);
            Json(control.board.edgeflags().options()).into_response()
        }
        Err(reason) => refuse(StatusCode::BAD_REQUEST, &reason),
    }
}

async fn exchanges(State(control): State<Control>) -> Response {
    Json(json!({ "exchanges": control.journal.exchanges() })).into_response()
}

async fn passages(State(control): State<Control>) -> Response {
    Json(json!({ "passages": control.board.forward_proxy().passages() })).into_response()
}

async fn forget(State(control): State<Control>) -> StatusCode {
    control.journal.clear();
    StatusCode::NO_CONTENT
}

/// An empty body is an empty object. Other bodies have to be declared as JSON, which a foreign web page
/// cannot do without asking first.
fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err("Content-Type must be application/json".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "error": reason }))).into_response()
}
