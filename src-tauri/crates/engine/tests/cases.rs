//! Our own cases: documents with identities, and what the reference engines answered.
//!
//! `oracle/freeze.py` writes the `expected` of each file from the reference; the inputs are written by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod common;

use common::{DIALECTS, answers, same, test_folder};
use halyard_engine::{Dialect, Engine, RemoteRules};
use serde_json::Value;

fn cases() -> Vec<(String, Value)> {
    let mut paths: Vec<_> = std::fs::read_dir(test_folder().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), case)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_case_is_answered_as_the_reference_did() {
    let mut checked = 0;
    let mut failures = Vec::new();
    for (name, case) in cases() {
        for (dialect_name, dialect) in DIALECTS {
            let actual = answers(&case, dialect);
            let expected = case["expected"][dialect_name]
                .as_array()
                .expect("frozen by oracle/freeze.py");
            let actual = actual.as_array().unwrap_or_else(|| panic!("{name}: {actual}"));
            assert_eq!(actual.len(), expected.len(), "{name}");
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                checked += 1;
                if !same(expected, actual) {
                    let identity = &case["identities"][index];
                    failures.push(format!(
                        "{name}, {dialect_name}, {identity}\n  expected {expected}\n  got      {actual}"
                    ));
                }
            }
        }
    }
    println!("own cases: {checked} answers, {} differ", failures.len());
    assert!(checked > 400 && failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn remote_rules_are_read_from_the_document() {
    let mut checked = 0;
    for (name, case) in cases() {
        let Some(expected) = case.get("remote") else {
            continue;
        };
        let names = expected["server_only_flags"].as_array().unwrap();
        let flag = |field: &str| expected[field].as_bool().unwrap();
        let expected = RemoteRules {
            hide_disabled: flag("hide_disabled"),
            server_only_flags: names
                .iter()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
            composite_key_hashing: flag("composite_key_hashing"),
            local_identity_overrides: flag("local_identity_overrides"),
        };
        let engine = Engine::from_document(&case["document"], Dialect::default()).unwrap();
        assert_eq!(engine.remote(), expected, "{name}");
        checked += 1;
    }
    assert_eq!(checked, 2);
}
