//! The control route, from another process's point of view.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use door::holds;
use halyard_sandbox::Running;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

async fn control(running: &Running, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let url = format!("{}{path}", running.announcement().control.url);
    let mut request = door::client().request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.expect("an answer");
    (response.status(), response.json().await.unwrap_or_default())
}

fn settings(overview: &Value, name: &str) -> Value {
    let faults = overview["faults"].as_array().expect("a list");
    let found = faults.iter().find(|one| one["name"] == name).expect("listed");
    found["settings"].clone()
}

#[tokio::test]
async fn every_listed_fault_can_be_set_as_it_is_listed_and_cleared() {
    let running = door::start(Default::default()).await;
    let (status, overview) = control(&running, Method::GET, "", None).await;
    assert_eq!(status, 200);
    let faults = overview["faults"].as_array().expect("a list");
    assert_eq!(faults.len(), halyard_sandbox::catalogue().len());
    for fault in faults {
        let name = fault["name"].as_str().expect("a name");
        assert_eq!(fault["settings"], json!([]), "{name}");
        let mut body = json!({});
        if fault["parameters"].get("surface").is_some() {
            body["surface"] = json!("edgeflags");
        }
        for (parameter, about) in fault["parameters"].as_object().expect("parameters") {
            if about["required"] == json!(true) {
                body[parameter] = match (about.get("example"), about["type"].as_str()) {
                    (Some(example), _) => example.clone(),
                    (None, Some("integer")) => json!(5),
                    (None, other) => panic!("{name}: what is {other:?}?"),
                };
            }
        }
        let (status, overview) = control(
            &running,
            Method::PUT,
            &format!("faults/{name}"),
            Some(body.clone()),
        )
        .await;
        assert_eq!(status, 200, "{name}: {overview}");
        let mut wanted = body;
        wanted["name"] = json!(name);
        holds(&settings(&overview, name), &json!([wanted])).expect("set as asked");
    }
    let (status, overview) = control(&running, Method::DELETE, "faults", None).await;
    assert_eq!(status, 200);
    for fault in faults {
        assert_eq!(
            settings(&overview, fault["name"].as_str().expect("a name")),
            json!([])
        );
    }
}

#[tokio::test]
async fn a_fault_set_over_the_route_strikes_and_can_be_taken_back() {
    let running = door::start(Default::default()).await;
    let several = json!([
        { "surface": "edgeflags", "method": "GET", "path": "/flags", "status": 503, "times": 1 },
        { "surface": "edgeflags", "method": "GET", "path": "/configs", "status": 502 },
    ]);
    control(&running, Method::PUT, "faults/server_error", Some(several)).await;
    for (path, status) in [
        ("flags", 503),
        ("flags", 200),
        ("configs", 502),
        ("configs", 502),
        ("segments", 200),
    ] {
        let response = door::send(&running, Method::GET, &format!("/api/v1/{path}"), None).await;
        assert_eq!(response.status(), status, "{path}");
    }
    let (_, overview) = control(&running, Method::GET, "", None).await;
    let counted = json!([{ "seen": 2, "struck": 1 }, { "seen": 2, "struck": 2 }]);
    holds(&settings(&overview, "server_error"), &counted).expect("counted");
    control(&running, Method::DELETE, "faults/server_error", None).await;
    let response = door::send(&running, Method::GET, "/api/v1/configs", None).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let running = door::start(Default::default()).await;
    for (path, body, status) in [
        ("faults/gremlins", json!({}), 404),
        ("faults/latency", json!({}), 400),
        ("faults/latency", json!({ "ms": "long" }), 400),
        ("faults/latency", json!({ "ms": 1, "surfaces": "edgeflags" }), 400),
        ("faults/latency", json!({ "ms": 1, "surface": "moon" }), 400),
        ("faults/latency", json!([{ "ms": 1 }, 7]), 400),
        ("faults/server_error", json!({ "status": 404 }), 400),
        ("faults/stale_document", json!({ "times": 1 }), 400),
        ("faults/incident", json!({ "impact": "none" }), 400),
        (
            "faults/maya",
            json!({ "edit": { "flag": "x", "colour": "red" } }),
            400,
        ),
        ("faults/maya", json!({}), 400),
        ("faults/answer", json!({ "status": 101 }), 400),
        (
            "faults/answer",
            json!({ "status": 400, "content-type": "text/html" }),
            400,
        ),
        ("faults/clock_skew", json!({ "seconds": 1e300 }), 400),
        ("faults/clock_skew", json!({ "seconds": 400_000_000 }), 400),
        (
            "faults/throttle_window",
            json!({ "requests": 5, "window_ms": 0 }),
            400,
        ),
        ("faults/queue", json!({ "waiting": 5, "times": 1 }), 400),
        ("faults/odd_feed", json!({ "oddity": "sideways" }), 400),
    ] {
        let (found, answer) = control(&running, Method::PUT, path, Some(body.clone())).await;
        assert_eq!(found, status, "{path} {body}");
        assert!(answer["error"].is_string(), "{path} {body}: {answer}");
    }
    assert_eq!(running.faults().posted(), []);
}

