//! What a trace says about single conditions, candidates, splits and caveats.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

use halyard_engine::{
    CandidateSource, Cause, Caveat, Dialect, Engine, FailureCause, Identity, RuleJoin, SegmentStanding,
    Standing, TraceVerdict,
};
use serde_json::{Value, json};

fn state(value: &str, priority: Option<i64>) -> Value {
    json!({
        "feature": { "id": 1, "name": "checkout" }, "enabled": true, "feature_state_value": value, "django_id": 100,
        "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d", "multivariate_feature_state_values": [],
        "feature_segment": priority.map(|priority| json!({ "priority": priority }))
    })
}

fn segment(id: i64, name: &str, rules: &Value, priority: i64) -> Value {
    json!({ "id": id, "name": name, "rules": rules, "feature_states": [state(name, Some(priority))] })
}

fn condition(property: &str, operator: &str, value: &str) -> Value {
    json!({ "property_": property, "operator": operator, "value": value })
}

fn rule(kind: &str, conditions: &[Value]) -> Value {
    json!({ "type": kind, "conditions": conditions, "rules": [] })
}

fn document(segments: &[Value]) -> Value {
    json!({
        "api_key": "env", "name": "Production", "feature_states": [state("base", None)],
        "identity_overrides": [{ "identifier": "maya", "identity_features": [state("own", None)] }],
        "project": { "segments": segments }
    })
}

fn compile(document: &Value) -> Engine {
    Engine::from_document(document, Dialect::Server10_2).unwrap()
}

/// Operator, operand, trait (unset is `null`), verdict, cause, and the type and text the value was compared as.
const CONDITIONS: &str = r#"
EQUAL;            "42";           "042";     Holds;       -;                 Integer; 42
EQUAL;            "pro";          "free";    DoesNotHold; -;                 Text;    free
EQUAL;            "pro";          null;      DoesNotHold; Unset;             -;       -
NOT_EQUAL;        "pro";          null;      DoesNotHold; Unset;             -;       -
EQUAL;            "old";          7;         DoesNotHold; UnreadableOperand; Integer; 7
NOT_EQUAL;        "1.0";          7;         DoesNotHold; UnreadableOperand; Integer; 7
EQUAL;            "yes";          true;      Holds;       -;                 Boolean; true
GREATER_THAN;     "1.5";          "1.50";    DoesNotHold; -;                 Float;   1.5
GREATER_THAN;     "2.0.0:semver"; "10.0.0";  Holds;       -;                 Version; 10.0.0
GREATER_THAN;     "2.0.0:semver"; "ten";     DoesNotHold; UnreadableVersion; Version; ten
GREATER_THAN;     "two:semver";   "10.0.0";  DoesNotHold; UnreadableOperand; Version; 10.0.0
CONTAINS;         "2";            "123";     DoesNotHold; WrongType;         Integer; 123
NOT_CONTAINS;     "9";            true;      DoesNotHold; WrongType;         Boolean; true
IN;               "1.5,2";        1.5;       DoesNotHold; WrongType;         Float;   1.5
IN;               "[]";           "a";       DoesNotHold; CanNeverMatch;     Text;    a
IN;               "a,b";          "b";       Holds;       -;                 Text;    b
MODULO;           "2|0";          "many";    DoesNotHold; WrongType;         Text;    many
MODULO;           "2";            4;         DoesNotHold; CanNeverMatch;     Integer; 4
MODULO;           "3|5";          5;         DoesNotHold; CanNeverMatch;     Integer; 5
MODULO;           "0|0";          4;         Fails(DivisionByZero); Fails(DivisionByZero); Integer; 4
REGEX;            "^p";           "pro";     Holds;       -;                 Text;    pro
PERCENTAGE_SPLIT; "-1";           "x";       DoesNotHold; CanNeverMatch;     Text;    x
PERCENTAGE_SPLIT; "half";         "x";       DoesNotHold; CanNeverMatch;     Text;    x
PERCENTAGE_SPLIT; "100";          "007";     Holds;       -;                 Integer; 7
IS_SET;           "";             null;      DoesNotHold; Unset;             -;       -
IS_NOT_SET;       "";             1;         DoesNotHold; -;                 Integer; 1
ROUGHLY;          "1";            1;         DoesNotHold; UnknownOperator;   Integer; 1
"#;

