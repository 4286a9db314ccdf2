//! The Edge Proxy's own ways: unknown keys before the first document, silence about age, and health.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod wire;

use std::sync::atomic::Ordering;
use std::time::Duration;

use halyard_sandbox::edge_proxy::EdgeProxy;
use halyard_sandbox::flagsmith::Flagsmith;
use halyard_sandbox::{MayaEdit, Seed};
use reqwest::Client;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use wire::Reply;

const POLL: Duration = Duration::from_millis(20);

struct Proxy {
    proxy: EdgeProxy,
    client: Client,
    address: String,
    client_key: String,
    _stop: DropGuard,
}

impl Proxy {
    /// A proxy of Production at an upstream address without a slash at its end.
    async fn start(upstream: &str, described: &Value, grace: Duration) -> Self {
        let production = &described["environments"][2];
        let key = |name: &str| production[name].as_str().unwrap().to_owned();
        let pairs = vec![(key("client_key"), key("server_key"))];
        let proxy = EdgeProxy::new(format!("{upstream}/api/v1/"), pairs, POLL, grace);
        let (address, _) = wire::serve(proxy.router()).await;
        let stop = CancellationToken::new();
        proxy.start_polling(stop.clone());
        Self {
            proxy,
            client: wire::client(),
            address,
            client_key: key("client_key"),
            _stop: stop.drop_guard(),
        }
    }

    async fn get(&self, path: &str) -> Reply {
        let headers = [("X-Environment-Key".to_owned(), self.client_key.clone())];
        wire::send(
            &self.client,
            "GET",
            &format!("{}{path}", self.address),
            &headers,
            None,
        )
        .await
    }

    async fn until(&self, path: &str, what: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let mut turns = tokio::time::interval(POLL);
        for _ in 0..1_000 {
            turns.tick().await;
            let reply = self.get(path).await;
            if wanted(&reply) {
                return reply;
            }
        }
        panic!("{path} never {what}");
    }
}

