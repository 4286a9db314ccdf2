//! Changes to an environment that must change nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod environments;

use std::collections::BTreeMap;

use environments::{Spice, document, identity};
use halyard_engine::{Dialect, Engine, Identity};
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::{Value, json};

/// Everything an evaluation says, in words; segments by name, as their order may differ.
fn answer(document: &Value, identity: &Identity) -> (BTreeMap<String, String>, Vec<String>) {
    let engine = Engine::from_document(document, Dialect::Server10_2).unwrap();
    let evaluation = engine.evaluate(identity).unwrap();
    let flags = evaluation
        .flags()
        .map(|flag| {
            let words = format!(
                "{} {} {:?} {}",
                flag.enabled, flag.value, flag.variant, flag.reason
            );
            (flag.name.to_owned(), words)
        })
        .collect();
    let mut segments: Vec<String> = evaluation.segments().map(str::to_owned).collect();
    segments.sort();
    (flags, segments)
}

/// Splits every ALL rule in two: its first condition and sub-rule stay, a new sub-rule takes the rest.
fn split_rules(rules: &mut Value) {
    for rule in rules.as_array_mut().unwrap() {
        split_rules(&mut rule["rules"]);
        if rule["type"] != "ALL" {
            continue;
        }
        let conditions = rule["conditions"].as_array_mut().unwrap();
        let rest = conditions.split_off(conditions.len().min(1));
        let inner = rule["rules"].as_array_mut().unwrap();
        let rest_of_rules = inner.split_off(inner.len().min(1));
        inner.push(json!({ "type": "ALL", "conditions": rest, "rules": rest_of_rules }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_segments_of_distinct_priority_says_nothing(
        document in document(Spice::Sound), identity in identity(), turn in any::<usize>(),
    ) {
        let mut turned = document.clone();
        let segments = turned["project"]["segments"].as_array_mut().unwrap();
        segments.reverse();
        let by = turn % segments.len().max(1);
        segments.rotate_left(by);
        assert_eq!(answer(&turned, &identity), answer(&document, &identity));
    }

    #[test]
    fn a_trait_that_nothing_reads_says_nothing(document in document(Spice::Sound), identity in identity()) {
        let more = identity.clone().with_trait("favourite colour", "green");
        assert_eq!(answer(&document, &more), answer(&document, &identity));
    }

    #[test]
    fn an_all_rule_in_two_parts_says_the_same(document in document(Spice::Sound), identity in identity()) {
        let mut parted = document.clone();
        for segment in parted["project"]["segments"].as_array_mut().unwrap() {
            split_rules(&mut segment["rules"]);
        }
        assert_eq!(answer(&parted, &identity), answer(&document, &identity));
    }
}
