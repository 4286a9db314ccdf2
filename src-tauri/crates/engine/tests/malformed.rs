//! Documents that are not what they should be: an error that names the place, and never a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod common;

use common::{DIALECTS, test_folder};
use halyard_engine::{Dialect, Engine, Identity};
use proptest::prelude::*;
use serde_json::{Value, json};

fn valid_document() -> Value {
    json!({
        "api_key": "env", "name": "Production",
        "feature_states": [{
            "feature": { "id": 1, "name": "checkout" }, "enabled": true, "feature_state_value": "v1",
            "django_id": 12, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d", "feature_segment": null,
            "multivariate_feature_state_values": [{
                "id": 3, "mv_fs_value_uuid": "ed45bb3e-46bf-453f-bcd0-28de055373b2", "percentage_allocation": 50.0,
                "multivariate_feature_option": { "id": 1, "value": "blue", "key": "b" }
            }]
        }],
        "identity_overrides": [{
            "identifier": "maya",
            "identity_features": [{
                "feature": { "id": 1, "name": "checkout" }, "enabled": false, "feature_state_value": 5
            }]
        }],
        "project": {
            "hide_disabled_flags": false, "server_key_only_feature_ids": [1],
            "segments": [{
                "id": 5, "name": "staff",
                "rules": [{ "type": "ALL", "rules": [], "conditions": [
                    { "operator": "EQUAL", "value": "1", "property_": "x" }
                ]}],
                "feature_states": [{
                    "feature": { "id": 1, "name": "checkout" }, "enabled": true, "feature_state_value": "v2",
                    "django_id": 13, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7e",
                    "feature_segment": { "priority": 1 }, "multivariate_feature_state_values": []
                }]
            }]
        }
    })
}

/// Replaces what a pointer points to; `None` removes it.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut document = valid_document();
    match value {
        Some(value) => *document.pointer_mut(pointer).unwrap() = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            document
                .pointer_mut(parent)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(name)
                .unwrap();
        }
    }
    document
}

