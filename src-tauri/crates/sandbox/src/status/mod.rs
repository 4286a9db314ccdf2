//! A provider's public status feed in the form that hosted status pages share.

mod odd;

use axum::{Json, Router, extract::State, routing::get};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use odd::Oddity;

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
        .route("/api/v2/incidents/unresolved.json", get(unresolved))
        .route("/api/v2/scheduled-maintenances.json", get(maintenances))
        .route(
            "/api/v2/scheduled-maintenances/active.json",
            get(active_maintenances),
        )
        .route(
            "/api/v2/scheduled-maintenances/upcoming.json",
            get(upcoming_maintenances),
        )
        .with_state(Feed {
            board,
            started: Timestamp::now(),
        })
}

/// Something that the board wants told: an incident, or maintenance with its beginning and end.
struct Told {
    title: String,
    impact: String,
    component: String,
    since: Timestamp,
    scheduled: Option<(Timestamp, Timestamp)>,
}

impl Told {
    /// The word for where it stands.
    fn status(&self, now: Timestamp) -> &'static str {
        match self.scheduled {
            None => "identified",
            Some((begins, _)) if now < begins => "scheduled",
            Some((_, ends)) if now >= ends => "completed",
            Some(_) => "in_progress",
        }
    }

    fn is_felt(&self, now: Timestamp) -> bool {
        matches!(self.status(now), "identified" | "in_progress")
    }
}

fn later(moment: Timestamp, seconds: i64) -> Timestamp {
    moment
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(moment)
}

impl Feed {
    /// Incidents and maintenances on the board, in the order they were set.
    fn told(&self) -> Vec<Told> {
        let told = self.board.posted().into_iter().filter_map(|one| {
            let since = one.set_at;
            match one.fault.effect {
                Effect::Incident {
                    title,
                    impact,
                    component,
                } => Some(Told {
                    title,
                    impact,
                    component,
                    since,
                    scheduled: None,
                }),
                Effect::Maintenance {
                    title,
                    component,
                    starts_in,
                    lasts,
                } => {
                    let begins = later(since, starts_in);
                    Some(Told {
                        title,
                        impact: "maintenance".to_owned(),
                        component,
                        since,
                        scheduled: Some((begins, later(begins, lasts))),
                    })
                }
                _ => None,
            }
        });
        told.collect()
    }

    fn page(&self) -> Value {
        json!({
            "id": "sandbox",
            "name": "Flagsmith",
            "url": "https://status.example",
            "time_zone": "Etc/UTC",
            "updated_at": self.started.to_string(),
        })
    }

    fn status(&self) -> Value {
        let (now, told) = (Timestamp::now(), self.told());
        let worst = ["critical", "major", "minor", "maintenance"]
            .into_iter()
            .find(|impact| told.iter().any(|one| one.is_felt(now) && one.impact == *impact))
            .unwrap_or("none");
        let description = match worst {
            "none" => "All Systems Operational",
            "maintenance" => "Service Under Maintenance",
            "minor" => "Minor Service Outage",
            "major" => "Partial System Outage",
            _ => "Major Service Outage",
        };
        json!({ "indicator": worst, "description": description })
    }

    fn component(&self, place: usize, id: &str, name: &str) -> Value {
        let now = Timestamp::now();
        let felt = self
            .told()
            .into_iter()
            .find(|one| one.is_felt(now) && one.component.eq_ignore_ascii_case(name));
        let state = match felt.as_ref().map(|one| one.impact.as_str()) {
            None => "operational",
            Some("maintenance") => "under_maintenance",
            Some("minor") => "degraded_performance",
            Some("major") => "partial_outage",
            Some(_) => "major_outage",
        };
        json!({
            "id": id, "name": name, "status": state, "created_at": self.started.to_string(),
            "updated_at": felt.map_or(self.started, |one| one.since).to_string(), "position": place + 1,
            "description": null, "showcase": true, "start_date": null, "group_id": null, "page_id": "sandbox",
            "group": false, "only_show_if_degraded": false,
        })
    }

    fn components(&self) -> Vec<Value> {
        let all = COMPONENTS.iter().enumerate();
        all.map(|(place, (id, name))| self.component(place, id, name))
            .collect()
    }

