//! States of a whole Flagsmith server, set on the board and seen over HTTP.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use halyard_sandbox::{Effect, Fault, MayaEdit, Running, Surface};
use serde_json::{Value, json};

const PRODUCTION: usize = 2;

struct Reply {
    status: u16,
    kind: String,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

async fn get(running: &Running, path: &str, headers: &[(&str, &str)]) -> Reply {
    send(running, reqwest::Method::GET, path, headers, None).await
}

async fn send(
    running: &Running,
    method: reqwest::Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Reply {
    let root = running
        .announcement()
        .flagsmith_text("url")
        .trim_end_matches("/api/v1/")
        .to_owned();
    let mut request = door::client()
        .request(method, format!("{root}{path}"))
        .header("accept", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.expect("an answer");
    let headers = response.headers().clone();
    let kind = headers
        .get("content-type")
        .map_or("", |kind| kind.to_str().expect("text"));
    Reply {
        status: response.status().as_u16(),
        kind: kind.to_owned(),
        headers,
        text: response.text().await.expect("text"),
    }
}

fn token(running: &Running) -> String {
    format!("Token {}", running.announcement().flagsmith_text("token"))
}

fn key(running: &Running, which: &str) -> String {
    let environments = &running.announcement().flagsmith["environments"];
    environments[PRODUCTION][which]
        .as_str()
        .expect("a key")
        .to_owned()
}

async fn document(running: &Running, since: Option<&str>) -> Reply {
    let key = key(running, "server_key");
    let mut headers = vec![("x-environment-key", key.as_str())];
    headers.extend(since.map(|since| ("if-modified-since", since)));
    get(running, "/api/v1/environment-document/", &headers).await
}

/// The server-side key of a new environment, which no proxy has asked for.
async fn new_server_key(running: &Running) -> String {
    let authorization = token(running);
    let headers = [("authorization", authorization.as_str())];
    let project = &running.announcement().flagsmith["project"];
    let create = |path: String, body: Value| async move {
        send(running, reqwest::Method::POST, &path, &headers, Some(body))
            .await
            .json()
    };
    let body = json!({ "name": "Unseen", "project": project });
    let environment = create("/api/v1/environments/".to_owned(), body).await;
    let path = format!(
        "/api/v1/environments/{}/api-keys/",
        environment["api_key"].as_str().expect("a key")
    );
    let made = create(path, json!({ "name": "server" })).await;
    made["key"].as_str().expect("a key").to_owned()
}

async fn flags(running: &Running) -> Reply {
    let key = key(running, "client_key");
    get(running, "/api/v1/flags/", &[("x-environment-key", &key)]).await
}

async fn admin(running: &Running, path: &str) -> Reply {
    get(running, path, &[("authorization", &token(running))]).await
}

fn edit(running: &Running, value: &str) {
    let edit = MayaEdit {
        environment: "Production".to_owned(),
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

fn last_modified(reply: &Reply) -> String {
    reply.headers["last-modified"].to_str().expect("text").to_owned()
}

#[tokio::test]
async fn without_a_database_everything_is_a_page_but_liveness_and_a_304() {
    let running = door::start(Default::default()).await;
    let since = last_modified(&document(&running, None).await);
    let unseen = new_server_key(&running).await;
    running.faults().set(Fault::of(Effect::DatabaseDown));
    for path in [
        "/api/v1/organisations/",
        "/version/",
        "/processor/monitoring/",
        "/api/v1/projects/1/",
    ] {
        let reply = admin(&running, path).await;
        assert_eq!(
            (reply.status, reply.kind.as_str()),
            (500, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(reply.text.contains("Server Error (500)"));
    }
    assert_eq!(flags(&running).await.status, 500);
    assert_eq!(get(&running, "/health/liveness/", &[]).await.status, 200);
    let health = get(&running, "/health", &[]).await;
    assert_eq!(health.status, 500);
    assert_eq!(
        health.json(),
        json!({
            "DatabaseBackend": "unavailable: Database error",
            "MigrationsHealthCheck": "unavailable: Database is not ready",
        })
    );
    assert_eq!(document(&running, None).await.status, 500);
    assert_eq!(
        document(&running, Some(&since)).await.status,
        304,
        "the worker has the row"
    );
    assert_eq!(
        document(&running, Some("Thu, 01 Jan 2015 00:00:00 GMT"))
            .await
            .status,
        500
    );
    let unseen = [
        ("x-environment-key", unseen.as_str()),
        ("if-modified-since", since.as_str()),
    ];
    let reply = get(&running, "/api/v1/environment-document/", &unseen).await;
    assert_eq!(reply.status, 500, "the worker has never seen this row");
    running.faults().clear();
    assert_eq!(flags(&running).await.status, 200);
    assert_eq!(get(&running, "/health", &[]).await.status, 200);
}

#[tokio::test]
async fn after_failed_migrations_some_routes_break_and_health_says_why() {
    let running = door::start(Default::default()).await;
    running.faults().set(Fault::of(Effect::FailedMigrations {
        broken: vec!["/features/".to_owned()],
    }));
    let project = &running.announcement().flagsmith["project"];
    let broken = admin(&running, &format!("/api/v1/projects/{project}/features/")).await;
    assert_eq!(
        (broken.status, broken.kind.as_str()),
        (500, "text/html; charset=utf-8")
    );
    assert_eq!(
        admin(&running, &format!("/api/v1/projects/{project}/segments/"))
            .await
            .status,
        200
    );
    assert_eq!(flags(&running).await.status, 200);
    let health = get(&running, "/health/readiness/", &[]).await;
    assert_eq!(
        (health.status, &health.json()["DatabaseBackend"]),
        (500, &json!("working"))
    );
    let page = get(&running, "/health", &[("accept", "text/html")]).await;
    assert_eq!(page.status, 500);
}

#[tokio::test]
async fn the_queue_is_told_to_staff_and_holds_documents_until_it_is_empty() {
    let running = door::start(Default::default()).await;
    let announcement = running.announcement();
    let staff = format!("Token {}", announcement.flagsmith_text("staff_token"));
    let api_key = format!("Api-Key {}", announcement.flagsmith_text("api_key"));
    let monitoring = |authorization: String| {
        let running = &running;
        async move {
            let headers = [("authorization", authorization.as_str())];
            get(running, "/processor/monitoring/", &headers).await
        }
    };
    assert_eq!(monitoring(staff.clone()).await.json(), json!({ "waiting": 0 }));
    assert_eq!(monitoring(token(&running)).await.status, 403);
    assert_eq!(monitoring(api_key).await.status, 500);
    assert_eq!(get(&running, "/processor/monitoring/", &[]).await.status, 401);

    running.faults().set(Fault::of(Effect::Queue {
        waiting: 40,
        per_second: 0,
    }));
    edit(&running, "img-held");
    assert_eq!(monitoring(staff.clone()).await.json(), json!({ "waiting": 40 }));
    assert!(
        flags(&running).await.text.contains("img-held"),
        "flags come from the database"
    );
    let held = document(&running, None).await;
    assert!(!held.text.contains("img-held"));
    assert_eq!(document(&running, Some(&last_modified(&held))).await.status, 304);

    running.faults().set(Fault::of(Effect::Queue {
        waiting: 3,
        per_second: 40,
    }));
    let waiting = || async {
        monitoring(staff.clone()).await.json()["waiting"]
            .as_u64()
            .expect("a number")
    };
    while waiting().await <= 3 {
        tokio::task::yield_now().await;
    }
    assert!(!document(&running, None).await.text.contains("img-grown"));
    running.faults().set(Fault::of(Effect::Queue {
        waiting: 8,
        per_second: -40,
    }));
    edit(&running, "img-late");
    while waiting().await > 0 {
        tokio::task::yield_now().await;
    }
    assert!(
        document(&running, None).await.text.contains("img-late"),
        "the queue has drained"
    );
}

#[tokio::test]
async fn a_window_is_counted_for_each_credential() {
    let running = door::start(Default::default()).await;
    let window = |requests, window_ms| Fault::of(Effect::ThrottleWindow { requests, window_ms });
    running.faults().set(window(3, 600_000));
    for _ in 0..3 {
        assert_eq!(admin(&running, "/api/v1/organisations/").await.status, 200);
    }
    let refused = admin(&running, "/api/v1/organisations/").await;
    assert_eq!(refused.status, 429);
    let wait = refused.headers["retry-after"].to_str().expect("text");
    assert!((500..=600).contains(&wait.parse().expect("a number")), "{wait}");
    let sentence = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(refused.json(), json!({ "detail": sentence }));
    let api_key = format!("Api-Key {}", running.announcement().flagsmith_text("api_key"));
    let other = get(&running, "/api/v1/organisations/", &[("authorization", &api_key)]).await;
    assert_eq!(other.status, 200);
    assert_eq!(flags(&running).await.status, 200, "SDK routes are not limited");
    running.faults().set(window(1, 50));
    for _ in 0..3 {
        while admin(&running, "/api/v1/organisations/").await.status == 429 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn usage_is_told_where_it_is_known() {
    let running = door::start(Default::default()).await;
    let organisation = running.announcement().flagsmith["organisation"].clone();
    let base = format!("/api/v1/organisations/{organisation}");
    let unknown = admin(&running, &format!("{base}/usage-data/total-count/")).await;
    assert_eq!(
        (unknown.status, unknown.json()),
        (400, json!({ "count": ["This field may not be null."] }))
    );
    assert_eq!(
        admin(&running, &format!("{base}/usage-data/")).await.json(),
        json!([])
    );
    let period = format!("{base}/usage-data/?period=current_billing_period");
    assert_eq!(admin(&running, &period).await.status, 404);
    assert_eq!(
        admin(&running, &format!("{base}/")).await.json()["subscription"]["max_api_calls"],
        50_000
    );

    running.faults().set(Fault::of(Effect::Usage {
        calls: Some(987_654),
        allowance: Some(1_000_000),
        plan: Some("startup".to_owned()),
    }));
    let total = admin(&running, &format!("{base}/usage-data/total-count/")).await;
    assert_eq!(total.json(), json!({ "count": 987_654 }));
    let days = admin(&running, &period).await.json();
    let days = days.as_array().expect("a list");
    let kinds = ["flags", "identities", "traits", "environment_document"];
    let sum: u64 = days
        .iter()
        .flat_map(|day| kinds.map(|kind| day[kind].as_u64().expect("a number")))
        .sum();
    assert_eq!((days.len(), sum), (30, 987_654));
    let subscription = admin(&running, &format!("{base}/")).await.json()["subscription"].clone();
    assert_eq!(
        (
            &subscription["plan"],
            &subscription["max_api_calls"],
            &subscription["has_active_billing_periods"]
        ),
        (&json!("startup"), &json!(1_000_000), &json!(true))
    );
    running.faults().set(Fault::of(Effect::Usage {
        calls: None,
        allowance: None,
        plan: None,
    }));
    let missing = admin(&running, &format!("{base}/")).await.json();
    assert_eq!(missing["subscription"], Value::Null);
}

#[tokio::test]
async fn limits_are_told_and_hold_once_they_are_set() {
    let running = door::start(Default::default()).await;
    let project = running.announcement().flagsmith["project"].clone();
    let told = || async {
        admin(&running, &format!("/api/v1/projects/{project}/"))
            .await
            .json()
    };
    assert_eq!(told().await["max_features_allowed"], 1_000);
    running.faults().set(Fault::of(Effect::ProjectLimits {
        features: Some(12),
        segments: None,
        segment_overrides: Some(1),
    }));
    let limits = told().await;
    assert_eq!(
        (
            &limits["max_features_allowed"],
            limits.get("max_segments_allowed")
        ),
        (&json!(12), None)
    );
    let authorization = token(&running);
    let headers = [("authorization", authorization.as_str())];
    let create = |path: String, body: Value| {
        let running = &running;
        async move { send(running, reqwest::Method::POST, &path, &headers, Some(body)).await }
    };
    let body = json!({ "name": "one_too_many" });
    let refused = create(format!("/api/v1/projects/{project}/features/"), body).await;
    let sentence = "The Project has reached the maximum allowed features limit.";
    assert_eq!(
        (refused.status, refused.json()),
        (400, json!({ "project": sentence }))
    );
    let rules = json!([{ "type": "ALL", "rules": [], "conditions": [] }]);
    let body = json!({ "name": "one_more", "project": project, "rules": rules });
    let allowed = create(format!("/api/v1/projects/{project}/segments/"), body).await;
    assert_eq!(allowed.status, 201, "{}", allowed.text);
}

#[tokio::test]
async fn a_blocked_organisation_gets_no_flags_and_can_still_administer() {
    let running = door::start(Default::default()).await;
    running.faults().set(Fault::of(Effect::ServingBlocked));
    let refused = flags(&running).await;
    let sentence = "Organisation is disabled from serving flags.";
    assert_eq!(
        (refused.status, refused.json()),
        (403, json!({ "detail": sentence }))
    );
    assert_eq!(admin(&running, "/api/v1/organisations/").await.status, 200);
}

#[tokio::test]
async fn a_304_lies_while_the_row_is_cached_and_the_body_does_not() {
    let running = door::start(Default::default()).await;
    running
        .faults()
        .set(Fault::of(Effect::DocumentLag { ms: 3_600_000 }));
    let before = document(&running, None).await;
    // Within the same second even an exact time stamp would not tell.
    edit(&running, "img-behind");
    let since = last_modified(&before);
    assert_eq!(document(&running, Some(&since)).await.status, 304);
    let after = document(&running, None).await;
    assert!(after.text.contains("img-behind"));
    assert_eq!(
        last_modified(&after),
        since,
        "told late, although the body is new"
    );
    assert_eq!(
        after.headers["x-flagsmith-document-updated-at"],
        before.headers["x-flagsmith-document-updated-at"]
    );
    assert_ne!(after.json()["updated_at"], before.json()["updated_at"]);
    running.faults().clear();
    assert_ne!(
        document(&running, None).await.headers["x-flagsmith-document-updated-at"],
        before.headers["x-flagsmith-document-updated-at"]
    );
}
