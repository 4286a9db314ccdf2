//! What the lint says is proved, put to generated environments and identities.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "lint/documents.rs"]
mod documents;

use std::collections::BTreeMap;

use documents::{compiled, segment, with_segments};
use halyard_engine::{Engine, Finding, FindingKind, Identity, Severity};
use serde_json::{Value, json};

/// A small generator with a seed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.roll(values.len())]
    }
}

const OPERANDS: [&str; 30] = [
    "1",
    "5",
    "10",
    "-3",
    "2.5",
    "1.0",
    "007",
    "true",
    "False",
    "a",
    "b",
    "abc",
    "pro",
    "",
    "a,b",
    "1,5",
    "pro,abc",
    "[]",
    "[\"a\"]",
    "2|0",
    "2|1",
    "3|7",
    "0|1",
    "x",
    "1.2.3:semver",
    "2.0.0:semver",
    "^a",
    "a+",
    "0",
    "100",
];

fn random_condition(dice: &mut Dice) -> Value {
    let operators = [
        "EQUAL",
        "EQUAL",
        "NOT_EQUAL",
        "GREATER_THAN",
        "GREATER_THAN_INCLUSIVE",
        "LESS_THAN",
        "LESS_THAN_INCLUSIVE",
        "CONTAINS",
        "NOT_CONTAINS",
        "REGEX",
        "MODULO",
        "IN",
        "IN",
        "PERCENTAGE_SPLIT",
        "IS_SET",
        "IS_NOT_SET",
        "ODD",
    ];
    let operator = *dice.pick(&operators);
    let properties = ["x", "x", "x", "y", "$.identity.identifier", ""];
    json!({ "property_": dice.pick(&properties), "operator": operator, "value": dice.pick(&OPERANDS) })
}

fn random_rule(dice: &mut Dice, depth: usize) -> Value {
    let conditions: Vec<Value> = (0..dice.roll(4)).map(|_| random_condition(dice)).collect();
    let below = if depth == 0 { 0 } else { dice.roll(3) };
    let rules: Vec<Value> = (0..below).map(|_| random_rule(dice, depth - 1)).collect();
    json!({ "type": dice.pick(&["ALL", "ALL", "ANY", "NONE"]), "conditions": conditions, "rules": rules })
}

/// One flag, four segments that override it, and variants with odd weights.
fn random_document(dice: &mut Dice) -> Value {
    let state = |value: String, priority: Value, dice: &mut Dice| {
        let weights = (0..dice.roll(3)).map(|id| {
            let weight = *dice.pick(&[0.0, 0.001, 50.0, 70.0, 100.0]);
            json!({ "id": id + 1, "percentage_allocation": weight,
                    "multivariate_feature_option": { "value": "v", "key": format!("key {id}") } })
        });
        let weights: Vec<Value> = weights.collect();
        json!({
            "feature": { "id": 1, "name": "flag" }, "enabled": true, "feature_state_value": value, "django_id": 7,
            "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d", "feature_segment": { "priority": priority },
            "multivariate_feature_state_values": weights
        })
    };
    let mut segments = Vec::new();
    for id in 1..=4 {
        let rules: Vec<Value> = (0..dice.roll(3)).map(|_| random_rule(dice, 1)).collect();
        let mut one = segment(id, &json!(rules));
        let priority = json!(dice.roll(5));
        one["feature_states"] = json!([state(format!("by {id}"), priority, dice)]);
        segments.push(one);
    }
    let mut document = with_segments(&json!(segments));
    document["feature_states"] = json!([state("default".to_owned(), json!(null), dice)]);
    document["feature_states"][0]["feature_segment"] = Value::Null;
    document
}

fn random_identity(dice: &mut Dice) -> Identity {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(5),
        json!(6),
        json!(-3),
        json!(10),
        json!(2.5),
        json!(1.0),
        json!(1e-20),
        json!(-1e-20),
        json!(""),
        json!("a"),
        json!("b"),
        json!("abc"),
        json!("pro"),
        json!("aa"),
        json!("7"),
        json!("007"),
        json!("1.2.3"),
        json!("1.5.0"),
        json!("2.0.0+b"),
        json!("x"),
        json!([1]),
        json!("True"),
    ];
    let mut identity = Identity::new(*dice.pick(&["maya", "007", "5", "a", "abc", "1.5", "pro", "li"]));
    for name in ["x", "y", "$.identity.identifier", ""] {
        let sides = if name.len() == 1 { 5 } else { 20 };
        if dice.roll(sides) < 4 && (name.len() == 1 || dice.roll(4) == 0) {
            identity = identity.with_trait(name, dice.pick(&values).clone());
        }
    }
    identity
}

