//! What callers get for a flag, over HTTP, from `edgeflags_evaluation.json5`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use halyard_sandbox::{Running, edgeflags::EdgeFlagsOptions};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    flag: Map<String, Value>,
    #[serde(default)]
    context: Map<String, Value>,
    value: Value,
    reason: String,
}

async fn evaluate(client: &reqwest::Client, running: &Running, key: &str, context: &Value) -> Value {
    let place = &running.announcement().edgeflags;
    let answer = client
        .get(format!("{}/api/v1/flags/{key}", place.url))
        .query(&[("context", context.to_string())])
        .bearer_auth(&place.token)
        .send()
        .await
        .expect("an answer");
    answer.json().await.expect("JSON")
}

#[tokio::test]
async fn values_and_reasons_follow_the_documented_order() {
    let (client, running) = (door::client(), door::start(EdgeFlagsOptions::default()).await);
    let cases: Vec<Case> = json5::from_str(include_str!("edgeflags_evaluation.json5")).expect("cases");
    assert!(cases.len() > 40, "only {} cases", cases.len());
    for case in cases {
        running.edgeflags().put_flag("tried", case.flag);
        let found = evaluate(&client, &running, "tried", &Value::Object(case.context)).await;
        assert_eq!(found["value"], case.value, "{}: {found}", case.name);
        assert_eq!(found["reason"], case.reason, "{}: {found}", case.name);
    }
}

/// The share is near its percentage, a person stays where they are, and a wider rollout only adds people.
#[tokio::test]
async fn a_rollout_is_sticky_near_its_share_and_only_grows() {
    let (client, running) = (door::client(), door::start(EdgeFlagsOptions::default()).await);
    let n_people = 400;
    let mut inside_before = vec![false; n_people];
    for (percentage, at_least, at_most) in [(0, 0, 0), (25, 70, 130), (60, 200, 280), (100, 400, 400)] {
        let targeting = json!({ "rollout": { "percentage": percentage, "attribute": "user_id" } });
        let flag = json!({ "enabled": true, "targeting": targeting });
        running
            .edgeflags()
            .put_flag("tried", flag.as_object().expect("an object").clone());
        let mut inside = Vec::new();
        for person in 0..n_people {
            let context = json!({ "user_id": format!("person-{person}") });
            let found = evaluate(&client, &running, "tried", &context).await;
            assert_eq!(
                found["value"] == json!(true),
                found["reason"] == "rollout",
                "{found}"
            );
            inside.push(found["value"] == json!(true));
        }
        let n_inside = inside.iter().filter(|one| **one).count();
        assert!(
            (at_least..=at_most).contains(&n_inside),
            "{percentage}%: {n_inside} of {n_people}"
        );
        let left = inside_before
            .iter()
            .zip(&inside)
            .filter(|(before, now)| **before && !**now)
            .count();
        assert_eq!(left, 0, "{percentage}%: {left} people left a wider rollout");
        inside_before = inside;
    }
}
