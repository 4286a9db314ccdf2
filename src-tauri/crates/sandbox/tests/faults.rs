//! Every fault, seen from the other end of the wire.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use door::{ask, ask_raw, send, settle};
use halyard_sandbox::{Effect, ErrorBody, Fault, Running, Surface};
use reqwest::Method;
use serde_json::{Value, json};

const FLAG: &str = "/api/v1/flags/guest_checkout";

/// The version of the flag that the tests write; 3 at first.
fn version(running: &Running) -> u64 {
    running.edgeflags().flag("guest_checkout").expect("seeded")["version"]
        .as_u64()
        .expect("a number")
}

async fn start_with(effect: Effect) -> Running {
    let running = door::start(Default::default()).await;
    running
        .faults()
        .set(Fault::of(effect).on(Surface::EdgeFlags).path("/flags").times(1));
    running
}

fn edit(enabled: bool) -> Value {
    json!({ "enabled": enabled })
}

#[tokio::test]
async fn latency_holds_one_request_back_and_not_the_next() {
    let running = start_with(Effect::Latency { ms: 600_000 }).await;
    let held = ask(&running, Method::GET, FLAG, None);
    let free = async {
        settle(|| running.faults().struck("latency") == 1).await;
        ask(&running, Method::GET, FLAG, None).await
    };
    tokio::select! {
        _ = held => panic!("the held request was answered first"),
        response = free => assert_eq!(response.expect("an answer").status(), 200),
    }
}

#[tokio::test]
async fn a_held_write_is_carried_out_although_its_client_has_gone() {
    let running = start_with(Effect::Latency { ms: 300 }).await;
    let place = &running.announcement().edgeflags;
    let request = door::client()
        .put(format!("{}{FLAG}", place.url))
        .bearer_auth(&place.token)
        .json(&edit(false));
    let waiting = tokio::spawn(request.send());
    settle(|| running.faults().struck("latency") == 1).await;
    waiting.abort();
    assert!(waiting.await.expect_err("it still waits").is_cancelled());
    assert_eq!(version(&running), 3);
    settle(|| version(&running) == 4).await;
}

#[tokio::test]
async fn throttling_speaks_each_services_own_words() {
    let running = door::start(Default::default()).await;
    running
        .faults()
        .set(Fault::of(Effect::Throttle { retry_after: Some(7) }));
    let response = send(&running, Method::PUT, FLAG, Some(edit(false))).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["x-ratelimit-remaining"], "0");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], "RATE_LIMITED");
    assert_eq!(version(&running), 3);

    let url = format!("{}organisations/", running.announcement().flagsmith_text("url"));
    let response = door::client().get(&url).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"7".parse().expect("text"))
    );
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(
        body,
        json!({ "detail": "Request was throttled. Expected available in 7 seconds." })
    );

    running
        .faults()
        .set(Fault::of(Effect::Throttle { retry_after: None }));
    for url in [url, format!("{}{FLAG}", running.announcement().edgeflags.url)] {
        let response = door::client().get(&url).send().await.expect("an answer");
        assert_eq!(response.status(), 429);
        assert!(response.headers().get("retry-after").is_none());
    }
}

#[tokio::test]
async fn server_errors_are_pages_unless_told_otherwise_and_change_nothing() {
    for status in [500, 502, 503, 504] {
        for (body, kind) in [
            (ErrorBody::Html, "text/html"),
            (ErrorBody::Json, "application/json"),
            (ErrorBody::Empty, "text/plain"),
        ] {
            let running = start_with(Effect::ServerError { status, body }).await;
            let response = send(&running, Method::PUT, FLAG, Some(edit(false))).await;
            assert_eq!(response.status(), status);
            assert!(
                response.headers()["content-type"]
                    .to_str()
                    .expect("text")
                    .starts_with(kind)
            );
            let text = response.text().await.expect("text");
            match body {
                ErrorBody::Html => assert!(
                    text.contains("<html") && text.contains(&status.to_string()),
                    "{text}"
                ),
                ErrorBody::Json => assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}"),
                ErrorBody::Empty => assert_eq!(text, ""),
            }
            assert_eq!(version(&running), 3);
        }
    }
}

#[tokio::test]
async fn a_cut_body_promises_more_than_it_sends() {
    for (method, body, after) in [(Method::GET, None, 3), (Method::PUT, Some(edit(false)), 4)] {
        let running = start_with(Effect::CutBody).await;
        let raw = ask_raw(&running, method.as_str(), FLAG, body.as_ref()).await;
        let (head, sent) = raw.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let promised = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")
                .map(str::to_owned)
        });
        let promised: usize = promised.expect("a length").parse().expect("a number");
        assert!(
            !sent.is_empty() && sent.len() < promised,
            "{} of {promised}",
            sent.len()
        );
        assert_eq!(version(&running), after);
    }
    let running = start_with(Effect::CutBody).await;
    let response = send(&running, Method::GET, FLAG, None).await;
    response.bytes().await.expect_err("the body breaks off");
}

#[tokio::test]
async fn a_connection_cut_after_the_commit_leaves_the_write() {
    let running = start_with(Effect::CommitThenCut).await;
    assert_eq!(ask_raw(&running, "PUT", FLAG, Some(&edit(false))).await, "");
    assert_eq!(version(&running), 4);
}