/// Every proof is put to random identities: whoever is said never to match must not, whoever is said to match always must.
#[test]
fn nothing_that_is_proved_is_ever_seen_to_be_otherwise() {
    let mut dice = Dice(20_261_121);
    let mut proofs: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for _ in 0..800 {
        let document = random_document(&mut dice);
        let engine = compiled(&document);
        let findings = engine.lint();
        let claims: Vec<&Finding> = findings
            .iter()
            .filter(|finding| {
                finding.severity() == Severity::NeverMatches
                    || finding.kind == FindingKind::SegmentMatchesEveryone
            })
            .collect();
        for claim in &claims {
            *proofs.entry(claim.kind).or_default() += 1;
        }
        let alone: Vec<(&Finding, Engine)> = claims
            .iter()
            .filter(|claim| !claim.subject.conditions.is_empty() && !has_negation(&document, claim))
            .map(|claim| (*claim, together(claim)))
            .collect();
        for _ in 0..40 {
            let identity = random_identity(&mut dice);
            for (claim, engine) in &alone {
                let holds = engine
                    .evaluate(&identity)
                    .is_ok_and(|found| found.segments().next().is_some());
                assert!(!holds, "{claim:?}\n{identity:?}");
            }
            let Ok(evaluation) = engine.evaluate(&identity) else {
                continue;
            };
            let segments: Vec<&str> = evaluation.segments().collect();
            let flag = evaluation.flag("flag").unwrap();
            for claim in &claims {
                let named = claim
                    .subject
                    .segment
                    .as_ref()
                    .map(|segment| segment.name.as_str());
                let is_in = named.is_some_and(|name| segments.contains(&name));
                match claim.kind {
                    FindingKind::SegmentWithoutRules | FindingKind::SegmentNeverMatches => {
                        assert!(!is_in, "{claim:?}\n{identity:?}\n{document}");
                    }
                    FindingKind::SegmentMatchesEveryone => {
                        assert!(is_in, "{claim:?}\n{identity:?}\n{document}");
                    }
                    FindingKind::ShadowedOverride => {
                        assert_ne!(flag.segment, named, "{claim:?}\n{identity:?}\n{document}");
                    }
                    FindingKind::UnreachableVariant if flag.segment == named => {
                        assert_ne!(
                            flag.variant,
                            claim.subject.detail.as_deref(),
                            "{claim:?}\n{identity:?}\n{document}"
                        );
                    }
                    _ => {}
                }
            }
        }
    }
    println!("lint: proofs {proofs:?}");
    let expected = [
        FindingKind::SegmentWithoutRules,
        FindingKind::ConditionNeverHolds,
        FindingKind::ContradictoryConditions,
        FindingKind::SegmentNeverMatches,
        FindingKind::ShadowedOverride,
        FindingKind::UnreachableVariant,
        FindingKind::SegmentMatchesEveryone,
    ];
    for kind in expected {
        assert!(
            proofs.get(&kind).is_some_and(|count| *count > 30),
            "{kind:?}: {proofs:?}"
        );
    }
}

/// Whether the claim's segment asks for conditions not to hold.
fn has_negation(document: &Value, claim: &Finding) -> bool {
    let key: usize = claim.subject.segment.as_ref().unwrap().key.parse().unwrap();
    document["project"]["segments"][key - 1]["rules"]
        .to_string()
        .contains("NONE")
}

/// The conditions of a claim, all of them asked for.
fn together(claim: &Finding) -> Engine {
    let conditions: Vec<Value> = claim
        .subject
        .conditions
        .iter()
        .map(|one| json!({ "property_": one.property, "operator": one.operator, "value": one.operand }))
        .collect();
    let key = claim.subject.segment.as_ref().unwrap().key.parse().unwrap();
    compiled(&with_segments(&json!([segment(
        key,
        &json!([{ "type": "ALL", "rules": [], "conditions": conditions }])
    )])))
}
