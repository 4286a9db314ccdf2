//! The status feed in its full form, and in forms that only a lenient reader bears.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use door::holds;
use halyard_sandbox::{Effect, Fault, Oddity, Running, Surface, staged};
use serde_json::{Value, json};

async fn get(running: &Running, path: &str) -> Value {
    let url = format!("{}/api/v2/{path}", running.announcement().status.url);
    let response = door::client().get(url).send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.expect("JSON")
}

fn incident() -> Fault {
    Fault::of(Effect::Incident {
        title: "Core API errors".to_owned(),
        impact: "critical".to_owned(),
        component: "Core API".to_owned(),
    })
}

fn maintenance(starts_in: i64) -> Fault {
    Fault::of(Effect::Maintenance {
        title: "Database upgrade".to_owned(),
        component: "Core API".to_owned(),
        starts_in,
        lasts: 600,
    })
}

#[tokio::test]
async fn an_incident_has_its_updates_and_its_component() {
    let running = door::start(Default::default()).await;
    running.faults().set(incident());
    let component = json!({ "id": "core", "name": "Core API", "status": "major_outage", "position": 1 });
    let update = json!({ "id": "<any>", "status": "investigating", "body": "<any>", "display_at": "<any>" });
    let wanted = json!([{
        "id": "<any>", "name": "Core API errors", "status": "identified", "impact": "critical",
        "shortlink": "<any>", "started_at": "<any>", "resolved_at": null, "monitoring_at": null,
        "components": [component], "incident_updates": ["<any>", update],
    }]);
    let summary = get(&running, "summary.json").await;
    holds(&summary["incidents"], &wanted).expect("told");
    holds(
        &summary["status"],
        &json!({ "indicator": "critical", "description": "Major Service Outage" }),
    )
    .expect("told");
    let all = get(&running, "incidents.json").await;
    let states: Vec<&Value> = all["incidents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|incident| &incident["status"])
        .collect();
    assert_eq!(states, ["identified", "resolved"]);
    let open = get(&running, "incidents/unresolved.json").await;
    assert_eq!(open["incidents"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn maintenance_is_told_before_and_felt_while_it_lasts() {
    let running = door::start(Default::default()).await;
    for (starts_in, status, indicator, component) in [
        (3_600, "scheduled", "none", "operational"),
        (-60, "in_progress", "maintenance", "under_maintenance"),
    ] {
        running.faults().set(maintenance(starts_in));
        let wanted = json!({
            "status": { "indicator": indicator },
            "incidents": [],
            "components": [{ "status": component }, { "status": "operational" }],
            "scheduled_maintenances": [{
                "status": status, "impact": "maintenance", "scheduled_for": "<any>", "scheduled_until": "<any>",
            }],
        });
        holds(&get(&running, "summary.json").await, &wanted).expect("told");
    }
    running.faults().set(maintenance(-3_600));
    let over = get(&running, "summary.json").await;
    assert_eq!(over["scheduled_maintenances"], json!([]));
    let list = get(&running, "scheduled-maintenances.json").await;
    assert_eq!(list["scheduled_maintenances"][0]["status"], "completed");
}

#[tokio::test]
async fn every_oddity_is_json_and_differs_from_the_true_feed() {
    let running = door::start(Default::default()).await;
    running.faults().set(incident());
    let plain = get(&running, "summary.json").await;
    for oddity in Oddity::ALL {
        running.faults().set(Fault::of(Effect::OddFeed { oddity }));
        let odd = get(&running, "summary.json").await;
        assert_ne!(odd, plain, "{oddity:?}");
        match oddity {
            Oddity::MissingMembers => {
                assert_eq!(
                    odd["incidents"],
                    json!([{ "name": "Core API errors", "impact": "critical" }])
                );
                assert_eq!((odd.get("page"), odd.get("scheduled_maintenances")), (None, None));
            }
            Oddity::UnknownWords => assert_eq!(odd["status"]["indicator"], "purple"),
            Oddity::WrongTypes => assert_eq!(odd["incidents"][0]["incident_updates"], Value::Null),
            Oddity::StatusOnly => assert_eq!(odd, json!({ "status": plain["status"] })),
        }
    }
}

#[tokio::test]
async fn the_feed_may_be_a_page() {
    let running = door::start(Default::default()).await;
    running
        .faults()
        .set(Fault::of(staged::sign_in_page()).on(Surface::Status));
    let url = format!("{}/api/v2/summary.json", running.announcement().status.url);
    let response = door::client().get(url).send().await.expect("an answer");
    assert!(
        response
            .text()
            .await
            .expect("text")
            .starts_with("<!doctype html>")
    );
}
