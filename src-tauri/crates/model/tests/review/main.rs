//! What a review shows: rows, problems and warnings, each from a base and the
//! changes that are asked for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it stands")]

mod problems;
mod rows;
mod warnings;

use std::collections::BTreeMap;

use halyard_model::{
    ConnectionId, Edit, EditId, EnvironmentKey, FieldChanges, FlagDefinition, FlagKey, FlagState, FlagValue,
    SegmentKey, SegmentOverride, Subject, SubjectState, Timestamp, Variant, Version, changed,
};
use serde_json::{Value, json};

fn variants(weights: &[f64]) -> Vec<Variant> {
    let numbered = weights.iter().enumerate();
    numbered
        .map(|(place, weight)| Variant {
            id: place.to_string(),
            key: None,
            value: FlagValue(json!("option")),
            weight: *weight,
        })
        .collect()
}

fn own(id: &str, name: &str, enabled: bool) -> SegmentOverride {
    SegmentOverride {
        segment_id: id.into(),
        segment_name: name.into(),
        priority: None,
        enabled,
        value: FlagValue(json!(200)),
        variants: Vec::new(),
    }
}

fn base_of(kind: &str) -> (Subject, SubjectState) {
    let flag = FlagKey("checkout".into());
    match kind {
        "state" => {
            let mut state = FlagState::plain(true, FlagValue(json!("{\"cta\": \"Buy\", \"slot\": 1}")));
            state.variants = variants(&[60.0, 30.0]);
            state.segment_overrides = vec![own("1", "B2B buyers", false), own("2", "VIP", true)];
            (Subject::FlagState { flag }, state.into())
        }
        "edge state" => {
            let mut state = FlagState::plain(false, FlagValue(json!(null)));
            state.targeting = Some(json!({"rules": [{"conditions": [], "value": 1}]}));
            (Subject::FlagState { flag }, state.into())
        }
        "flag" => {
            let definition = FlagDefinition {
                tags: ["checkout".to_owned()].into(),
                options: variants(&[60.0, 30.0]),
                enabled: true,
                value: FlagValue(json!("a")),
                active_from: Some("2026-11-01T00:00:00Z".into()),
                version: Some(Version::Number(3)),
                ..FlagDefinition::default()
            };
            (Subject::Flag { flag }, SubjectState::Flag(definition))
        }
        "identity" => {
            let state = json!({"enabled": false, "value": "a", "variants": []});
            let subject = Subject::IdentityOverride {
                flag,
                identity: "u1".into(),
            };
            (
                subject,
                SubjectState::IdentityOverride(serde_json::from_value(state).unwrap()),
            )
        }
        "segment" => {
            let segment = json!({"name": "VIP", "description": null, "version": null, "rules": [
                {"type": "ALL", "conditions": [], "rules": [
                    {"type": "ANY", "conditions": [{"operator": "EQUAL", "property": "plan", "value": "pro"}], "rules": []}
                ]}
            ]});
            let subject = Subject::Segment {
                segment: SegmentKey("7".into()),
            };
            (
                subject,
                SubjectState::Segment(serde_json::from_value(segment).unwrap()),
            )
        }
        "traits" => {
            let traits = BTreeMap::from([("plan".to_owned(), json!("pro"))]);
            let subject = Subject::Traits {
                identity: "u1".into(),
            };
            (subject, SubjectState::Traits(traits))
        }
        _ => {
            let config = json!({"value": 5, "environments": {"staging": 6}, "version": null});
            let subject = Subject::Config { key: "limit".into() };
            (
                subject,
                SubjectState::Config(serde_json::from_value(config).unwrap()),
            )
        }
    }
}

/// An edit of a base, as somebody would ask for it.
fn edit(kind: &str, changes: &Value) -> Edit {
    let (subject, base) = base_of(kind);
    let changes: FieldChanges = changes
        .as_object()
        .unwrap()
        .iter()
        .map(|(field, value)| (field.parse().unwrap(), (!value.is_null()).then(|| value.clone())))
        .collect();
    let wish = changed(&subject, Some(&base), &changes).unwrap();
    Edit::new(
        EditId("1".into()),
        (ConnectionId("c".into()), EnvironmentKey("e".into())),
        subject,
        (Some(base), wish),
        Timestamp(0),
    )
}
