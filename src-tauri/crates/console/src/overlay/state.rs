//! A flag's state in the environment: its default and its segment overrides.

use std::collections::BTreeMap;

use halyard_model::{
    FieldChanges, FieldPath, FlagKey, FlagState, FlagValue, SegmentKey, SegmentOverride, Variant,
};
use serde_json::{Value, json};

use super::{
    Estimated, Findings, LeftOutReason,
    places::{flag_name, list},
    sheet::{Kind, NewState, Sheet},
    value::{kept, option_id, read_list, switch, weigh, weights},
};

/// What becomes of one override.
#[derive(Default)]
struct OverrideDraft<'c> {
    /// It comes, or goes.
    existence: Option<bool>,
    enabled: Option<Option<&'c Value>>,
    value: Option<Option<&'c Value>>,
    weights: Option<Option<&'c Value>>,
}

/// Lays a change to a flag's state over.
pub(super) fn lay(sheet: &mut Sheet<'_>, flag: &FlagKey, changes: &FieldChanges, findings: &mut Findings) {
    if sheet.flag(&flag.0).is_none() {
        return findings.leave_all_out(LeftOutReason::FlagMissing);
    }
    let mut overrides: BTreeMap<&str, OverrideDraft<'_>> = BTreeMap::new();
    let mut order = None;
    for (field, to) in changes {
        let to = to.as_ref();
        if let Some(id) = field.override_of() {
            note(overrides.entry(id).or_default(), field, to);
            continue;
        }
        let laid = match field {
            FieldPath::Existence if to.is_some() => Ok(()),
            FieldPath::Existence => Err(LeftOutReason::Stays),
            FieldPath::OverrideOrder => read_list::<String>(to).map(|ids| order = Some(ids)),
            FieldPath::Enabled | FieldPath::Value | FieldPath::Weights => lay_default(sheet, flag, field, to),
            _ => Err(LeftOutReason::Elsewhere),
        };
        if let Err(why) = laid {
            findings.leave_out(field, why);
        }
    }
    lay_overrides(sheet, flag, &overrides, order.as_deref(), findings);
}

fn note<'c>(draft: &mut OverrideDraft<'c>, field: &FieldPath, to: Option<&'c Value>) {
    match field {
        FieldPath::Override(_) => draft.existence = Some(to.is_some()),
        FieldPath::OverrideEnabled(_) => draft.enabled = Some(to),
        FieldPath::OverrideValue(_) => draft.value = Some(to),
        _ => draft.weights = Some(to),
    }
}

fn lay_default(
    sheet: &mut Sheet<'_>,
    flag: &FlagKey,
    field: &FieldPath,
    to: Option<&Value>,
) -> Result<(), LeftOutReason> {
    let default = sheet.flag(&flag.0).cloned().unwrap_or_default();
    let mut state = default.clone();
    let laid = lay_part(sheet, &mut state, &default, field, to);
    sheet.put(Kind::Flag, &flag.0, state);
    laid
}

/// Changes one part of a state.
pub(super) fn lay_part(
    sheet: &mut Sheet<'_>,
    state: &mut Value,
    default: &Value,
    field: &FieldPath,
    to: Option<&Value>,
) -> Result<(), LeftOutReason> {
    match field {
        FieldPath::Enabled | FieldPath::OverrideEnabled(_) => state["enabled"] = Value::Bool(switch(to)?),
        FieldPath::Value | FieldPath::OverrideValue(_) => state["feature_state_value"] = kept(to)?,
        _ => {
            let shares: Vec<Variant> = read_list(to)?;
            if shares.is_empty() && weights(state).next().is_some() {
                return Err(LeftOutReason::Stays);
            }
            weigh(sheet, state, default, &shares)?;
        }
    }
    Ok(())
}

