//! The matrix and a comparison of the same two environments never disagree.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use halyard_model::{
    Contents, Drift, FieldPath, FlagKey, FlagState, SegmentKey, SegmentOverride, Subject, SubjectState,
    compare,
};
use proptest::prelude::*;

use crate::{
    cases,
    generated::{Kind, pair},
};

fn state<'c>(contents: &'c Contents, flag: &FlagKey) -> Option<&'c FlagState> {
    match contents.subjects.get(&Subject::state_of(flag))? {
        SubjectState::FlagState(state) => Some(state),
        other => panic!("a flag's state: {other:?}"),
    }
}

/// The parts in which a comparison finds the states of a flag to differ.
fn compared(a: &Contents, b: &Contents, flag: &FlagKey) -> BTreeMap<String, usize> {
    let sides = compare(a, b);
    let of_it = sides
        .differences
        .iter()
        .filter(|one| one.subject == Subject::state_of(flag));
    let mut parts = BTreeMap::new();
    for one in of_it {
        let part = match &one.field {
            // Segments are called otherwise on either side.
            FieldPath::Override(_) => format!("overrides {:?}", one.presence),
            FieldPath::HasTargeting | FieldPath::Rules | FieldPath::Rollout | FieldPath::Targeting(_) => {
                parts.insert("targeting".to_owned(), 1);
                continue;
            }
            other => other.to_string(),
        };
        *parts.entry(part).or_default() += 1;
    }
    parts
}

/// The same as the drift tells it.
fn drifted(a: &FlagState, b: &FlagState) -> BTreeMap<String, usize> {
    let drift = Drift::of(a, b);
    let parts = [
        (drift.enabled, FieldPath::Enabled.to_string()),
        (drift.value, FieldPath::Value.to_string()),
        (drift.weights, FieldPath::Weights.to_string()),
        (drift.overrides.order, FieldPath::OverrideOrder.to_string()),
        (drift.targeting, "targeting".to_owned()),
    ];
    let mut found: BTreeMap<String, usize> = parts
        .into_iter()
        .filter_map(|(differs, part)| differs.then_some((part, 1)))
        .collect();
    let overrides = &drift.overrides;
    for (names, presence) in [
        (&overrides.only_here, "OnlyA"),
        (&overrides.only_there, "OnlyB"),
        (&overrides.changed, "Changed"),
    ] {
        if !names.is_empty() {
            found.insert(format!("overrides {presence}"), names.len());
        }
    }
    assert_eq!(found.is_empty(), !drift.is_any());
    found
}

/// The same with the overrides in the opposite order.
fn turned(contents: &Contents) -> Contents {
    let mut turned = contents.clone();
    for state in turned.subjects.values_mut() {
        if let SubjectState::FlagState(state) = state {
            state.segment_overrides.reverse();
        }
    }
    turned
}

#[test]
fn drift_is_what_a_comparison_finds() {
    let differing = AtomicU32::new(0);
    let environments = prop_oneof![pair(Kind::OneProject), pair(Kind::EdgeFlags)];
    proptest!(cases(), |((a, b) in environments)| {
        if (a.service, &a.project) != (b.service, &b.project) {
            return Ok(());
        }
        let turned = turned(&a);
        for flag in a.flags() {
            if let (Some(here), Some(there)) = (state(&a, flag), state(&turned, flag)) {
                prop_assert_eq!(drifted(here, there), compared(&a, &turned, flag), "{:?}", flag);
            }
            let (Some(here), Some(there)) = (state(&a, flag), state(&b, flag)) else {
                continue;
            };
            // As in any two environments of a project; moments may know others.
            let is_known = |own: &SegmentOverride| {
                let key = SegmentKey(own.segment_id.clone());
                a.segments.get(&key).is_some_and(|name| b.segments.get(&key) == Some(name))
            };
            if !here.segment_overrides.iter().chain(&there.segment_overrides).all(is_known) {
                continue;
            }
            let found = drifted(here, there);
            differing.fetch_add(u32::from(!found.is_empty()), Ordering::Relaxed);
            prop_assert_eq!(found, compared(&a, &b, flag), "{:?}", flag);
        }
    });
    let differing = differing.into_inner();
    assert!(differing > 60, "{differing}");
}
