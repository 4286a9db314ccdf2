//! Made-up environments and identities that shrink: small ones of every shape rather than many.

#![allow(dead_code, reason = "for tests, each of which uses its own part of this")]

use halyard_engine::Identity;
use proptest::collection::{btree_map, vec};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};

pub(crate) const TRAITS: [&str; 6] = ["plan", "age", "country", "version", "beta", "score"];

const FLAGS: usize = 4;

/// What a made-up environment may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spice {
    /// Only what cannot fail an evaluation and what reads nothing but the identity.
    Sound,
    /// Also what makes the reference raise, and flags that read flags.
    Everything,
}

fn operands(operator: &str) -> Vec<&'static str> {
    match operator {
        "IN" => vec!["pro,free", "42,43", "maya,7", "[\"pro\", 42]", "[]", "", "GB"],
        "REGEX" => vec!["^p", "\\d+", "p.*o$", "[a-m]+", "GB|FR", ".*"],
        "MODULO" => vec!["2|0", "3|1", "2.5|0.5", "-4|-1", "10|2", "3|5", "two|0"],
        "PERCENTAGE_SPLIT" => vec!["10", "50", "99.9", "0", "100", "-1", "half"],
        "CONTAINS" | "NOT_CONTAINS" => vec!["r", "p", "a", "1", ""],
        _ => vec![
            "pro",
            "free",
            "42",
            "7",
            "1.5",
            "true",
            "false",
            "2.0.0:semver",
            "GB",
            "",
            "maya",
        ],
    }
}

fn condition(spice: Spice) -> BoxedStrategy<Value> {
    let operators = vec![
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
        "PERCENTAGE_SPLIT",
        "IS_SET",
        "IS_NOT_SET",
        "ROUGHLY",
    ];
    let ordinary = select(operators).prop_flat_map(|operator| {
        let mut properties = TRAITS.to_vec();
        properties.extend([
            "$.identity.identifier",
            "$.identity.traits.plan",
            "$.environment.name",
        ]);
        if operator == "PERCENTAGE_SPLIT" {
            properties.extend(["", "", "", "", "$.identity.key"]);
        }
        (select(properties), select(operands(operator))).prop_map(move |(property, operand)| {
            json!({ "property_": property, "operator": operator, "value": operand })
        })
    });
    if spice == Spice::Sound {
        return ordinary.boxed();
    }
    let hazards = select(vec![
        ("plan", "REGEX", json!("[")),
        ("age", "MODULO", json!("0|0")),
        ("plan", "IN", json!(null)),
        ("age", "PERCENTAGE_SPLIT", json!(null)),
        ("plan", "EQUAL", json!(null)),
    ]);
    let hazards = hazards.prop_map(|(property, operator, operand)| {
        json!({ "property_": property, "operator": operator, "value": operand })
    });
    let flags = (0..FLAGS + 1, select(vec!["enabled", "value", "variant", "reason"]), select(vec!["EQUAL", "IS_SET", "IS_NOT_SET"]))
        .prop_map(|(flag, field, operator)| {
            json!({ "property_": format!("$.flags.flag_{flag}.{field}"), "operator": operator, "value": "true" })
        });
    prop_oneof![30 => ordinary, 1 => hazards, 3 => flags].boxed()
}

fn rule(spice: Spice) -> BoxedStrategy<Value> {
    let kind = move || {
        let mut kinds = vec!["ALL"; 12];
        kinds.extend(["ANY"; 12]);
        kinds.extend(["NONE"; 8]);
        if spice == Spice::Everything {
            kinds.push("SOME");
        }
        select(kinds)
    };
    let leaf = (kind(), vec(condition(spice), 0..4))
        .prop_map(|(kind, conditions)| json!({ "type": kind, "conditions": conditions, "rules": [] }));
    leaf.prop_recursive(2, 8, 2, move |inner| {
        (kind(), vec(condition(spice), 0..3), vec(inner, 0..3)).prop_map(
            |(kind, conditions, rules)| json!({ "type": kind, "conditions": conditions, "rules": rules }),
        )
    })
    .boxed()
}

