use halyard_model::{
    ConnectionId, EditId, EnvironmentKey, FlagDefinition, FlagKey, FlagState, FlagValue, Protection,
    SegmentOverride, Timestamp, Variant, Version, merge,
};
use serde_json::json;

use super::*;

fn environment() -> Environment {
    Environment {
        key: EnvironmentKey("eu".into()),
        remote_id: "1".into(),
        name: "EU Production".into(),
        versioned: true,
        requires_change_requests: false,
        edge_identities: false,
        protection: Protection::None,
    }
}

fn edit(subject: Subject, base: &SubjectState, wish: Option<SubjectState>) -> Edit {
    let site = (ConnectionId("c".into()), EnvironmentKey("eu".into()));
    Edit::new(
        EditId("1".into()),
        site,
        subject,
        (Some(base.clone()), wish),
        Timestamp(5_000),
    )
}

fn own(id: &str, name: &str, value: &str) -> SegmentOverride {
    SegmentOverride {
        segment_id: id.into(),
        segment_name: name.into(),
        priority: None,
        enabled: true,
        value: FlagValue(json!(value)),
        variants: Vec::new(),
    }
}

fn state(weights: [f64; 2], overrides: Vec<SegmentOverride>, version: u64) -> SubjectState {
    let mut state = FlagState::plain(true, FlagValue(json!("control")));
    state.variants = ["one_page", "express"]
        .into_iter()
        .zip(weights)
        .map(|(key, weight)| Variant {
            id: key.into(),
            key: Some(key.into()),
            value: FlagValue(json!(key)),
            weight,
        })
        .collect();
    state.segment_overrides = overrides;
    state.version = Some(Version::Number(version));
    state.into()
}

fn text(view: &FieldValueView) -> String {
    match view {
        FieldValueView::Absent { text }
        | FieldValueView::Toggle { text, .. }
        | FieldValueView::Weights { text, .. }
        | FieldValueView::Override { text, .. }
        | FieldValueView::Text { text } => text.clone(),
        FieldValueView::Value { value } => value.text.clone(),
        FieldValueView::Order { names, .. } => names.join(" > "),
        FieldValueView::Tags { labels, .. } => labels.join(" "),
        other => panic!("{other:?}"),
    }
}

fn told(view: &ConflictView) -> Vec<String> {
    view.fields
        .iter()
        .map(|row| {
            let sides = [&row.base, &row.theirs, &row.mine, &row.merged].map(text);
            format!("{} [{}] {:?}", row.label, sides.join(" | "), row.how)
        })
        .collect()
}

fn shown(edit: &Edit, theirs: Option<&SubjectState>, choices: &[ChoiceView]) -> ConflictView {
    let merge = merge(edit.base.as_ref(), edit.wish.as_ref(), theirs);
    let choices = choices_in(Service::Flagsmith, edit, &merge, choices).unwrap();
    let here = environment();
    let scene = Scene {
        service: Service::Flagsmith,
        environment: &here,
        change_set: Some("EU launch"),
        now: theirs,
        by: None,
    };
    conflict(edit, theirs, false, &merge.decided(&choices), &scene)
}

