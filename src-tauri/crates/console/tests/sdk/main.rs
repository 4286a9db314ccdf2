//! The services' official Python libraries read what the console published. `make test` installs them.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and says what it skipped"
)]

#[path = "../console/bench.rs"]
mod bench;
#[path = "../console/fakes.rs"]
mod fakes;
#[path = "../console/path.rs"]
mod path;

use std::{path::PathBuf, process::Stdio};

use halyard_console::{EditInput, Outcome};
use halyard_model::{FieldChanges, FieldPath, FlagKey, Subject};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use bench::{Bench, Path, Place};

/// The interpreter that has the libraries: `HALYARD_SDK`, else where `make test` puts it.
fn python() -> Option<PathBuf> {
    let usual = || {
        PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../target/sdk/bin/python"
        ))
    };
    let python = std::env::var_os("HALYARD_SDK").map_or_else(usual, PathBuf::from);
    let is_whole = python
        .ancestors()
        .nth(2)
        .is_some_and(|home| home.join("installed.txt").exists());
    is_whole.then_some(python)
}

/// One question to a library, in a process of its own.
async fn ask(python: &std::path::Path, question: &Value) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/read.py");
    let mut child = tokio::process::Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(question.to_string().as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{question}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The libraries' ways to a flag of this path, each with its name.
fn questions(bench: &Bench, flag: &str, identifier: &Value, traits: &Value) -> Vec<(String, Value)> {
    let announcement = bench.sandbox.announcement();
    let question = |library: &str, url: &str, key: &str, local: bool| {
        json!({
            "library": library, "url": url, "key": key, "local": local,
            "flag": flag, "identifier": identifier, "traits": traits,
        })
    };
    if bench.path == Path::EdgeFlags {
        let place = &announcement.edgeflags;
        let asked = question("edgeflags", &place.url, &place.token, false);
        return vec![("edgeflags".to_owned(), asked)];
    }
    let list = announcement.flagsmith["environments"].as_array().unwrap();
    let own = list.iter().find(|one| one["name"] == bench.path.environment());
    let key = |name: &str| own.unwrap()[name].as_str().unwrap().to_owned();
    let url = announcement.flagsmith_text("url");
    vec![
        (
            "flagsmith, remote".to_owned(),
            question("flagsmith", url, &key("client_key"), false),
        ),
        (
            "flagsmith, local".to_owned(),
            question("flagsmith", url, &key("server_key"), true),
        ),
    ]
}

async fn write(bench: &Bench, place: &Place, flag: &str, changes: FieldChanges) {
    let subject = Subject::state_of(&FlagKey(flag.to_owned()));
    let facts = bench
        .console
        .subject(&place.connection, &place.environment, &subject)
        .await
        .unwrap();
    let input = EditInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        subject,
        revision: facts.revision,
        changes,
        confirmed: None,
    };
    let outcome = bench.console.edit(input).await.unwrap();
    assert!(matches!(outcome, Outcome::Confirmed { .. }), "{outcome:?}");
}

/// Every library's answer in one member.
async fn all_read(
    bench: &Bench,
    python: &std::path::Path,
    flag: &str,
    who: (&Value, &Value),
    member: &str,
    wanted: &Value,
) {
    for (name, question) in questions(bench, flag, who.0, who.1) {
        let read = ask(python, &question).await;
        assert_eq!(&read[member], wanted, "{:?}, {name}, {flag}: {read}", bench.path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_libraries_read_what_was_published() {
    let Some(python) = python() else {
        println!("skipped: the official Python libraries are not installed (scripts/sdk-setup.sh)");
        return;
    };
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let nobody = (&Value::Null, &json!({"environment": "staging"}));
        let flag = "guest_checkout";
        let value = FieldChanges::from([(FieldPath::Value, Some(json!("read by a library")))]);
        write(&bench, &place, flag, value).await;
        if !bench.shown(&place, flag).await.flag.state.enabled {
            write(
                &bench,
                &place,
                flag,
                FieldChanges::from([(FieldPath::Enabled, Some(json!(true)))]),
            )
            .await;
        }
        all_read(
            &bench,
            &python,
            flag,
            nobody,
            "value",
            &json!("read by a library"),
        )
        .await;
        if path == Path::EdgeFlags {
            rule(&bench, &place, &python).await;
            continue;
        }
        for enabled in [false, true] {
            let change = FieldChanges::from([(FieldPath::Enabled, Some(json!(enabled)))]);
            if bench.shown(&place, flag).await.flag.state.enabled != enabled {
                write(&bench, &place, flag, change).await;
            }
            all_read(&bench, &python, flag, nobody, "enabled", &json!(enabled)).await;
        }
        segment_override(&bench, &place, &python).await;
    }
}

/// An override that the members of a segment get and others do not.
async fn segment_override(bench: &Bench, place: &Place, python: &std::path::Path) {
    let flags = bench
        .console
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    let own = flags
        .iter()
        .flat_map(|facts| &facts.flag.state.segment_overrides)
        .find(|own| own.segment_name == "Germany")
        .expect("the shop has the segment");
    let id = own.segment_id.clone();
    let flag = "gift_wrapping";
    let changes = FieldChanges::from([
        (FieldPath::Override(id.clone()), Some(json!("Germany"))),
        (FieldPath::OverrideEnabled(id.clone()), Some(json!(true))),
        (FieldPath::OverrideValue(id), Some(json!("for Germany"))),
    ]);
    write(bench, place, flag, changes).await;
    let who = json!("somebody");
    let (member, other) = (json!({"country": "DE"}), json!({"country": "FR"}));
    all_read(
        bench,
        python,
        flag,
        (&who, &member),
        "value",
        &json!("for Germany"),
    )
    .await;
    for (name, question) in questions(bench, flag, &who, &other) {
        let read = ask(python, &question).await;
        assert_ne!(read["value"], json!("for Germany"), "{name}");
    }
}

/// On EdgeFlags: a rule for a country.
async fn rule(bench: &Bench, place: &Place, python: &std::path::Path) {
    let flag = "search_ranking_v2";
    let rules = json!([{"conditions": [{"property": "country", "operator": "in", "value": ["FR"]}], "value": "for France"}]);
    let changes = FieldChanges::from([
        (FieldPath::HasTargeting, Some(json!(true))),
        (FieldPath::Rules, Some(rules)),
    ]);
    write(bench, place, flag, changes).await;
    let of = |country: &str| json!({"environment": "staging", "user_id": "somebody", "country": country});
    all_read(
        bench,
        python,
        flag,
        (&Value::Null, &of("FR")),
        "value",
        &json!("for France"),
    )
    .await;
    for (name, question) in questions(bench, flag, &Value::Null, &of("DE")) {
        let read = ask(python, &question).await;
        assert_ne!(read["value"], json!("for France"), "{name}");
    }
}
