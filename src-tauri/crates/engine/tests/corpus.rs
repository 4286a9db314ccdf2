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

use common::{DIALECTS, Tally, generator, number, oracle, test_folder};
use serde_json::{Map, Value, json};

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
    for (name, dialect) in DIALECTS {
        let mut tally = Tally::default();
        for line in corpus.lines() {
            let request: Value = serde_json::from_str(line).unwrap();
            let mut frozen = request[name].clone();
            if frozen.get("identities").is_none() {
                // Identities are answered with the same results in both dialects, of which only the words differ.
                frozen["identities"] = request[DIALECTS[0].0]["identities"].clone();
            }
            tally.compare(&request, &unfolded(&frozen), dialect);
        }
        tally.report(&format!("frozen corpus, {name}"));
        assert!(tally.decisions >= 20_000 && tally.errors > 0);
    }
}

/// Makes requests, asks the reference and compares. `HALYARD_CORPUS_SEED` and `HALYARD_CORPUS_SIZE` change what is
/// made. `make differential` makes many more.
fn compare_afresh(options: &[&str], size: usize) {
    let seed = number("HALYARD_CORPUS_SEED", 7);
    let size = number("HALYARD_CORPUS_SIZE", size);
    for (name, dialect) in DIALECTS {
        let (Some(mut generator), Some(mut oracle)) = (generator(name, seed, size, options), oracle(name))
        else {
            continue;
        };
        let requests = generator.output().unwrap();
        assert!(
            requests.status.success(),
            "{}",
            String::from_utf8_lossy(&requests.stderr)
        );
        let requests = String::from_utf8(requests.stdout).unwrap();
        let mut child = oracle
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
        let mut tally = Tally::default();
        for (request, expected) in requests.lines().zip(expected.lines()) {
            let request = serde_json::from_str(request).unwrap();
            tally.compare(&request, &serde_json::from_str(expected).unwrap(), dialect);
        }
        tally.report(&format!("fresh corpus, seed {seed}, {name}"));
    }
}

#[test]
fn a_fresh_corpus_is_answered_as_the_reference_does() {
    compare_afresh(&[], 400);
}

#[test]
fn fresh_patterns_are_matched_as_the_reference_does() {
    compare_afresh(&["--patterns"], 3000);
}
