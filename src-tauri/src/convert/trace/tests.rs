//! How traces look, on the flag of the Acme Store whose trace is shown everywhere.

use std::sync::Arc;

use super::*;
use halyard_engine::{Dialect, Engine, Identity};
use halyard_model::FlagKey;
use serde_json::json;

fn condition(property: &str, operator: &str, operand: &str) -> Value {
    json!({"property_": property, "operator": operator, "value": operand})
}

fn rule(kind: &str, conditions: &[Value], rules: &[Value]) -> Value {
    json!({"type": kind, "conditions": conditions, "rules": rules})
}

fn state(value: &str, priority: Option<u32>, options: &[(&str, f64)]) -> Value {
    let options: Vec<Value> = options
        .iter()
        .enumerate()
        .map(|(at, (name, weight))| {
            json!({"id": at + 1, "percentage_allocation": weight,
                   "multivariate_feature_option": {"id": at + 1, "key": name, "value": name}})
        })
        .collect();
    json!({"feature": {"id": 1, "name": "new_checkout"}, "enabled": true, "feature_state_value": value,
           "django_id": 4127, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d",
           "multivariate_feature_state_values": options,
           "feature_segment": priority.map(|priority| json!({"priority": priority}))})
}

fn segment(id: u32, name: &str, rules: &[Value], value: &str) -> Value {
    json!({"id": id, "name": name, "rules": rules, "feature_states": [state(value, Some(id), &[])]})
}

/// The flag of the Acme Store whose trace is shown everywhere.
fn engine() -> Arc<Engine> {
    let any = |conditions: &[Value]| rule("ANY", conditions, &[]);
    let document = json!({
        "api_key": "production", "name": "Production",
        "feature_states": [state("classic", None, &[("one_page", 30.0), ("express", 10.0)])],
        "project": {"segments": [
            segment(1, "EU beta testers", &[rule("ALL", &[], &[
                any(&[condition("country", "IN", "DE,AT,NL,FR")]),
                any(&[condition("beta_opt_in", "EQUAL", "true")]),
            ])], "beta"),
            segment(2, "VIP customers", &[rule("ALL", &[], &[
                any(&[condition("order_count", "GREATER_THAN_INCLUSIVE", "10"), condition("vip", "IS_SET", "")]),
                any(&[condition("plan", "EQUAL", "gold"), condition("plan", "EQUAL", "silver")]),
            ])], "vip"),
            segment(3, "Nobody", &[], "none"),
            segment(4, "Rollout", &[rule("ALL", &[condition("", "PERCENTAGE_SPLIT", "0.1")], &[])], "rolled"),
        ]},
    });
    Arc::new(Engine::from_document(&document, Dialect::Server10_2).unwrap())
}

fn shown(identity: Identity) -> TraceView {
    let engine = engine();
    let traced = TracedFlag {
        flag: FlagKey("new_checkout".into()),
        others: engine.counterfactuals(&identity, "new_checkout").unwrap(),
        findings: engine.lint(),
        engine,
        identity,
        notes: Default::default(),
    };
    trace(&traced).unwrap()
}

fn lena() -> Identity {
    Identity::new("u_48213")
        .with_trait("country", "DE")
        .with_trait("order_count", 7)
}

