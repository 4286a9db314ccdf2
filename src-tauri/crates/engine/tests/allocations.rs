//! After warm-up, an evaluation allocates nothing.

#![allow(clippy::unwrap_used, reason = "a test")]

use allocation_counter::measure;
use halyard_engine::{Dialect, Engine, Identity};
use serde_json::{Value, json};

/// Flags, overrides per segment and conditions as in the measured documents; identity overrides, splits, patterns and
/// numbers that are printed for a hash or a pattern included.
fn document(flags: usize, segments: usize, per_segment: usize) -> Value {
    let state = |flag: usize, seed: usize, priority: Option<usize>| {
        let options: Vec<Value> = (0..if flag.is_multiple_of(5) { 2 } else { 0 })
            .map(|option| {
                json!({"id": seed * 2 + option + 1, "percentage_allocation": 30.0, "mv_fs_value_uuid": "",
                       "multivariate_feature_option": {"value": option, "key": format!("option_{option}")}})
            })
            .collect();
        json!({"feature": {"id": flag, "name": format!("flag_{flag}")}, "enabled": true, "django_id": seed + 1,
               "feature_state_value": seed, "multivariate_feature_state_values": options,
               "feature_segment": priority.map(|priority| json!({"priority": priority}))})
    };
    let questions = [
        ("plan", "EQUAL", "pro"),
        ("age", "GREATER_THAN", "30"),
        ("country", "IN", "DE,AT,7"),
        ("age", "IN", "31,41,51"),
        ("score", "REGEX", "^[0-9]+[.]"),
        ("age", "REGEX", "4"),
        ("score", "PERCENTAGE_SPLIT", "50"),
        ("age", "PERCENTAGE_SPLIT", "50"),
        ("", "PERCENTAGE_SPLIT", "50"),
        ("age", "MODULO", "3|1"),
        ("beta", "EQUAL", "true"),
        ("$.identity.identifier", "CONTAINS", "4"),
        ("$.environment.name", "EQUAL", "Production"),
        ("nothing", "IS_NOT_SET", ""),
    ];
    let segments: Vec<Value> = (0..segments)
        .map(|segment| {
            let conditions: Vec<Value> = (0..4)
                .map(|nth| {
                    let (property, operator, operand) = questions[(segment * 3 + nth) % questions.len()];
                    json!({"property_": property, "operator": operator, "value": operand})
                })
                .collect();
            let kind = ["ALL", "ANY", "NONE"][segment % 3];
            let states: Vec<Value> = (0..per_segment)
                .map(|nth| {
                    let flag = (segment * 13 + nth) % flags;
                    state(flag, 1000 + segment * 100 + nth, Some(segment))
                })
                .collect();
            json!({"id": segment, "name": format!("segment_{segment}"), "feature_states": states,
                   "rules": [{"type": "ALL", "conditions": [],
                              "rules": [{"type": kind, "rules": [], "conditions": conditions}]}]})
        })
        .collect();
    json!({"api_key": "environment", "name": "Production", "project": {"segments": segments},
           "feature_states": (0..flags).map(|flag| state(flag, flag, None)).collect::<Vec<_>>(),
           "identity_overrides": [{"identifier": "4", "identity_features": [state(1, 0, None)]},
                                  {"identifier": "user_5", "identity_features": [state(2, 0, None)]}]})
}

fn identities() -> Vec<Identity> {
    (0..40)
        .map(|number| {
            let name = if number % 2 == 0 {
                number.to_string()
            } else {
                format!("user_{number}")
            };
            Identity::new(name)
                .with_trait("age", 20 + number)
                .with_trait("score", f64::from(number) * 1.25)
                .with_trait("plan", if number % 3 == 0 { "pro" } else { "free" })
                .with_trait("country", "AT")
                .with_trait("beta", number % 2 == 0)
        })
        .collect()
}

#[test]
fn evaluations_after_the_first_round_allocate_nothing() {
    for (flags, segments, per_segment) in [(50, 15, 50), (400, 400, 12)] {
        let engine =
            Engine::from_document(&document(flags, segments, per_segment), Dialect::Server10_2).unwrap();
        let identities = identities();
        let mut scratch = engine.scratch();
        let mut results = Vec::new();
        for identity in &identities {
            results.push(engine.decide(identity, &mut scratch).unwrap().to_vec());
        }
        assert!(results.windows(2).any(|pair| pair[0] != pair[1]));
        let allocated = measure(|| {
            for (identity, expected) in identities.iter().zip(&results) {
                assert_eq!(engine.decide(identity, &mut scratch).unwrap(), expected);
            }
        });
        assert_eq!(
            allocated.count_total, 0,
            "{flags} flags, {segments} segments: {allocated:?}"
        );
    }
}
