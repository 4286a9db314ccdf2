//! The sandbox alone, as another program starts it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// How long a program may take to end before the test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

struct Started {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    announcement: Value,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halyard-sandbox"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn start(arguments: &[&str]) -> Started {
    let mut child = command(arguments).spawn().expect("the binary starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
    let line = output.next_line().await.expect("readable").expect("a first line");
    let announcement = serde_json::from_str(&line).expect("one JSON object");
    Started {
        child,
        output,
        announcement,
    }
}

impl Started {
    async fn end(mut self, signal: &str) -> (ExitStatus, Option<String>) {
        let id = self.child.id().expect("running").to_string();
        let sent = Command::new("kill")
            .args([signal, &id])
            .status()
            .await
            .expect("kill runs");
        assert!(sent.success());
        let ending = async {
            let rest = self.output.next_line().await.expect("readable");
            (self.child.wait().await.expect("it ends"), rest)
        };
        timeout(PATIENCE, ending).await.expect("the signal is heard")
    }

    async fn total(&self) -> Value {
        let place = &self.announcement["edgeflags"];
        let url = format!("{}/api/v1/flags?limit=1", place["url"].as_str().expect("text"));
        let request = door::client()
            .get(url)
            .bearer_auth(place["token"].as_str().expect("text"));
        let list: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        list["total"].clone()
    }
}

#[tokio::test]
async fn the_first_line_tells_where_everything_is_and_nothing_follows_it() {
    let started = start(&[]).await;
    let wanted = json!({
        "flagsmith": {
            "url": "<any>", "api_key": "<any>", "token": "<any>", "staff_token": "<any>",
            "organisation": "<any>", "project": "<any>",
            "environments": "<any>",
        },
        "edge_proxy": { "url": "<any>" },
        "edgeflags": { "url": "<any>", "token": "<any>", "environments": ["development", "staging", "production"] },
        "status": { "url": "<any>" },
        "control": { "url": "<any>" },
    });
    door::holds(&started.announcement, &wanted).expect("the promised members");
    let environments = started.announcement["flagsmith"]["environments"]
        .as_array()
        .expect("a list");
    assert_eq!(environments.len(), 4);
    for environment in environments {
        let wanted = json!({
            "name": "<any>", "id": "<any>", "client_key": "<any>", "server_key": "<any>", "versioned": "<any>",
        });
        door::holds(environment, &wanted).expect("the promised members");
    }
    for (place, end, path) in [
        ("flagsmith", "/api/v1/", "flags/"),
        ("edge_proxy", "/api/v1/", "flags/"),
        ("edgeflags", "", "/health"),
        ("status", "", "/api/v2/status.json"),
        ("control", "/", ""),
    ] {
        let url = started.announcement[place]["url"].as_str().expect("text");
        assert!(
            url.starts_with("http://127.0.0.1:") && url.ends_with(end),
            "{place}: {url}"
        );
        let answer = door::client()
            .get(format!("{url}{path}"))
            .send()
            .await
            .expect("an answer");
        assert_ne!(answer.status(), 404, "{place}");
    }
    let (status, rest) = started.end("-TERM").await;
    assert!(status.success(), "{status}");
    assert_eq!(rest, None);
}

#[tokio::test]
async fn https_and_the_forward_proxy_are_announced_where_asked_for() {
    let started = start(&["--https", "--proxy"]).await;
    let wanted = json!({
        "https": {
            "url": "<any>", "ca_pem": "<any>", "expired_url": "<any>", "not_yet_valid_url": "<any>",
            "wrong_name_url": "<any>", "self_signed_url": "<any>",
        },
        "proxy": { "url": "<any>" },
    });
    door::holds(&started.announcement, &wanted).expect("the promised members");
    let url = started.announcement["https"]["url"].as_str().expect("text");
    assert!(
        url.starts_with("https://127.0.0.1:") && url.ends_with("/api/v1/"),
        "{url}"
    );
    let (status, _) = started.end("-TERM").await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn each_seed_holds_its_data() {
    for (seed, n_flags) in [
        ("acme", 40),
        ("large", 400),
        ("ten-thousand", 10_000),
        ("empty", 0),
    ] {
        let started = start(&["--seed", seed]).await;
        assert_eq!(started.total().await, json!(n_flags), "{seed}");
        let (status, _) = started.end("-INT").await;
        assert!(status.success(), "{seed}: {status}");
    }
    let refused = command(&["--seed", "tea"]).output().await.expect("it ends");
    assert!(!refused.status.success() && refused.stdout.is_empty());
}

#[tokio::test]
async fn given_ports_are_used_and_a_taken_one_is_named() {
    let mut ports = Vec::new();
    {
        // All are held at once, so that the three differ.
        let mut held = Vec::new();
        for _ in 0..3 {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            ports.push(listener.local_addr().expect("bound").port().to_string());
            held.push(listener);
        }
    }
    let arguments = [
        "--flagsmith-port",
        &ports[0],
        "--edge-proxy-port",
        &ports[1],
        "--edgeflags-port",
        &ports[2],
    ];
    let started = start(&arguments).await;
    for (place, port) in ["flagsmith", "edge_proxy", "edgeflags"].iter().zip(&ports) {
        let url = started.announcement[place]["url"].as_str().expect("text");
        assert!(
            url.starts_with(&format!("http://127.0.0.1:{port}")),
            "{place}: {url}"
        );
    }
    let mut second = command(&arguments).spawn().expect("the binary starts");
    assert!(!second.wait().await.expect("it ends").success());
    let mut said = String::new();
    second
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut said)
        .await
        .expect("text");
    assert!(said.contains(&ports[0]), "{said}");
}
