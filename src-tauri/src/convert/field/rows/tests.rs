use halyard_model::{
    FlagDefinition, FlagKey, FlagState, FlagValue, IdentityState, RuleKind, SegmentCondition,
    SegmentDefinition, SegmentKey, SegmentOverride, SegmentRule, Variant,
};
use serde_json::json;

use super::*;

fn option(id: &str, key: &str, weight: f64) -> Variant {
    Variant {
        id: id.into(),
        key: Some(key.into()),
        value: FlagValue(json!(key)),
        weight,
    }
}

fn own(id: &str, name: &str, value: Value) -> SegmentOverride {
    SegmentOverride {
        segment_id: id.into(),
        segment_name: name.into(),
        priority: None,
        enabled: true,
        value: FlagValue(value),
        variants: Vec::new(),
    }
}

fn state(change: impl FnOnce(&mut FlagState)) -> SubjectState {
    let mut state = FlagState::plain(true, FlagValue(json!(200)));
    state.segment_overrides = vec![own("1", "VIP", json!(1)), own("2", "B2B buyers", json!(2))];
    change(&mut state);
    state.into()
}

/// A value in short, as the window would read it out.
fn read(view: &FieldValueView) -> String {
    match view {
        FieldValueView::Absent { text }
        | FieldValueView::Toggle { text, .. }
        | FieldValueView::Weights { text, .. }
        | FieldValueView::Override { text, .. }
        | FieldValueView::Text { text }
        | FieldValueView::Json { text } => text.clone(),
        FieldValueView::Value { value } => value.text.clone(),
        FieldValueView::Order { names, .. } => names.join(" > "),
        FieldValueView::Tags { labels, fresh } => format!("{} (+{})", labels.join(" "), fresh.join(" ")),
        FieldValueView::Rules { lines, .. } => lines.join("; "),
    }
}

/// Rows as `label: before -> after`.
fn told(subject: &Subject, base: Option<&SubjectState>, wish: Option<&SubjectState>) -> Vec<String> {
    changes(Service::Flagsmith, subject, base, wish)
        .iter()
        .map(|row| format!("{}: {} -> {}", row.label, read(&row.before), read(&row.after)))
        .collect()
}

#[test]
fn a_flags_state_is_told_field_by_field() {
    let subject = Subject::state_of(&FlagKey("f".into()));
    let split = |a: f64, b: f64| {
        state(|state| {
            state.value = FlagValue(json!("control"));
            state.variants = vec![option("7", "one_page", a), option("8", "express", b)];
        })
    };
    let text = |from: &str| {
        state(|state| state.value = FlagValue(json!(format!("{{\"from\": \"{from}\", \"to\": 3}}"))))
    };
    let plain = state(|_| {});
    let cases: [(SubjectState, SubjectState, &[&str]); 9] = [
        (plain.clone(), plain.clone(), &[]),
        (
            plain.clone(),
            state(|state| {
                state.enabled = false;
                state.value = FlagValue(json!(500));
            }),
            &["State: On -> Off", "Value: 200 -> 500"],
        ),
        (
            plain.clone(),
            state(|state| state.value = FlagValue(json!(null))),
            &["Value: 200 -> No value"],
        ),
        (
            split(30.0, 10.0),
            split(40.0, 10.0),
            &["Weights: 60 / 30 / 10 -> 50 / 40 / 10"],
        ),
        (
            text("2025-11-28"),
            text("2025-11-21"),
            &["Value, key from: \"2025-11-28\" -> \"2025-11-21\""],
        ),
        (
            plain.clone(),
            state(|state| state.segment_overrides[1].value = FlagValue(json!(500))),
            &["Override for B2B buyers: 2 -> 500"],
        ),
        (
            plain.clone(),
            state(|state| {
                state.segment_overrides[0].enabled = false;
                state.segment_overrides.reverse();
            }),
            &[
                "Override for VIP, state: On -> Off",
                "Override order: VIP > B2B buyers -> B2B buyers > VIP",
            ],
        ),
        (
            plain.clone(),
            state(|state| {
                state
                    .segment_overrides
                    .insert(0, own("new:EU", "EU", json!("express")));
            }),
            &["Override for EU: No override -> on, express, first"],
        ),
        (
            plain,
            state(|state| {
                state.segment_overrides.remove(0);
            }),
            &["Override for VIP: on, 1, first -> No override"],
        ),
    ];
    for (base, wish, rows) in cases {
        assert_eq!(told(&subject, Some(&base), Some(&wish)), rows);
    }
}

#[test]
fn what_comes_and_goes_is_told_as_a_whole() {
    let flag = FlagKey("f".into());
    let definition = |tags: &[&str], archived| {
        SubjectState::Flag(FlagDefinition {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            archived,
            ..FlagDefinition::default()
        })
    };
    let subject = Subject::Flag { flag: flag.clone() };
    let (old, new) = (
        definition(&["checkout"], false),
        definition(&["checkout", "eu"], true),
    );
    assert_eq!(
        told(&subject, Some(&old), Some(&new)),
        ["Tags: checkout (+) -> checkout eu (+eu)", "Archived: No -> Yes"]
    );
    assert_eq!(told(&subject, Some(&old), None), ["The flag: Exists -> Deleted"]);
    assert_eq!(
        told(&subject, None, Some(&old)),
        ["State: Not set -> Off", "Tags:  (+) -> checkout (+checkout)"]
    );
    let notes = changes(Service::Flagsmith, &subject, Some(&old), Some(&new));
    assert!(
        notes
            .iter()
            .all(|row| row.note.as_deref() == Some("All environments"))
    );

    let segment = Subject::Segment {
        segment: SegmentKey("3".into()),
    };
    let members = SubjectState::Segment(SegmentDefinition {
        name: "Members".into(),
        description: None,
        rules: vec![SegmentRule {
            kind: RuleKind::All,
            conditions: vec![SegmentCondition {
                operator: "EQUAL".into(),
                property: Some("plan".into()),
                value: json!("pro"),
            }],
            rules: Vec::new(),
        }],
        version: None,
    });
    assert_eq!(
        told(&segment, Some(&members), None),
        ["The segment: plan is pro -> Deleted"]
    );
    assert_eq!(
        told(&segment, None, Some(&members)),
        ["Name: Not set -> Members", "Rules: No rules -> plan is pro"]
    );

    let identity = Subject::IdentityOverride {
        flag,
        identity: "u_1".into(),
    };
    let pinned = SubjectState::IdentityOverride(IdentityState {
        enabled: true,
        value: FlagValue(json!("control")),
        variants: vec![option("7", "one_page", 100.0)],
    });
    assert_eq!(
        told(&identity, None, Some(&pinned)),
        ["Identity override: No override -> on, one_page"]
    );
    assert_eq!(
        told(&identity, Some(&pinned), None),
        ["Identity override: on, one_page -> No override"]
    );
}

#[test]
fn targeting_is_told_in_words() {
    let subject = Subject::Flag {
        flag: FlagKey("f".into()),
    };
    let with = |share: u32| {
        SubjectState::Flag(FlagDefinition {
            targeting: Some(json!({
                "rules": [{"conditions": [{"property": "plan", "operator": "equals", "value": "pro"}], "value": share}],
                "rollout": {"percentage": share, "attribute": "user_id"},
            })),
            ..FlagDefinition::default()
        })
    };
    assert_eq!(
        told(&subject, Some(&with(25)), Some(&with(50))),
        [
            "Rules: plan is pro: 25 -> plan is pro: 50",
            "Rollout: 25% by user_id -> 50% by user_id"
        ]
    );
}
