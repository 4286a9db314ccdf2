//! The demo's switches, and a version that goes live without a word.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::collections::BTreeSet;

use halyard_sandbox::{Running, Switch, demo_faults};
use serde_json::{Value, json};

fn flagsmith(running: &Running, path: &str) -> reqwest::RequestBuilder {
    let announcement = running.announcement();
    let token = format!("Token {}", announcement.flagsmith_text("token"));
    let url = format!("{}{path}", announcement.flagsmith_text("url"));
    door::client().get(url).header("authorization", token)
}

#[tokio::test]
async fn each_switch_goes_on_and_off_by_itself() {
    let running = door::start(Default::default()).await;
    let board = running.faults();
    let all = demo_faults();
    let names: BTreeSet<&str> = all
        .iter()
        .flat_map(|one| one.faults.iter().map(|fault| fault.effect.name()))
        .collect();
    assert_eq!(names.len(), all.len(), "one name for each switch");
    for one in &all {
        assert!(!one.title.is_empty() && one.shows.ends_with('.'), "{one:?}");
        assert!(board.switch_demo(one.id, Switch::On));
    }
    let ids: Vec<&str> = all.iter().map(|one| one.id).collect();
    assert_eq!(board.demo_switches_on(), ids);
    for place in (0..all.len()).rev() {
        assert!(board.switch_demo(all[place].id, Switch::Off));
        assert_eq!(board.demo_switches_on(), ids[..place]);
    }
    assert_eq!(board.posted(), []);
    assert!(!board.switch_demo("gremlins", Switch::On));
}

#[tokio::test]
async fn what_the_switches_promise_is_seen() {
    let running = door::start(Default::default()).await;
    let board = running.faults();
    for (id, status) in [("throttled", 429), ("server_error", 502)] {
        board.switch_demo(id, Switch::On);
        let response = flagsmith(&running, "organisations/")
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), status, "{id}");
        let response = door::send(&running, reqwest::Method::GET, "/api/v1/flags", None).await;
        assert_eq!(response.status(), status, "{id}");
        board.switch_demo(id, Switch::Off);
    }
    board.switch_demo("maya", Switch::On);
    let response = flagsmith(&running, "organisations/")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    door::send(&running, reqwest::Method::GET, "/api/v1/flags", None).await;
    assert_eq!(board.demo_switches_on(), Vec::<&str>::new(), "she has edited");
    let flag = running.edgeflags().flag("max_items_per_order").expect("seeded");
    let hers = flag["environments"]["production"]["value"]
        .as_u64()
        .expect("a number");
    assert!(hers > 40, "{flag}");
    let production = running.announcement().flagsmith["environments"][2]["server_key"].clone();
    let document = running.flagsmith().document(production.as_str().expect("a key"));
    let document = document.expect("known");
    let state = document["feature_states"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|state| state["feature"]["name"] == "max_items_per_order")
        .expect("seeded");
    assert!(
        state["feature_state_value"].as_u64().expect("a number") > 40,
        "{state}"
    );
}

/// A version that was scheduled goes live: the flag changes, and the time of the last change does not.
#[tokio::test]
async fn a_scheduled_version_goes_live_without_moving_the_time_of_the_last_change() {
    let running = door::start(Default::default()).await;
    let environments = running.announcement().flagsmith["environments"]
        .as_array()
        .expect("a list");
    let versioned = environments
        .iter()
        .find(|environment| environment["versioned"] == json!(true))
        .expect("seeded")
        .clone();
    let features = flagsmith(
        &running,
        &format!(
            "projects/{}/features/?page_size=200",
            running.announcement().flagsmith["project"]
        ),
    );
    let features: Value = features
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let flag = features["results"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|flag| flag["name"] == "image_cdn_host")
        .expect("seeded")
        .clone();
    let document = || {
        running
            .flagsmith()
            .document(versioned["server_key"].as_str().expect("a key"))
            .expect("known")
    };
    let value = |document: &Value| {
        let states = document["feature_states"].as_array().expect("a list");
        let state = states.iter().find(|state| state["feature"]["id"] == flag["id"]);
        state.expect("served")["feature_state_value"].clone()
    };
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(700);
    let url = format!(
        "{}environments/{}/features/{}/versions/",
        running.announcement().flagsmith_text("url"),
        versioned["id"],
        flag["id"]
    );
    let body = json!({
        "publish_immediately": true, "live_from": soon.to_string(),
        "feature_states_to_update": [{
            "enabled": true, "feature_segment": null,
            "feature_state_value": { "type": "unicode", "string_value": "img-scheduled" },
        }],
    });
    let token = format!("Token {}", running.announcement().flagsmith_text("token"));
    let made = door::client()
        .post(url)
        .header("authorization", token)
        .json(&body);
    let made = made.send().await.expect("an answer");
    assert_eq!(made.status(), 201, "{}", made.text().await.unwrap_or_default());
    let published = document();
    door::settle(|| value(&document()) == "img-scheduled").await;
    assert_ne!(value(&published), "img-scheduled", "it was not live at once");
    assert_eq!(document()["updated_at"], published["updated_at"]);
}
