//! The audit log of Flagsmith: what is written, by whom, and who may see it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::print_stdout, reason = "a skip is for whoever runs the test")]

mod wire;

use std::collections::BTreeSet;
use std::path::PathBuf;

use halyard_sandbox::flagsmith::{AuditLicence, Backlog, Flagsmith};
use halyard_sandbox::{MayaEdit, MayaIdentity, MayaOverride, MayaSegment, Seed};
use serde_json::{Value, json};

struct Door {
    flagsmith: Flagsmith,
    base: String,
    client: reqwest::Client,
    described: Value,
}

impl Door {
    async fn open() -> Door {
        let flagsmith = Flagsmith::new(Seed::Acme);
        let (base, _server) = wire::serve(flagsmith.router()).await;
        Door {
            described: flagsmith.describe(),
            base,
            client: wire::client(),
            flagsmith,
        }
    }

    async fn send(&self, whose: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let scheme = if whose == "token" { "Token" } else { "Api-Key" };
        let credential = format!("{scheme} {}", self.described[whose].as_str().unwrap());
        let headers = [
            ("Authorization".to_owned(), credential),
            ("Content-Type".to_owned(), "application/json".to_owned()),
        ];
        let key = self.described["environments"][2]["client_key"].as_str().unwrap();
        let url = format!("{}/api/{}", self.base, path.replace("{p}", key));
        let body = body.map(|body| body.to_string());
        let reply = wire::send(&self.client, method, &url, &headers, body).await;
        let json = serde_json::from_str(&reply.text).unwrap_or_default();
        (reply.status, json)
    }

    /// The newest rows of the project's log, the newest first.
    async fn rows(&self, query: &str) -> Vec<Value> {
        let path = format!("v1/projects/1/audit/?page_size=20{query}");
        let (status, body) = self.send("token", "GET", &path, None).await;
        assert_eq!(status, 200);
        body["results"].as_array().unwrap().clone()
    }

    async fn newest(&self) -> String {
        let rows = self.rows("").await;
        let row = &rows[0];
        let who = row["author"]["first_name"].as_str().unwrap_or("nobody");
        let place = row["environment"]["name"].as_str().unwrap_or("everywhere");
        let kind = row["related_object_type"].as_str().unwrap();
        format!("{who} in {place} of {kind}: {}", row["log"].as_str().unwrap())
    }
}

#[tokio::test]
async fn every_write_leaves_its_row() {
    let door = Door::open().await;
    let id = door.described["environments"][2]["id"].as_u64().unwrap();
    for (whose, request, body, expected) in [
        (
            "token",
            "POST v1/projects/1/features/",
            json!({"name": "coffee"}),
            "Demo in everywhere of FEATURE: New Flag / Remote Config created: coffee",
        ),
        (
            "api_key",
            "PATCH v1/projects/1/features/1/",
            json!({"description": "x"}),
            "nobody in everywhere of FEATURE: Flag / Remote Config updated: new_checkout",
        ),
        (
            "api_key",
            "POST v1/projects/1/segments/",
            json!({"name": "qa", "rules": [{"type": "ALL", "rules": [], "conditions": []}]}),
            "nobody in everywhere of SEGMENT: New Segment created: qa",
        ),
        (
            "token",
            "PATCH __future__/environments/{p}/features/1/",
            json!({"environment_default": {"enabled": true, "value": {"type": "string", "value": "b"}}}),
            "Demo in Production of FEATURE_STATE: Flag state updated for feature: new_checkout",
        ),
        (
            "token",
            "POST v1/environments/{p}/identities/1/featurestates/",
            json!({"feature": 2, "enabled": false}),
            "Demo in Production of FEATURE_STATE: Flag state / Remote config value updated for feature '<flag 2>' and identity '<identity 1>'",
        ),
        (
            "token",
            "DELETE v1/projects/1/features/1/",
            Value::Null,
            "Demo in everywhere of FEATURE: Flag / Remote Config Deleted: new_checkout",
        ),
    ] {
        let (method, path) = request.split_once(' ').unwrap();
        let (status, answer) = door
            .send(whose, method, path, (!body.is_null()).then_some(body))
            .await;
        assert!((200..300).contains(&status), "{request}: {status} {answer}");
        let newest = door.newest().await;
        if expected.contains('<') {
            let (before, _) = expected.split_once('<').unwrap();
            assert!(
                newest.starts_with(before) && newest.contains("' and identity '"),
                "{request}: {newest}"
            );
        } else {
            assert_eq!(newest, expected, "{request}");
        }
    }
    // What is refused leaves none, and the environment's filter leaves out what concerns every one.
    let before = door.newest().await;
    let (status, _) = door
        .send(
            "token",
            "POST",
            "v1/projects/1/features/",
            Some(json!({"name": "coffee"})),
        )
        .await;
    assert_eq!((status, door.newest().await), (400, before));
    let there = door.rows(&format!("&environments={id}")).await;
    assert!(there.iter().all(|row| row["environment"]["id"] == id) && !there.is_empty());
}

