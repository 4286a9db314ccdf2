//! Counterfactuals: every change offered does what it says, and the changes a person would think of are offered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod environments;

use std::sync::atomic::{AtomicUsize, Ordering};

use environments::{Spice, document, identity};
use halyard_engine::{Change, Dialect, Engine, Identity, OtherResult, Reached, TraitChange};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// The identity with changed traits.
fn changed(identity: &Identity, changes: &[TraitChange]) -> Identity {
    let mut identity = identity.clone();
    for change in changes {
        assert_eq!(
            identity.traits.get(&change.name).filter(|value| !value.is_null()),
            change.from.as_ref()
        );
        match &change.to {
            Some(value) => identity.traits.insert(change.name.clone(), value.clone()),
            None => identity.traits.remove(&change.name),
        };
    }
    identity
}

/// Evaluates for real what a way claims. Returns how many trait changes were checked.
fn assert_ways_lead_there(engine: &Engine, identity: &Identity, flag: &str, other: &OtherResult) -> usize {
    let now = engine.evaluate(identity).unwrap();
    let now = now.flag(flag).unwrap();
    let is_other = now.enabled != other.enabled
        || *now.value != other.value
        || now.variant.map(str::to_owned) != other.variant;
    assert!(is_other, "{other:?} is what it is already");
    let mut checked = 0;
    for way in &other.ways {
        assert_eq!(
            (way.leads_to.enabled, &way.leads_to.value),
            (other.enabled, &other.value)
        );
        if let Change::Traits(changes) = &way.change {
            assert!((1..=3).contains(&changes.len()));
            let after = engine.evaluate(&changed(identity, changes)).unwrap();
            let after = after.flag(flag).unwrap();
            let reached = Reached {
                enabled: after.enabled,
                value: after.value.clone(),
                variant: after.variant.map(str::to_owned),
                reason: after.reason.to_string(),
                segment: after.segment.map(str::to_owned),
            };
            assert_eq!(reached, way.leads_to, "{changes:?}");
            assert_eq!(reached.variant, other.variant);
            checked += 1;
        }
    }
    checked
}

#[test]
fn every_way_leads_there() {
    let (ways, results) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(
        &(document(Spice::Everything), identity()),
        |(document, identity)| {
            for dialect in [Dialect::Server10_2, Dialect::Sdk11_1] {
                let engine = Engine::from_document(&document, dialect).unwrap();
                for flag in engine.flag_names() {
                    let Ok(others) = engine.counterfactuals(&identity, flag) else {
                        assert!(engine.evaluate(&identity).is_err());
                        continue;
                    };
                    for other in &others {
                        results.fetch_add(1, Ordering::Relaxed);
                        ways.fetch_add(
                            assert_ways_lead_there(&engine, &identity, flag, other),
                            Ordering::Relaxed,
                        );
                    }
                }
            }
            Ok(())
        },
    );
    outcome.unwrap();
    let (ways, results) = (ways.into_inner(), results.into_inner());
    println!("{results} other results, {ways} of them by traits");
    assert!(ways > 100, "{ways}");
}

/// Values for a trait that the made-up conditions tell apart.
fn probes() -> Vec<Option<Value>> {
    let text = r#"["pro", "free", "GB", "2.0.0", "1.9.0", "2.0.1", 42, 43, 41, 7, 8, 1.5, true, false, "", "maya", "r", null]"#;
    let values: Vec<Value> = serde_json::from_str(text).unwrap();
    values
        .into_iter()
        .map(|value| Some(value).filter(|value| !value.is_null()))
        .collect()
}

/// Some condition hashes a trait, for which no value can be thought of but by trying.
fn hashes_traits(document: &Value) -> bool {
    match document {
        Value::Object(fields) => {
            let is_split = fields
                .get("operator")
                .is_some_and(|operator| operator == "PERCENTAGE_SPLIT");
            let hashed = fields
                .get("property_")
                .and_then(Value::as_str)
                .unwrap_or_default();
            (is_split && !matches!(hashed, "" | "$.identity.key")) || fields.values().any(hashes_traits)
        }
        Value::Array(items) => items.iter().any(hashes_traits),
        _ => false,
    }
}

#[test]
fn what_one_trait_can_do_is_found() {
    let (possible, missed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&(document(Spice::Sound), identity()), |(document, identity)| {
        let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
        if hashes_traits(&document) {
            return Ok(());
        }
        let found: Vec<_> = engine
            .flag_names()
            .map(|flag| (flag, engine.counterfactuals(&identity, flag).unwrap()))
            .collect();
        for name in environments::TRAITS {
            for value in probes() {
                let mut probe = identity.clone();
                match value {
                    Some(value) => probe.traits.insert(name.to_owned(), value),
                    None => probe.traits.remove(name),
                };
                let evaluation = engine.evaluate(&probe).unwrap();
                for (flag, others) in &found {
                    let got = evaluation.flag(flag).unwrap();
                    let other = others.iter().find(|other| {
                        other.enabled == got.enabled
                            && other.value == *got.value
                            && other.variant.as_deref() == got.variant
                    });
                    let Some(other) = other else { continue };
                    possible.fetch_add(1, Ordering::Relaxed);
                    if other.by_traits().is_none_or(|changes| changes.len() != 1) {
                        missed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
    let (possible, missed) = (possible.into_inner(), missed.into_inner());
    println!("{possible} probes of one trait led to another result, {missed} were missed");
    // What takes a value that satisfies several odd conditions at once may be missed, but little is.
    assert!(possible > 300 && missed * 50 <= possible, "{possible} {missed}");
}