#[tokio::test]
async fn a_late_commit_comes_after_the_cut() {
    let running = start_with(Effect::LateCommit { ms: 500 }).await;
    assert_eq!(ask_raw(&running, "PUT", FLAG, Some(&edit(false))).await, "");
    assert_eq!(version(&running), 3, "the write was not late");
    settle(|| version(&running) == 4).await;
}

#[tokio::test]
async fn a_refused_connection_leaves_nothing() {
    let running = start_with(Effect::Refuse).await;
    assert_eq!(ask_raw(&running, "PUT", FLAG, Some(&edit(false))).await, "");
    let response = send(&running, Method::PUT, FLAG, Some(edit(false))).await;
    assert_eq!(
        (response.status().as_u16(), version(&running)),
        (200, 4),
        "it was carried out once, not twice"
    );
}

#[tokio::test]
async fn another_shape_is_valid_json_and_the_write_stands() {
    let running = start_with(Effect::WrongShape).await;
    let response = send(&running, Method::PUT, FLAG, Some(edit(false))).await;
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.expect("valid JSON");
    assert!(
        body["flag"].is_null() && !body["flags"].is_array() && !body["results"].is_array(),
        "{body}"
    );
    assert_eq!(version(&running), 4);
}

#[tokio::test]
async fn malformed_json_is_whole_as_far_as_http_can_tell() {
    for path in [FLAG, "/api/v1/flags?limit=200"] {
        let running = start_with(Effect::MalformedJson).await;
        let response = send(&running, Method::GET, path, None).await;
        assert_eq!(response.status(), 200);
        let text = response.text().await.expect("a whole body");
        assert!(
            text.len() > 10 && serde_json::from_str::<Value>(&text).is_err(),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_huge_body_is_as_large_as_asked() {
    let running = start_with(Effect::HugeBody { bytes: 20_000_000 }).await;
    let response = send(&running, Method::GET, "/api/v1/flags", None).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_length(), None, "a client must count for itself");
    let bytes = response.bytes().await.expect("a whole body");
    assert!(bytes.len() >= 20_000_000);
    serde_json::from_slice::<Value>(&bytes).expect("valid JSON");
}

#[tokio::test]
async fn paging_never_ends() {
    let running = door::start(Default::default()).await;
    running.faults().set(Fault::of(Effect::EndlessPaging));
    for offset in [0, 50, 5_000_000] {
        let response = send(
            &running,
            Method::GET,
            &format!("/api/v1/flags?limit=50&offset={offset}"),
            None,
        )
        .await;
        let page: Value = response.json().await.expect("JSON");
        assert_eq!(page["has_more"], json!(true));
        assert_eq!(page["flags"].as_array().expect("a list").len(), 40);
    }
    let flagsmith = &running.announcement().flagsmith;
    let base = running.announcement().flagsmith_text("url");
    let mut next = format!("{base}projects/{}/features/?page_size=10", flagsmith["project"]);
    for page in 2..6 {
        let request = door::client().get(&next).header(
            "authorization",
            format!("Api-Key {}", running.announcement().flagsmith_text("api_key")),
        );
        let body: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        assert_eq!(body["results"].as_array().expect("a list").len(), 10, "{body}");
        next = body["next"].as_str().expect("another page").to_owned();
        assert!(
            next.starts_with(base) && next.ends_with(&format!("page={page}")),
            "{next}"
        );
    }
    let response = send(&running, Method::GET, "/api/v1/project", None).await;
    assert_eq!(response.status(), 200, "what is no list stays as it is");
}

#[tokio::test]
async fn stale_reads_stay_at_the_moment_the_fault_was_set() {
    let running = door::start(Default::default()).await;
    running
        .faults()
        .set(Fault::of(Effect::StaleDocument).on(Surface::EdgeFlags));
    let response = send(&running, Method::PUT, FLAG, Some(json!({ "value": "new" }))).await;
    assert_eq!(response.status(), 200);
    // Another fault must not take a later moment for the stale one.
    running.faults().set(Fault::of(Effect::Latency { ms: 0 }));
    let value = |body: Value| body["value"].clone();
    let seen = send(&running, Method::GET, FLAG, None)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!((value(seen), version(&running)), (json!(true), 4));
    running.faults().clear();
    let seen = send(&running, Method::GET, FLAG, None)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(value(seen), json!("new"));
}

#[tokio::test]
async fn an_incident_shows_in_the_status_feed() {
    let running = door::start(Default::default()).await;
    let summary = || async {
        let url = format!("{}/api/v2/summary.json", running.announcement().status.url);
        door::client()
            .get(url)
            .send()
            .await
            .expect("an answer")
            .json::<Value>()
            .await
            .expect("JSON")
    };
    let calm = summary().await;
    assert_eq!(
        (&calm["status"]["indicator"], &calm["incidents"]),
        (&json!("none"), &json!([]))
    );
    running.faults().set(Fault::of(Effect::Incident {
        title: "Delayed flag updates".to_owned(),
        impact: "major".to_owned(),
        component: "Core API".to_owned(),
    }));
    let stormy = summary().await;
    let wanted = json!({
        "status": { "indicator": "major" },
        "components": [
            { "name": "Core API", "status": "partial_outage" },
            { "name": "Edge API", "status": "operational" },
        ],
        "incidents": [{ "name": "Delayed flag updates", "impact": "major", "incident_updates": "<any>" }],
    });
    door::holds(&stormy, &wanted).expect("the incident is told");
}
