//! What is expected of EdgeFlags, case by case, and how its answers are held against that.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use halyard_engine::edgeflags::{Agreement, EdgeReason, Expectation, Expected, Question, compare, expect};
use serde_json::{Value, json};

fn cases() -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/edgeflags/cases.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The moment of all cases: 21 November 2026, 12:00 UTC.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}

fn expected_of(case: &Value) -> Expectation {
    expect(Question {
        flag: &case["flag"],
        segments: &case["segments"],
        context: &case["context"],
        at: noon(),
    })
}

/// An expectation in the words of the cases: doubts and steps by their first word.
fn written(expectation: &Expectation) -> Value {
    let first_word = |text: String| text.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    let mut row = match &expectation.expected {
        Expected::Value(value) => json!({ "value": value }),
        Expected::Unknown => json!({ "unknown": true }),
        Expected::RolloutDecides {
            percentage,
            attribute,
            outside,
        } => json!({ "rollout": [percentage, attribute, outside] }),
    };
    if let Some(reason) = expectation.reason {
        row["reason"] = reason.name().into();
    }
    let doubts: Vec<String> = expectation
        .unsure
        .iter()
        .map(|doubt| first_word(format!("{doubt:?}")))
        .collect();
    if !doubts.is_empty() {
        row["unsure"] = json!(doubts);
    }
    let steps: Vec<String> = expectation
        .because
        .iter()
        .map(|step| first_word(format!("{step:?}")))
        .collect();
    row["because"] = json!(steps.join(" "));
    row
}

#[test]
fn every_case_is_expected_by_the_documented_order() {
    let mut failures = Vec::new();
    for case in cases() {
        let found = written(&expected_of(&case));
        if found != case["expected"] {
            failures.push(format!(
                "{}\n  expected {}\n  found    {found}",
                case["name"], case["expected"]
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(cases().len() >= 45, "{}", cases().len());
}

#[test]
fn answers_are_held_against_expectations() {
    let mut checked = 0;
    for case in cases() {
        let expectation = expected_of(&case);
        for row in case["answers"].as_array().into_iter().flatten() {
            let found = match compare(&expectation, &row["value"], row["reason"].as_str()) {
                Agreement::Agrees => "agrees".to_owned(),
                Agreement::CannotTell => "cannot tell".to_owned(),
                Agreement::Disagrees { value, reason } => {
                    format!("disagrees: value {value}, reason {reason}")
                }
            };
            assert_eq!(found, row["is"], "{}: {row}", case["name"]);
            checked += 1;
        }
    }
    assert!(checked >= 15, "{checked}");
}

/// Whatever a definition and a context look like, there is an expectation, and a value without doubts always has a reason.
#[test]
fn odd_definitions_are_expected_too() {
    let odd = [
        json!(null),
        json!(true),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!([[]]),
        json!({ "rules": {} }),
        json!({ "rules": [null, 1, {}], "rollout": { "percentage": "x" } }),
        json!({ "production": [] }),
        json!(-1e300),
    ];
    for enabled in &odd {
        for value in &odd {
            for targeting in &odd {
                let flag = json!({
                    "enabled": enabled, "value": value, "targeting": targeting, "environments": targeting,
                    "active_from": value, "active_until": enabled
                });
                for context in &odd {
                    let segments = targeting;
                    let expectation = expect(Question {
                        flag: &flag,
                        segments,
                        context,
                        at: noon(),
                    });
                    let is_clear =
                        expectation.unsure.is_empty() && matches!(expectation.expected, Expected::Value(_));
                    assert!(!is_clear || expectation.reason.is_some(), "{flag} {context}");
                    let _ = compare(&expectation, value, Some("default"));
                }
            }
        }
    }
}

#[test]
fn reasons_are_read_and_written_alike() {
    for name in [
        "disabled",
        "environment_override",
        "override",
        "targeting",
        "rollout",
        "default",
    ] {
        assert_eq!(EdgeReason::from_name(name).map(EdgeReason::name), Some(name));
    }
    assert_eq!(EdgeReason::from_name("Default"), None);
}