#[tokio::test]
async fn maya_edits_on_demand() {
    let running = door::start(Default::default()).await;
    let edit = json!({ "surface": "edgeflags", "environment": "staging", "flag": "guest_checkout", "enabled": false });
    let (status, _) = control(&running, Method::POST, "edits", Some(edit)).await;
    assert_eq!(status, 200);
    let flag = running.edgeflags().flag("guest_checkout").expect("seeded");
    assert_eq!(
        (&flag["version"], &flag["environments"]["staging"]["enabled"]),
        (&json!(4), &json!(false))
    );
    for (body, status) in [
        (
            json!({ "surface": "edgeflags", "flag": "nobody_knows", "enabled": true }),
            422,
        ),
        (
            json!({ "surface": "edgeflags", "environment": "moon", "flag": "guest_checkout", "enabled": true }),
            422,
        ),
        (json!({ "surface": "status", "flag": "guest_checkout" }), 422),
        (json!({ "flag": "guest_checkout" }), 400),
        (json!({ "surface": "edgeflags" }), 400),
    ] {
        let (found, answer) = control(&running, Method::POST, "edits", Some(body.clone())).await;
        assert_eq!(found, status, "{body}: {answer}");
    }
}

#[tokio::test]
async fn the_journal_is_read_and_emptied() {
    let running = door::start(Default::default()).await;
    door::send(&running, Method::GET, "/api/v1/project", None).await;
    let (_, journal) = control(&running, Method::GET, "journal", None).await;
    let wanted =
        json!({ "exchanges": [{ "surface": "edgeflags", "target": "/api/v1/project", "status": 200 }] });
    holds(&journal, &wanted).expect("kept");
    assert!(
        !journal
            .to_string()
            .contains(&running.announcement().edgeflags.token)
    );
    control(&running, Method::DELETE, "journal", None).await;
    let (_, journal) = control(&running, Method::GET, "journal", None).await;
    assert_eq!(journal, json!({ "exchanges": [] }));
}

/// A page in a browser on this machine could otherwise reach the board by naming it as its own host, or by
/// posting a form.
#[tokio::test]
async fn foreign_pages_cannot_reach_the_board() {
    let running = door::start(Default::default()).await;
    let url = running.announcement().control.url.clone();
    let client = Client::builder().no_proxy().build().expect("a client");
    let renamed = client
        .get(&url)
        .header("host", "evil.example")
        .send()
        .await
        .expect("an answer");
    assert_eq!(renamed.status(), 403);
    let form = client
        .post(format!("{url}edits"))
        .header("content-type", "text/plain");
    let form = form.body(r#"{"surface":"edgeflags","flag":"guest_checkout","enabled":false}"#);
    assert_eq!(form.send().await.expect("an answer").status(), 400);
    assert_eq!(
        running.edgeflags().flag("guest_checkout").expect("seeded")["version"],
        json!(3)
    );
}