#[test]
fn contested_fields_come_first_and_what_touches_nothing_is_merged() {
    let base = state([30.0, 10.0], vec![own("1", "VIP customers", "one_page")], 40);
    let theirs = state([40.0, 10.0], vec![own("1", "VIP customers", "express")], 41);
    let mine = state(
        [30.0, 30.0],
        vec![
            own("2", "EU beta testers", "express"),
            own("1", "VIP customers", "one_page"),
        ],
        40,
    );
    let edit = edit(
        Subject::state_of(&FlagKey("new_checkout".into())),
        &base,
        Some(mine),
    );
    let view = shown(&edit, Some(&theirs), &[]);
    assert_eq!(
        told(&view),
        [
            "Weights [60 / 30 / 10 | 50 / 40 / 10 | 40 / 30 / 30 | 50 / 40 / 10] Contested",
            "EU beta testers [No override | No override | on, express, first | on, express, first] Mine",
            "VIP customers [one_page | express | one_page | express] Theirs",
        ]
    );
    let weights = &view.fields[0];
    assert_eq!(weights.note.as_deref(), Some("Environment default"));
    assert_eq!(
        weights.why.as_deref(),
        Some("One field, because it must add up to 100%.")
    );
    assert_eq!((view.contested, weights.editable), (1, true));
    assert_eq!(view.base_label, "Version 40, where you began");
    assert_eq!(view.merged_label, "Will be version 42");
    assert_eq!(view.live, LiveSideView::Theirs);
    assert_eq!(
        view.unchanged,
        ["state", "value", "VIP customers, state", "override order"]
    );

    let third = ChoiceView {
        field: "weights".into(),
        side: ChoiceSideView::Edited {
            to: FieldInput::Weights {
                rows: vec![
                    WeightInput {
                        id: "one_page".into(),
                        weight: "40".into(),
                    },
                    WeightInput {
                        id: "express".into(),
                        weight: "30".into(),
                    },
                ],
            },
        },
    };
    let view = shown(&edit, Some(&theirs), &[third]);
    assert_eq!(view.contested, 0);
    assert!(
        told(&view)[0].ends_with("| 30 / 40 / 30] Decided"),
        "{:?}",
        told(&view)
    );
}

#[test]
fn labels_of_both_sides_are_one_row() {
    let flag = |tags: &[&str], description: Option<&str>| {
        SubjectState::Flag(FlagDefinition {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            description: description.map(str::to_owned),
            ..FlagDefinition::default()
        })
    };
    let base = flag(&["checkout"], None);
    let theirs = flag(&["checkout", "q4-launch"], Some("theirs"));
    let subject = Subject::Flag {
        flag: FlagKey("f".into()),
    };
    let edit = edit(subject, &base, Some(flag(&["checkout", "eu"], Some("mine"))));
    let view = shown(&edit, Some(&theirs), &[]);
    assert_eq!(
        told(&view),
        [
            "Description [No description | theirs | mine | theirs] Contested",
            "Tags [checkout | checkout q4-launch | checkout eu | checkout eu q4-launch] Both",
        ]
    );
    let mine = |field: &str, side| ChoiceView {
        field: field.into(),
        side,
    };
    let decided = [
        mine("description", ChoiceSideView::Mine),
        mine(TAGS, ChoiceSideView::Theirs),
    ];
    let view = shown(&edit, Some(&theirs), &decided);
    assert_eq!((view.contested, text(&view.fields[0].merged)), (0, "mine".into()));
    let merged = view.fields.iter().find(|row| row.field == TAGS).unwrap();
    assert_eq!(text(&merged.merged), "checkout q4-launch");
}

#[test]
fn what_one_side_deleted_is_decided_as_a_whole() {
    let base = state([30.0, 10.0], vec![own("1", "VIP", "a")], 1);
    let changed = state([30.0, 10.0], vec![own("1", "VIP", "b")], 2);
    let without = state([30.0, 10.0], Vec::new(), 2);
    let subject = Subject::state_of(&FlagKey("f".into()));
    let removed = edit(subject.clone(), &base, Some(without));
    let view = shown(&removed, Some(&changed), &[]);
    assert_eq!(
        told(&view),
        ["VIP [on, a | on, b | No override | on, b] Contested"]
    );

    let deleted = edit(subject, &base, Some(changed));
    let view = shown(&deleted, None, &[]);
    assert_eq!(
        told(&view),
        ["The flag here [Exists | Does not exist | Exists | Does not exist] Contested"]
    );
    assert_eq!(view.theirs_label, "Deleted");
}

#[test]
fn a_choice_that_makes_no_sense_names_its_field() {
    let base = state([30.0, 10.0], Vec::new(), 1);
    let edit = edit(Subject::state_of(&FlagKey("f".into())), &base, Some(base.clone()));
    let merge = merge(Some(&base), Some(&base), Some(&base));
    let wrong = ChoiceView {
        field: "weights".into(),
        side: ChoiceSideView::Edited {
            to: FieldInput::Weights {
                rows: vec![WeightInput {
                    id: "express".into(),
                    weight: "many".into(),
                }],
            },
        },
    };
    let error = choices_in(Service::Flagsmith, &edit, &merge, &[wrong]).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("weights"));
}