fn lay_overrides(
    sheet: &mut Sheet<'_>,
    flag: &FlagKey,
    drafts: &BTreeMap<&str, OverrideDraft<'_>>,
    order: Option<&[String]>,
    findings: &mut Findings,
) {
    if drafts.is_empty() && order.is_none() {
        return;
    }
    let mut by_itself = tried(sheet, flag);
    // New ones come last, in the order that is asked for.
    let place_asked = |key: &str| {
        let asked = order.unwrap_or_default();
        asked.iter().position(|id| id == key).unwrap_or(usize::MAX)
    };
    let mut keys: Vec<&str> = drafts.keys().copied().collect();
    keys.sort_by_key(|key| place_asked(key));
    let mut is_new = false;
    for key in keys {
        let (Some(draft), field) = (drafts.get(key), FieldPath::Override(key.to_owned())) else {
            continue;
        };
        let Some(id) = sheet.segment_id(key) else {
            if draft.existence != Some(false) {
                findings.leave_out(&field, LeftOutReason::SegmentMissing);
            }
            continue;
        };
        let is_there = by_itself.contains(&id);
        match (draft.existence, is_there) {
            (Some(false), _) => {
                sheet.strip(Kind::Segment, &id, &flag.0);
                by_itself.retain(|known| *known != id);
            }
            (_, true) => change(sheet, flag, (key, &id), draft, findings),
            (Some(true), false) => {
                let last = u64::try_from(by_itself.len()).unwrap_or(u64::MAX);
                add(sheet, flag, (key, &id, last), draft, findings);
                by_itself.push(id);
                is_new = true;
            }
            (None, false) => findings.leave_out(&field, LeftOutReason::OverrideMissing),
        }
    }
    let mut wanted: Vec<String> = Vec::with_capacity(by_itself.len());
    for id in order
        .unwrap_or_default()
        .iter()
        .filter_map(|key| sheet.segment_id(key))
    {
        if by_itself.contains(&id) && !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    let rest = by_itself.iter().filter(|id| !wanted.contains(id)).cloned();
    let rest: Vec<String> = rest.collect();
    wanted.extend(rest);
    // Left alone, priorities that two overrides share stay shared.
    if is_new || wanted != by_itself {
        number(sheet, flag, &wanted);
    }
}

/// The segments whose overrides of a flag are tried, in that order: by
/// priority, and by the number of the state where two share one.
pub(super) fn tried(sheet: &Sheet<'_>, flag: &FlagKey) -> Vec<String> {
    let mut found: Vec<(i64, u64, String)> = Vec::new();
    for id in sheet.holders(Kind::Segment, &flag.0) {
        if let Some(state) = served(sheet, flag, &id) {
            found.push((
                priority(state),
                state["django_id"].as_u64().unwrap_or(u64::MAX),
                id,
            ));
        }
    }
    found.sort_by_key(|one| (one.0, one.1));
    found.into_iter().map(|(_, _, id)| id).collect()
}

fn priority(state: &Value) -> i64 {
    state["feature_segment"]["priority"].as_i64().unwrap_or(i64::MAX)
}

/// Where the override stands that is served. A segment may have two of one flag.
fn place(segment: &Value, flag: &FlagKey) -> Option<usize> {
    let states = list(&segment["feature_states"]).enumerate();
    states
        .filter(|(_, state)| flag_name(state) == Some(&flag.0))
        .min_by_key(|(_, state)| priority(state))
        .map(|(place, _)| place)
}

fn served<'s>(sheet: &'s Sheet<'_>, flag: &FlagKey, id: &str) -> Option<&'s Value> {
    let segment = sheet.get(Kind::Segment, id)?;
    segment["feature_states"].get(place(segment, flag)?)
}

fn served_mut<'s>(sheet: &'s mut Sheet<'_>, flag: &FlagKey, id: &str) -> Option<&'s mut Value> {
    let segment = sheet.get_mut(Kind::Segment, id)?;
    let place = place(segment, flag)?;
    segment["feature_states"].get_mut(place)
}

fn change(
    sheet: &mut Sheet<'_>,
    flag: &FlagKey,
    (key, id): (&str, &str),
    draft: &OverrideDraft<'_>,
    findings: &mut Findings,
) {
    let default = sheet.flag(&flag.0).cloned().unwrap_or_default();
    let mut state = served(sheet, flag, id).cloned().unwrap_or_default();
    for (field, to) in parts(key, draft) {
        if let Err(why) = lay_part(sheet, &mut state, &default, &field, to) {
            findings.leave_out(&field, why);
        }
    }
    if let Some(held) = served_mut(sheet, flag, id) {
        *held = state;
    }
}

/// Adds an override. What the draft leaves open is as the flag's default is.
fn add(
    sheet: &mut Sheet<'_>,
    flag: &FlagKey,
    (key, id, priority): (&str, &str, u64),
    draft: &OverrideDraft<'_>,
    findings: &mut Findings,
) {
    let default = sheet.flag(&flag.0).cloned().unwrap_or_default();
    let rows: Vec<Value> = weights(&default)
        .map(|row| {
            let weight = row["percentage_allocation"].as_f64().unwrap_or_default();
            sheet.new_weight(&row["multivariate_feature_option"], weight)
        })
        .collect();
    if !rows.is_empty() {
        findings.estimate(Estimated::Override(flag.clone(), SegmentKey(key.to_owned())));
    }
    let mut state = sheet.new_state(&NewState {
        feature: default["feature"].clone(),
        enabled: default["enabled"].as_bool().unwrap_or_default(),
        value: default["feature_state_value"].clone(),
        weights: rows,
        priority: Some(priority),
    });
    for (field, to) in parts(key, draft) {
        // Weights that an edit leaves open are the service's to choose.
        let is_open = matches!(field, FieldPath::OverrideWeights(_)) && to.is_none();
        if is_open {
            continue;
        }
        if let Err(why) = lay_part(sheet, &mut state, &default, &field, to) {
            findings.leave_out(&field, why);
        }
    }
    sheet.join(Kind::Segment, id, &flag.0, state);
}

/// The parts of an override that a draft names.
fn parts<'c>(key: &str, draft: &OverrideDraft<'c>) -> impl Iterator<Item = (FieldPath, Option<&'c Value>)> {
    let key = key.to_owned();
    [
        (FieldPath::OverrideEnabled(key.clone()), draft.enabled),
        (FieldPath::OverrideValue(key.clone()), draft.value),
        (FieldPath::OverrideWeights(key), draft.weights),
    ]
    .into_iter()
    .filter_map(|(field, to)| Some((field, to?)))
}

