//! The states that flags went through, and who made them.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use door::writer::Writer;
use halyard_sandbox::{Config, FlagWrite, MayaEdit, MayaOverride, Running, Sandbox, Surface};
use serde_json::{Value, json};

async fn start(history: usize) -> Running {
    let config = Config {
        history,
        ..Config::default()
    };
    Sandbox::start(config).await.expect("free ports")
}

/// Each write's state before is the state after the one before it.
fn chained(writes: &[FlagWrite]) {
    for pair in writes.windows(2) {
        assert_eq!(
            pair[0].after, pair[1].before,
            "{} then {}",
            pair[0].by, pair[1].by
        );
        assert!(pair[0].number < pair[1].number);
    }
}

fn by(writes: &[FlagWrite]) -> Vec<&str> {
    writes.iter().map(|write| write.by.as_str()).collect()
}

#[tokio::test]
async fn a_history_holds_every_state_and_who_made_it() {
    let running = start(1_000).await;
    let ada = Writer::new(&running, "ada");
    let flag = "new_checkout";
    ada.written(
        Surface::Flagsmith,
        "PATCH /api/__future__/environments/{p}/features/1/",
        json!({"environment_default": {"value": {"type": "string", "value": "a"}, "variants": [{"id": 1, "weight": 5}, {"id": 2, "weight": 6}]}}),
    )
    .await;
    let edit = MayaEdit {
        environment: "Production".to_owned(),
        flag: flag.to_owned(),
        overrides: vec![MayaOverride {
            segment: "Germany".to_owned(),
            enabled: Some(true),
            value: Some(json!("hers")),
            ..MayaOverride::default()
        }],
        ..MayaEdit::default()
    };
    running.flagsmith().edit_as_maya(&edit).expect("carried out");
    // What is refused, read or changed elsewhere is no write of this flag's state here.
    let refused = json!({"environment_default": {"value": {"type": "integer", "value": "x"}}});
    let path = "PATCH /api/__future__/environments/{p}/features/1/";
    let answer = ada.send(Surface::Flagsmith, path, Some(&refused)).await;
    assert_eq!(answer.expect("an answer").status(), 400);
    let path = "POST /api/v1/environments/{p}/identities/1/featurestates/";
    ada.written(Surface::Flagsmith, path, json!({"feature": 1, "enabled": false}))
        .await;
    let path = "PATCH /api/v1/projects/1/features/1/";
    ada.written(Surface::Flagsmith, path, json!({"description": "x"}))
        .await;
    // A direct write of what is there already is a write.
    let path = "PUT /api/v1/environments/{p}/featurestates/3/";
    ada.written(Surface::Flagsmith, path, json!({"feature_state_value": "a"}))
        .await;
    let writes = running.history(Surface::Flagsmith, "Production", flag);
    chained(&writes);
    assert_eq!(by(&writes), ["ada", "maya", "ada"]);
    let first = writes[0].after.as_ref().expect("it exists");
    assert_eq!(
        (&first["value"], &first["weights"], &first["version"]),
        (
            &json!("a"),
            &json!([{"option": 1, "percentage": 5.0}, {"option": 2, "percentage": 6.0}]),
            &Value::Null
        )
    );
    assert_eq!(
        writes[0].before.as_ref().expect("it existed")["weights"][0]["percentage"],
        30.0
    );
    let numbers: Vec<u64> = running.journal().iter().map(|one| one.number).collect();
    assert!(writes[0].request.is_some_and(|number| numbers.contains(&number)));
    assert_eq!(writes[1].request, None);
    let hers = writes[1].after.as_ref().expect("it exists");
    let last = hers["overrides"].as_array().and_then(|rows| rows.last()).cloned();
    assert_eq!(last.expect("an override")["value"], "hers");
    assert_eq!(writes[2].before, writes[2].after);
    running.stop().await;
}