    fn told_json(&self, place: usize, one: &Told) -> Value {
        let (id, since) = (format!("told-{place}"), one.since.to_string());
        let now = one.status(Timestamp::now());
        let known = COMPONENTS
            .iter()
            .enumerate()
            .find(|(_, (_, name))| name.eq_ignore_ascii_case(&one.component));
        let component = match known {
            Some((place, (id, name))) => self.component(place, id, name),
            None => json!({ "name": one.component }),
        };
        let update = |n: u32, status: &str, body: &str| {
            json!({
                "id": format!("{id}-update-{n}"), "status": status, "body": body, "incident_id": id,
                "created_at": since, "updated_at": since, "display_at": since,
                "affected_components": [{ "code": component["id"], "name": one.component }],
                "deliver_notifications": true, "custom_tweet": null, "tweet_id": null,
            })
        };
        let updates = match one.scheduled {
            None => vec![
                update(2, "identified", "The cause is known and a remedy is under way."),
                update(1, "investigating", "We are looking into it."),
            ],
            Some(_) => vec![update(1, now, "The service may be slow meanwhile.")],
        };
        let mut told = json!({
            "id": id, "name": one.title, "status": now, "created_at": since, "updated_at": since,
            "monitoring_at": null, "resolved_at": null, "impact": one.impact,
            "shortlink": format!("https://status.example/incidents/{id}"), "started_at": since,
            "page_id": "sandbox", "incident_updates": updates, "components": [component],
            "reminder_intervals": null,
        });
        if let Some((begins, ends)) = one.scheduled {
            told["scheduled_for"] = json!(begins.to_string());
            told["scheduled_until"] = json!(ends.to_string());
        }
        told
    }

    fn unresolved(&self) -> Vec<Value> {
        let told = self.told();
        let open = told.iter().enumerate().filter(|(_, one)| one.scheduled.is_none());
        open.map(|(place, one)| self.told_json(place, one)).collect()
    }

    fn maintenances(&self, wanted: &[&str]) -> Vec<Value> {
        let (now, told) = (Timestamp::now(), self.told());
        let fitting = told
            .iter()
            .enumerate()
            .filter(|(_, one)| one.scheduled.is_some() && wanted.contains(&one.status(now)));
        fitting.map(|(place, one)| self.told_json(place, one)).collect()
    }

    /// What is over: one incident of the week before the feed began.
    fn resolved(&self) -> Value {
        let since = later(self.started, -7 * 86_400);
        let one = Told {
            title: "Delayed flag updates".to_owned(),
            impact: "minor".to_owned(),
            component: "Edge API".to_owned(),
            since,
            scheduled: None,
        };
        let mut told = self.told_json(0, &one);
        let end = later(since, 3_600).to_string();
        told["id"] = json!("told-before");
        told["status"] = json!("resolved");
        told["resolved_at"] = json!(end);
        told["updated_at"] = json!(end);
        told
    }

    /// A whole answer, told oddly where the board wants that.
    fn answer(&self, mut members: Value) -> Json<Value> {
        members["page"] = self.page();
        let oddities = self.board.posted().into_iter().map(|one| one.fault.effect);
        Json(oddities.fold(members, |told, effect| match effect {
            Effect::OddFeed { oddity } => oddity.apply(told),
            _ => told,
        }))
    }
}

async fn summary(State(feed): State<Feed>) -> Json<Value> {
    feed.answer(json!({
        "page": {},
        "components": feed.components(),
        "incidents": feed.unresolved(),
        "scheduled_maintenances": feed.maintenances(&["scheduled", "in_progress"]),
        "status": feed.status(),
    }))
}

async fn status(State(feed): State<Feed>) -> Json<Value> {
    feed.answer(json!({ "page": {}, "status": feed.status() }))
}

async fn components(State(feed): State<Feed>) -> Json<Value> {
    feed.answer(json!({ "page": {}, "components": feed.components() }))
}

async fn incidents(State(feed): State<Feed>) -> Json<Value> {
    let mut all = feed.unresolved();
    all.push(feed.resolved());
    feed.answer(json!({ "page": {}, "incidents": all }))
}

async fn unresolved(State(feed): State<Feed>) -> Json<Value> {
    feed.answer(json!({ "page": {}, "incidents": feed.unresolved() }))
}

async fn maintenances(State(feed): State<Feed>) -> Json<Value> {
    let all = feed.maintenances(&["scheduled", "in_progress", "completed"]);
    feed.answer(json!({ "page": {}, "scheduled_maintenances": all }))
}

async fn active_maintenances(State(feed): State<Feed>) -> Json<Value> {
    let active = feed.maintenances(&["in_progress"]);
    feed.answer(json!({ "page": {}, "scheduled_maintenances": active }))
}

async fn upcoming_maintenances(State(feed): State<Feed>) -> Json<Value> {
    let upcoming = feed.maintenances(&["scheduled"]);
    feed.answer(json!({ "page": {}, "scheduled_maintenances": upcoming }))
}
