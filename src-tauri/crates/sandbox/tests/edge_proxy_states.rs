//! States of the Edge Proxy, set on the board and seen over HTTP.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use halyard_sandbox::{Config, Effect, ErrorBody, Fault, MayaEdit, Running, Sandbox, Surface};
use serde_json::{Value, json};

const STAGING: usize = 1;
const PRODUCTION: usize = 2;

async fn start(grace: Duration) -> Running {
    let running = Sandbox::start(Config {
        proxy_poll: Duration::from_millis(20),
        proxy_grace: grace,
        ..Config::default()
    })
    .await
    .expect("free ports");
    until(&running, |status, _| status == 200).await;
    running
}

async fn get(running: &Running, path: &str, environment: usize) -> (u16, Value) {
    let announcement = running.announcement();
    let root = announcement.edge_proxy.url.trim_end_matches("/api/v1/");
    let key = announcement.flagsmith["environments"][environment]["client_key"].clone();
    let request = door::client()
        .get(format!("{root}{path}"))
        .header("x-environment-key", key.as_str().expect("a key"));
    let response = request.send().await.expect("an answer");
    (
        response.status().as_u16(),
        response.json().await.unwrap_or_default(),
    )
}

/// Waits for a health; the runner's patience is 20 seconds.
async fn until(running: &Running, wanted: impl Fn(u16, &Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let (status, health) = get(running, "/proxy/health", PRODUCTION).await;
            if wanted(status, &health) {
                return health;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it never came to hold")
}

fn edit(running: &Running, environment: &str, value: &str) {
    let edit = MayaEdit {
        environment: environment.to_owned(),
        flag: "image_cdn_host".to_owned(),
        enabled: None,
        value: Some(json!(value)),
        ..MayaEdit::default()
    };
    running
        .faults()
        .edit_as_maya(Surface::Flagsmith, &edit)
        .expect("carried out");
}

/// The flag's value as the proxy serves it, once it is the wanted one.
async fn served(running: &Running, environment: usize, wanted: &str) -> Value {
    let waiting = async {
        loop {
            let (_, flag) = get(running, "/api/v1/flags/?feature=image_cdn_host", environment).await;
            if flag["feature_state_value"] == wanted {
                return flag;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it never came")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_pair_ages_all_while_the_others_stay_fresh() {
    let running = start(Duration::from_millis(50)).await;
    let names: Vec<String> = running.announcement().flagsmith["environments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|environment| environment["name"].as_str().expect("text").to_owned())
        .collect();
    running.faults().set(Fault::of(Effect::BadKeyPair {
        environment: names[STAGING].clone(),
    }));
    let stale = until(&running, |status, _| status == 503).await;
    assert_eq!(stale["reason"], "environment document(s) stale.");
    edit(&running, &names[PRODUCTION], "img-fresh");
    edit(&running, &names[STAGING], "img-never");
    served(&running, PRODUCTION, "img-fresh").await;
    let (status, flag) = get(&running, "/api/v1/flags/?feature=image_cdn_host", STAGING).await;
    assert_eq!(status, 200, "its last document is still served");
    assert_ne!(flag["feature_state_value"], "img-never");
    let (_, later) = get(&running, "/proxy/health", PRODUCTION).await;
    assert_eq!(later["last_successful_update"], stale["last_successful_update"]);
    running.faults().clear();
    until(&running, |status, _| status == 200).await;
    served(&running, STAGING, "img-never").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_proxy_calls_valid_keys_unknown() {
    let running = start(Duration::from_secs(60)).await;
    running.faults().set(Fault::of(Effect::ColdProxy));
    let health = until(&running, |status, _| status == 503).await;
    assert_eq!(
        health,
        json!({
            "status": "error", "reason": "environment document(s) not updated.", "last_successful_update": null,
        })
    );
    let (status, refusal) = get(&running, "/api/v1/flags/", PRODUCTION).await;
    assert_eq!((status, &refusal["status"]), (401, &json!("unauthorized")));
    running.faults().clear();
    until(&running, |status, _| status == 200).await;
    assert_eq!(get(&running, "/api/v1/flags/", PRODUCTION).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_fails_ages_the_proxy_and_stops_no_answer() {
    let running = start(Duration::from_millis(50)).await;
    let failing = Fault::of(Effect::ServerError {
        status: 502,
        body: ErrorBody::Html,
    });
    running.faults().set(failing.on(Surface::ProxyUpstream));
    let stale = until(&running, |status, _| status == 503).await;
    assert_ne!(stale["last_successful_update"], Value::Null);
    assert_eq!(get(&running, "/api/v1/flags/", PRODUCTION).await.0, 200);
}
