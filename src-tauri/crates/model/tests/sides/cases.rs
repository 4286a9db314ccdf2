//! What one would do by hand.

use halyard_model::{
    Aspect, Contents, EnvironmentKey, FieldPath, FlagDefinition, FlagKey, FlagState, FlagValue, Picked,
    Presence, SegmentDefinition, SegmentKey, SegmentOverride, Service, Side, Subject, SubjectState,
    UnmappedKind, compare, promote,
};
use serde_json::json;

fn environment(service: Service, project: &str) -> Contents {
    Contents::new(service, project, EnvironmentKey("e".into()))
}

fn put_flag(contents: &mut Contents, key: &str, state: FlagState) {
    let flag = FlagKey(key.into());
    contents
        .subjects
        .insert(Subject::state_of(&flag), SubjectState::FlagState(state));
    contents.subjects.insert(
        Subject::Flag { flag },
        SubjectState::Flag(FlagDefinition::default()),
    );
}

fn put_segment(contents: &mut Contents, id: &str, name: &str) {
    let segment = SegmentKey(id.into());
    contents.segments.insert(segment.clone(), name.into());
    contents.subjects.insert(
        Subject::Segment { segment },
        SubjectState::Segment(SegmentDefinition {
            name: name.into(),
            description: None,
            rules: Vec::new(),
            version: None,
        }),
    );
}

fn own(segment: &str, name: &str, enabled: bool) -> SegmentOverride {
    SegmentOverride {
        segment_id: segment.into(),
        segment_name: name.into(),
        priority: None,
        enabled,
        value: FlagValue(json!("x")),
        variants: Vec::new(),
    }
}

fn on() -> FlagState {
    FlagState::plain(true, FlagValue(json!("a")))
}

#[test]
fn an_override_is_one_difference_and_brings_its_segment() {
    let mut a = environment(Service::Flagsmith, "p");
    put_segment(&mut a, "1", "Beta");
    let mut state = on();
    state.segment_overrides.push(own("1", "Beta", true));
    put_flag(&mut a, "checkout", state);
    let mut b = environment(Service::Flagsmith, "q");
    put_flag(&mut b, "checkout", on());
    let sides = compare(&a, &b);
    let told: Vec<_> = sides
        .differences
        .iter()
        .map(|one| (one.aspect, one.presence, one.id.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                Aspect::Segments,
                Presence::OnlyA,
                r#"["segment","new:Beta","existence"]"#
            ),
            (
                Aspect::Overrides,
                Presence::OnlyA,
                r#"["flag_state","checkout","override:new:Beta"]"#
            ),
        ]
    );
    let picked = [sides.differences[1].id.clone()];
    let promotion = promote(&sides, &b, Picked::Ids(&picked));
    assert_eq!(promotion.needed, [r#"["segment","new:Beta","existence"]"#]);
    let subjects: Vec<&Subject> = promotion.edits.iter().map(|(subject, _)| subject).collect();
    let flag = FlagKey("checkout".into());
    let segment = SegmentKey::to_be_made("Beta");
    assert_eq!(
        subjects,
        [
            &Subject::Segment {
                segment: segment.clone()
            },
            &Subject::state_of(&flag)
        ]
    );
    let fields: Vec<&FieldPath> = promotion.edits[1].1.keys().collect();
    let id = segment.0;
    assert_eq!(
        fields,
        [
            &FieldPath::Override(id.clone()),
            &FieldPath::OverrideEnabled(id.clone()),
            &FieldPath::OverrideValue(id)
        ]
    );
}

#[test]
fn a_new_override_goes_where_it_stands_in_a() {
    let with = |order: &[&str]| {
        let mut contents = environment(Service::Flagsmith, "p");
        let mut state = on();
        for id in ["1", "2", "3"] {
            put_segment(&mut contents, id, &format!("s{id}"));
        }
        state
            .segment_overrides
            .extend(order.iter().map(|id| own(id, &format!("s{id}"), true)));
        put_flag(&mut contents, "checkout", state);
        contents
    };
    for (a, b, expected) in [
        (
            &["1", "2", "3"][..],
            &["1", "3"][..],
            Some(json!(["1", "2", "3"])),
        ),
        (&["1", "2", "3"], &["2", "3"], Some(json!(["1", "2", "3"]))),
        // At the end it goes by itself.
        (&["1", "2", "3"], &["1", "2"], None),
    ] {
        let (a, b) = (with(a), with(b));
        let sides = compare(&a, &b);
        assert_eq!(sides.differences.len(), 1);
        let promotion = promote(&sides, &b, Picked::All);
        let order = promotion.edits[0].1.get(&FieldPath::OverrideOrder).cloned();
        assert_eq!(order, expected.map(Some));
    }
}

#[test]
fn what_the_other_service_has_not_is_named() {
    let mut a = environment(Service::Flagsmith, "p");
    put_segment(&mut a, "1", "Beta");
    let mut state = on();
    state.value = FlagValue(json!("{\"slot\":1}"));
    state.segment_overrides.push(own("1", "Beta", true));
    put_flag(&mut a, "checkout", state);
    let mut b = environment(Service::EdgeFlags, "q");
    let mut state = on();
    state.value = FlagValue(json!({"slot": 1}));
    state.enabled = false;
    state.targeting = Some(json!({"rollout": {"percentage": 5, "attribute": "user_id"}}));
    put_flag(&mut b, "checkout", state);
    let sides = compare(&a, &b);
    let named: Vec<_> = sides
        .unmapped
        .iter()
        .map(|one| (one.side, one.kind, one.name.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            (Side::A, UnmappedKind::SegmentOverrides, "checkout"),
            (Side::A, UnmappedKind::Segment, "Beta"),
            (Side::B, UnmappedKind::Targeting, "checkout"),
        ]
    );
    // The same object, as text and as an object, is one value.
    let fields: Vec<&FieldPath> = sides.differences.iter().map(|one| &one.field).collect();
    assert_eq!(fields, [&FieldPath::Enabled]);
}