#[test]
fn errors_name_the_place_and_the_problem() {
    let state = "/project/segments/0/feature_states/0";
    let variant = "/feature_states/0/multivariate_feature_state_values/0";
    let condition = "/project/segments/0/rules/0/conditions/0";
    let table = [
        (
            "/feature_states/0/feature/name",
            Some(json!(7)),
            "feature_states[0].feature.name: expected text, found number",
        ),
        (
            "/feature_states/0/feature/name",
            None,
            "feature_states[0].feature.name: missing",
        ),
        (
            "/feature_states/0/enabled",
            Some(json!("yes")),
            "feature_states[0].enabled: expected true or false, found text",
        ),
        (
            "/feature_states",
            Some(json!({})),
            "feature_states: expected list, found object",
        ),
        (
            "/feature_states/0",
            Some(json!(null)),
            "feature_states[0]: expected object, found null",
        ),
        ("/api_key", None, "api_key: missing"),
        ("/name", Some(json!([])), "name: expected text, found list"),
        ("/project/segments", None, "project.segments: missing"),
        (
            "/project/segments/0/id",
            Some(json!(1.5)),
            "project.segments[0].id: expected integer, found number",
        ),
        (
            "/project/hide_disabled_flags",
            Some(json!(0)),
            "project.hide_disabled_flags: expected true or false, found number",
        ),
        (
            "/identity_overrides/0/identifier",
            Some(json!(5)),
            "identity_overrides[0].identifier: expected text, found number",
        ),
        (
            "/identity_overrides/0/identity_features/0/feature_state_value",
            Some(json!([])),
            "identity_overrides[0].identity_features[0].feature_state_value: expected text, number, true, false or null",
        ),
        (
            &format!("{state}/feature_segment/priority"),
            Some(json!("1")),
            "project.segments[0].feature_states[0].feature_segment.priority: expected number, found text",
        ),
        (
            &format!("{variant}/percentage_allocation"),
            Some(json!(null)),
            "feature_states[0].multivariate_feature_state_values[0].percentage_allocation: expected number, found null",
        ),
        (
            &format!("{condition}/operator"),
            Some(json!(null)),
            "project.segments[0].rules[0].conditions[0].operator: expected text, found null",
        ),
        (
            &format!("{condition}/value"),
            None,
            "project.segments[0].rules[0].conditions[0].value: missing",
        ),
    ];
    Engine::from_document(&valid_document(), Dialect::default()).unwrap();
    for (pointer, value, expected) in table {
        let error = Engine::from_document(&with(pointer, value), Dialect::default()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = Engine::from_document(&json!([1]), Dialect::default()).unwrap_err();
    assert_eq!(error.to_string(), "document: expected object, found list");
    let uuid = with(&format!("{variant}/id"), Some(json!(null)));
    Engine::from_document(&uuid, Dialect::default()).unwrap();
}

#[test]
fn an_unknown_variant_uuid_is_an_error() {
    let variant = "/feature_states/0/multivariate_feature_state_values/0";
    let mut document = with(&format!("{variant}/id"), Some(json!(0)));
    *document
        .pointer_mut(&format!("{variant}/mv_fs_value_uuid"))
        .unwrap() = json!("not a uuid");
    let error = Engine::from_document(&document, Dialect::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "feature_states[0].multivariate_feature_state_values[0].mv_fs_value_uuid: expected UUID, found other text"
    );
}

#[test]
fn evaluation_errors_name_segment_and_condition() {
    let document = with(
        "/project/segments/0/rules/0/conditions/0",
        Some(json!({
            "operator": "MODULO", "value": "0|1", "property_": "x"
        })),
    );
    let engine = Engine::from_document(&document, Dialect::default()).unwrap();
    let error = engine
        .evaluate(&Identity::new("a").with_trait("x", 1))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "segment \"staff\": condition x MODULO \"0|1\": division by zero"
    );
}

/// Documents to mutate: all of the committed cases.
fn documents() -> Vec<Value> {
    let paths = std::fs::read_dir(test_folder().join("cases")).unwrap();
    paths
        .map(|entry| {
            let case: Value =
                serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            case["document"].clone()
        })
        .chain([valid_document()])
        .collect()
}

/// The `step`-th value of a document, counted depth first.
fn nth<'a>(value: &'a mut Value, step: &mut usize) -> Option<&'a mut Value> {
    if *step == 0 {
        return Some(value);
    }
    *step -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, step)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth(field, step)),
        _ => None,
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\\\\(){}\\[\\]|*+?^$.a-cPiwdb<=!:#0-9,-]{0,14}".prop_map(Value::from),
        "\\$\\.[a-c.*\\[\\]'?@=()]{0,10}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, { "id": 1 }, "x"])),
        Just(Value::from("9".repeat(5000))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_never_panic(
        which in any::<prop::sample::Index>(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), odd_value(), any::<bool>()), 1..6),
        trait_value in odd_value(),
    ) {
        let documents = documents();
        let mut document = which.get(&documents).clone();
        for (place, value, removes) in mutations {
            let size = document.to_string().matches([':', ',', '{', '[']).count().max(1);
            let mut step = place.index(size);
            if let Some(target) = nth(&mut document, &mut step) {
                match target {
                    Value::Object(fields) if removes && !fields.is_empty() => {
                        let name = fields.keys().nth(step % fields.len()).cloned().unwrap();
                        fields.remove(&name);
                    }
                    _ => *target = value,
                }
            }
        }
        for (_, dialect) in DIALECTS {
            match Engine::from_document(&document, dialect) {
                Err(error) => prop_assert!(!error.place.is_empty() && !error.problem.is_empty()),
                Ok(engine) => {
                    let identity = ["x", "t", "n", "a", "plan", "v"]
                        .iter()
                        .fold(Identity::new("maya"), |identity, name| identity.with_trait(*name, trait_value.clone()));
                    let _ = engine.evaluate_anonymous();
                    let evaluation = engine.evaluate(&identity);
                    let trace = engine.trace(&identity);
                    prop_assert_eq!(trace.failure(), evaluation.as_ref().err());
                    for flag in trace.flags() {
                        prop_assert_eq!(flag.result().is_some(), evaluation.is_ok());
                        let _ = (flag.candidates(), flag.split(), flag.caveats(), flag.dependencies());
                    }
                    prop_assert!(trace.segments().all(|segment| segment.decisive().len() < 10_000));
                    for flag in engine.flag_names() {
                        prop_assert_eq!(engine.counterfactuals(&identity, flag).is_ok(), evaluation.is_ok());
                    }
                }
            }
            let _ = Engine::from_context(&document, dialect);
        }
    }
}
