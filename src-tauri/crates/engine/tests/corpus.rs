//! Generated documents and identities against the reference: a frozen corpus, and a larger one made afresh.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{DIALECTS, answers, generated, oracle, same, test_folder};
use halyard_engine::Dialect;
use serde_json::{Map, Value, json};

struct Tally {
    decisions: usize,
    errors: usize,
    differences: Vec<String>,
}

fn compare(request: &Value, expected: &Value, dialect: Dialect, tally: &mut Tally) {
    let actual = answers(request, dialect);
    let (Some(expected), Some(actual)) = (expected.as_array(), actual.as_array()) else {
        if expected.get("document_error").is_none() || actual.get("document_error").is_none() {
            tally.differences.push(format!(
                "{dialect:?} {request}\n  expected {expected}\n  got {actual}"
            ));
        }
        return;
    };
    let identities = request["identities"].as_array().unwrap();
    for ((expected, actual), identity) in expected.iter().zip(actual).zip(identities) {
        tally.decisions += expected["flags"]
            .as_object()
            .map_or(0, |flags| flags.len().max(1));
        tally.errors += usize::from(expected.get("error").is_some());
        if !same(expected, actual) {
            let document = &request["document"];
            tally.differences.push(format!(
                "{dialect:?} {identity}\n  expected {expected}\n  got      {actual}\n  document {document}"
            ));
        }
    }
}

fn report(what: &str, tally: &Tally) {
    println!(
        "{what}: {} decisions, {} errors, {} differ",
        tally.decisions,
        tally.errors,
        tally.differences.len()
    );
    let shown: Vec<&String> = tally.differences.iter().take(3).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

/// Frozen answers in the oracle's form: every distinct result is kept once, and identities refer to it.
fn unfolded(frozen: &Value) -> Value {
    let results = frozen["results"].as_array().unwrap();
    let answer = |identity: &Value| {
        if identity.is_null() {
            return json!({ "error": "" });
        }
        let flags = identity["flags"].as_array().unwrap().iter().map(|position| {
            let result = results[position.as_u64().unwrap() as usize].as_array().unwrap();
            (
                result[0].as_str().unwrap().to_owned(),
                Value::from(result[1..].to_vec()),
            )
        });
        json!({ "flags": flags.collect::<Map<_, _>>(), "segments": identity["segments"] })
    };
    frozen["identities"]
        .as_array()
        .unwrap()
        .iter()
        .map(answer)
        .collect()
}

#[test]
fn the_frozen_corpus_is_answered_as_the_reference_did() {
    let corpus = std::fs::read_to_string(test_folder().join("corpus/corpus.jsonl")).unwrap();
    let mut tally = Tally {
        decisions: 0,
        errors: 0,
        differences: Vec::new(),
    };
    for line in corpus.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        for (name, dialect) in DIALECTS {
            compare(&request, &unfolded(&request[name]), dialect, &mut tally);
        }
    }
    report("frozen corpus", &tally);
    assert!(tally.decisions > 3000 && tally.errors > 0);
}

/// Makes requests, asks the reference and compares. `HALYARD_CORPUS_SEED` and `HALYARD_CORPUS_SIZE` change what is
/// made.
fn compare_afresh(kind: Option<&str>, size: usize) {
    let number =
        |name: &str, default: usize| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let seed = number("HALYARD_CORPUS_SEED", 7);
    let size = number("HALYARD_CORPUS_SIZE", size);
    for (name, dialect) in DIALECTS {
        let Some(requests) = generated(name, seed, size, kind) else {
            continue;
        };
        let Some(mut command) = oracle(name) else { continue };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let text = requests.clone();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success());
        let expected = String::from_utf8(output.stdout).unwrap();
        assert_eq!(expected.lines().count(), size);
        let mut tally = Tally {
            decisions: 0,
            errors: 0,
            differences: Vec::new(),
        };
        for (request, expected) in requests.lines().zip(expected.lines()) {
            let (request, expected) = (
                serde_json::from_str(request).unwrap(),
                serde_json::from_str(expected).unwrap(),
            );
            compare(&request, &expected, dialect, &mut tally);
        }
        report(&format!("fresh corpus, seed {seed}, {name}"), &tally);
    }
}

#[test]
fn a_fresh_corpus_is_answered_as_the_reference_does() {
    compare_afresh(None, 400);
}

#[test]
fn fresh_patterns_are_matched_as_the_reference_does() {
    compare_afresh(Some("patterns"), 3000);
}
