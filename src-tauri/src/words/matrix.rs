//! How a flag in one environment differs from the same flag in another.

use halyard_console::{LastChange, MatrixCell};
use halyard_model::{Flag, FlagValue, OverrideDrift, Timestamp, ValueKind};

use super::{
    number::{cut_at, list, plural},
    time::Clock,
};
use crate::{convert::flag::weights, view::WeightView};

/// Longer values are not set beside each other.
const LONGEST_VALUE: usize = 40;

/// Shares, control in front: `60 / 30 / 10`.
pub fn shares(weights: &[WeightView]) -> String {
    let shares: Vec<&str> = weights.iter().map(|one| one.weight.as_str()).collect();
    shares.join(" / ")
}

/// How a cell differs from the reference, in a sentence for each part; nothing
/// where it does not.
pub fn how(cell: &MatrixCell, there: Option<&Flag>, reference: &str) -> Option<String> {
    let Some(there) = there.filter(|_| !cell.only_here) else {
        return cell.only_here.then(|| format!("Only here, not in {reference}."));
    };
    let (here, drift) = (&cell.flag.state, &cell.drift);
    let there = &there.state;
    let mut said = Vec::new();
    if drift.enabled {
        said.push(match here.enabled {
            true => format!("On here, off in {reference}."),
            false => format!("Off here, on in {reference}."),
        });
    }
    if drift.value {
        said.push(match (short(&here.value), short(&there.value)) {
            (Some(here), Some(there)) => format!(
                "{here} here, {} in {reference}.",
                there
                    .replacen("No v", "no v", 1)
                    .replacen("Empty t", "empty t", 1)
            ),
            _ => format!("Another value than in {reference}."),
        });
    }
    if drift.weights {
        let of = |state: &halyard_model::FlagState| shares(&weights(&state.value, &state.variants));
        said.push(format!("{} here, {} in {reference}.", of(here), of(there)));
    }
    said.extend(overrides(&drift.overrides, reference));
    if drift.targeting {
        said.push(format!("Other rules than in {reference}."));
    }
    if said.is_empty() {
        return None;
    }
    let both = here.segment_overrides.len();
    if !drift.overrides.is_any() && both > 0 {
        said.push(format!(
            "{} in both.",
            plural(both as u64, "override", "overrides")
        ));
    }
    Some(said.join(" "))
}

fn overrides(drift: &OverrideDrift, reference: &str) -> Vec<String> {
    let mut said = Vec::new();
    if !drift.only_here.is_empty() {
        said.push(format!("Overridden for {} only here.", list(&drift.only_here)));
    }
    if !drift.only_there.is_empty() {
        said.push(format!(
            "Overridden for {} only in {reference}.",
            list(&drift.only_there)
        ));
    }
    if !drift.changed.is_empty() {
        said.push(format!("Another override for {}.", list(&drift.changed)));
    }
    if drift.order {
        said.push("Overrides are tried in another order.".into());
    }
    said
}

/// A value that fits into a sentence.
fn short(value: &FlagValue) -> Option<String> {
    match value.kind() {
        ValueKind::None => Some("No value".into()),
        ValueKind::Text if value.text().trim().is_empty() => Some("Empty text".into()),
        ValueKind::Json => None,
        _ => Some(cut_at(&value.text(), LONGEST_VALUE)),
    }
}

/// Who changed it last and when: `Changed 12 Nov by Jonas Weber.`
pub fn last_change(change: &LastChange, now: Timestamp, clock: &Clock) -> String {
    let day = clock.short_day(change.at, now);
    match &change.by {
        Some(by) => format!("Changed {day} by {by}."),
        None => format!("Changed {day}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{Drift, FlagKey, FlagKind, FlagState, SegmentOverride, Variant};
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    fn flag(state: FlagState) -> Flag {
        Flag {
            key: FlagKey("f".into()),
            remote_id: "1".into(),
            description: None,
            kind: FlagKind::Standard,
            tags: Vec::new(),
            owners: Vec::new(),
            archived: false,
            server_only: false,
            created_at: None,
            identity_overrides: None,
            notes: Vec::new(),
            state,
        }
    }

    fn own(segment: &str, enabled: bool) -> SegmentOverride {
        SegmentOverride {
            segment_id: segment.into(),
            segment_name: segment.into(),
            priority: None,
            enabled,
            value: FlagValue::default(),
            variants: Vec::new(),
        }
    }

    fn said(here: FlagState, there: FlagState) -> Option<String> {
        let cell = MatrixCell {
            drift: Drift::of(&here, &there),
            flag: flag(here),
            edit: None,
            only_here: false,
            last_change: None,
        };
        how(&cell, Some(&flag(there)), "Production")
    }

    #[test]
    fn each_part_is_told() {
        let plain = |enabled, value: Value| FlagState::plain(enabled, FlagValue(value));
        let with = |overrides: &[(&str, bool)]| FlagState {
            segment_overrides: overrides.iter().map(|(segment, on)| own(segment, *on)).collect(),
            ..plain(true, json!(null))
        };
        let split = |weight| FlagState {
            variants: vec![Variant {
                id: "1".into(),
                key: None,
                value: FlagValue(json!("b")),
                weight,
            }],
            ..plain(true, json!("a"))
        };
        let cases = [
            (plain(true, json!(1)), plain(true, json!(1)), None),
            (
                plain(true, json!(1)),
                plain(false, json!(1)),
                Some("On here, off in Production."),
            ),
            (
                plain(false, json!(39)),
                plain(true, json!(49)),
                Some("Off here, on in Production. 39 here, 49 in Production."),
            ),
            (
                plain(true, json!("")),
                plain(true, json!(null)),
                Some("Empty text here, no value in Production."),
            ),
            (
                plain(true, json!("{\"a\": 1}")),
                plain(true, json!("{\"a\": 2}")),
                Some("Another value than in Production."),
            ),
            (
                split(25.0),
                split(33.3),
                Some("75 / 25 here, 66.7 / 33.3 in Production."),
            ),
            (
                with(&[("Germany", true)]),
                with(&[("VIP", true)]),
                Some("Overridden for Germany only here. Overridden for VIP only in Production."),
            ),
            (
                with(&[("Germany", true), ("VIP", true)]),
                with(&[("VIP", false), ("Germany", true)]),
                Some("Another override for VIP. Overrides are tried in another order."),
            ),
            (
                FlagState {
                    enabled: false,
                    ..with(&[("VIP", true)])
                },
                with(&[("VIP", true)]),
                Some("Off here, on in Production. 1 override in both."),
            ),
        ];
        for (here, there, expected) in cases {
            assert_eq!(said(here, there).as_deref(), expected);
        }
    }

    #[test]
    fn the_last_change_has_a_day_and_a_name_where_known() {
        let clock = Clock::of(TimeZone::UTC);
        let now = Timestamp(1_795_000_000_000);
        let change = |by: Option<&str>| LastChange {
            at: Timestamp(now.0 - 6 * 86_400_000),
            by: by.map(str::to_owned),
        };
        assert_eq!(
            last_change(&change(Some("Jonas Weber")), now, &clock),
            "Changed 12 Nov by Jonas Weber."
        );
        assert_eq!(last_change(&change(None), now, &clock), "Changed 12 Nov.");
    }
}
