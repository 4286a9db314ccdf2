//! Budgets that run out, refill and are told on every answer; reads that lag; who is told what by whom.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use halyard_sandbox::{
    MayaEdit, Running,
    edgeflags::{EdgeFlagsOptions, SeededToken},
};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

async fn send(
    client: &Client,
    running: &Running,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Response {
    let place = &running.announcement().edgeflags;
    let mut request = client
        .request(method, format!("{}{path}", place.url))
        .bearer_auth(&place.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.expect("an answer")
}

fn number(response: &Response, name: &str) -> u64 {
    let value = response
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("{name} is absent"));
    value.to_str().expect("text").parse().expect("a number")
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 584 million")
}

#[tokio::test]
async fn a_spent_budget_says_when_it_refills_and_refills_then() {
    let options = EdgeFlagsOptions {
        management_limit: 3,
        window_ms: 400,
        ..EdgeFlagsOptions::default()
    };
    let (client, running) = (door::client(), door::start(options).await);
    for left in [2, 1, 0] {
        let response = send(&client, &running, Method::GET, "/api/v1/project", None).await;
        assert_eq!(
            (
                response.status().as_u16(),
                number(&response, "x-ratelimit-remaining")
            ),
            (200, left)
        );
    }
    let refused = send(&client, &running, Method::GET, "/api/v1/project", None).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(number(&refused, "retry-after"), 1);
    let reset = number(&refused, "x-ratelimit-reset");
    assert!(
        reset.abs_diff(now_ms()) < 60_000,
        "{reset} is not a moment near now, in milliseconds"
    );
    loop {
        let response = send(&client, &running, Method::GET, "/api/v1/project", None).await;
        if response.status() == 200 {
            // One clock measures the window and another one tells the moment, so a little slack is fair.
            assert!(now_ms() + 50 >= reset, "granted before the moment that was told");
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn new_options_hold_at_once_and_forget_what_was_counted() {
    let options = EdgeFlagsOptions {
        management_limit: 1,
        ..EdgeFlagsOptions::default()
    };
    let (client, running) = (door::client(), door::start(options).await);
    for status in [200, 429] {
        let response = send(&client, &running, Method::GET, "/api/v1/project", None).await;
        assert_eq!(response.status(), status);
    }
    let url = format!("{}edgeflags", running.announcement().control.url);
    let response = client
        .put(&url)
        .json(&json!({ "management_limit": 5 }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let response = send(&client, &running, Method::GET, "/api/v1/project", None).await;
    assert_eq!(
        (response.status().as_u16(), number(&response, "x-ratelimit-limit")),
        (200, 5)
    );
    let response = client
        .put(&url)
        .json(&json!({ "put_mode": "guess" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_new_token_works_until_it_is_revoked() {
    let (client, running) = (door::client(), door::start(EdgeFlagsOptions::default()).await);
    let asked = json!({ "name": "ci", "permissions": ["read:flags"] });
    let made = send(&client, &running, Method::POST, "/api/v1/tokens", Some(asked)).await;
    let made: Value = made.json().await.expect("JSON");
    let (token, prefix) = (
        made["token"].as_str().expect("text"),
        made["meta"]["token_prefix"].as_str(),
    );
    let prefix = prefix.expect("text");
    assert!(
        token.starts_with("ff_acme_") && token.len() == 28 && token.starts_with(prefix),
        "{token}"
    );
    let url = format!("{}/api/v1/flags?limit=1", running.announcement().edgeflags.url);
    for status in [200, 401] {
        let response = client
            .get(&url)
            .bearer_auth(token)
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), status);
        if status == 200 {
            let path = format!("/api/v1/tokens/{prefix}");
            let revoked = send(&client, &running, Method::DELETE, &path, None).await;
            assert_eq!(revoked.status(), 200);
        }
    }
}

#[tokio::test]
async fn mayas_edit_is_told_as_hers() {
    let (client, running) = (door::client(), door::start(EdgeFlagsOptions::default()).await);
    let before = running.edgeflags().flag("guest_checkout").expect("seeded");
    let edit = |environment: &str, value| MayaEdit {
        environment: environment.to_owned(),
        flag: "guest_checkout".to_owned(),
        enabled: None,
        value: Some(value),
        ..MayaEdit::default()
    };
    running
        .edgeflags()
        .edit_as_maya(&edit("", json!("base")))
        .expect("carried out");
    running
        .edgeflags()
        .edit_as_maya(&edit("staging", json!("there")))
        .expect("carried out");
    let after = running.edgeflags().flag("guest_checkout").expect("seeded");
    assert_eq!(after["enabled"], before["enabled"]);
    assert_eq!(
        (&after["value"], &after["environments"]["staging"]["value"]),
        (&json!("base"), &json!("there"))
    );
    assert_eq!(after["version"], json!(5));
    let audit = send(&client, &running, Method::GET, "/api/v1/audit?limit=1", None).await;
    let audit: Value = audit.json().await.expect("JSON");
    let actor = audit["entries"][0]["actor"].as_str().expect("text");
    assert_eq!(
        actor,
        format!("{}...", &running.edgeflags().token(SeededToken::Maya)[..12])
    );
    assert!(running.edgeflags().edit_as_maya(&edit("moon", json!(1))).is_err());
}
