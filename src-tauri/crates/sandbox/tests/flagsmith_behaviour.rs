//! What a client of Flagsmith stumbles over, in the sandbox as in the real server.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod wire;

use std::time::Duration;

use halyard_sandbox::Seed;
use halyard_sandbox::flagsmith::{Flagsmith, Throttle};
use serde_json::{Value, json};
use wire::acme::{DEVELOPMENT, PRODUCTION, Server};

#[tokio::test]
async fn a_missing_slash_redirects_every_method_to_a_relative_address() {
    let server = Server::start().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let reply = server
            .admin(method, "/organisations?page=1", Some(json!({})))
            .await;
        assert_eq!(
            (reply.status, reply.header("location")),
            (301, Some("/api/v1/organisations/?page=1")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn the_last_of_two_stale_writes_wins_on_v1() {
    let server = Server::start().await;
    let state = server.state(PRODUCTION, "free_shipping_threshold").await;
    let path = server.state_path(PRODUCTION, &state);
    for value in [51, 52] {
        let body = json!({"feature_state_value": value, "updated_at": state["updated_at"]});
        assert_eq!(server.admin("PUT", &path, Some(body)).await.status, 200);
    }
    let after = server.state(PRODUCTION, "free_shipping_threshold").await;
    assert_eq!(after["feature_state_value"], 52);
    assert_ne!(after["updated_at"], state["updated_at"]);
}

#[tokio::test]
async fn a_patch_drops_weights_and_a_put_keeps_them() {
    let server = Server::start().await;
    let state = server.state(PRODUCTION, "new_checkout").await;
    let path = server.state_path(PRODUCTION, &state);
    let mut weights = state["multivariate_feature_state_values"].clone();
    weights[0]["percentage_allocation"] = json!(55.0);
    let body = json!({"multivariate_feature_state_values": weights});
    let patched = server.admin("PATCH", &path, Some(body.clone())).await;
    assert_eq!(
        (patched.status, patched.json()),
        (200, json!({"feature": 1, "enabled": true}))
    );
    let unchanged = server.state(PRODUCTION, "new_checkout").await;
    assert_eq!(
        unchanged["multivariate_feature_state_values"],
        state["multivariate_feature_state_values"]
    );
    assert_eq!(server.admin("PUT", &path, Some(body)).await.status, 200);
    assert_eq!(
        server.state(PRODUCTION, "new_checkout").await["multivariate_feature_state_values"],
        weights
    );
}

#[tokio::test]
async fn a_flat_patch_without_an_environment_is_a_page_and_changes_nothing() {
    let server = Server::start().await;
    let state = server.state(PRODUCTION, "guest_checkout").await;
    let path = format!("/features/featurestates/{}/", state["id"]);
    let reply = server
        .admin("PATCH", &path, Some(json!({"enabled": false})))
        .await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (500, Some("text/html; charset=utf-8"))
    );
    assert_eq!(server.state(PRODUCTION, "guest_checkout").await, state);
}

#[tokio::test]
async fn the_one_call_write_leaves_the_time_of_the_state_alone() {
    let server = Server::start().await;
    let before = server.state(PRODUCTION, "free_shipping_threshold").await;
    let document = server.document(PRODUCTION, &[]).await.json();
    let path = format!(
        "/api/__future__/environments/{}/features/2/",
        server.key(PRODUCTION, "client_key")
    );
    let body = json!({"environment_default": {"value": {"type": "integer", "value": "44"}}});
    let written = server.admin("PATCH", &path, Some(body)).await.json();
    assert_eq!(
        written["environment_default"]["value"],
        json!({"type": "integer", "value": "44"})
    );
    assert_eq!(written["segment_overrides"].as_array().map(Vec::len), Some(2));
    let after = server.state(PRODUCTION, "free_shipping_threshold").await;
    assert_eq!(
        (&after["feature_state_value"], &after["updated_at"]),
        (&json!(44), &before["updated_at"])
    );
    assert_ne!(
        server.document(PRODUCTION, &[]).await.json()["updated_at"],
        document["updated_at"]
    );
    let kept = &written["segment_overrides"][0];
    let refused = server
        .admin("PUT", &path, Some(json!({"segment_overrides": [kept]})))
        .await;
    assert_eq!(
        (refused.status, refused.json()),
        (
            400,
            json!({"segment_overrides": [{"variants": ["Feature is not multivariate."]}]})
        ),
        "what the route shows it does not take back"
    );
    let mut sent = kept.clone();
    sent.as_object_mut().unwrap().remove("variants");
    let replaced = server
        .admin("PUT", &path, Some(json!({"segment_overrides": [sent]})))
        .await
        .json();
    assert_eq!(replaced["segment_overrides"], json!([kept]));
}

#[tokio::test]
async fn a_second_override_of_a_segment_is_taken_and_then_hidden() {
    let server = Server::start().await;
    let key = server.key(PRODUCTION, "client_key");
    let path = format!("/environments/{key}/features/2/create-segment-override/");
    let body = json!({"feature_segment": {"segment": 6}, "enabled": true, "feature_state_value": {"type": "int", "integer_value": 1}});
    assert_eq!(server.admin("POST", &path, Some(body)).await.status, 201);
    let links = server
        .admin("GET", "/features/feature-segments/?environment=3&feature=2", None)
        .await
        .json();
    let states = server
        .admin("GET", "/features/featurestates/?environment=3&feature=2", None)
        .await
        .json();
    assert_eq!(
        (&links["count"], &states["count"]),
        (&json!(3), &json!(3)),
        "one default, two of three overrides"
    );
    let document = server.document(PRODUCTION, &[]).await.json();
    let segments = document["project"]["segments"].as_array().unwrap();
    let told = segments
        .iter()
        .flat_map(|segment| segment["feature_states"].as_array().unwrap())
        .filter(|state| state["feature"]["id"] == 2);
    assert_eq!(told.count(), 3, "the document hides none");
}

#[tokio::test]
async fn only_a_transient_identity_leaves_no_trace() {
    let server = Server::start().await;
    let key = server.key(PRODUCTION, "client_key");
    let sdk = [("X-Environment-Key", key.as_str())];
    let count = async || {
        let path = format!("/environments/{key}/identities/?q=trace");
        server.admin("GET", &path, None).await.json()["count"]
            .as_u64()
            .unwrap()
    };
    let body = |transient: bool| json!({"identifier": "trace_1", "transient": transient, "traits": [{"trait_key": "a", "trait_value": 1}]});
    assert_eq!(
        server
            .send("POST", "/identities/", &sdk, Some(body(true)))
            .await
            .status,
        200
    );
    server
        .send(
            "GET",
            "/identities/?identifier=trace_2&transient=true",
            &sdk,
            None,
        )
        .await;
    assert_eq!(count().await, 0);
    server.send("POST", "/identities/", &sdk, Some(body(false))).await;
    server
        .send("GET", "/identities/?identifier=trace_2", &sdk, None)
        .await;
    assert_eq!(count().await, 2);
}

#[tokio::test]
async fn a_conditional_document_is_304_and_may_be_late() {
    let server = Server::start().await;
    let first = server.document(DEVELOPMENT, &[]).await;
    let at = first.header("last-modified").unwrap().to_owned();
    let since = [("If-Modified-Since", at.as_str())];
    let same = server.document(DEVELOPMENT, &since).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    server.flagsmith.set_document_lag(Duration::from_secs(3600));
    assert_eq!(server.document(DEVELOPMENT, &since).await.status, 304);
    server.maya("development", "image_cdn_host", json!("img-late"));
    assert_eq!(
        server.document(DEVELOPMENT, &since).await.status,
        304,
        "the cached row has not seen the edit"
    );
    assert!(server.document(DEVELOPMENT, &[]).await.text.contains("img-late"));
    server.flagsmith.set_document_lag(Duration::ZERO);
    assert_eq!(server.document(DEVELOPMENT, &since).await.status, 200);
}

#[tokio::test]
async fn two_documents_differ_only_in_made_up_uuids() {
    let server = Server::start().await;
    let strip = |mut document: Value| {
        for identity in document["identity_overrides"].as_array_mut().unwrap() {
            identity["identity_uuid"] = json!(null);
        }
        document
    };
    let (first, second) = (
        server.document(PRODUCTION, &[]).await.json(),
        server.document(PRODUCTION, &[]).await.json(),
    );
    assert_ne!(first, second);
    assert_eq!(strip(first), strip(second));
}

#[tokio::test]
async fn a_frozen_document_stands_still_while_administration_moves_on() {
    let server = Server::start().await;
    server.flagsmith.freeze_document(true);
    server.maya("Production", "image_cdn_host", json!("img-new"));
    assert_eq!(
        server.state(PRODUCTION, "image_cdn_host").await["feature_state_value"],
        "img-new"
    );
    assert!(!server.document(PRODUCTION, &[]).await.text.contains("img-new"));
    server.flagsmith.freeze_document(false);
    assert!(server.document(PRODUCTION, &[]).await.text.contains("img-new"));
}

#[tokio::test]
async fn the_throttle_counts_each_credential_and_spares_sdk_routes() {
    let server = Server::start().await;
    server.flagsmith.set_throttle(Some(Throttle::per_minute(2)));
    for _ in 0..2 {
        assert_eq!(server.admin("GET", "/organisations/", None).await.status, 200);
    }
    let refused = server.admin("GET", "/organisations/", None).await;
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(refused.status == 429 && (1..=60).contains(&wait));
    let sentence = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(refused.json(), json!({"detail": sentence}));
    assert_eq!(server.document(PRODUCTION, &[]).await.status, 200);
    let key = format!("Api-Key {}", server.described["api_key"].as_str().unwrap());
    let other = server
        .send("GET", "/organisations/", &[("Authorization", &key)], None)
        .await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn hosted_identities_are_reached_by_uuid_and_page_by_key() {
    let server = Server::start().await;
    let base = format!(
        "/environments/{}/edge-identities/",
        server.key(PRODUCTION, "client_key")
    );
    let core = format!(
        "/environments/{}/identities/",
        server.key(PRODUCTION, "client_key")
    );
    assert_eq!(server.admin("GET", &base, None).await.status, 400);
    server.flagsmith.host_identities();
    assert_eq!(server.admin("GET", &core, None).await.status, 404);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = server
            .admin("GET", &format!("{base}?page_size=15{after}"), None)
            .await
            .json();
        seen.extend(
            page["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["identifier"].to_string()),
        );
        let Some(key) = page["last_evaluated_key"].as_str() else {
            break;
        };
        after = format!("&last_evaluated_key={key}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 40);
    let found = server
        .admin("GET", &format!("{base}?q=%22u_48213%22"), None)
        .await
        .json();
    let uuid = found["results"][0]["identity_uuid"].as_str().unwrap().to_owned();
    let traits = server
        .admin("GET", &format!("{base}{uuid}/list-traits/"), None)
        .await
        .json();
    assert_eq!(traits[0], json!({"trait_key": "country", "trait_value": "DE"}));
    let overrides = format!("{base}{uuid}/edge-featurestates/");
    let body = json!({"feature": "guest_checkout", "enabled": false, "feature_state_value": null});
    let made = server.admin("POST", &overrides, Some(body.clone())).await;
    assert_eq!(made.status, 201);
    assert_eq!(server.admin("POST", &overrides, Some(body)).await.status, 400);
    let all = server
        .admin("GET", &format!("{overrides}all/"), None)
        .await
        .json();
    let row = all
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["feature"]["name"] == "guest_checkout")
        .unwrap();
    assert_eq!(
        (&row["overridden_by"], &row["enabled"]),
        (&json!("IDENTITY"), &json!(false))
    );
    let path = format!(
        "{overrides}{}/",
        made.json()["featurestate_uuid"].as_str().unwrap()
    );
    assert_eq!(server.admin("DELETE", &path, None).await.status, 204);
}

#[tokio::test]
async fn the_acme_store_is_that_of_the_mock_ups() {
    let server = Server::start().await;
    let on = [104, 96, 87, 81];
    for (environment, expected) in on.into_iter().enumerate() {
        let document = server.document(environment, &[]).await.json();
        let states = document["feature_states"].as_array().unwrap();
        let enabled = states.iter().filter(|state| state["enabled"] == true).count();
        let segments = document["project"]["segments"].as_array().unwrap().len();
        assert_eq!(
            (states.len(), enabled, segments),
            (128, expected, 31),
            "{}",
            document["name"]
        );
    }
    let key = server.key(PRODUCTION, "client_key");
    let lena = json!({"identifier": "u_48213", "traits": [{"trait_key": "order_count", "trait_value": 7, "transient": true}]});
    let answer = server
        .send("POST", "/identities/", &[("X-Environment-Key", &key)], Some(lena))
        .await
        .json();
    let value = |name: &str| {
        let flags = answer["flags"].as_array().unwrap();
        flags
            .iter()
            .find(|flag| flag["feature"]["name"] == name)
            .map(|flag| flag["feature_state_value"].clone())
    };
    assert_eq!(value("new_checkout"), Some(json!("one_page")));
    assert_eq!(value("loyalty_points_multiplier"), Some(json!("1.5")));
    assert_eq!(value("search_ranking_v2"), Some(json!("semantic")));
    assert_eq!(value("free_shipping_threshold"), Some(json!(39)));
    assert_eq!(value("product_recs_model"), Some(json!("hybrid-2025-11")));
    assert_eq!(value("fraud_score_cutoff"), None);
    let enabled = answer["flags"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|flag| flag["enabled"] == true)
        .count();
    assert_eq!(enabled, 88 - 1, "88 on, of which one is for servers only");
    assert_eq!(
        Flagsmith::new(Seed::Acme).describe(),
        server.described,
        "a seed gives the same keys each time"
    );
}

#[tokio::test]
async fn an_identity_is_pinned_to_a_variant_by_its_weights() {
    let server = Server::start().await;
    let key = server.key(PRODUCTION, "client_key");
    let path = format!("/environments/{key}/identities/1/featurestates/");
    let body = json!({
        "feature": 1, "enabled": true, "feature_state_value": "control", "multivariate_feature_state_values": [
            {"multivariate_feature_option": 1, "percentage_allocation": 0},
            {"multivariate_feature_option": 2, "percentage_allocation": 100},
        ],
    });
    assert_eq!(server.admin("POST", &path, Some(body)).await.status, 201);
    let all = server.admin("GET", &format!("{path}all/"), None).await.json();
    assert_eq!(
        (&all[0]["feature_state_value"], &all[0]["overridden_by"]),
        (&json!("express"), &json!("IDENTITY"))
    );
    let asked = "/identities/?identifier=u_48213&transient=true&feature=new_checkout";
    let flag = server
        .send("GET", asked, &[("X-Environment-Key", &key)], None)
        .await
        .json();
    assert_eq!(
        (&flag["feature_state_value"], &flag["identity"]),
        (&json!("express"), &json!(1))
    );
}

#[tokio::test]
async fn the_big_seeds_are_as_big_as_they_say() {
    let large = Flagsmith::new(Seed::Large);
    let key = large.describe()["environments"][0]["client_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let document = large.document(&key).unwrap();
    let rows = |value: &Value| value.as_array().unwrap().len();
    let segments = document["project"]["segments"].as_array().unwrap();
    let overrides: usize = segments
        .iter()
        .map(|segment| rows(&segment["feature_states"]))
        .sum();
    assert_eq!(
        (rows(&document["feature_states"]), segments.len(), overrides),
        (400, 400, 5_000)
    );
    assert!((1_500_000..1_700_000).contains(&document.to_string().len()));
    let many = Flagsmith::new(Seed::TenThousand);
    assert_eq!(rows(&many.document(&key).unwrap()["feature_states"]), 10_000);
    assert_eq!(
        rows(&Flagsmith::new(Seed::Empty).document(&key).unwrap()["feature_states"]),
        0
    );
}
