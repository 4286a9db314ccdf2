//! What a flag's state differs in from the same flag's state in another
//! environment of the same project.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{FieldPath, FlagState, SegmentOverride, Variant, same_value};

/// What a state differs in from a reference. Versions, times and the numbers
/// of priorities are no content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// On or off.
    pub enabled: bool,
    /// The value.
    pub value: bool,
    /// The weights of the options.
    pub weights: bool,
    /// The segment overrides.
    pub overrides: OverrideDrift,
    /// EdgeFlags rules or rollout.
    pub targeting: bool,
}

/// What the segment overrides differ in, by the segments' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverrideDrift {
    /// Segments that have an override only here.
    pub only_here: Vec<String>,
    /// Segments that have an override only in the reference.
    pub only_there: Vec<String>,
    /// Segments that give their members something else.
    pub changed: Vec<String>,
    /// Those that both have are tried in another order.
    pub order: bool,
}

impl Drift {
    /// Of a state from a reference. Both are of one project, so that a segment
    /// and an option have the same identifier in both.
    pub fn of(here: &FlagState, reference: &FlagState) -> Drift {
        Drift {
            enabled: here.enabled != reference.enabled,
            value: differs(&here.value.0, &reference.value.0),
            weights: weights_differ(&here.variants, &reference.variants),
            overrides: OverrideDrift::of(&here.segment_overrides, &reference.segment_overrides),
            targeting: targeting_differs(here.targeting.as_ref(), reference.targeting.as_ref()),
        }
    }

    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        self.enabled || self.value || self.weights || self.targeting || self.overrides.is_any()
    }
}

impl OverrideDrift {
    fn of(here: &[SegmentOverride], there: &[SegmentOverride]) -> OverrideDrift {
        if here.is_empty() && there.is_empty() {
            return OverrideDrift::default();
        }
        // Of two for one segment the last counts, as it does in an edit.
        let by_segment = |all: &[SegmentOverride]| -> BTreeMap<String, usize> {
            let ids = all.iter().map(|own| own.segment_id.clone());
            ids.zip(0..).collect()
        };
        let (ours, theirs) = (by_segment(here), by_segment(there));
        let names = |all: &[SegmentOverride], which: Vec<usize>| -> Vec<String> {
            which
                .iter()
                .map(|place| all[*place].segment_name.clone())
                .collect()
        };
        let only = |own: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>| -> Vec<usize> {
            let mut places: Vec<usize> = own
                .iter()
                .filter(|(id, _)| !other.contains_key(*id))
                .map(|(_, place)| *place)
                .collect();
            places.sort_unstable();
            places
        };
        let mut changed: Vec<usize> = ours
            .iter()
            .filter_map(|(id, place)| {
                let other = &there[*theirs.get(id)?];
                override_differs(&here[*place], other).then_some(*place)
            })
            .collect();
        changed.sort_unstable();
        let common = |all: &[SegmentOverride], other: &BTreeMap<String, usize>| -> Vec<String> {
            let ids = all.iter().map(|own| &own.segment_id);
            ids.filter(|id| other.contains_key(*id)).cloned().collect()
        };
        OverrideDrift {
            only_here: names(here, only(&ours, &theirs)),
            only_there: names(there, only(&theirs, &ours)),
            changed: names(here, changed),
            order: common(here, &theirs) != common(there, &ours),
        }
    }

    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        self.order || !self.only_here.is_empty() || !self.only_there.is_empty() || !self.changed.is_empty()
    }
}

fn override_differs(one: &SegmentOverride, other: &SegmentOverride) -> bool {
    one.enabled != other.enabled
        || differs(&one.value.0, &other.value.0)
        || weights_differ(&one.variants, &other.variants)
}

/// `30` and `30.0` are one number, as everywhere.
fn differs(one: &Value, other: &Value) -> bool {
    !same_value(&FieldPath::Value, Some(one), Some(other))
}

/// An option without a share counts as none.
fn weights_differ(one: &[Variant], other: &[Variant]) -> bool {
    if one.is_empty() && other.is_empty() {
        return false;
    }
    let shares = |all: &[Variant]| -> BTreeSet<(String, u64)> {
        let with_share = all.iter().filter(|option| option.weight > 0.0);
        let share = |option: &Variant| (option.id.clone(), option.weight.to_bits());
        with_share.map(share).collect()
    };
    shares(one) != shares(other)
}

