//! The facts behind a result.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use halyard_engine::{
    Decision, Dialect, Engine, Explanation, Identity, LossCause, Obstacle, Operator, RuleJoin, SeenType,
};
use serde_json::{Value, json};

fn state(value: &str, priority: Option<i64>) -> Value {
    json!({
        "feature": { "id": 1, "name": "checkout" }, "enabled": true, "feature_state_value": value, "django_id": 100,
        "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d", "multivariate_feature_state_values": [],
        "feature_segment": priority.map(|priority| json!({ "priority": priority }))
    })
}

fn condition(property: &str, operator: &str, value: &str) -> Value {
    json!({ "property_": property, "operator": operator, "value": value })
}

fn segment(id: i64, name: &str, rules: &[Value], priority: i64) -> Value {
    json!({ "id": id, "name": name, "rules": rules, "feature_states": [state(name, Some(priority))] })
}

fn rule(kind: &str, conditions: &[Value]) -> Value {
    json!({ "type": kind, "conditions": conditions, "rules": [] })
}

fn engine() -> Engine {
    let document = json!({
        "api_key": "env", "name": "Production", "feature_states": [state("base", None)],
        "identity_overrides": [{ "identifier": "maya", "identity_features": [state("own", None)] }],
        "project": { "segments": [
            segment(1, "staff", &[rule("ALL", &[
                condition("email", "REGEX", ".*@acme\\.test$"), condition("age", "GREATER_THAN", "17"),
            ])], 3),
            segment(2, "beta", &[rule("ANY", &[
                condition("plan", "EQUAL", "beta"), condition("plan", "IN", "early,insider"),
            ])], 1),
            segment(3, "rollout", &[rule("ALL", &[condition("", "PERCENTAGE_SPLIT", "40")])], 2),
            segment(4, "not blocked", &[rule("NONE", &[condition("blocked", "IS_SET", "")])], 9),
            segment(5, "odd", &[rule("ALL", &[condition("age", "ROUGHLY", "17")])], 10),
            segment(6, "empty", &[], 11),
        ]}
    });
    Engine::from_document(&document, Dialect::Server10_2).unwrap()
}

fn explained(identity: &Identity) -> Explanation {
    engine().explain(identity, "checkout").unwrap().unwrap()
}

fn loss<'a>(explanation: &'a Explanation, name: &str) -> &'a LossCause {
    &explanation
        .lost
        .iter()
        .find(|lost| lost.name == name)
        .unwrap()
        .cause
}

/// An identity that the 40 % rollout leaves out.
fn outside() -> Identity {
    let identity = (0..)
        .map(|number| Identity::new(format!("out-{number}")))
        .find(|identity| {
            !engine()
                .evaluate(identity)
                .unwrap()
                .segments()
                .any(|name| name == "rollout")
        });
    identity.unwrap()
}

#[test]
fn the_segment_that_decided_names_its_conditions() {
    let identity = outside()
        .with_trait("email", "noor@acme.test")
        .with_trait("age", "41");
    let explanation = explained(&identity);
    let Decision::Segment(chosen) = &explanation.decided_by else {
        panic!("{explanation:?}")
    };
    assert_eq!(
        (chosen.index, chosen.name.as_str(), chosen.priority),
        (0, "staff", Some(3.0))
    );
    let age = &chosen.conditions[1];
    assert_eq!(
        (age.operator, &age.operand, age.held),
        (Operator::GreaterThan, &json!("17"), true)
    );
    assert_eq!(
        (&age.seen, age.seen_as),
        (&Some(json!("41")), Some(SeenType::Integer))
    );
    assert_eq!(explanation.reason, "TARGETING_MATCH; segment=staff");
    assert_eq!(loss(&explanation, "not blocked"), &LossCause::Outranked);
    assert_eq!(loss(&explanation, "empty"), &LossCause::NoRules);
    let names: Vec<&str> = explanation.lost.iter().map(|lost| lost.name.as_str()).collect();
    assert_eq!(
        names,
        ["beta", "rollout", "not blocked", "odd", "empty"],
        "strongest first"
    );
}

#[test]
fn losing_segments_name_what_failed() {
    let explanation = explained(&outside().with_trait("plan", 1.5).with_trait("age", "young"));
    let LossCause::RuleFailed(staff) = loss(&explanation, "staff") else {
        panic!("{explanation:?}")
    };
    let email = staff.first().unwrap();
    assert_eq!((staff.joins, email.property.as_str()), (RuleJoin::All, "email"));
    assert_eq!((&email.seen, email.obstacle), (&None, Some(Obstacle::Unset)));

    let LossCause::RuleFailed(beta) = loss(&explanation, "beta") else {
        panic!("{explanation:?}")
    };
    assert_eq!((beta.joins, beta.conditions.len()), (RuleJoin::Any, 2));
    assert_eq!(
        beta.conditions[1].obstacle,
        Some(Obstacle::WrongType),
        "a float is in no list"
    );

    let LossCause::RuleFailed(odd) = loss(&explanation, "odd") else {
        panic!("{explanation:?}")
    };
    assert_eq!(odd.first().unwrap().obstacle, Some(Obstacle::UnknownOperator));
    assert_eq!(odd.first().unwrap().operator_name, "ROUGHLY");
}

