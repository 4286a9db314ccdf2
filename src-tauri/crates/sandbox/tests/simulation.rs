//! What a simulation of several writers asks of the sandbox: rest, late commits, and the states that flags
//! went through.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::{collections::BTreeMap, time::Duration};

use halyard_sandbox::{
    CLIENT_HEADER, Config, Effect, Exchange, Fault, FlagWrite, MayaEdit, MayaOverride, Running, Sandbox,
    Surface,
};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const PATIENCE: Duration = Duration::from_secs(20);

async fn start() -> Running {
    let config = Config {
        history: 1_000,
        ..Config::default()
    };
    Sandbox::start(config).await.expect("free ports")
}

/// Waits for rest; a sandbox that never comes to it fails the test.
async fn rest(running: &Running) {
    tokio::time::timeout(PATIENCE, running.at_rest())
        .await
        .expect("it comes to rest");
}

fn root(running: &Running, surface: Surface) -> String {
    match surface {
        Surface::EdgeFlags => running.announcement().edgeflags.url.clone(),
        _ => {
            let api = running.announcement().flagsmith["url"].as_str().expect("a URL");
            api.trim_end_matches("/api/v1/").to_owned()
        }
    }
}

fn client_keys(running: &Running) -> BTreeMap<String, String> {
    let environments = running.announcement().flagsmith["environments"].as_array();
    let key = |one: &Value| {
        let text = |name: &str| one[name].as_str().expect("text").to_owned();
        (text("name"), text("client_key"))
    };
    environments.expect("a list").iter().map(key).collect()
}

struct Writer<'a> {
    running: &'a Running,
    client: Client,
    name: &'a str,
}

impl<'a> Writer<'a> {
    /// A client that keeps no connection open after an answer.
    fn new(running: &'a Running, name: &'a str) -> Self {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build();
        Self {
            running,
            client: client.expect("a client"),
            name,
        }
    }

    async fn send(
        &self,
        surface: Surface,
        request: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let (method, path) = request.split_once(' ').expect("verb and path");
        let keys = client_keys(self.running);
        let path = path
            .replace("{p}", &keys["Production"])
            .replace("{s}", &keys["Staging"]);
        let credential = match surface {
            Surface::EdgeFlags => format!("Bearer {}", self.running.announcement().edgeflags.token),
            _ => {
                let token = self.running.announcement().flagsmith["token"].as_str();
                format!("Token {}", token.expect("a token"))
            }
        };
        let mut request = self
            .client
            .request(
                method.parse().expect("a verb"),
                format!("{}{path}", root(self.running, surface)),
            )
            .header("authorization", credential)
            .header(CLIENT_HEADER, self.name);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }

    async fn written(&self, surface: Surface, request: &str, body: Value) {
        let answer = self.send(surface, request, Some(&body)).await.expect("an answer");
        assert!(answer.status().is_success(), "{request}: {}", answer.status());
    }
}

fn last(running: &Running) -> Exchange {
    running.journal().pop().expect("a request")
}

#[tokio::test]
async fn every_write_may_be_committed_after_its_client_has_gone() {
    let running = start().await;
    let writer = Writer::new(&running, "gone");
    let lines = include_str!("late_commits.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [surface, request, body, status] = parts[..] else {
            panic!("{line} has four parts");
        };
        let surface = match surface {
            "edgeflags" => Surface::EdgeFlags,
            _ => Surface::Flagsmith,
        };
        let body: Option<Value> = match body {
            "" => None,
            text => Some(serde_json::from_str(text).expect("JSON")),
        };
        let late = Fault::of(Effect::LateCommit { ms: 30 });
        running.faults().set(late.on(surface).times(1));
        let lost = writer.send(surface, request, body.as_ref()).await;
        assert!(lost.is_err(), "{line}: the connection closes");
        rest(&running).await;
        let exchange = last(&running);
        assert_eq!(exchange.status, None, "{line}");
        let commit = exchange.carried_out.expect("carried out by now");
        assert_eq!(commit.status.to_string(), status, "{line}");
        let waited = commit.at.duration_since(exchange.arrived_at);
        assert!(waited.as_millis() >= 30, "{line}: {waited}");
    }
    running.stop().await;
}

#[tokio::test]
async fn rest_waits_for_a_request_that_nobody_has_read() {
    let running = start().await;
    rest(&running).await;
    assert_eq!((running.open_connections(), running.requests_under_way()), (0, 0));
    let keys = client_keys(&running);
    let address = root(&running, Surface::Flagsmith)
        .trim_start_matches("http://")
        .to_owned();
    let token = running.announcement().flagsmith["token"]
        .as_str()
        .expect("a token");
    let body = json!({"enabled": false}).to_string();
    let request = format!(
        "PATCH /api/v1/environments/{}/featurestates/3/ HTTP/1.1\r\nhost: {address}\r\nauthorization: Token {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        keys["Production"],
        body.len()
    );
    let before = running
        .history(Surface::Flagsmith, "Production", "new_checkout")
        .len();
    // A client that is killed as soon as its request is out. It has not given way once, so nobody can have
    // accepted its connection on this thread.
    let stream = std::net::TcpStream::connect(&address).expect("a connection");
    std::io::Write::write_all(&mut &stream, request.as_bytes()).expect("sent");
    drop(stream);
    rest(&running).await;
    assert_eq!(last(&running).carried_out.map(|commit| commit.status), Some(200));
    assert_eq!(
        running
            .history(Surface::Flagsmith, "Production", "new_checkout")
            .len(),
        before + 1
    );
    running.stop().await;
}

#[tokio::test]
async fn an_open_connection_is_no_rest() {
    let running = start().await;
    let address = root(&running, Surface::EdgeFlags)
        .trim_start_matches("http://")
        .to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.write_all(b"GET /health HTTP/1.1\r\n").await.expect("sent");
    door::settle(|| running.open_connections() == 1).await;
    let mut resting = Box::pin(running.at_rest());
    assert!(
        tokio::time::timeout(Duration::from_millis(50), resting.as_mut())
            .await
            .is_err(),
        "half a request may still become a whole one"
    );
    drop(stream);
    tokio::time::timeout(PATIENCE, resting.as_mut())
        .await
        .expect("at rest");
    drop(resting);
    assert_eq!(running.open_connections(), 0);
    running.stop().await;
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
    let running = start().await;
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

    let path = "DELETE /api/v1/projects/1/features/1/";
    let answer = ada.send(Surface::Flagsmith, path, None).await.expect("an answer");
    assert_eq!(answer.status(), 204);
    let writes = running.history(Surface::Flagsmith, "Production", flag);
    assert_eq!(writes.last().map(|write| write.after.is_none()), Some(true));
    chained(&writes);
    running.stop().await;
}

#[tokio::test]
async fn a_history_of_versions_tells_drafts_from_what_is_live() {
    let running = start().await;
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
    let config = Config {
        history: 3,
        ..Config::default()
    };
    let running = Sandbox::start(config).await.expect("free ports");
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

    let running = Sandbox::start(Config::default()).await.expect("free ports");
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
