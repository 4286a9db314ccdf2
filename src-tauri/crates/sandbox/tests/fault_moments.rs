//! Which requests a fault strikes, Maya among them, and what the journal keeps.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use door::{ask, send, settle};
use halyard_sandbox::{Config, Effect, Fault, MayaEdit, Moment, Running, Sandbox, Surface};
use reqwest::Method;
use serde_json::{Value, json};

const FLAG: &str = "/api/v1/flags/guest_checkout";

/// The version of the flag that the tests write; 3 at first.
fn version(running: &Running) -> u64 {
    running.edgeflags().flag("guest_checkout").expect("seeded")["version"]
        .as_u64()
        .expect("a number")
}

async fn start_with(effect: Effect) -> Running {
    let running = door::start(Default::default()).await;
    running
        .faults()
        .set(Fault::of(effect).on(Surface::EdgeFlags).path("/flags").times(1));
    running
}

fn edit(enabled: bool) -> Value {
    json!({ "enabled": enabled })
}

/// A client reads, writes under the version it read, and reads again. Maya comes before or after each step.
#[tokio::test]
async fn maya_edits_between_any_two_steps() {
    let steps = [
        (Method::GET, "/api/v1/flags?limit=50"),
        (Method::PUT, FLAG),
        (Method::GET, FLAG),
    ];
    for (place, when, written, final_version) in [
        (0, Moment::Before, 200, 5),
        (0, Moment::After, 409, 4),
        (1, Moment::Before, 409, 4),
        (1, Moment::After, 200, 5),
        (2, Moment::Before, 200, 5),
    ] {
        let running = door::start(Default::default()).await;
        let (method, path) = &steps[place];
        let edit = MayaEdit {
            environment: "staging".to_owned(),
            flag: "guest_checkout".to_owned(),
            enabled: Some(false),
            value: None,
            ..MayaEdit::default()
        };
        let maya = Effect::Maya { edit, when, nth: 1 };
        running.faults().set(
            Fault::of(maya)
                .on(Surface::EdgeFlags)
                .method(method.as_str())
                .path(path),
        );

        let list: Value = send(&running, Method::GET, steps[0].1, None)
            .await
            .json()
            .await
            .expect("JSON");
        let flags = list["flags"].as_array().expect("a list");
        let read = flags
            .iter()
            .find(|one| one["key"] == "guest_checkout")
            .expect("listed");
        let tag = format!("\"{}\"", read["flag"]["version"]);
        let place = &running.announcement().edgeflags;
        let write = door::client()
            .put(format!("{}{FLAG}", place.url))
            .bearer_auth(&place.token);
        let write = write
            .header("if-match", tag)
            .json(&json!({ "value": "mine" }))
            .send()
            .await
            .expect("an answer");
        assert_eq!(write.status(), written, "{method} {when:?}");
        send(&running, Method::GET, FLAG, None).await;
        assert_eq!(version(&running), final_version, "{method} {when:?}");
        assert_eq!(running.faults().struck("maya"), 1);
    }
}

/// Flagsmith as an SDK with a server-side key sees it.
struct Document<'a> {
    running: &'a Running,
    environment: &'a Value,
}

impl<'a> Document<'a> {
    fn of(running: &'a Running) -> Self {
        Self {
            running,
            environment: &running.announcement().flagsmith["environments"][0],
        }
    }

    async fn is_enabled(&self) -> bool {
        let url = format!(
            "{}environment-document/",
            self.running.announcement().flagsmith_text("url")
        );
        let key = self.environment["server_key"].as_str().expect("a key");
        let answer = door::client()
            .get(url)
            .header("x-environment-key", key)
            .send()
            .await
            .expect("an answer");
        let document: Value = answer.json().await.expect("JSON");
        let states = document["feature_states"].as_array().expect("a list");
        let found = states
            .iter()
            .find(|one| one["feature"]["name"] == "guest_checkout");
        found.expect("seeded")["enabled"].as_bool().expect("a state")
    }

    fn edit(&self, enabled: bool) -> MayaEdit {
        MayaEdit {
            environment: self.environment["name"].as_str().expect("a name").to_owned(),
            flag: "guest_checkout".to_owned(),
            enabled: Some(enabled),
            value: None,
            ..MayaEdit::default()
        }
    }
}

#[tokio::test]
async fn maya_edits_flagsmith_too() {
    let running = door::start(Default::default()).await;
    let document = Document::of(&running);
    let before = document.is_enabled().await;
    let maya = Effect::Maya {
        edit: document.edit(!before),
        when: Moment::After,
        nth: 2,
    };
    running.faults().set(
        Fault::of(maya)
            .on(Surface::Flagsmith)
            .path("environment-document"),
    );
    for wanted in [before, before, !before] {
        assert_eq!(document.is_enabled().await, wanted);
    }
}

#[tokio::test]
async fn a_stale_document_misses_what_was_edited_since() {
    let running = door::start(Default::default()).await;
    let document = Document::of(&running);
    let before = document.is_enabled().await;
    running
        .faults()
        .set(Fault::of(Effect::StaleDocument).on(Surface::Flagsmith));
    running
        .faults()
        .edit_as_maya(Surface::Flagsmith, &document.edit(!before))
        .expect("carried out");
    running.faults().set(Fault::of(Effect::Latency { ms: 0 }));
    assert_eq!(document.is_enabled().await, before);
    running.faults().clear();
    assert_eq!(document.is_enabled().await, !before);
}