#[test]
fn an_operand_that_cannot_be_read_is_an_obstacle() {
    let explanation = explained(
        &outside()
            .with_trait("email", "a@acme.test")
            .with_trait("age", "young"),
    );
    // Text compares with text, so "young" is greater than "17".
    assert!(matches!(&explanation.decided_by, Decision::Segment(chosen) if chosen.name == "staff"));
    let document = json!({
        "api_key": "env", "name": "n", "feature_states": [state("base", None)],
        "project": { "segments": [segment(1, "s", &[rule("ALL", &[condition("age", "EQUAL", "old")])], 1)] }
    });
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let explanation = engine
        .explain(&Identity::new("x").with_trait("age", 7), "checkout")
        .unwrap()
        .unwrap();
    let LossCause::RuleFailed(rule) = loss(&explanation, "s") else {
        panic!("{explanation:?}")
    };
    assert_eq!(rule.first().unwrap().obstacle, Some(Obstacle::UnreadableOperand));
    assert_eq!(
        explanation.decided_by,
        Decision::EnvironmentDefault {
            is_overridden_for_others: true
        }
    );
}

#[test]
fn a_rule_that_forbids_names_what_held() {
    let explanation = explained(&outside().with_trait("blocked", false));
    let LossCause::RuleFailed(rule) = loss(&explanation, "not blocked") else {
        panic!("{explanation:?}")
    };
    assert_eq!((rule.joins, rule.first().unwrap().held), (RuleJoin::None, true));
}

#[test]
fn splits_give_bucket_and_threshold() {
    let explanation = explained(&outside());
    let LossCause::RuleFailed(rule) = loss(&explanation, "rollout") else {
        panic!("{explanation:?}")
    };
    let bucket = rule.first().unwrap().bucket.clone().unwrap();
    assert_eq!(bucket.hashed, format!("3,env_{}", outside().identifier));
    assert_eq!(bucket.threshold, Some(40.0));
    assert!((40.0..100.0).contains(&bucket.bucket));
}

#[test]
fn an_identitys_own_override_outranks_all() {
    let explanation = explained(&Identity::new("maya").with_trait("plan", "beta"));
    assert_eq!(
        explanation.decided_by,
        Decision::IdentityOverride {
            identifier: "maya".to_owned()
        }
    );
    assert_eq!(explanation.value, json!("own"));
    assert_eq!(loss(&explanation, "beta"), &LossCause::Outranked);
}

#[test]
fn variants_give_their_ranges() {
    let mut base = state("base", None);
    let option = |id: u64, weight: f64, value: &str, key: Option<&str>| {
        json!({
            "id": id, "mv_fs_value_uuid": "ed45bb3e-46bf-453f-bcd0-28de055373b2", "percentage_allocation": weight,
            "multivariate_feature_option": { "id": id, "value": value, "key": key }
        })
    };
    base["multivariate_feature_state_values"] =
        json!([option(9, 30.0, "green", None), option(4, 20.0, "blue", Some("b"))]);
    let document =
        json!({ "api_key": "env", "name": "n", "feature_states": [base], "project": { "segments": [] } });
    let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
    let mut seen = [0, 0, 0];
    for number in 0..300 {
        let identity = Identity::new(format!("user-{number}"));
        let explanation = engine.explain(&identity, "checkout").unwrap().unwrap();
        let split = explanation.split.unwrap();
        assert_eq!(split.hashed, format!("100,env_user-{number}"));
        let ranges: Vec<_> = split
            .ranges
            .iter()
            .map(|range| (range.label.as_str(), range.weight, range.from, range.until))
            .collect();
        assert_eq!(ranges, [("b", 20.0, 0.0, 20.0), ("green", 30.0, 20.0, 50.0)]);
        let by_hand = split
            .ranges
            .iter()
            .position(|range| (range.from..range.until).contains(&split.bucket));
        assert_eq!(split.chosen, by_hand);
        seen[split.chosen.unwrap_or(2)] += 1;
        let expected = ["blue", "green", "base"][split.chosen.unwrap_or(2)];
        assert_eq!(explanation.value, json!(expected));
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn an_unknown_flag_is_nothing() {
    assert_eq!(engine().explain(&Identity::new("x"), "nobody").unwrap(), None);
}
