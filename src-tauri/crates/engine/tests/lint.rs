//! The lint: what it finds in conditions, documents and generated environments.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;

use common::{identity_of, test_folder};
use halyard_engine::{Dialect, Engine, Finding, FindingKind, Identity, Likelihood, Severity, Verdict};
use serde_json::{Value, json};

fn compiled(document: &Value) -> Engine {
    Engine::from_document(document, Dialect::Server10_2).unwrap_or_else(|error| panic!("{error}: {document}"))
}

/// An environment with one segment of one condition.
fn with_condition(property: &Value, operator: &Value, operand: &Value) -> Value {
    let condition = json!({ "property_": property, "operator": operator, "value": operand });
    with_segments(&json!([segment(
        1,
        &json!([{ "type": "ALL", "rules": [], "conditions": [condition] }])
    )]))
}

fn segment(id: usize, rules: &Value) -> Value {
    json!({ "id": id, "name": format!("segment {id}"), "rules": rules, "feature_states": [] })
}

fn with_segments(segments: &Value) -> Value {
    json!({
        "api_key": "env", "name": "Production", "feature_states": [], "identity_overrides": [],
        "project": { "segments": segments }
    })
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
