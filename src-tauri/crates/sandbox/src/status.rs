//! A provider's public status feed in the form that hosted status pages share.

use axum::{Json, Router, extract::State, routing::get};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Effect, FaultBoard};

/// Flagsmith's components, as its incidents name them.
const COMPONENTS: [(&str, &str); 2] = [("core", "Core API"), ("edge", "Edge API")];

#[derive(Debug, Clone)]
struct Feed {
    board: FaultBoard,
    started: Timestamp,
}

/// The feed's routes, from its root.
pub(crate) fn router(board: FaultBoard) -> Router {
    Router::new()
        .route("/api/v2/summary.json", get(summary))
        .route("/api/v2/status.json", get(status))
        .route("/api/v2/components.json", get(components))
        .route("/api/v2/incidents.json", get(incidents))
        .route("/api/v2/incidents/unresolved.json", get(incidents))
        .with_state(Feed {
            board,
            started: Timestamp::now(),
        })
}

/// Title, impact and component of every incident on the board.
fn open_incidents(board: &FaultBoard) -> Vec<(String, String, String)> {
    let open = board
        .posted()
        .into_iter()
        .filter_map(|one| match one.fault.effect {
            Effect::Incident {
                title,
                impact,
                component,
            } => Some((title, impact, component)),
            _ => None,
        });
    open.collect()
}

fn page_json(feed: &Feed) -> Value {
    json!({
        "id": "sandbox",
        "name": "Flagsmith",
        "url": "https://status.example",
        "time_zone": "Etc/UTC",
        "updated_at": feed.started.to_string(),
    })
}

fn status_json(feed: &Feed) -> Value {
    let incidents = open_incidents(&feed.board);
    let worst = ["critical", "major", "minor"]
        .into_iter()
        .find(|impact| incidents.iter().any(|(_, known, _)| known == impact))
        .unwrap_or("none");
    let description = match worst {
        "none" => "All Systems Operational",
        "minor" => "Minor Service Outage",
        "major" => "Partial System Outage",
        _ => "Major Service Outage",
    };
    json!({ "indicator": worst, "description": description })
}

fn components_json(feed: &Feed) -> Vec<Value> {
    let incidents = open_incidents(&feed.board);
    let state = |name: &str| {
        let impact = incidents
            .iter()
            .find(|(_, _, component)| component.eq_ignore_ascii_case(name));
        match impact.map(|(_, impact, _)| impact.as_str()) {
            None => "operational",
            Some("minor") => "degraded_performance",
            Some("major") => "partial_outage",
            Some(_) => "major_outage",
        }
    };
    let all = COMPONENTS.iter().map(|(id, name)| {
        json!({
            "id": id,
            "name": name,
            "status": state(name),
            "page_id": "sandbox",
            "updated_at": feed.started.to_string(),
        })
    });
    all.collect()
}

fn incidents_json(feed: &Feed) -> Vec<Value> {
    let all =
        open_incidents(&feed.board)
            .into_iter()
            .enumerate()
            .map(|(place, (title, impact, component))| {
                let started = feed.started.to_string();
                json!({
                    "id": format!("incident-{place}"),
                    "name": title,
                    "status": "investigating",
                    "impact": impact,
                    "created_at": started,
                    "started_at": started,
                    "updated_at": started,
                    "resolved_at": null,
                    "shortlink": format!("https://status.example/incidents/incident-{place}"),
                    "page_id": "sandbox",
                    "components": [{ "name": component }],
                    "incident_updates": [{
                        "id": format!("update-{place}"),
                        "status": "investigating",
                        "body": "We are looking into it.",
                        "created_at": started,
                    }],
                })
            });
    all.collect()
}

async fn summary(State(feed): State<Feed>) -> Json<Value> {
    Json(json!({
        "page": page_json(&feed),
        "status": status_json(&feed),
        "components": components_json(&feed),
        "incidents": incidents_json(&feed),
        "scheduled_maintenances": [],
    }))
}

async fn status(State(feed): State<Feed>) -> Json<Value> {
    Json(json!({ "page": page_json(&feed), "status": status_json(&feed) }))
}

async fn components(State(feed): State<Feed>) -> Json<Value> {
    Json(json!({ "page": page_json(&feed), "components": components_json(&feed) }))
}

async fn incidents(State(feed): State<Feed>) -> Json<Value> {
    Json(json!({ "page": page_json(&feed), "incidents": incidents_json(&feed) }))
}
