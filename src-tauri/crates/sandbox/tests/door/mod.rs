//! The one way in that the tests of this crate share: stories of requests, read from data files.

#![allow(dead_code, reason = "every test program uses its own part of the door")]

pub(crate) mod writer;

use std::{collections::BTreeMap, time::Duration};

use halyard_sandbox::{
    Config, Running, Sandbox,
    edgeflags::{EdgeFlagsOptions, SeededToken},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A few requests to a fresh sandbox, and what each must answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Story {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) options: EdgeFlagsOptions,
    pub(crate) steps: Vec<Step>,
}

/// One request and what it must answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Whose token is sent; none for `nobody`.
    #[serde(rename = "as", default = "admin")]
    pub(crate) who: String,
    /// The verb and the path with its query.
    pub(crate) send: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: Option<Value>,
    /// A body that is not JSON, or too much of it: text and how often it is repeated.
    #[serde(default)]
    pub(crate) text: Option<(String, usize)>,
    pub(crate) status: u16,
    /// What the answer's JSON must hold, at least.
    #[serde(default)]
    pub(crate) answer: Option<Value>,
    /// What the answer's text must contain.
    #[serde(default)]
    pub(crate) page: Option<String>,
    /// Headers the answer must carry; `<any>` for any value, `<absent>` for none.
    #[serde(default)]
    pub(crate) carries: BTreeMap<String, String>,
}

fn admin() -> String {
    "admin".to_owned()
}

/// Reads the stories of a data file.
pub(crate) fn stories(text: &str) -> Vec<Story> {
    json5::from_str(text).expect("the stories are valid JSON5")
}

/// Starts an Acme sandbox on free ports.
pub(crate) async fn start(options: EdgeFlagsOptions) -> Running {
    Sandbox::start(Config {
        edgeflags: options,
        ..Config::default()
    })
    .await
    .expect("free ports")
}

/// A client that keeps nothing between requests.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// Plays a story from its first step to its last.
pub(crate) async fn play(story: &Story) {
    let running = start(story.options.clone()).await;
    let client = client();
    let mut last_tag = String::new();
    for (place, step) in story.steps.iter().enumerate() {
        let what = format!("{}, step {}: {}", story.name, place + 1, step.send);
        let (verb, path) = step.send.split_once(' ').expect("verb and path");
        let url = format!("{}{path}", running.announcement().edgeflags.url);
        let mut request = client.request(verb.parse().expect("a verb"), url);
        if let Some(token) = token_of(&running, &step.who) {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &step.body {
            request = request.json(body);
        }
        if let Some((text, times)) = &step.text {
            request = request
                .header("content-type", "application/json")
                .body(text.repeat(*times));
        }
        for (name, value) in &step.headers {
            request = request.header(name, value.replace("<etag>", &last_tag));
        }
        let response = request.send().await.expect(&what);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(tag) = headers.get("etag") {
            tag.to_str().expect(&what).clone_into(&mut last_tag);
        }
        let text = response.text().await.expect(&what);
        assert_eq!(status, step.status, "{what}: {text}");
        for (name, wanted) in &step.carries {
            let found = headers.get(name).map(|value| value.to_str().expect(&what));
            match wanted.as_str() {
                "<any>" => assert!(found.is_some(), "{what}: {name} is absent"),
                "<absent>" => assert_eq!(found, None, "{what}: {name}"),
                other => assert_eq!(found, Some(other), "{what}: {name}"),
            }
        }
        if let Some(part) = &step.page {
            assert!(text.contains(part), "{what}: {text}");
        }
        if let Some(wanted) = &step.answer {
            let found: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what}: {text}"));
            if let Err(place) = holds(&found, wanted) {
                panic!("{what}: at {place}\nwanted {wanted}\nfound  {found}");
            }
        }
    }
    running.stop().await;
}

fn token_of(running: &Running, who: &str) -> Option<String> {
    let seeded = match who {
        "nobody" => return None,
        "stranger" => return Some("ff_acme_00000000000000000000".to_owned()),
        "admin" => SeededToken::Admin,
        "reader" => SeededToken::ReadOnly,
        "flags" => SeededToken::FlagsOnly,
        "configs" => SeededToken::ConfigsOnly,
        "expired" => SeededToken::Expired,
        other => panic!("no token for {other}"),
    };
    Some(running.edgeflags().token(seeded))
}

/// Whether a value holds everything another one asks for; else where it does not. Objects may hold more,
/// arrays may not. `<any>` stands for any value and `<absent>` for none.
pub(crate) fn holds(found: &Value, wanted: &Value) -> Result<(), String> {
    match (found, wanted) {
        (_, Value::String(any)) if any == "<any>" => Ok(()),
        (Value::Object(found), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                match found.get(name) {
                    None if wanted == "<absent>" => {}
                    Some(_) if wanted == "<absent>" => return Err(format!("{name} (should be absent)")),
                    None => return Err(format!("{name} (missing)")),
                    Some(found) => holds(found, wanted).map_err(|place| format!("{name}.{place}"))?,
                }
            }
            Ok(())
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            for (place, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                holds(found, wanted).map_err(|inner| format!("[{place}].{inner}"))?;
            }
            Ok(())
        }
        (found, wanted) if found == wanted => Ok(()),
        (found, wanted) => Err(format!("{found} instead of {wanted}")),
    }
}

/// Sends a request to EdgeFlags as an admin.
pub(crate) async fn ask(
    running: &Running,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<reqwest::Response, reqwest::Error> {
    let place = &running.announcement().edgeflags;
    let mut request = client()
        .request(method, format!("{}{path}", place.url))
        .bearer_auth(&place.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await
}

/// As [`ask`], where an answer is due.
pub(crate) async fn send(
    running: &Running,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> reqwest::Response {
    ask(running, method, path, body).await.expect("an answer")
}

/// Everything that EdgeFlags puts on the wire for one request, until it closes the connection.
pub(crate) async fn ask_raw(running: &Running, method: &str, path: &str, body: Option<&Value>) -> String {
    let place = &running.announcement().edgeflags;
    let address = place.url.trim_start_matches("http://");
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}",
        token = place.token,
        length = body.len(),
    );
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // A closed connection may show as an error; what came before it is what counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

/// Waits until something holds. A test that waits for what never comes is ended by its runner's patience,
/// which is 20 seconds here.
pub(crate) async fn settle(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it never came to hold");
}
