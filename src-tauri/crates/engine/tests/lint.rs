//! The lint: what it finds in conditions and documents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod common;
#[path = "lint/documents.rs"]
mod documents;

use common::{identity_of, test_folder};
use documents::{compiled, segment, with_segments};
use halyard_engine::{Finding, FindingKind, Identity, Likelihood, Verdict};
use serde_json::{Value, json};

/// An environment with one segment of one condition.
fn with_condition(property: &Value, operator: &Value, operand: &Value) -> Value {
    let condition = json!({ "property_": property, "operator": operator, "value": operand });
    with_segments(&json!([segment(
        1,
        &json!([{ "type": "ALL", "rules": [], "conditions": [condition] }])
    )]))
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(test_folder().join("lint").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A finding in the words of the tables.
fn written(finding: &Finding) -> Value {
    let verdict = |verdict: Verdict| match verdict {
        Verdict::Holds => "yes",
        Verdict::DoesNotHold => "no",
        Verdict::Fails => "fails",
    };
    let evaluators: Vec<String> = finding.evaluators.iter().map(|one| format!("{one:?}")).collect();
    let mut row = json!({ "kind": format!("{:?}", finding.kind), "for": evaluators });
    if let Some(example) = &finding.example {
        if let Some(value) = &example.value {
            row["value"] = value.clone();
        }
        row["server"] = verdict(example.server).into();
        for ((_, found), name) in example.others.iter().zip(["node", "go", "rust"]) {
            row[name] = verdict(*found).into();
        }
    }
    row
}

/// `tests/lint/conditions.json` lists, for each condition, all findings with an example value and what the server and
/// the SDKs make of it. The columns of Node and Rust were checked against flagsmith-nodejs 8.1.2 and
/// flagsmith-flag-engine 0.7.0, Go's follows from the code of flagsmith-go-client 5.1.0.
#[test]
fn conditions_are_found_with_an_example_each() {
    let table = read("conditions.json");
    let mut failures = Vec::new();
    let mut rows = 0;
    for case in table.as_array().unwrap() {
        let [property, operator, operand] = [0, 1, 2].map(|at| &case["condition"][at]);
        let engine = compiled(&with_condition(property, operator, operand));
        let found: Vec<Value> = engine.lint().iter().map(written).collect();
        rows += found.len();
        if json!(found) != case["finds"] {
            failures.push(format!(
                "{}\n  expected {}\n  found    {}",
                case["condition"],
                case["finds"],
                json!(found)
            ));
        }
    }
    println!(
        "lint: {} conditions, {rows} findings",
        table.as_array().unwrap().len()
    );
    assert!(rows > 80 && failures.is_empty(), "{}", failures.join("\n"));
}

/// The server's column is not a model: it is this engine, which is equal to the reference.
#[test]
fn the_servers_verdicts_are_the_engines() {
    let mut checked = 0;
    for case in read("conditions.json").as_array().unwrap() {
        let [property, operator, operand] = [0, 1, 2].map(|at| &case["condition"][at]);
        let engine = compiled(&with_condition(property, operator, operand));
        for row in case["finds"].as_array().unwrap() {
            let (Some(server), Some(name)) = (row["server"].as_str(), property.as_str()) else {
                continue;
            };
            if name.starts_with("$.") {
                continue;
            }
            let mut identity = Identity::new("maya");
            if let Some(value) = row.get("value") {
                identity = identity.with_trait(name, value.clone());
            }
            let verdict = match engine.evaluate(&identity) {
                Err(_) => "fails",
                Ok(evaluation) if evaluation.segments().next().is_some() => "yes",
                Ok(_) => "no",
            };
            assert_eq!(verdict, server, "{} {row}", case["condition"]);
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

/// `tests/lint/documents.json`: whole documents, and what is found in them by [`Engine::lint_with`].
#[test]
fn documents_are_found_out() {
    let table = read("documents.json");
    let mut failures = Vec::new();
    for case in table.as_array().unwrap() {
        let document = &case["document"];
        let mut found = Vec::new();
        for finding in compiled(document).lint_with(document) {
            let subject = &finding.subject;
            let name = |segment: &halyard_engine::SegmentName| segment.name.clone();
            let mut row = json!({ "kind": format!("{:?}", finding.kind) });
            let optional = [
                ("segment", subject.segment.as_ref().map(name)),
                ("other", subject.other_segment.as_ref().map(name)),
                ("detail", subject.detail.clone()),
                ("variant", subject.variant.map(|position| position.to_string())),
            ];
            for (field, value) in optional {
                if let Some(value) = value {
                    row[field] = value.into();
                }
            }
            let lists = [("flags", &subject.flags), ("identifiers", &subject.identifiers)];
            for (field, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
                row[field] = json!(list);
            }
            if !subject.conditions.is_empty() {
                let texts = subject
                    .conditions
                    .iter()
                    .map(|one| format!("{} {} {}", one.property, one.operator, one.operand));
                row["conditions"] = json!(texts.collect::<Vec<_>>());
            }
            found.push(row);
        }
        if json!(found) != case["finds"] {
            failures.push(format!(
                "{}\n  expected {}\n  found    {}",
                case["name"],
                case["finds"],
                json!(found)
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(table.as_array().unwrap().len() >= 15);
}

/// Conditions as people write them: nothing that ordinary values show.
#[test]
fn ordinary_conditions_are_left_alone() {
    let ordinary = [
        ("plan", "EQUAL", "pro"),
        ("plan", "NOT_EQUAL", "free"),
        ("country", "IN", "DE,AT,CH"),
        ("beta", "EQUAL", "true"),
        ("email", "REGEX", "^[a-z]+@acme"),
        ("email", "CONTAINS", "@acme.com"),
        ("logins", "EQUAL", "12"),
        ("logins", "IN", "1,2,3"),
        ("plan", "IS_SET", ""),
        ("", "PERCENTAGE_SPLIT", "25"),
        ("$.identity.identifier", "IN", "maya,li"),
        ("$.environment.name", "EQUAL", "Production"),
    ];
    for (property, operator, operand) in ordinary {
        let engine = compiled(&with_condition(
            &json!(property),
            &json!(operator),
            &json!(operand),
        ));
        let usual: Vec<Finding> = engine
            .lint()
            .into_iter()
            .filter(|finding| finding.likelihood() == Likelihood::Usual)
            .collect();
        assert!(usual.is_empty(), "{property} {operator} {operand}: {usual:?}");
    }
}

/// An identity whose override is said never to be found gets the environment's default.
#[test]
fn identifiers_that_are_never_found_get_no_override() {
    let state = |value: &str| {
        json!({
            "feature": { "id": 1, "name": "flag" }, "enabled": true, "feature_state_value": value, "django_id": 7,
            "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d", "multivariate_feature_state_values": []
        })
    };
    let mut document = with_segments(&json!([]));
    document["feature_states"] = json!([state("default")]);
    let identifiers = [
        "maya", "7", "007", "-0", "1.5", "1.50", "-3", "12a", "1e3", "1_000", " 7",
    ];
    let overrides = identifiers.map(|identifier| {
        json!({ "identifier": identifier, "identity_features": [state(&format!("of {identifier}"))] })
    });
    document["identity_overrides"] = json!(overrides);
    let engine = compiled(&document);
    let lost: Vec<String> = engine
        .lint()
        .into_iter()
        .filter(|finding| finding.kind == FindingKind::UnmatchedIdentifier)
        .flat_map(|finding| finding.subject.identifiers)
        .collect();
    assert_eq!(lost, ["007", "-0", "1.5", "1.50"]);
    for identifier in identifiers {
        let evaluation = engine.evaluate(&identity_of(&json!({ "identifier": identifier, "traits": {} })));
        let value = evaluation.unwrap().flag("flag").unwrap().value.clone();
        let is_own = value == format!("of {identifier}");
        assert_eq!(
            is_own,
            !lost.contains(&identifier.to_owned()),
            "{identifier}: {value}"
        );
    }
}