#[test]
fn every_cause_has_its_condition() {
    for row in CONDITIONS.trim().lines() {
        let columns: Vec<&str> = row.split(';').map(str::trim).collect();
        let [operator, operand, seen, verdict, cause, seen_as, coerced] = columns.try_into().unwrap();
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (operand, seen) = (json(operand), json(seen));
        let asked = json!({ "property_": "t", "operator": operator, "value": operand });
        let engine = compile(&document(&[segment(1, "s", &json!([rule("ALL", &[asked])]), 1)]));
        let identity = Identity::new("x").with_trait("t", seen.clone());
        let trace = engine.trace(&identity);
        let traced = &trace.conditions()[0];
        let shown = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        assert_eq!(format!("{:?}", traced.verdict), verdict, "{row}");
        assert_eq!(
            shown(traced.cause.as_ref().map(|cause| format!("{cause:?}"))),
            cause,
            "{row}"
        );
        assert_eq!(
            shown(traced.seen_as.map(|kind| format!("{kind:?}"))),
            seen_as,
            "{row}"
        );
        assert_eq!(shown(traced.coerced().map(String::from)), coerced, "{row}");
        assert_eq!(
            traced.raw.as_deref(),
            Some(&seen).filter(|seen| !seen.is_null()),
            "{row}"
        );
        assert_eq!(
            (traced.property, traced.operator_name, traced.operand),
            ("t", operator, &operand)
        );
        assert_eq!(
            trace.failure().is_some(),
            matches!(traced.verdict, TraceVerdict::Fails(_)),
            "{row}"
        );
    }
}

#[test]
fn a_bad_pattern_fails_only_once_there_is_a_value() {
    let engine = compile(&document(&[segment(
        1,
        "s",
        &json!([rule("ALL", &[condition("t", "REGEX", "[")])]),
        1,
    )]));
    let without = Identity::new("x");
    let trace = engine.trace(&without);
    assert_eq!(trace.failure(), None);
    assert_eq!(trace.conditions()[0].cause, Some(Cause::Unset));
    assert!(matches!(
        trace.conditions()[0].hazard,
        Some(FailureCause::InvalidPattern(_))
    ));

    let with = Identity::new("x").with_trait("t", "a");
    let trace = engine.trace(&with);
    assert_eq!(trace.failure().unwrap().segment.as_deref(), Some("s"));
    assert_eq!(trace.conditions()[0].cause, Some(Cause::BadPattern));
    let flag = trace.flag("checkout").unwrap();
    assert_eq!((flag.result(), flag.decided_by().is_none()), (None, true));
    let candidates = flag.candidates();
    assert!(matches!(
        candidates[1].standing,
        Standing::Fails(FailureCause::InvalidPattern(_))
    ));
    assert_eq!(candidates[2].standing, Standing::NotConsulted);
    assert_eq!(candidates[1].decisive_conditions()[0].condition.property, "t");
}

/// The 40 % rollout leaves this one out.
const OUTSIDE: &str = "user-1";

fn candidates_document() -> Value {
    document(&[
        segment(
            1,
            "staff",
            &json!([rule(
                "ALL",
                &[
                    condition("email", "REGEX", ".*@acme\\.test$"),
                    condition("age", "GREATER_THAN", "17")
                ]
            )]),
            3,
        ),
        segment(
            2,
            "beta",
            &json!([rule(
                "ANY",
                &[
                    condition("plan", "EQUAL", "beta"),
                    condition("plan", "IN", "early")
                ]
            )]),
            1,
        ),
        segment(
            3,
            "rollout",
            &json!([rule("ALL", &[condition("", "PERCENTAGE_SPLIT", "40")])]),
            2,
        ),
        segment(
            4,
            "not blocked",
            &json!([rule("NONE", &[condition("blocked", "IS_SET", "")])]),
            9,
        ),
        segment(5, "empty", &json!([]), 11),
    ])
}