#[test]
fn every_step_says_what_became_of_it() {
    let steps = shown(lena()).steps;
    let told: Vec<(&str, &str, Option<&str>)> = steps
        .iter()
        .map(|step| {
            (
                step.title.as_str(),
                step.outcome_text.as_str(),
                step.note.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Identity override", "No match", Some("None for u_48213")),
            ("1. EU beta testers", "No match", None),
            ("2. VIP customers", "No match", None),
            (
                "3. Nobody",
                "No match",
                Some("The segment has no rules, so it matches nobody.")
            ),
            ("4. Rollout", "No match", None),
            ("Environment default", "Decides", None),
        ]
    );
    let split = steps[5].split.as_ref().unwrap();
    let ranges: Vec<(&str, u32, u32)> = split
        .ranges
        .iter()
        .map(|range| {
            (
                range.label.as_str(),
                range.from_basis_points,
                range.until_basis_points,
            )
        })
        .collect();
    assert_eq!(
        ranges,
        [
            ("one_page", 0, 3_000),
            ("express", 3_000, 4_000),
            ("control", 4_000, 10_000)
        ]
    );
    let chosen = split.ranges.iter().find(|range| range.chosen).unwrap();
    assert!((chosen.from_basis_points..=chosen.until_basis_points).contains(&split.bucket_basis_points));
}

#[test]
fn what_holds_for_every_server_is_no_warning() {
    // Traits that are not set decide here.
    assert_eq!(shown(lena()).caveats, Vec::<String>::new());
}

#[test]
fn every_condition_says_what_it_asks_and_saw() {
    let steps = shown(lena()).steps;
    let told = |step: usize| -> Vec<(String, Option<&str>, Option<&str>, VerdictView)> {
        let words = |one: &TraceConditionView| format!("{} {}", one.property, one.asks);
        steps[step]
            .conditions
            .iter()
            .map(|one| {
                (
                    words(one),
                    one.saw.as_deref(),
                    one.because.as_deref(),
                    one.verdict,
                )
            })
            .collect()
    };
    assert_eq!(
        told(1),
        [
            (
                "country is one of DE, AT, NL, FR".into(),
                Some("\"DE\""),
                None,
                VerdictView::Holds
            ),
            (
                "beta_opt_in is true".into(),
                None,
                Some("trait not set"),
                VerdictView::Fails
            ),
        ]
    );
    assert_eq!(
        told(2)[0],
        (
            "order_count is at least 10".into(),
            Some("7"),
            None,
            VerdictView::Fails
        )
    );
    let bucket = steps[4].conditions[0].bucket.as_ref().unwrap();
    assert_eq!(bucket.threshold_basis_points, 10);
}

#[test]
fn a_warning_is_for_the_value_that_was_seen() {
    let warning = |orders: Value| {
        let steps = shown(lena().with_trait("order_count", orders)).steps;
        steps[2].conditions[0].warning.clone()
    };
    assert_eq!(warning(json!(7)), None);
    let expected = "Numbers passed as text are numbers to the server. The Node SDK compares their letters.";
    assert_eq!(warning(json!("9")).as_deref(), Some(expected));
}

#[test]
fn rules_beside_each_other_stay_apart_and_one_condition_is_not_joined() {
    let steps = shown(lena()).steps;
    let joined = |step: usize| -> Vec<(u32, JoinView, Option<u32>)> {
        steps[step]
            .conditions
            .iter()
            .map(|one| (one.depth, one.join, one.rule))
            .collect()
    };
    assert_eq!(
        joined(1),
        [(0, JoinView::All, Some(2)), (0, JoinView::All, Some(3))]
    );
    let any = |rule| (0, JoinView::Any, Some(rule));
    assert_eq!(joined(2), [any(2), any(2), any(3), any(3)]);
}

#[test]
fn a_way_can_be_tried() {
    let view = shown(lena());
    let way = view.ways.iter().find(|way| way.goal == "beta").unwrap();
    assert_eq!(way.sentence, "set beta_opt_in to true");
    assert_eq!(way.try_label.as_deref(), Some("Try beta_opt_in = true"));
    let [TryTraitView { name, kind, text }] = way.traits.as_slice() else {
        panic!("one trait: {way:?}");
    };
    assert_eq!(
        (name.as_str(), *kind, text.as_str()),
        ("beta_opt_in", Some(TraitKindView::Boolean), "true")
    );
    assert!(
        view.ways
            .iter()
            .any(|way| way.traits.is_empty() && way.sentence.starts_with("no trait does it"))
    );
    let beta = shown(lena().with_trait("beta_opt_in", true));
    assert_eq!(beta.steps[1].outcome, StepOutcomeView::Decides);
    assert_eq!(beta.steps[1].gives, "On, beta");
    assert_eq!(beta.steps[5].outcome_text, "Matches too");
}