fn edit(flagsmith: &Flagsmith, value: &str) {
    let edit = MayaEdit {
        environment: "Production".to_owned(),
        flag: "image_cdn_host".to_owned(),
        enabled: None,
        value: Some(json!(value)),
        ..MayaEdit::default()
    };
    flagsmith.edit_as_maya(&edit).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_unknown_before_the_first_document() {
    let described = Flagsmith::new(Seed::Acme).describe();
    let proxy = Proxy::start("http://127.0.0.1:9", &described, Duration::from_secs(60)).await;
    let flags = proxy.get("/api/v1/flags/").await;
    let message = format!("unknown key '{}'", proxy.client_key);
    assert_eq!(
        (flags.status, flags.json()),
        (401, json!({"status": "unauthorized", "message": message}))
    );
    let health = proxy.get("/proxy/health").await;
    assert_eq!(
        (health.status, &health.json()["reason"]),
        (503, &json!("environment document(s) not updated."))
    );
    assert_eq!(proxy.get("/proxy/health/liveness").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_document_is_served_without_a_word_and_only_health_tells() {
    let flagsmith = Flagsmith::new(Seed::Acme);
    let (router, down) = wire::with_switch(flagsmith.router());
    let (upstream, _) = wire::serve(router).await;
    let proxy = Proxy::start(&upstream, &flagsmith.describe(), Duration::ZERO).await;
    let flags = proxy
        .until("/api/v1/flags/", "answered", |reply| reply.status == 200)
        .await;
    down.store(true, Ordering::SeqCst);
    let health = proxy
        .until("/proxy/health", "grew stale", |reply| reply.status == 503)
        .await;
    assert_eq!(health.json()["reason"], "environment document(s) stale.");
    assert_ne!(health.json()["last_successful_update"], Value::Null);
    let old = proxy.get("/api/v1/flags/").await;
    assert_eq!((old.status, old.text), (200, flags.text));
    assert_eq!(
        old.headers.keys().count(),
        flags.headers.keys().count(),
        "no header tells either"
    );
    down.store(false, Ordering::SeqCst);
    proxy
        .until("/proxy/health", "recovered", |reply| reply.status == 200)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_arrives_unless_the_proxy_is_frozen() {
    let flagsmith = Flagsmith::new(Seed::Acme);
    let (upstream, _) = wire::serve(flagsmith.router()).await;
    let proxy = Proxy::start(&upstream, &flagsmith.describe(), Duration::from_secs(60)).await;
    let value = |reply: &Reply| reply.json()["feature_state_value"].clone();
    let path = "/api/v1/flags/?feature=image_cdn_host";
    proxy.until(path, "answered", |reply| reply.status == 200).await;
    edit(&flagsmith, "img-3");
    proxy
        .until(path, "changed", |reply| value(reply) == "img-3")
        .await;
    proxy.proxy.freeze(true);
    edit(&flagsmith, "img-4");
    let before = proxy.get("/proxy/health").await.json()["last_successful_update"].clone();
    proxy
        .until("/proxy/health", "polled again", |reply| {
            reply.json()["last_successful_update"] != before
        })
        .await;
    assert_eq!(value(&proxy.get(path).await), "img-3");
    assert_eq!(
        proxy.get("/proxy/health").await.status,
        200,
        "a frozen proxy looks healthy"
    );
    proxy.proxy.freeze(false);
    // Two edits within a second look the same to a conditional request, so it may take more than one.
    let edit_and_compare = |reply: &Reply| {
        edit(&flagsmith, "img-5");
        value(reply) == "img-5"
    };
    proxy.until(path, "moved again", edit_and_compare).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_side_key_gets_the_whole_document() {
    let flagsmith = Flagsmith::new(Seed::Acme);
    let (upstream, _) = wire::serve(flagsmith.router()).await;
    let proxy = Proxy::start(&upstream, &flagsmith.describe(), Duration::from_secs(60)).await;
    let document = proxy
        .until("/api/v1/environment-document", "answered", |reply| {
            reply.status == 200
        })
        .await;
    assert!(document.text.contains("fraud_score_cutoff"));
    assert!(
        !proxy
            .get("/api/v1/flags/")
            .await
            .text
            .contains("fraud_score_cutoff")
    );
}

/// The proxy asks the engine for nobody too, and whoever has no `order_count` is in "First order". The API gives
/// nobody the environment's own values, so that the two differ although their documents are the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_nobody_only_a_proxy_asks_the_segments() {
    let flagsmith = Flagsmith::new(Seed::Acme);
    let (upstream, _) = wire::serve(flagsmith.router()).await;
    let proxy = Proxy::start(&upstream, &flagsmith.describe(), Duration::from_secs(60)).await;
    let by_proxy = proxy
        .until("/api/v1/flags/", "answered", |reply| reply.status == 200)
        .await;
    let get = async |path: &str, key: &Value| {
        let headers = [("X-Environment-Key".to_owned(), key.as_str().unwrap().to_owned())];
        wire::send(&proxy.client, "GET", &format!("{upstream}{path}"), &headers, None).await
    };
    let by_api = get("/api/v1/flags/", &json!(proxy.client_key)).await;
    let values = |reply: &Reply| -> Vec<(Value, Value, Value)> {
        let rows = reply.json().as_array().unwrap().clone();
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let name = row["feature"]["name"].clone();
                (name, row["enabled"].clone(), row["feature_state_value"].clone())
            })
            .collect();
        rows.sort_by_key(|(name, ..)| name.to_string());
        rows
    };
    let (by_proxy, by_api) = (values(&by_proxy), values(&by_api));
    assert_eq!(by_proxy.len(), by_api.len());
    let differing: Vec<_> = by_proxy
        .iter()
        .zip(&by_api)
        .filter(|(one, other)| one != other)
        .collect();
    let row = |value: i64| (json!("max_items_per_order"), json!(true), json!(value));
    assert_eq!(differing, [(&row(20), &row(40))]);

    let server_key = &flagsmith.describe()["environments"][2]["server_key"];
    let without_random = |reply: &Reply| {
        let mut document = reply.json();
        for one in document["identity_overrides"].as_array_mut().unwrap() {
            one["identity_uuid"] = Value::Null;
        }
        document
    };
    let served = proxy.get("/api/v1/environment-document").await;
    let held = get("/api/v1/environment-document/", server_key).await;
    assert_eq!(without_random(&served), without_random(&held));
}