#[test]
fn candidates_stand_in_order_and_say_what_became_of_them() {
    let engine = compile(&candidates_document());
    let identity = Identity::new(OUTSIDE)
        .with_trait("email", "noor@acme.test")
        .with_trait("age", 41);
    let trace = engine.trace(&identity);
    let flag = trace.flag("checkout").unwrap();
    let candidates = flag.candidates();
    let named: Vec<(&str, &Standing)> = candidates
        .iter()
        .map(|candidate| match candidate.source {
            CandidateSource::IdentityOverride => ("own", &candidate.standing),
            CandidateSource::Segment { name, .. } => (name, &candidate.standing),
            CandidateSource::EnvironmentDefault { .. } => ("default", &candidate.standing),
        })
        .collect();
    assert_eq!(
        named,
        [
            ("own", &Standing::Absent),
            ("beta", &Standing::DidNotMatch),
            ("rollout", &Standing::DidNotMatch),
            ("staff", &Standing::Decides),
            ("not blocked", &Standing::Outranked { by: 3 }),
            ("empty", &Standing::NoRules),
            ("default", &Standing::Outranked { by: 3 }),
        ]
    );
    let CandidateSource::Segment {
        index,
        key,
        name,
        priority,
    } = flag.decided_by().unwrap().source
    else {
        panic!("{candidates:?}")
    };
    assert_eq!((index, key, name, priority), (0, "1", "staff", Some(3.0)));
    assert_eq!(candidates[3].state.unwrap().value, "staff");

    let grounds = |position: usize| -> Vec<(&str, RuleJoin, bool)> {
        let asked = candidates[position].decisive_conditions();
        asked
            .iter()
            .map(|one| (one.condition.property, one.joins, one.condition.holds()))
            .collect()
    };
    assert_eq!(
        grounds(1),
        [("plan", RuleJoin::Any, false), ("plan", RuleJoin::Any, false)]
    );
    assert_eq!(
        grounds(3),
        [("email", RuleJoin::All, true), ("age", RuleJoin::All, true)]
    );
    assert_eq!(grounds(4), [("blocked", RuleJoin::None, false)]);
    let bucket = candidates[2].decisive_conditions()[0]
        .condition
        .bucket
        .clone()
        .unwrap();
    assert_eq!((bucket.hashed.as_str(), bucket.threshold), ("3,env_user-1", 40.0));
    assert!((40.0..100.0).contains(&bucket.bucket), "{bucket:?}");
}

#[test]
fn an_identitys_own_override_comes_first() {
    let engine = compile(&candidates_document());
    let maya = Identity::new("maya").with_trait("plan", "beta");
    let trace = engine.trace(&maya);
    let candidates = trace.flag("checkout").unwrap().candidates();
    assert_eq!(candidates[0].standing, Standing::Decides);
    assert_eq!(candidates[0].state.unwrap().value, "own");
    assert_eq!(candidates[1].standing, Standing::Outranked { by: 0 });
}

#[test]
fn what_the_reference_does_not_come_to_ask_is_marked() {
    let nested = json!([{ "type": "ALL", "conditions": [condition("a", "IS_SET", ""), condition("b", "REGEX", "[")],
        "rules": [rule("ANY", &[condition("c", "IS_SET", ""), condition("d", "IS_SET", "")])] },
        rule("ALL", &[condition("e", "IS_SET", "")])]);
    let engine = compile(&document(&[segment(1, "s", &nested, 1)]));
    let identity = Identity::new("x").with_trait("b", "x").with_trait("c", 1);
    let trace = engine.trace(&identity);
    assert_eq!(
        trace.failure(),
        None,
        "the bad pattern stands behind a condition that fails"
    );
    let segment = trace.segment(0).unwrap();
    assert_eq!(segment.standing, SegmentStanding::DoesNotMatch);
    let reached = |rule: &halyard_engine::RuleTrace<'_>| -> Vec<(String, bool)> {
        rule.conditions
            .iter()
            .map(|one| (one.condition.property.to_owned(), one.is_reached))
            .collect()
    };
    let expect = |names: &[(&str, bool)]| -> Vec<(String, bool)> {
        names.iter().map(|(name, is)| ((*name).to_owned(), *is)).collect()
    };
    assert_eq!(reached(&segment.rules[0]), expect(&[("a", true), ("b", false)]));
    assert_eq!(
        reached(&segment.rules[0].rules[0]),
        expect(&[("c", true), ("d", false)])
    );
    assert_eq!(reached(&segment.rules[1]), expect(&[("e", false)]));
    assert!(matches!(
        segment.rules[0].conditions[1].condition.verdict,
        TraceVerdict::Fails(_)
    ));
}

