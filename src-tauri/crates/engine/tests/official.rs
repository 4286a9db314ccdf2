//! The official test data of the reference engines, whole result objects.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

use std::path::PathBuf;

use halyard_engine::{Dialect, Engine, Evaluation};
use serde_json::{Map, Value, json};

fn official_cases() -> Option<Vec<(String, Value)>> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/engine-test-data/test_cases");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let case = json5::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_name().unwrap().to_string_lossy().into_owned(), case)
    };
    Some(paths.into_iter().map(read).collect())
}

/// An evaluation in the shape of the test data.
fn rendered(evaluation: &Evaluation<'_>) -> Value {
    let mut flags = Map::new();
    for flag in evaluation.flags() {
        let mut fields = json!({
            "enabled": flag.enabled,
            "name": flag.name,
            "reason": flag.reason.to_string(),
            "value": flag.value,
            "variant": flag.variant,
        });
        if let Some(metadata) = flag.metadata {
            fields["metadata"] = metadata.clone();
        }
        flags.insert(flag.name.to_owned(), fields);
    }
    let segments = evaluation.matched_segments().map(|segment| {
        let mut fields = json!({ "name": segment.name });
        if let Some(metadata) = segment.metadata {
            fields["metadata"] = metadata.clone();
        }
        fields
    });
    json!({ "flags": flags, "segments": segments.collect::<Vec<_>>() })
}

/// What the data expects, in the words of a dialect. The data predates `STATIC`, which 11.1.1 says exactly where no
/// segment overrides the flag.
fn expected(case: &Value, dialect: Dialect) -> (Value, bool) {
    let mut result = case["result"].clone();
    let mut differs = false;
    if dialect == Dialect::Sdk11_1 {
        let segments = case["context"]["segments"].as_object();
        let overridden: Vec<&str> = segments
            .into_iter()
            .flat_map(Map::values)
            .filter_map(|segment| segment["overrides"].as_array())
            .flatten()
            .filter_map(|feature| feature["name"].as_str())
            .collect();
        for (name, flag) in result["flags"].as_object_mut().unwrap() {
            if flag["reason"] == "DEFAULT" && !overridden.contains(&name.as_str()) {
                flag["reason"] = "STATIC".into();
                differs = true;
            }
        }
    }
    (result, differs)
}

/// Numbers of equal value are equal: the data writes weights as integers and values as they come.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

fn check(dialect: Dialect) -> Option<usize> {
    let Some(cases) = official_cases() else {
        println!("skipped: the official engine test data is not beside the repository");
        return None;
    };
    assert_eq!(cases.len(), 199);
    let mut failures = Vec::new();
    let mut different = 0;
    for (name, case) in &cases {
        let engine =
            Engine::from_context(&case["context"], dialect).unwrap_or_else(|error| panic!("{name}: {error}"));
        let evaluation = engine
            .evaluate_context()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let (expected, differs) = expected(case, dialect);
        different += usize::from(differs);
        let actual = rendered(&evaluation);
        if !same(&actual, &expected) {
            failures.push(format!("{name}\n  expected {expected}\n  got      {actual}"));
        }
    }
    println!(
        "official cases: {} of {} equal in {dialect:?}",
        cases.len() - failures.len(),
        cases.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Some(different)
}

#[test]
fn all_official_cases_hold_in_the_servers_dialect() {
    check(Dialect::Server10_2);
}

#[test]
fn all_official_cases_hold_in_the_sdks_dialect() {
    if let Some(different) = check(Dialect::Sdk11_1) {
        assert_eq!(different, 103, "cases with a flag that nothing overrides");
    }
}
