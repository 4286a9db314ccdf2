//! Made-up cohorts: the same by seed, and on both sides of every comparison.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;

use halyard_engine::{
    Cohort, CohortGenerator, Control, Dialect, Engine, Identity, Operator, RangeKind, Revision, TraitRange,
    WeightedValue, distribution, distribution_of_stream, generate_cohort, suggested_ranges,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn range(name: &str, kind: RangeKind, absent: f64) -> TraitRange {
    TraitRange {
        name: name.to_owned(),
        kind,
        absent,
    }
}

fn ranges() -> Vec<TraitRange> {
    let weigh = |value: Value, weight| WeightedValue { value, weight };
    vec![
        range(
            "plan",
            RangeKind::OneOf(vec![weigh(json!("free"), 9.0), weigh(json!("beta"), 1.0)]),
            0.0,
        ),
        range("age", RangeKind::Integers { from: 18, to: 67 }, 0.2),
        range("score", RangeKind::Decimals { from: -1.0, to: 1.0 }, 0.5),
        range("staff", RangeKind::Booleans { share: 0.25 }, 0.0),
    ]
}

fn identities(cohort: &Cohort) -> Vec<Identity> {
    (0..cohort.len())
        .map(|row| cohort.identity(row).unwrap())
        .collect()
}

#[test]
fn the_same_seed_makes_the_same_identities() {
    let once = identities(&generate_cohort(7, 500, &ranges()));
    assert_eq!(once, identities(&generate_cohort(7, 500, &ranges())));
    let other = identities(&generate_cohort(8, 500, &ranges()));
    assert!(
        once.iter()
            .zip(&other)
            .filter(|(once, other)| once.traits == other.traits)
            .count()
            < 10
    );
    assert!(
        once.iter()
            .zip(&other)
            .all(|(once, other)| once.identifier != other.identifier)
    );
    // Kept as text, so that no later version makes others unnoticed.
    let first = &once[0];
    let written = json!([first.identifier, first.traits]);
    assert_eq!(
        written,
        json!(["sample-7-0", { "age": 26, "plan": "free", "score": -0.7799999999999998, "staff": false }])
    );
}

#[test]
fn shares_are_as_asked_for() {
    let cohort = generate_cohort(1, 1000, &ranges());
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for identity in identities(&cohort) {
        for (name, value) in &identity.traits {
            let value = match name.as_str() {
                "plan" | "staff" => value.to_string(),
                "age" => {
                    assert!((18..=67).contains(&value.as_i64().unwrap()));
                    "set".to_owned()
                }
                _ => {
                    assert!((-1.0..1.0).contains(&value.as_f64().unwrap()));
                    "set".to_owned()
                }
            };
            *counts.entry(format!("{name} {value}")).or_default() += 1;
        }
    }
    let counts: Vec<(&str, u32)> = counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    let expected = [
        ("age set", 800),
        ("plan \"beta\"", 100),
        ("plan \"free\"", 900),
        ("score set", 500),
        ("staff false", 750),
        ("staff true", 250),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn traits_are_independent_of_each_other() {
    let cohort = generate_cohort(3, 4000, &ranges());
    let staff = |identity: &&Identity| identity.traits["staff"] == json!(true);
    let all = identities(&cohort);
    let beta: Vec<&Identity> = all
        .iter()
        .filter(|identity| identity.traits["plan"] == json!("beta"))
        .collect();
    let both = beta.iter().copied().filter(staff).count();
    assert!(
        (60..140).contains(&both),
        "{both} of {} where a quarter is expected",
        beta.len()
    );
}

#[test]
fn odd_ranges_do_no_harm() {
    let weigh = |weight| WeightedValue {
        value: json!("x"),
        weight,
    };
    for kind in [
        RangeKind::OneOf(vec![]),
        RangeKind::OneOf(vec![weigh(f64::NAN), weigh(-1.0), weigh(0.0)]),
        RangeKind::Integers {
            from: i64::MAX,
            to: i64::MIN,
        },
        RangeKind::Decimals {
            from: f64::NAN,
            to: f64::INFINITY,
        },
        RangeKind::Booleans { share: f64::NAN },
    ] {
        for absent in [0.0, 1.0, -3.0, f64::NAN] {
            for count in [0, 1, 100] {
                assert_eq!(
                    generate_cohort(1, count, &[range("x", kind.clone(), absent)]).len(),
                    count
                );
            }
        }
    }
}

#[test]
fn a_generator_is_a_stream() {
    let engine = engine("GREATER_THAN", "40");
    let whole = distribution(&engine, &generate_cohort(1, 20_000, &ranges()), &Control::new()).unwrap();
    let control = Control::new();
    let streamed =
        distribution_of_stream(&engine, &mut CohortGenerator::new(1, 20_000, &ranges()), &control).unwrap();
    assert_eq!(whole, streamed);
    assert_eq!((control.rows_read(), control.rows_done()), (20_000, 20_000));
}

/// One flag, overridden for a segment with one condition.
fn engine(operator: &str, operand: &str) -> Engine {
    let state = |enabled: bool, priority: Option<u8>| {
        json!({
            "feature": { "id": 1, "name": "flag" }, "enabled": enabled, "feature_state_value": null, "django_id": 1,
            "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d", "multivariate_feature_state_values": [],
            "feature_segment": priority.map(|priority| json!({ "priority": priority }))
        })
    };
    let document = json!({
        "api_key": "env", "name": "n", "feature_states": [state(false, None)],
        "project": { "segments": [{
            "id": 1, "name": "s", "feature_states": [state(true, Some(0))],
            "rules": [{ "type": "ALL", "rules": [], "conditions": [
                { "operator": operator, "property_": "x", "value": operand }
            ]}]
        }]}
    });
    Engine::from_document(&document, Dialect::Server10_2).unwrap()
}

/// How many of a suggested sample, all of whom have the trait, the condition holds for.
fn held(operator: &str, operand: &str, count: u64) -> u64 {
    let engine = engine(operator, operand);
    let mut ranges = suggested_ranges(&[&engine]);
    assert_eq!(ranges.len(), 1, "{operator} {operand}");
    ranges[0].absent = 0.0;
    let found = distribution(&engine, &generate_cohort(1, count, &ranges), &Control::new()).unwrap();
    let on = found.flags[0].shares.iter().filter(|share| share.state.enabled);
    on.map(|share| share.count).sum()
}

#[test]
fn suggestions_reach_both_sides_of_every_condition() {
    let conditions = [
        ("EQUAL", "beta"),
        ("EQUAL", "true"),
        ("EQUAL", "1.2.3:semver"),
        ("NOT_EQUAL", "other"),
        ("NOT_EQUAL", "7"),
        ("GREATER_THAN", "1.5"),
        ("LESS_THAN", "1.2.3:semver"),
        ("GREATER_THAN_INCLUSIVE", "2.0.0-rc.1:semver"),
        ("IN", "a,b,c,d"),
        ("IN", "[\"1\",\"x\"]"),
        ("IN", "other"),
        ("CONTAINS", "@acme.test"),
        ("CONTAINS", "1"),
        ("NOT_CONTAINS", "the"),
        ("REGEX", "^[a-z]+@acme\\.(test|com)$"),
        ("REGEX", "\\d{3}"),
        ("MODULO", "7|3"),
        ("MODULO", "2|0"),
    ];
    for (operator, operand) in conditions {
        let held = held(operator, operand, 60);
        assert!((1..60).contains(&held), "{operator} {operand}: {held} of 60");
    }
}

#[test]
fn suggestions_are_of_the_document_as_revised() {
    let segment = |operand: &str| {
        let condition = json!({ "operator": "EQUAL", "property_": "x", "value": operand });
        let inner = json!([{ "type": "ALL", "rules": [], "conditions": [condition] }]);
        json!({
            "id": 1, "name": "s", "feature_states": [],
            "rules": [{ "type": "ALL", "conditions": [], "rules": inner }]
        })
    };
    let revised = engine("EQUAL", "1")
        .revised(&[Revision::Segment(&segment("5"))])
        .unwrap();
    let values = RangeKind::one_of([json!(4), json!(5), json!(6)]);
    assert_eq!(suggested_ranges(&[&revised]), [range("x", values, 0.1)]);
}

#[test]
fn suggestions_leave_some_unset_and_join_documents() {
    let engines = [
        engine("IS_SET", ""),
        engine("EQUAL", "beta"),
        engine("PERCENTAGE_SPLIT", "50"),
    ];
    let [presence, equal, split] = &engines;
    assert_eq!(
        suggested_ranges(&[presence]),
        [range("x", RangeKind::Booleans { share: 0.5 }, 0.3)]
    );
    let hashed = RangeKind::Integers { from: 1, to: 100_000 };
    assert_eq!(suggested_ranges(&[split]), [range("x", hashed, 0.1)]);
    let values = RangeKind::one_of([json!("!"), json!("beta"), json!("beta~")]);
    assert_eq!(
        suggested_ranges(&[presence, equal, split]),
        [range("x", values, 0.3)]
    );
    let condition = equal.trait_conditions().next().unwrap();
    assert_eq!(
        (condition.trait_name, condition.operator, condition.operand),
        ("x", Operator::Equal, &json!("beta"))
    );
}

fn any_comparison() -> impl Strategy<Value = (&'static str, String)> {
    let operator = proptest::sample::select(vec![
        "EQUAL",
        "NOT_EQUAL",
        "GREATER_THAN",
        "GREATER_THAN_INCLUSIVE",
        "LESS_THAN",
        "LESS_THAN_INCLUSIVE",
    ]);
    let operand = prop_oneof![
        (-1000_i64..1000).prop_map(|number| number.to_string()),
        (-1000_i32..1000).prop_map(|number| format!("{}", f64::from(number) / 8.0)),
        "[a-zA-Z][a-z0-9 ]{0,5}",
        (0_u8..20, 0_u8..20, 1_u8..20)
            .prop_map(|(major, minor, patch)| format!("{major}.{minor}.{patch}:semver")),
    ];
    (operator, operand)
}

proptest! {
    #[test]
    fn suggestions_reach_both_sides_of_every_comparison((operator, operand) in any_comparison()) {
        let held = held(operator, &operand, 30);
        prop_assert!((1..30).contains(&held), "{} of 30", held);
    }
}