#[tokio::test]
async fn a_deleted_flag_ends_with_nothing() {
    let running = start(100).await;
    let ada = Writer::new(&running, "ada");
    let path = "DELETE /api/v1/projects/1/features/1/";
    let answer = ada.send(Surface::Flagsmith, path, None).await.expect("an answer");
    assert_eq!(answer.status(), 204);
    let writes = running.history(Surface::Flagsmith, "Production", "new_checkout");
    assert_eq!(writes.last().map(|write| write.after.is_none()), Some(true));
    chained(&writes);
    running.stop().await;
}

#[tokio::test]
async fn a_history_of_versions_tells_drafts_from_what_is_live() {
    let running = start(1_000).await;
    let ada = Writer::new(&running, "ada");
    let versions = "POST /api/v1/environments/2/features/5/versions/";
    let change = |value: u64, from: Value| {
        json!({
            "publish_immediately": true, "live_from": from,
            "feature_states_to_update": [{
                "enabled": true, "feature_state_value": {"type": "int", "integer_value": value}, "feature_segment": null,
            }],
        })
    };
    ada.written(Surface::Flagsmith, versions, json!({})).await;
    assert_eq!(
        running.history(Surface::Flagsmith, "Staging", "guest_checkout"),
        []
    );
    ada.written(Surface::Flagsmith, versions, change(1, Value::Null))
        .await;
    // A version for later is no write of what is served; its day is.
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    ada.written(
        Surface::Flagsmith,
        versions,
        change(2, json!(tomorrow.to_string())),
    )
    .await;
    assert_eq!(
        running
            .history(Surface::Flagsmith, "Staging", "guest_checkout")
            .len(),
        1
    );
    running.flagsmith().advance(Duration::from_secs(25 * 3600));
    ada.written(Surface::Flagsmith, versions, change(3, Value::Null))
        .await;
    let writes = running.history(Surface::Flagsmith, "Staging", "guest_checkout");
    chained(&writes);
    assert_eq!(by(&writes), ["ada", "schedule", "ada"]);
    let values: Vec<&Value> = writes
        .iter()
        .map(|write| &write.after.as_ref().expect("live")["value"])
        .collect();
    assert_eq!(values, [&json!(1), &json!(2), &json!(3)]);
    assert!(
        writes
            .iter()
            .all(|write| write.after.as_ref().expect("live")["version"].is_string())
    );
    running.stop().await;
}

#[tokio::test]
async fn a_history_of_definitions_and_its_bound() {
    let running = start(3).await;
    let ada = Writer::new(&running, "ada");
    ada.written(
        Surface::EdgeFlags,
        "POST /api/v1/flags",
        json!({"key": "tea", "enabled": true}),
    )
    .await;
    ada.written(
        Surface::EdgeFlags,
        "PUT /api/v1/flags/tea",
        json!({"enabled": false}),
    )
    .await;
    ada.written(
        Surface::EdgeFlags,
        "PUT /api/v1/configs/currencies",
        json!({"value": []}),
    )
    .await;
    let edit = MayaEdit {
        environment: "staging".to_owned(),
        flag: "tea".to_owned(),
        enabled: Some(true),
        ..MayaEdit::default()
    };
    running.edgeflags().edit_as_maya(&edit).expect("carried out");
    let writes = running.history(Surface::EdgeFlags, "", "tea");
    chained(&writes);
    assert_eq!(by(&writes), ["ada", "ada", "maya"]);
    assert_eq!((&writes[0].before, writes[0].request.is_some()), (&None, true));
    assert_eq!(writes[2].after.as_ref().expect("it exists")["version"], 3);
    ada.written(
        Surface::EdgeFlags,
        "PUT /api/v1/flags/tea",
        json!({"enabled": true}),
    )
    .await;
    let numbers: Vec<u64> = running.writes().iter().map(|write| write.number).collect();
    assert_eq!(numbers, [2, 3, 4], "the newest are kept");
    running.stop().await;

    let running = start(Config::default().history).await;
    running
        .edgeflags()
        .edit_as_maya(&MayaEdit {
            flag: "guest_checkout".to_owned(),
            ..edit
        })
        .expect("carried out");
    assert_eq!(running.writes(), [], "nobody asked for a history");
    running.stop().await;
}
