use halyard_model::{Problem, Subject, SubjectState, problems};
use serde_json::{Value, json};

use crate::{edit, variants};

fn told(problem: &Problem) -> String {
    let mut told = serde_json::to_value(problem).unwrap();
    let (field, kind) = (told["field"].take(), told["problem"].take());
    format!("{} {}", field.as_str().unwrap(), kind.as_str().unwrap())
}

#[test]
fn what_no_service_takes_is_named_with_its_field() {
    let options = |weights: &[f64]| serde_json::to_value(variants(weights)).unwrap();
    let deep = json!([{"type": "ALL", "conditions": [], "rules": [{"type": "ALL", "conditions": [], "rules": [
        {"type": "ALL", "conditions": [], "rules": []}
    ]}]}]);
    let condition = |operator: &str, property: Value, value: Value| {
        json!([{"type": "ALL", "rules": [], "conditions": [
            {"operator": operator, "property": property, "value": value}
        ]}])
    };
    let served = json!([{"conditions": [{"property": "plan", "operator": "", "value": 1}]}]);
    for (kind, changes, expected) in [
        ("state", json!({"enabled": false}), vec![]),
        ("state", json!({"weights": options(&[50.0, 50.0])}), vec![]),
        ("state", json!({"weights": options(&[33.3, 33.3])}), vec![]),
        (
            "state",
            json!({"weights": options(&[50.0, 51.0])}),
            vec!["weights weights_exceed"],
        ),
        (
            "state",
            json!({"weights": options(&[-1.0, 101.0])}),
            vec!["weights weight_out_of_range", "weights weight_out_of_range"],
        ),
        (
            "state",
            json!({"override_weights:2": options(&[101.0])}),
            vec![
                "override_weights:2 weight_out_of_range",
                "override_weights:2 weights_exceed",
            ],
        ),
        (
            "state",
            json!({"override_order": ["1", "2", "1"]}),
            vec!["override:1 repeated_override"],
        ),
        (
            "state",
            json!({"value": "{\"cta\": \"Buy\","}),
            vec!["value not_json"],
        ),
        ("state", json!({"value": "plain"}), vec![]),
        ("segment", json!({"name": " "}), vec!["name empty"]),
        ("segment", json!({"rules": []}), vec!["rules no_rules"]),
        (
            "segment",
            json!({"rules": [{"type": "ANY", "conditions": [], "rules": []}]}),
            vec!["rules empty_rule"],
        ),
        ("segment", json!({"rules": deep}), vec!["rules nested_too_deep"]),
        (
            "segment",
            json!({"rules": condition("", json!("a"), json!("b"))}),
            vec!["rules no_operator"],
        ),
        (
            "segment",
            json!({"rules": condition("EQUAL", json!(null), json!("b"))}),
            vec!["rules no_property"],
        ),
        (
            "segment",
            json!({"rules": condition("PERCENTAGE_SPLIT", json!(null), json!("25"))}),
            vec![],
        ),
        (
            "segment",
            json!({"rules": condition("PERCENTAGE_SPLIT", json!(null), json!("101"))}),
            vec!["rules bad_percentage"],
        ),
        ("traits", json!({"trait:plan": 3, "trait:vip": true}), vec![]),
        (
            "traits",
            json!({"trait:plan": ["pro"], "trait:": 1}),
            vec!["trait: empty", "trait:plan bad_trait_value"],
        ),
        (
            "edge state",
            json!({"rules": served}),
            vec!["rules no_served_value", "rules no_operator"],
        ),
        ("edge state", json!({"rules": "all"}), vec!["rules malformed"]),
        (
            "edge state",
            json!({"rollout": {"percentage": 101}}),
            vec!["rollout bad_percentage", "rollout no_attribute"],
        ),
        (
            "edge state",
            json!({"rollout": {"percentage": 25, "attribute": "user_id"}}),
            vec![],
        ),
        ("flag", json!({"tag: ": true}), vec!["tag:  empty"]),
        (
            "flag",
            json!({"active_until": "soon"}),
            vec!["active_until bad_moment"],
        ),
        ("flag", json!({"active_until": "2026-12-01"}), vec![]),
        (
            "flag",
            json!({"active_until": "2026-10-01T00:00:00Z"}),
            vec!["active_until ends_before_it_begins"],
        ),
        (
            "flag",
            json!({"options": options(&[60.0, 60.0])}),
            vec!["options weights_exceed"],
        ),
        ("flag", json!({"existence": null}), vec![]),
    ] {
        let found = edit(kind, &changes).problems();
        assert_eq!(
            found.iter().map(told).collect::<Vec<_>>(),
            expected,
            "{kind} {changes}"
        );
        for problem in found {
            let text = serde_json::to_string(&problem).unwrap();
            assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
        }
    }
}

#[test]
fn an_edit_is_not_blamed_for_what_it_leaves_alone() {
    let mut edit = edit("state", &json!({"enabled": false}));
    for side in [&mut edit.base, &mut edit.wish] {
        let Some(SubjectState::FlagState(state)) = side else {
            panic!("a flag's state")
        };
        state.variants = variants(&[80.0, 80.0]);
    }
    assert_eq!(problems(&edit.subject, edit.wish.as_ref()).len(), 1);
    assert_eq!(edit.problems(), []);
    let other = Subject::Traits { identity: " ".into() };
    let found: Vec<String> = problems(&other, edit.wish.as_ref()).iter().map(told).collect();
    assert_eq!(found, ["existence empty", "existence wrong_state"]);
}