#[tokio::test]
async fn maya_is_an_author_and_a_key_is_nobody() {
    let door = Door::open().await;
    let edit = |change: fn(&mut MayaEdit)| {
        let mut edit = MayaEdit {
            environment: "Production".to_owned(),
            flag: "new_checkout".to_owned(),
            ..MayaEdit::default()
        };
        change(&mut edit);
        edit
    };
    for (edit, expected) in [
        (
            edit(|edit| edit.enabled = Some(false)),
            "Maya in Production of FEATURE_STATE: Flag state updated for feature: new_checkout",
        ),
        (
            edit(|edit| {
                edit.overrides = vec![MayaOverride {
                    segment: "Germany".to_owned(),
                    enabled: Some(true),
                    ..MayaOverride::default()
                }];
            }),
            "Maya in Production of FEATURE_STATE: Flag state updated for feature: new_checkout",
        ),
        (
            edit(|edit| {
                edit.identities = vec![MayaIdentity {
                    identifier: "ada".to_owned(),
                    enabled: Some(true),
                    ..MayaIdentity::default()
                }];
            }),
            "Maya in Production of FEATURE_STATE: Flag state / Remote config value updated for feature 'new_checkout' and identity 'ada'",
        ),
        (
            edit(|edit| {
                edit.segment = Some(MayaSegment {
                    name: "Germany".to_owned(),
                    description: Some("x".to_owned()),
                    ..MayaSegment::default()
                });
            }),
            "Maya in everywhere of SEGMENT: Segment updated: Germany",
        ),
        (
            edit(|edit| edit.archived = Some(true)),
            "Maya in everywhere of FEATURE: Flag / Remote Config updated: new_checkout",
        ),
    ] {
        door.flagsmith.edit_as_maya(&edit).unwrap();
        let rows = door.rows("").await;
        let found = rows.iter().take(2).any(|row| {
            let who = row["author"]["first_name"].as_str().unwrap_or("nobody");
            let place = row["environment"]["name"].as_str().unwrap_or("everywhere");
            let kind = row["related_object_type"].as_str().unwrap();
            format!("{who} in {place} of {kind}: {}", row["log"].as_str().unwrap()) == expected
        });
        assert!(found, "{expected}: {rows:#?}");
    }
}

#[tokio::test]
async fn rows_wait_for_the_queue_and_for_a_licence() {
    let door = Door::open().await;
    let before = door.newest().await;
    door.flagsmith.set_backlog(Some(Backlog {
        waiting: 3,
        per_second: 0,
    }));
    let (status, _) = door
        .send(
            "token",
            "PATCH",
            "v1/projects/1/features/1/",
            Some(json!({"description": "x"})),
        )
        .await;
    assert_eq!((status, door.newest().await), (200, before.clone()));
    door.flagsmith.set_backlog(None);
    assert_ne!(door.newest().await, before);
    door.flagsmith.license_audit(AuditLicence::Unlicensed);
    assert!(door.rows("").await.is_empty());
}

#[tokio::test]
async fn rows_have_the_members_that_the_server_writes() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/reference/captures/flagsmith/audit-rows-from-serializer.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the captures are not here");
        return;
    };
    let captured: Value = serde_json::from_str(&text).unwrap();
    let door = Door::open().await;
    let maya = MayaEdit {
        environment: "Production".to_owned(),
        flag: "new_checkout".to_owned(),
        enabled: Some(false),
        ..MayaEdit::default()
    };
    door.flagsmith.edit_as_maya(&maya).unwrap();
    let ours = &door.rows("").await[0];
    let theirs = &captured["list_row_by_related_object_type"]["FEATURE_STATE"];
    let author = &captured["list_row_by_related_object_type"]["EF_VERSION"]["author"];
    let members =
        |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members(ours), members(theirs));
    assert_eq!(members(&ours["author"]), members(author));
    for member in ["environment", "project"] {
        assert_eq!(members(&ours[member]), members(&theirs[member]), "{member}");
    }
}
