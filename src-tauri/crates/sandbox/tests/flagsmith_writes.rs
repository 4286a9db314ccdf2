//! Every Flagsmith write that a console makes, with its traps, over HTTP, from `flagsmith_writes.json5`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod door;
mod wire;

use std::collections::BTreeMap;

use halyard_sandbox::Seed;
use halyard_sandbox::flagsmith::Flagsmith;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    name: String,
    /// What callers may do; everything unless told otherwise.
    #[serde(default)]
    granted: Option<Vec<String>>,
    /// An environment that asks for change requests.
    #[serde(default)]
    change_requests: Option<String>,
    /// Whether identities are kept in the hosted store.
    #[serde(default)]
    hosted: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The verb and the path. Paths that do not begin with a slash are below `/api/v1/`; `{d} {s} {p} {e}` are
    /// the environments' client-side keys, and `<name>` is a value kept before.
    send: String,
    /// Text that is `<name>` stands for the value kept before.
    #[serde(default)]
    body: Option<Value>,
    status: u16,
    /// What the answer's JSON must hold, at least.
    #[serde(default)]
    answer: Option<Value>,
    /// Values of the answer to keep, by pointer.
    #[serde(default)]
    keep: BTreeMap<String, String>,
    /// The answer is a page, as the server's own faults are.
    #[serde(default)]
    page: bool,
}

fn filled(value: &Value, kept: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            name.and_then(|name| kept.get(name)).unwrap_or(value).clone()
        }
        Value::Array(rows) => rows.iter().map(|row| filled(row, kept)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, kept)))
            .collect(),
        other => other.clone(),
    }
}

async fn play(story: &Story) {
    let flagsmith = Flagsmith::new(Seed::Acme);
    flagsmith.grant(story.granted.clone());
    if let Some(environment) = &story.change_requests {
        flagsmith.require_change_requests(environment, Some(1)).unwrap();
    }
    if story.hosted {
        flagsmith.host_identities();
    }
    let described = flagsmith.describe();
    let (base, server) = wire::serve(flagsmith.router()).await;
    let client = wire::client();
    let token = format!("Token {}", described["token"].as_str().unwrap());
    let mut kept: BTreeMap<String, Value> = BTreeMap::new();
    for (place, step) in story.steps.iter().enumerate() {
        let what = format!("{}, step {}: {}", story.name, place + 1, step.send);
        let (method, path) = step.send.split_once(' ').expect(&what);
        let mut path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("/api/v1/{path}"),
        };
        for (number, letter) in ["{d}", "{s}", "{p}", "{e}"].into_iter().enumerate() {
            let key = described["environments"][number]["client_key"].as_str().unwrap();
            path = path.replace(letter, key);
        }
        for (name, value) in &kept {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            path = path.replace(&format!("<{name}>"), &text);
        }
        let headers = [
            ("Authorization".to_owned(), token.clone()),
            ("Content-Type".to_owned(), "application/json".to_owned()),
        ];
        let body = step.body.as_ref().map(|body| filled(body, &kept).to_string());
        let reply = wire::send(&client, method, &format!("{base}{path}"), &headers, body).await;
        assert_eq!(reply.status, step.status, "{what}: {}", reply.text);
        let is_page = reply
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        assert_eq!(is_page, step.page, "{what}: {}", reply.text);
        let found = reply.json();
        if let Some(wanted) = &step.answer {
            let wanted = filled(wanted, &kept);
            if let Err(place) = door::holds(&found, &wanted) {
                panic!("{what}: at {place}\nwanted {wanted}\nfound  {found}");
            }
        }
        for (name, pointer) in &step.keep {
            let value = found
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{what}: no {pointer} in {found}"));
            kept.insert(name.clone(), value.clone());
        }
    }
    server.abort();
}

#[tokio::test]
async fn writes_are_answered_as_the_server_does() {
    let stories: Vec<Story> = json5::from_str(include_str!("flagsmith_writes.json5")).expect("valid JSON5");
    assert!(stories.len() > 20, "only {} stories", stories.len());
    for story in &stories {
        play(story).await;
    }
}

/// The door's own comparison tells a difference apart, so that the stories mean something.
#[test]
fn a_story_fails_where_the_answer_differs() {
    assert!(door::holds(&json!({"a": [{"b": 1}]}), &json!({"a": [{"b": 2}]})).is_err());
    assert!(door::holds(&json!({"a": []}), &json!({"a": [{}]})).is_err());
}