/// Gives overrides the priorities 0, 1, 2 and so on.
fn number(sheet: &mut Sheet<'_>, flag: &FlagKey, order: &[String]) {
    for (place, id) in order.iter().enumerate() {
        let wanted = i64::try_from(place).unwrap_or(i64::MAX);
        if served(sheet, flag, id).map(priority) == Some(wanted) {
            continue;
        }
        if let Some(state) = served_mut(sheet, flag, id) {
            state["feature_segment"] = json!({ "priority": wanted });
        }
    }
}

/// A flag's state as the document has it.
pub(super) fn read(sheet: &Sheet<'_>, flag: &FlagKey) -> Option<FlagState> {
    let default = sheet.flag(&flag.0)?;
    let mut state = FlagState::plain(
        default["enabled"].as_bool().unwrap_or_default(),
        FlagValue(default["feature_state_value"].clone()),
    );
    state.variants = variants(default);
    for id in tried(sheet, flag) {
        let (Some(segment), Some(own)) = (sheet.get(Kind::Segment, &id), served(sheet, flag, &id)) else {
            continue;
        };
        state.segment_overrides.push(SegmentOverride {
            segment_name: segment["name"].as_str().unwrap_or_default().to_owned(),
            priority: own["feature_segment"]["priority"].as_i64(),
            enabled: own["enabled"].as_bool().unwrap_or_default(),
            value: FlagValue(own["feature_state_value"].clone()),
            variants: variants(own),
            segment_id: id,
        });
    }
    Some(state)
}

/// The options of a state, in the order in which their shares fill 0 to 100.
fn variants(state: &Value) -> Vec<Variant> {
    let mut rows: Vec<&Value> = weights(state).collect();
    rows.sort_by_key(|row| row["id"].as_u64().unwrap_or(u64::MAX));
    let variant = |row: &Value| Variant {
        id: option_id(row),
        key: row["multivariate_feature_option"]["key"]
            .as_str()
            .map(str::to_owned),
        value: FlagValue(row["multivariate_feature_option"]["value"].clone()),
        weight: row["percentage_allocation"].as_f64().unwrap_or_default(),
    };
    rows.into_iter().map(variant).collect()
}