#[test]
fn splits_give_ranges_in_the_order_of_ids() {
    let option = |id: u64, weight: f64, value: &str, key: Option<&str>| {
        json!({
            "id": id, "mv_fs_value_uuid": "ed45bb3e-46bf-453f-bcd0-28de055373b2", "percentage_allocation": weight,
            "multivariate_feature_option": { "id": id, "value": value, "key": key }
        })
    };
    let mut document = document(&[]);
    document["feature_states"][0]["multivariate_feature_state_values"] =
        json!([option(9, 30.0, "green", None), option(4, 20.0, "blue", Some("b"))]);
    let engine = compile(&document);
    let mut seen = [0, 0, 0];
    for number in 0..200 {
        let identity = Identity::new(format!("user-{number}"));
        let trace = engine.trace(&identity);
        let flag = trace.flag("checkout").unwrap();
        let split = flag.split().unwrap();
        assert_eq!(split.hashed, format!("100,env_user-{number}"));
        let ranges: Vec<_> = split
            .ranges
            .iter()
            .map(|range| (range.label.as_ref(), range.from, range.until))
            .collect();
        assert_eq!(ranges, [("b", 0.0, 20.0), ("green", 20.0, 50.0)]);
        let by_hand = ranges
            .iter()
            .position(|(_, from, until)| (*from..*until).contains(&split.bucket));
        assert_eq!(split.chosen, by_hand);
        assert_eq!(
            flag.result().unwrap().value,
            ["blue", "green", "base"][by_hand.unwrap_or(2)]
        );
        seen[by_hand.unwrap_or(2)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
}

#[test]
fn flags_that_read_flags_say_what_they_read() {
    let mut document = document(&[segment(
        1,
        "s",
        &json!([rule("ALL", &[condition("$.flags.base.enabled", "EQUAL", "true")])]),
        1,
    )]);
    let mut base = state("x", None);
    base["feature"] = json!({ "id": 2, "name": "base" });
    document["feature_states"].as_array_mut().unwrap().push(base);
    let engine = Engine::from_document(&document, Dialect::Sdk11_1).unwrap();
    let identity = Identity::new("x");
    let trace = engine.trace(&identity);
    let flag = trace.flag("checkout").unwrap();
    let dependencies = flag.dependencies();
    assert_eq!(dependencies.len(), 1);
    assert_eq!((dependencies[0].flag, dependencies[0].segment), ("base", "s"));
    assert_eq!(dependencies[0].condition.raw.as_deref(), Some(&json!(true)));
    assert_eq!(trace.flag("base").unwrap().dependencies(), []);
}

#[test]
fn caveats_are_those_of_the_document_and_the_flag() {
    let plain = compile(&candidates_document());
    let (maya, other) = (Identity::new("maya"), Identity::new(OUTSIDE));
    let trace = plain.trace(&maya);
    assert_eq!(trace.caveats(), [Caveat::SystemTraits]);
    assert_eq!(trace.flag("checkout").unwrap().caveats(), []);

    let mut document = candidates_document();
    document["hide_disabled_flags"] = json!(true);
    document["use_identity_composite_key_for_hashing"] = json!(false);
    document["use_identity_overrides_in_local_eval"] = json!(false);
    document["project"]["server_key_only_feature_ids"] = json!([1]);
    document["feature_states"][0]["enabled"] = json!(false);
    document["feature_states"][0]["multivariate_feature_state_values"] = json!([{
        "id": 1, "mv_fs_value_uuid": "", "percentage_allocation": 50.0, "multivariate_feature_option": { "value": "v" }
    }]);
    document["project"]["segments"] = json!([document["project"]["segments"][2]]);
    let engine = compile(&document);
    let trace = engine.trace(&other);
    assert_eq!(
        trace.caveats(),
        [
            Caveat::SystemTraits,
            Caveat::LocalOverridesDisabled,
            Caveat::BucketMayDiffer
        ]
    );
    let caveats = trace.flag("checkout").unwrap().caveats();
    assert_eq!(
        caveats,
        [
            Caveat::BucketMayDiffer,
            Caveat::HiddenWhenDisabled,
            Caveat::ServerOnly
        ]
    );
    let trace = engine.trace(&maya);
    let caveats = trace.flag("checkout").unwrap().caveats();
    assert_eq!(
        caveats,
        [Caveat::BucketMayDiffer, Caveat::ServerOnly, Caveat::PinnedOptions]
    );
}

#[test]
fn an_unknown_flag_is_nothing() {
    let engine = compile(&candidates_document());
    let identity = Identity::new("x");
    assert!(engine.trace(&identity).flag("nobody").is_none());
    assert_eq!(engine.counterfactuals(&identity, "nobody"), Ok(Vec::new()));
}
