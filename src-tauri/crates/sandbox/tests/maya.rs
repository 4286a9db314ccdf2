//! What Maya can change, over the control route as any test in another process would ask her, and as the
//! services show it afterwards; from `maya.json5`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::collections::BTreeMap;

use halyard_sandbox::{Effect, Fault, MayaEdit, Moment, Running, Surface};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    name: String,
    surface: Surface,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// An edit, as the control route takes it.
    #[serde(default)]
    edit: Option<Value>,
    /// What an edit is refused with, at least in part.
    #[serde(default)]
    refused: Option<String>,
    /// A path that is read; below `/api/v1/` on Flagsmith unless it begins with a slash.
    #[serde(default)]
    read: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    /// What is read must hold this, at least.
    #[serde(default)]
    holds: Option<Value>,
}

fn ok() -> u16 {
    200
}

fn keys(running: &Running) -> BTreeMap<&'static str, String> {
    let environments = &running.announcement().flagsmith["environments"];
    ["{d}", "{s}", "{p}", "{e}"]
        .into_iter()
        .enumerate()
        .map(|(number, letter)| {
            let key = environments[number]["client_key"].as_str().expect("a key");
            (letter, key.to_owned())
        })
        .collect()
}

async fn read(running: &Running, surface: Surface, path: &str) -> (u16, Value) {
    let (url, credential) = match surface {
        Surface::EdgeFlags => {
            let place = &running.announcement().edgeflags;
            (format!("{}{path}", place.url), format!("Bearer {}", place.token))
        }
        _ => {
            let place = &running.announcement().flagsmith;
            let api = place["url"].as_str().expect("a URL");
            let token = place["token"].as_str().expect("a token");
            let mut path = path.to_owned();
            for (letter, key) in keys(running) {
                path = path.replace(letter, &key);
            }
            let url = match path.starts_with('/') {
                true => format!("{}{path}", api.trim_end_matches("/api/v1/")),
                false => format!("{api}{path}"),
            };
            (url, format!("Token {token}"))
        }
    };
    let request = door::client().get(url).header("authorization", credential);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn play(story: &Story) {
    let running = door::start(Default::default()).await;
    let control = running.announcement().control.url.clone();
    for (place, step) in story.steps.iter().enumerate() {
        let what = format!("{}, step {}", story.name, place + 1);
        if let Some(edit) = &step.edit {
            let mut body = edit.clone();
            body["surface"] = json!(story.surface);
            let request = door::client().post(format!("{control}edits")).json(&body);
            let answer = request.send().await.expect("an answer");
            let (status, text) = (answer.status(), answer.text().await.expect("text"));
            match &step.refused {
                None => assert!(status.is_success(), "{what}: {text}"),
                Some(part) => assert!(status == 422 && text.contains(part), "{what}: {status} {text}"),
            }
        }
        if let Some(path) = &step.read {
            let (status, found) = read(&running, story.surface, path).await;
            assert_eq!(status, step.status, "{what}: {found}");
            if let Some(wanted) = &step.holds
                && let Err(place) = door::holds(&found, wanted)
            {
                panic!("{what}: at {place}\nwanted {wanted}\nfound  {found}");
            }
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn maya_changes_everything() {
    let stories: Vec<Story> = json5::from_str(include_str!("maya.json5")).expect("valid JSON5");
    assert!(stories.len() > 7, "only {} stories", stories.len());
    for story in &stories {
        play(story).await;
    }
}

/// The fault board takes the same edits, in the form they always had and in the new one.
#[tokio::test]
async fn maya_does_it_between_two_steps_too() {
    let running = door::start(Default::default()).await;
    let control = running.announcement().control.url.clone();
    let fault = json!({
        "surface": "edgeflags", "when": "after",
        "edit": { "flag": "guest_checkout", "members": { "targeting": { "rules": [] } } },
    });
    let request = door::client().put(format!("{control}faults/maya")).json(&fault);
    assert!(request.send().await.expect("an answer").status().is_success());
    let posted = running.faults().posted();
    let expected = Effect::Maya {
        edit: MayaEdit {
            flag: "guest_checkout".to_owned(),
            members: json!({ "targeting": { "rules": [] } })
                .as_object()
                .cloned()
                .unwrap_or_default(),
            ..MayaEdit::default()
        },
        when: Moment::After,
        nth: 1,
    };
    assert_eq!(posted[0].fault, Fault::of(expected).on(Surface::EdgeFlags));
    read(&running, Surface::EdgeFlags, "/api/v1/flags?limit=1").await;
    let flag = running.edgeflags().flag("guest_checkout").expect("a flag");
    assert_eq!(flag["targeting"], json!({ "rules": [] }));
    let misspelt = json!({ "edit": { "flag": "guest_checkout", "tag": [] } });
    let request = door::client()
        .put(format!("{control}faults/maya"))
        .json(&misspelt);
    assert_eq!(request.send().await.expect("an answer").status(), 400);
    running.stop().await;
}