/// A member that is not set is none; targeting that is there and empty is
/// other than none, since it hides the flag's own.
fn targeting_differs(one: Option<&Value>, other: Option<&Value>) -> bool {
    let members = |targeting: Option<&Value>| -> Option<Map<String, Value>> {
        let mut members = targeting?.as_object()?.clone();
        members.retain(|_, value| !value.is_null());
        Some(members)
    };
    match (members(one), members(other)) {
        (None, None) => false,
        (Some(one), Some(other)) => differs(&Value::Object(one), &Value::Object(other)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FlagValue, Timestamp, Version};
    use serde_json::json;

    fn option(id: &str, weight: f64) -> Variant {
        Variant {
            id: id.into(),
            key: None,
            value: FlagValue(json!(id)),
            weight,
        }
    }

    fn own(id: &str, enabled: bool) -> SegmentOverride {
        SegmentOverride {
            segment_id: id.into(),
            segment_name: format!("segment {id}"),
            priority: None,
            enabled,
            value: FlagValue(json!(1)),
            variants: Vec::new(),
        }
    }

    fn state() -> FlagState {
        FlagState {
            variants: vec![option("a", 30.0), option("b", 0.0)],
            segment_overrides: vec![own("1", true), own("2", false)],
            targeting: Some(json!({"rules": [], "rollout": null})),
            ..FlagState::plain(true, FlagValue(json!(30)))
        }
    }

    #[test]
    fn each_part_is_seen_on_its_own() {
        type Change = fn(&mut FlagState);
        let named =
            |names: &[&str]| -> Vec<String> { names.iter().map(|name| format!("segment {name}")).collect() };
        let none = Drift::default;
        let overrides = |overrides: OverrideDrift| Drift {
            overrides,
            ..Drift::default()
        };
        let order = OverrideDrift {
            order: true,
            ..OverrideDrift::default()
        };
        let cases: [(Change, Drift); 9] = [
            (
                |state| state.enabled = false,
                Drift {
                    enabled: true,
                    ..none()
                },
            ),
            (
                |state| state.value = FlagValue(json!("30")),
                Drift {
                    value: true,
                    ..none()
                },
            ),
            (
                |state| state.variants[0].weight = 31.0,
                Drift {
                    weights: true,
                    ..none()
                },
            ),
            (
                |state| state.targeting = Some(json!({"rules": [1]})),
                Drift {
                    targeting: true,
                    ..none()
                },
            ),
            (
                |state| state.targeting = None,
                Drift {
                    targeting: true,
                    ..none()
                },
            ),
            (|state| state.segment_overrides.reverse(), overrides(order)),
            (
                |state| state.segment_overrides[1].enabled = true,
                overrides(OverrideDrift {
                    changed: named(&["2"]),
                    ..OverrideDrift::default()
                }),
            ),
            (
                |state| state.segment_overrides.insert(0, own("3", true)),
                overrides(OverrideDrift {
                    only_here: named(&["3"]),
                    ..OverrideDrift::default()
                }),
            ),
            (
                |state| {
                    state.segment_overrides.remove(0);
                },
                overrides(OverrideDrift {
                    only_there: named(&["1"]),
                    ..OverrideDrift::default()
                }),
            ),
        ];
        for (change, expected) in cases {
            let mut here = state();
            change(&mut here);
            let found = Drift::of(&here, &state());
            assert_eq!(found, expected);
            assert!(found.is_any());
        }
    }

    #[test]
    fn what_is_no_content_is_no_drift() {
        let mut here = state();
        here.version = Some(Version::Number(4));
        here.updated_at = Some(Timestamp(1));
        here.segment_overrides[0].priority = Some(3);
        here.value = FlagValue(json!(30.0));
        here.variants.reverse();
        here.variants.push(option("c", 0.0));
        here.targeting = Some(json!({"rules": []}));
        let found = Drift::of(&here, &state());
        assert!(!found.is_any(), "{found:?}");
    }
}
