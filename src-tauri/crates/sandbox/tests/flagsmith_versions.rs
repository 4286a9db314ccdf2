//! Versions of flags, in the sandbox as in the real server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod wire;

use std::time::Duration;

use serde_json::json;
use wire::acme::{STAGING, Server};

#[tokio::test]
async fn versions_refuse_direct_writes_and_let_a_stale_draft_overwrite() {
    let server = Server::start().await;
    let state = server.state(STAGING, "free_shipping_threshold").await;
    let direct = server
        .admin(
            "PATCH",
            &server.state_path(STAGING, &state),
            Some(json!({"enabled": false})),
        )
        .await;
    assert_eq!(direct.status, 400);
    let base = "/environments/2/features/2/versions/";
    let draft = server.admin("POST", base, Some(json!({}))).await.json()["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let by_uuid = format!("/environment-feature-versions/{draft}/");
    let first = server.admin("GET", &by_uuid, None).await.json()["previous_version_uuid"].clone();
    assert_eq!(first, state["environment_feature_version"]);
    server.maya("Staging", "free_shipping_threshold", json!(61));
    let moved = server.admin("GET", &by_uuid, None).await.json()["previous_version_uuid"].clone();
    assert_ne!(
        moved, first,
        "what the draft replaces is computed when it is read"
    );
    let path = format!("{base}{draft}/publish/");
    assert_eq!(server.admin("POST", &path, Some(json!({}))).await.status, 200);
    let after = server.state(STAGING, "free_shipping_threshold").await;
    assert_eq!(
        after["feature_state_value"], state["feature_state_value"],
        "the stale draft won"
    );
    assert_ne!(after["id"], state["id"], "each version has states of its own");
    let published = server.admin("GET", &by_uuid, None).await.json();
    assert_eq!(
        (&published["previous_version_uuid"], &published["is_live"]),
        (&moved, &json!(true))
    );
    let states = server
        .admin("GET", &format!("{base}{draft}/featurestates/"), None)
        .await
        .json();
    let path = format!("{base}{draft}/featurestates/{}/", states[0]["id"]);
    let refused = server
        .admin("PATCH", &path, Some(json!({"enabled": false})))
        .await;
    assert_eq!(
        (refused.status, refused.json()["detail"].as_str()),
        (400, Some("Cannot modify published version."))
    );
    assert_eq!(
        server
            .admin("DELETE", &format!("{base}{draft}/"), None)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_scheduled_version_goes_live_without_moving_the_document() {
    let server = Server::start().await;
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(400);
    let body = json!({
        "publish_immediately": true, "live_from": at.to_string(),
        "feature_states_to_update": [{"enabled": true, "feature_state_value": {"type": "int", "integer_value": 77}, "feature_segment": null}],
    });
    let version = server
        .admin("POST", "/environments/2/features/2/versions/", Some(body))
        .await
        .json();
    assert_eq!(
        (&version["published"], &version["is_live"]),
        (&json!(true), &json!(false))
    );
    let published = server.document(STAGING, &[]).await.json();
    let mut turns = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        turns.tick().await;
        if server.state(STAGING, "free_shipping_threshold").await["feature_state_value"] == 77 {
            let live = server.document(STAGING, &[]).await.json();
            assert_eq!(live["updated_at"], published["updated_at"]);
            assert_ne!(live["feature_states"], published["feature_states"]);
            return;
        }
    }
    panic!("the version never went live");
}
