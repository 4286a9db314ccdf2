use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::Batch;
use crate::cohort::CohortBuilder;
use crate::{Dialect, Engine, Identity, Outcome};

fn identities_of(request: &Value) -> Vec<Identity> {
    let listed = request["identities"].as_array().unwrap().iter();
    listed
        .filter(|identity| !identity.is_null())
        .map(|identity| Identity {
            identifier: identity["identifier"].as_str().unwrap().to_owned(),
            key: identity["key"].as_str().map(str::to_owned),
            traits: identity["traits"]
                .as_object()
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .collect(),
        })
        .collect()
}

/// The identities of all requests through the engine of each, by columns and one by one.
#[test]
fn rows_come_out_as_single_identities_do() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/corpus.jsonl");
    let requests: Vec<Value> = std::fs::read_to_string(corpus)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (mut decided, mut failed) = (0, 0);
    for (number, request) in requests.iter().enumerate() {
        let others = requests[number..].iter().take(4).flat_map(identities_of);
        let mut builder = CohortBuilder::with_chunk_rows(7);
        for identity in others {
            builder.push(&identity);
        }
        let cohort = builder.finish();
        for dialect in [Dialect::Server10_2, Dialect::Sdk11_1] {
            let Ok(engine) = Engine::from_document(&request["document"], dialect) else {
                continue;
            };
            let mut scratch = engine.scratch();
            // Not all flags, and not in their order: whoever fails fails all the same.
            let flags: Vec<usize> = (0..engine.flag_count()).rev().step_by(2).collect();
            let mut batch = Batch::new(&engine, Some(&flags));
            for chunk in cohort.chunks() {
                let ended = batch.run(chunk, |row, outcomes| {
                    let identity = chunk.identity(row);
                    let single = engine.decide(&identity, &mut scratch);
                    let single =
                        single.map(|all| all.iter().rev().step_by(2).copied().collect::<Vec<Outcome>>());
                    assert_eq!(outcomes.map(<[Outcome]>::to_vec), single, "{number} {identity:?}");
                    match single {
                        Ok(outcomes) => decided += outcomes.len(),
                        Err(_) => failed += 1,
                    }
                    ControlFlow::Continue(())
                });
                assert!(ended.is_continue());
            }
        }
    }
    assert!(decided > 2000 && failed > 50, "{decided} {failed}");
}

/// A trait that is a list prints as text, which a path to it does not see; a clash of null priorities fails a row
/// whatever flags are asked for.
#[test]
fn lists_and_clashes_count_in_columns_too() {
    let state = |name: &str, value: &str, priority: Value| {
        json!({"feature": {"id": 1, "name": name}, "enabled": true, "feature_state_value": value, "django_id": 1,
               "feature_segment": {"priority": priority}})
    };
    let segment = |id: i64, property: &str, states: Value| {
        let condition = json!({"property_": property, "operator": "IS_SET", "value": null});
        json!({"id": id, "name": "s", "feature_states": states,
               "rules": [{"type": "ALL", "rules": [], "conditions": [condition]}]})
    };
    let document = json!({"api_key": "k", "name": "n",
        "feature_states": [state("a", "no", json!(1)), state("b", "no", json!(1))],
        "project": {"segments": [
            segment(1, "$.identity.traits.x", json!([state("a", "yes", json!(1))])),
            segment(2, "y", json!([state("b", "yes", Value::Null)])),
            segment(3, "y", json!([state("b", "yes", json!(1))]))]}});
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let rows = [
        ("x", json!([1])),
        ("x", json!(1)),
        ("y", json!(1)),
        ("z", json!(1)),
    ];
    // A chunk with a list in it is evaluated row by row, so each row has a chunk of its own.
    let mut builder = CohortBuilder::with_chunk_rows(1);
    for (name, value) in rows {
        builder.push(&Identity::new("me").with_trait(name, value));
    }
    let cohort = builder.finish();
    let mut found = Vec::new();
    for chunk in cohort.chunks() {
        let ended = Batch::new(&engine, Some(&[0])).run(chunk, |_, outcomes| {
            found.push(
                outcomes
                    .ok()
                    .and_then(|all| Some(engine.result(0, all[0])?.value.clone())),
            );
            ControlFlow::Continue(())
        });
        assert!(ended.is_continue());
    }
    assert_eq!(
        found,
        [Some(json!("no")), Some(json!("yes")), None, Some(json!("no"))]
    );
}

#[test]
fn what_identities_are_called_is_asked_for_each_row() {
    let questions = [
        ("$.identity.identifier", "EQUAL", "user_3"),
        ("$.identity.key", "EQUAL", "k_user_4"),
        ("", "PERCENTAGE_SPLIT", "50"),
    ];
    let state = |id: usize, value: &str| {
        json!({"feature": {"id": id, "name": format!("flag_{id}")}, "enabled": true, "django_id": 1,
               "feature_state_value": value})
    };
    let segments = questions
        .iter()
        .enumerate()
        .map(|(id, (property, operator, operand))| {
            let condition = json!({"property_": property, "operator": operator, "value": operand});
            json!({"id": id, "name": "s", "feature_states": [state(id, "yes")],
               "rules": [{"type": "ALL", "rules": [], "conditions": [condition]}]})
        });
    let document = json!({"api_key": "k", "name": "n", "project": {"segments": segments.collect::<Vec<_>>()},
        "feature_states": (0..questions.len()).map(|id| state(id, "no")).collect::<Vec<_>>()});
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let named = |number: usize| Identity::new(format!("user_{number}"));
    let mut identities: Vec<Identity> = (0..20).map(named).collect();
    // A trait may be named like the path, and then goes first.
    identities.push(named(20).with_trait("$.identity.identifier", "user_3"));
    let mut builder = CohortBuilder::with_chunk_rows(20);
    for identity in &identities {
        builder.push(identity);
    }
    let cohort = builder.finish();
    let mut batch = Batch::new(&engine, None);
    let mut scratch = engine.scratch();
    let mut rows = 0;
    for chunk in cohort.chunks() {
        let ended = batch.run(chunk, |row, outcomes| {
            let row = chunk.first_row() as usize + row;
            assert_eq!(outcomes, engine.decide(&identities[row], &mut scratch), "{row}");
            rows += 1;
            ControlFlow::Continue(())
        });
        assert!(ended.is_continue());
    }
    assert_eq!(rows, 21);
}