fn variants() -> impl Strategy<Value = Value> {
    let variant = (1..9_u32, select(vec![0.0, 10.0, 33.3, 50.0, 100.0]), any::<bool>()).prop_map(|(id, weight, keyed)| {
        json!({
            "id": id, "percentage_allocation": weight, "mv_fs_value_uuid": format!("00000000-0000-4000-8000-{id:012}"),
            "multivariate_feature_option": {
                "id": id, "value": format!("option {id}"), "key": keyed.then(|| format!("key_{id}"))
            }
        })
    });
    prop_oneof![3 => Just(json!([])), 2 => vec(variant, 1..4).prop_map(Value::from)]
}

fn state(flag: usize) -> impl Strategy<Value = Value> {
    let value = select(vec![
        json!("a"),
        json!("b"),
        json!(7),
        json!(true),
        json!(null),
        json!("true"),
    ]);
    (value, any::<bool>(), variants(), 1..60_u32).prop_map(move |(value, enabled, variants, seed)| {
        json!({
            "feature": { "id": flag + 1, "name": format!("flag_{flag}"), "type": "STANDARD" }, "enabled": enabled,
            "django_id": seed, "featurestate_uuid": format!("00000000-0000-4000-8000-{seed:012}"),
            "feature_state_value": value, "multivariate_feature_state_values": variants
        })
    })
}

fn segment(index: usize, spice: Spice) -> impl Strategy<Value = Value> {
    let priority = if spice == Spice::Everything {
        prop_oneof![20 => (0..4_i64).prop_map(Some), 1 => Just(None)].boxed()
    } else {
        // Distinct, so that the order of segments says nothing.
        let distinct = i64::try_from(index).unwrap_or_default() * 7 % 10;
        Just(Some(distinct)).boxed()
    };
    let over = (0..FLAGS, priority).prop_flat_map(|(flag, priority)| {
        state(flag).prop_map(move |mut state| {
            state["feature_segment"] = json!({ "priority": priority });
            state
        })
    });
    (vec(rule(spice), 0..3), vec(over, 0..4)).prop_map(move |(rules, overrides)| {
        json!({ "id": index + 1, "name": format!("segment {index}"), "rules": rules, "feature_states": overrides })
    })
}

fn identifier() -> impl Strategy<Value = &'static str> {
    select(vec!["maya", "noor", "7", "user-1", "user-2", "user-3", "user-4"])
}

/// An environment document.
pub(crate) fn document(spice: Spice) -> impl Strategy<Value = Value> {
    let flags = (state(0), state(1), state(2), state(3));
    let segments = (0..6_usize)
        .prop_flat_map(move |count| (0..count).map(|index| segment(index, spice)).collect::<Vec<_>>());
    let own = (identifier(), 0..FLAGS).prop_flat_map(|(identifier, flag)| {
        state(flag).prop_map(move |mut state| {
            state["multivariate_feature_state_values"] = json!([]);
            json!({ "identifier": identifier, "identity_features": [state] })
        })
    });
    (flags, segments, vec(own, 0..3), any::<[bool; 2]>()).prop_map(
        |(flags, segments, own, [hides, composite])| {
            json!({
                "id": 1, "api_key": "env", "name": "Production",
                "feature_states": [flags.0, flags.1, flags.2, flags.3], "identity_overrides": own,
                "hide_disabled_flags": hides, "use_identity_composite_key_for_hashing": composite,
                "project": { "id": 1, "name": "Shop", "segments": segments }
            })
        },
    )
}

/// Someone to evaluate.
pub(crate) fn identity() -> impl Strategy<Value = Identity> {
    let value = select(vec![
        json!("pro"),
        json!("free"),
        json!("GB"),
        json!("2.0.0"),
        json!("1.9.0"),
        json!(42),
        json!(7),
        json!(-3),
        json!(1.5),
        json!(true),
        json!(false),
        json!(null),
        json!("42"),
        json!("007"),
        json!(""),
        json!("maya"),
    ]);
    (identifier(), btree_map(select(TRAITS.to_vec()), value, 0..5)).prop_map(|(identifier, traits)| {
        Identity {
            identifier: identifier.to_owned(),
            key: None,
            traits: traits
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    })
}