#[tokio::test]
async fn a_fault_strikes_the_requests_it_names_and_no_others() {
    let running = door::start(Default::default()).await;
    let fault = Fault::of(Effect::Refuse)
        .on(Surface::EdgeFlags)
        .method("put")
        .path("checkout")
        .after(1)
        .times(2);
    running.faults().set(fault);
    assert!(ask(&running, Method::GET, FLAG, None).await.is_ok());
    assert!(
        ask(
            &running,
            Method::PUT,
            "/api/v1/flags/gift_wrapping",
            Some(edit(true))
        )
        .await
        .is_ok()
    );
    for is_answered in [true, false, false, true] {
        assert_eq!(
            ask(&running, Method::PUT, FLAG, Some(edit(true))).await.is_ok(),
            is_answered
        );
    }
    let posted = &running.faults().posted()[0];
    assert_eq!((posted.seen, posted.struck), (4, 2));
}

#[tokio::test]
async fn the_journal_keeps_what_was_sent_and_no_credential() {
    let running = start_with(Effect::Refuse).await;
    let token = running.announcement().edgeflags.token.clone();
    ask(&running, Method::PUT, FLAG, Some(edit(false)))
        .await
        .expect_err("refused");
    send(&running, Method::GET, "/api/v1/flags?limit=7", None).await;
    let told: Vec<_> = running.journal();
    assert_eq!(
        (told[0].method.as_str(), told[0].target.as_str(), told[0].status),
        ("PUT", FLAG, None)
    );
    assert_eq!(
        (told[0].body.as_str(), told[0].faults.as_slice()),
        ("{\"enabled\":false}", &["refuse"][..])
    );
    assert_eq!(
        (told[1].target.as_str(), told[1].status),
        ("/api/v1/flags?limit=7", Some(200))
    );
    assert_eq!(told[1].header("authorization"), Some("(present)"));
    assert!(!running.journal_contains(&token));
    send(
        &running,
        Method::GET,
        &format!("/api/v1/flags?token={token}"),
        None,
    )
    .await;
    assert!(running.journal_contains(&token));
    running.clear_journal();
    assert!(running.journal().is_empty());
}

#[tokio::test]
async fn stopping_and_dropping_end_the_listeners_and_what_is_under_way() {
    let running = start_with(Effect::Latency { ms: 600_000 }).await;
    let url = format!("{}{FLAG}", running.announcement().edgeflags.url);
    let held = tokio::spawn(door::client().get(&url).send());
    settle(|| running.faults().struck("latency") == 1).await;
    running.stop().await;
    held.await.expect("no panic").expect_err("ended");
    assert!(
        door::client()
            .get(&url)
            .send()
            .await
            .expect_err("nobody listens")
            .is_connect()
    );

    let running = door::start(Default::default()).await;
    let url = format!("{}/health", running.announcement().edgeflags.url);
    assert!(door::client().get(&url).send().await.is_ok());
    drop(running);
    // Dropping cannot wait, so the listener may take one more connection before it notices.
    while door::client().get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// The proxy goes on asking, and serves what it had when it froze.
#[tokio::test]
async fn a_frozen_proxy_serves_what_it_had() {
    let config = Config {
        proxy_poll: Duration::from_millis(20),
        ..Config::default()
    };
    let running = Sandbox::start(config).await.expect("free ports");
    let environment = running.announcement().flagsmith["environments"][0].clone();
    let key = environment["client_key"].as_str().expect("a key");
    let client = door::client();
    let state = async || {
        let url = format!("{}flags/", running.announcement().edge_proxy.url);
        let answer = client
            .get(url)
            .header("x-environment-key", key)
            .send()
            .await
            .expect("an answer");
        let flags: Value = answer.json().await.expect("JSON");
        let mut flags = flags.as_array().cloned().unwrap_or_default().into_iter();
        let found = flags.find(|one| one["feature"]["name"] == "guest_checkout");
        found.and_then(|flag| flag["enabled"].as_bool())
    };
    // A poll asks for every environment, so after this many requests one whole poll began and ended.
    let n_environments = running.announcement().flagsmith["environments"]
        .as_array()
        .expect("a list")
        .len();
    let two_polls = async || {
        let polls = Fault::of(Effect::Latency { ms: 0 }).on(Surface::ProxyUpstream);
        running.faults().set(polls);
        settle(|| running.faults().struck("latency") as usize > 2 * n_environments).await;
    };
    two_polls().await;
    let before = state().await.expect("polled");

    running.faults().set(Fault::of(Effect::FrozenProxy));
    let edit = MayaEdit {
        environment: environment["name"].as_str().expect("a name").to_owned(),
        flag: "guest_checkout".to_owned(),
        enabled: Some(!before),
        value: None,
        ..MayaEdit::default()
    };
    running
        .faults()
        .edit_as_maya(Surface::Flagsmith, &edit)
        .expect("carried out");
    two_polls().await;
    assert_eq!(state().await, Some(before));

    running.faults().remove("frozen_proxy");
    two_polls().await;
    assert_eq!(state().await, Some(!before));
}
