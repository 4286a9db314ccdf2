//! What two states of a flag differ in.

use serde::{Deserialize, Serialize};

use crate::FlagState;

/// A part of a flag's state that can differ on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// On or off.
    Enabled,
    /// The value.
    Value,
    /// Options or their weights.
    Variants,
    /// Segment overrides or their order.
    SegmentOverrides,
    /// EdgeFlags rules or rollout.
    Targeting,
}

/// The fields in which the contents of two states differ. Versions and times
/// are not content: a service may move them without changing what users get,
/// and Flagsmith v1 may change what users get without moving them.
pub fn differences(one: &FlagState, other: &FlagState) -> Vec<Field> {
    [
        (Field::Enabled, one.enabled != other.enabled),
        (Field::Value, one.value != other.value),
        (Field::Variants, !same_variants(one, other)),
        (Field::SegmentOverrides, !same_overrides(one, other)),
        (Field::Targeting, one.targeting != other.targeting),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

fn same_variants(one: &FlagState, other: &FlagState) -> bool {
    one.variants == other.variants
}

/// Priorities are compared as an order: services renumber them on their own.
fn same_overrides(one: &FlagState, other: &FlagState) -> bool {
    one.segment_overrides.len() == other.segment_overrides.len()
        && one
            .segment_overrides
            .iter()
            .zip(&other.segment_overrides)
            .all(|(a, b)| {
                a.segment_id == b.segment_id
                    && a.enabled == b.enabled
                    && a.value == b.value
                    && a.variants == b.variants
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FlagValue, SegmentOverride, Timestamp, Variant, Version};
    use serde_json::json;

    fn state() -> FlagState {
        let mut state = FlagState::plain(true, FlagValue(json!("blue")));
        state.variants.push(Variant {
            id: "1".into(),
            key: None,
            value: FlagValue(json!("red")),
            weight: 30.0,
        });
        state.segment_overrides.push(SegmentOverride {
            segment_id: "7".into(),
            segment_name: "Germany".into(),
            priority: Some(0),
            enabled: false,
            value: FlagValue::default(),
            variants: Vec::new(),
        });
        state
    }

    #[test]
    fn each_field_is_seen_on_its_own() {
        type Change = fn(&mut FlagState);
        let changes: [(Field, Change); 5] = [
            (Field::Enabled, |state| {
                state.enabled = false;
            }),
            (Field::Value, |state| {
                state.value = FlagValue(json!(1));
            }),
            (Field::Variants, |state| {
                state.variants[0].weight = 31.0;
            }),
            (Field::SegmentOverrides, |state| {
                state.segment_overrides[0].enabled = true;
            }),
            (Field::Targeting, |state| {
                state.targeting = Some(json!({}));
            }),
        ];
        for (field, change) in changes {
            let mut other = state();
            change(&mut other);
            assert_eq!(differences(&state(), &other), [field]);
        }
    }

    #[test]
    fn versions_times_and_renumbered_priorities_are_not_content() {
        let mut other = state();
        other.version = Some(Version::Number(4));
        other.updated_at = Some(Timestamp(1));
        other.segment_overrides[0].priority = Some(3);
        assert_eq!(differences(&state(), &other), []);
    }
}
