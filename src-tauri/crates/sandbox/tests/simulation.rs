//! What a simulation of several writers asks of the sandbox besides histories: late commits, and to know when
//! nothing happens any more.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::time::Duration;

use door::writer::{Writer, client_keys, root};
use halyard_sandbox::{Config, Effect, Exchange, Fault, Running, Sandbox, Surface};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const PATIENCE: Duration = Duration::from_secs(20);

async fn start() -> Running {
    let config = Config {
        history: 100,
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
