//! A flag in every environment: made, deleted, its options.

use halyard_model::{FieldChanges, FieldPath, FlagKey, FlagState, FlagValue, Variant};
use serde_json::{Value, json};

use super::{
    Estimated, Findings, LeftOutReason,
    places::flag_name,
    sheet::{Kind, NewState, Sheet, states_member},
    value::{initial, kept, option_id, push_weight, read_list, switch, weights},
};

/// Lays a change to a flag as such over.
pub(super) fn lay(sheet: &mut Sheet<'_>, flag: &FlagKey, changes: &FieldChanges, findings: &mut Findings) {
    let is_there = sheet.flag(&flag.0).is_some();
    match (changes.get(&FieldPath::Existence), is_there) {
        (Some(None), true) => remove(sheet, flag),
        (Some(Some(_)), false) => create(sheet, flag, changes, findings),
        (Some(Some(_)), true) => findings.leave_all_out(LeftOutReason::FlagThere),
        (_, false) => findings.leave_all_out(LeftOutReason::FlagMissing),
        (None, true) => change(sheet, flag, changes, findings),
    }
}

/// A flag goes with all its overrides.
fn remove(sheet: &mut Sheet<'_>, flag: &FlagKey) {
    for kind in [Kind::Segment, Kind::Identity] {
        for holder in sheet.holders(kind, &flag.0) {
            sheet.strip(kind, &holder, &flag.0);
        }
    }
    sheet.remove(Kind::Flag, &flag.0);
}

fn create(sheet: &mut Sheet<'_>, flag: &FlagKey, changes: &FieldChanges, findings: &mut Findings) {
    let (mut enabled, mut value, mut options) = (false, Value::Null, Vec::new());
    let mut server_only = false;
    for (field, to) in changes {
        let to = to.as_ref();
        let laid = match field {
            FieldPath::Enabled => switch(to).map(|on| enabled = on),
            FieldPath::Value => {
                initial(&FlagValue(to.cloned().unwrap_or_default())).map(|initial| value = initial)
            }
            FieldPath::Options => read_list::<Variant>(to).map(|given| options = given),
            FieldPath::ServerOnly => switch(to).map(|only| server_only = only),
            field => elsewhere(field),
        };
        if let Err(why) = laid {
            findings.leave_out(field, why);
        }
    }
    let kind = if options.is_empty() {
        "STANDARD"
    } else {
        "MULTIVARIATE"
    };
    let id = sheet.new_id();
    let mut rows = Vec::with_capacity(options.len());
    for option in &options {
        match new_option(sheet, option) {
            Ok(made) => rows.push(sheet.new_weight(&made, option.weight)),
            Err(why) => findings.leave_out(&FieldPath::Options, why),
        }
    }
    if !rows.is_empty() {
        findings.estimate(Estimated::Flag(flag.clone()));
    }
    let state = sheet.new_state(&NewState {
        feature: json!({"id": id, "name": flag.0, "type": kind}),
        enabled,
        value,
        weights: rows,
        priority: None,
    });
    if server_only {
        sheet.set_server_only(&state, true);
    }
    sheet.put(Kind::Flag, &flag.0, state);
}

/// Makes a flag that has a state already, with that state's default.
pub(super) fn make(sheet: &mut Sheet<'_>, flag: &FlagKey, state: &FlagState) {
    let id = sheet.new_id();
    let mut rows = Vec::with_capacity(state.variants.len());
    for option in &state.variants {
        let known: Value = option
            .id
            .parse::<u64>()
            .map_or_else(|_| json!(option.id), Value::from);
        let made = json!({"id": known, "key": option.key, "value": option.value});
        rows.push(sheet.new_weight(&made, option.weight));
    }
    let made = sheet.new_state(&NewState {
        feature: json!({"id": id, "name": flag.0, "type": "STANDARD"}),
        enabled: state.enabled,
        value: state.value.0.clone(),
        weights: rows,
        priority: None,
    });
    sheet.put(Kind::Flag, &flag.0, made);
}

/// Fields that documents do not show, and those that other services have.
fn elsewhere(field: &FieldPath) -> Result<(), LeftOutReason> {
    match field {
        FieldPath::Existence | FieldPath::Description | FieldPath::Tag(_) | FieldPath::Archived => Ok(()),
        _ => Err(LeftOutReason::Elsewhere),
    }
}

fn new_option(sheet: &mut Sheet<'_>, option: &Variant) -> Result<Value, LeftOutReason> {
    let value = kept(Some(&option.value.0))?;
    let id = sheet.new_id();
    Ok(json!({"id": id, "key": option.key, "value": value}))
}

fn change(sheet: &mut Sheet<'_>, flag: &FlagKey, changes: &FieldChanges, findings: &mut Findings) {
    for (field, to) in changes {
        let to = to.as_ref();
        let laid = match field {
            FieldPath::Enabled | FieldPath::Value => Err(LeftOutReason::FixedOnceMade),
            FieldPath::ServerOnly => switch(to).map(|only| {
                let state = sheet.flag(&flag.0).cloned().unwrap_or_default();
                sheet.set_server_only(&state, only);
            }),
            FieldPath::Options => read_list(to).and_then(|options| lay_options(sheet, flag, &options)),
            field => elsewhere(field),
        };
        if let Err(why) = laid {
            findings.leave_out(field, why);
        }
    }
}

/// Options come, change and go in every state of the flag. The weights they
/// have there already stay: what is given are those of new environments, which
/// a new option begins with.
fn lay_options(sheet: &mut Sheet<'_>, flag: &FlagKey, wanted: &[Variant]) -> Result<(), LeftOutReason> {
    let default = sheet.flag(&flag.0).cloned().unwrap_or_default();
    let known: Vec<String> = weights(&default).map(option_id).collect();
    let mut kept_values = Vec::with_capacity(wanted.len());
    for option in wanted {
        kept_values.push(kept(Some(&option.value.0))?);
    }
    let mut added = Vec::new();
    for option in wanted.iter().filter(|option| !known.contains(&option.id)) {
        added.push((new_option(sheet, option)?, option.weight));
    }
    let revise = |sheet: &mut Sheet<'_>, state: &mut Value| {
        if let Some(rows) = state["multivariate_feature_state_values"].as_array_mut() {
            rows.retain(|row| wanted.iter().any(|option| option.id == option_id(row)));
            for row in rows {
                let id = option_id(row);
                let changed = wanted
                    .iter()
                    .zip(&kept_values)
                    .find(|(option, _)| option.id == id);
                if let Some((option, value)) = changed {
                    row["multivariate_feature_option"]["value"] = value.clone();
                    row["multivariate_feature_option"]["key"] = json!(option.key);
                }
            }
        }
        for (option, weight) in &added {
            let row = sheet.new_weight(option, *weight);
            push_weight(state, row);
        }
    };
    let mut state = default;
    revise(sheet, &mut state);
    sheet.put(Kind::Flag, &flag.0, state);
    for kind in [Kind::Segment, Kind::Identity] {
        for holder in sheet.holders(kind, &flag.0) {
            let Some(mut item) = sheet.get(kind, &holder).cloned() else {
                continue;
            };
            let states = item[states_member(kind)].as_array_mut();
            for state in states.into_iter().flatten() {
                if flag_name(state) == Some(&flag.0) {
                    revise(sheet, state);
                }
            }
            sheet.put(kind, &holder, item);
        }
    }
    Ok(())
}
