//! What a colleague changes in one environment: a flag's default and overrides, and identities.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definitions::segment_id;
use super::{Flag, person, stored};
use crate::flagsmith::handlers::featurestates::keep;
use crate::flagsmith::rows::{FeatureState, Trait};
use crate::flagsmith::states::NewState;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;
use crate::flagsmith::whole_flag::{Manner, OverrideChange, StateChange, WholeFlag};
use crate::{MayaEdit, MayaIdentity};

/// Writes a flag's default and overrides at once: direct, or as a version where the environment keeps them.
pub(super) fn write(store: &mut Store, environment: u64, flag: Flag, edit: &MayaEdit) -> Result<(), String> {
    let default = store.default_state(environment, flag.feature).cloned();
    let default = default.ok_or_else(|| format!("{:?} has no state there", edit.flag))?;
    let mut change = WholeFlag::new(Manner::Patch);
    if edit.enabled.is_some() || edit.value.is_some() || !edit.weights.is_empty() {
        change.default = Some(StateChange {
            enabled: edit.enabled,
            value: tagged(edit.value.as_ref())?,
            variants: weights(store, &default, &edit.weights)?,
            bump_updated_at: true,
        });
    }
    change_overrides(store, environment, flag, &default, edit, &mut change)?;
    let maya = person(store);
    store
        .write_whole_flag(environment, flag.feature, &change, maya)
        .map_err(|failure| format!("{failure:?}"))?;
    // The one-call route has no word for a value that is null.
    if edit.value.as_ref().is_some_and(Value::is_null)
        && let Some(mut state) = store.default_state(environment, flag.feature).cloned()
    {
        state.value = StoredValue::empty();
        keep(store, state);
    }
    Ok(())
}

fn tagged(value: Option<&Value>) -> Result<Option<Value>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(typed) => Ok(Some(stored(typed)?.tagged())),
    }
}

/// Weights of all options of a state, with those that change.
fn weights(
    store: &Store,
    state: &FeatureState,
    changes: &BTreeMap<String, f64>,
) -> Result<Option<Vec<(u64, f64)>>, String> {
    if changes.is_empty() {
        return Ok(None);
    }
    let mut weights: Vec<(u64, f64)> = state
        .weights
        .iter()
        .map(|weight| (weight.option, weight.percentage))
        .collect();
    let options = store.features.get(&state.feature);
    let options = options.map_or(&[][..], |feature| feature.options.as_slice());
    for (named, percentage) in changes {
        let option = options.iter().find(|option| {
            let value = option.value.typed();
            option.id.to_string() == *named
                || value.as_str().map_or(value.to_string(), str::to_owned) == *named
        });
        let option = option
            .ok_or_else(|| format!("the flag has no option {named:?}"))?
            .id;
        match weights.iter_mut().find(|(id, _)| *id == option) {
            Some((_, held)) => *held = *percentage,
            None => weights.push((option, *percentage)),
        }
    }
    Ok(Some(weights))
}

fn change_overrides(
    store: &Store,
    environment: u64,
    flag: Flag,
    default: &FeatureState,
    edit: &MayaEdit,
    change: &mut WholeFlag,
) -> Result<(), String> {
    let held = store.served_overrides(environment, flag.feature);
    let before: Vec<u64> = held.iter().map(|(link, _)| link.segment).collect();
    let mut order = before.clone();
    let mut rows: Vec<OverrideChange> = Vec::new();
    for one in &edit.overrides {
        let segment = named(store, flag, &one.segment)?;
        let present = held.iter().find(|(link, _)| link.segment == segment);
        if one.removed {
            if present.is_none() {
                return Err(format!("{:?} has no override for {:?}", edit.flag, one.segment));
            }
            change.removed.push(segment);
            order.retain(|other| *other != segment);
            continue;
        }
        let base = present.map_or(default, |(_, state)| *state);
        rows.push(OverrideChange {
            segment,
            priority: None,
            state: StateChange {
                enabled: one.enabled,
                value: tagged(one.value.as_ref())?,
                variants: weights(store, base, &one.weights)?,
                bump_updated_at: true,
            },
        });
        if present.is_none() || one.priority.is_some() {
            order.retain(|other| *other != segment);
            order.insert(one.priority.unwrap_or(order.len()).min(order.len()), segment);
        }
    }
    let first: Vec<u64> = edit
        .override_order
        .iter()
        .map(|name| named(store, flag, name))
        .collect::<Result<_, _>>()?;
    if let Some(absent) = first.iter().find(|segment| !order.contains(segment)) {
        return Err(format!("{:?} has no override for segment {absent}", edit.flag));
    }
    order.sort_by_key(|segment| first.iter().position(|one| one == segment).unwrap_or(first.len()));
    let kept = before.iter().filter(|segment| !change.removed.contains(segment));
    if !order.iter().eq(kept) {
        number(&mut rows, &order);
    }
    change.overrides = Some(rows);
    Ok(())
}

fn named(store: &Store, flag: Flag, segment: &str) -> Result<u64, String> {
    segment_id(store, flag.project, segment).ok_or_else(|| format!("no segment is called {segment:?}"))
}

/// Gives every override its place.
fn number(rows: &mut Vec<OverrideChange>, order: &[u64]) {
    for (place, segment) in order.iter().enumerate() {
        let place = u64::try_from(place).ok();
        match rows.iter_mut().find(|row| row.segment == *segment) {
            Some(row) => row.priority = place,
            None => rows.push(OverrideChange {
                segment: *segment,
                priority: place,
                state: StateChange::default(),
            }),
        }
    }
}

/// Writes an identity's override of the flag and its traits.
pub(super) fn write_identity(
    store: &mut Store,
    environment: u64,
    flag: Option<Flag>,
    edit: &MayaIdentity,
) -> Result<(), String> {
    let identity = store.identity_or_new(environment, &edit.identifier);
    for (key, value) in &edit.traits {
        set_trait(store, identity, key, value);
    }
    if !edit.overrides() && !edit.removed {
        return Ok(());
    }
    let feature = flag.ok_or("no flag is named")?.feature;
    let present = store.identity_override(environment, identity, feature).cloned();
    if edit.removed {
        let state = present.ok_or_else(|| format!("{:?} overrides nothing", edit.identifier))?;
        store.log_removal(state.id);
        store.remove_state(state.id);
        store.touch(environment);
        return Ok(());
    }
    let mut state = match present {
        Some(state) => state,
        None => {
            let default = store.default_state(environment, feature).cloned();
            let default = default.ok_or("the flag has no state there")?;
            let id = store.add_state(NewState {
                feature,
                environment,
                identity: Some(identity),
                link: None,
                enabled: default.enabled,
                value: default.value,
                feature_version: None,
            });
            store.states.get(&id).cloned().ok_or("the override is gone")?
        }
    };
    let weights = weights(store, &state, &edit.weights)?;
    state.enabled = edit.enabled.unwrap_or(state.enabled);
    if let Some(value) = &edit.value {
        state.value = stored(value)?;
    }
    let id = state.id;
    keep(store, state);
    if let Some(weights) = weights {
        store.set_weights(id, &weights);
    }
    Ok(())
}

fn set_trait(store: &mut Store, identity: u64, key: &str, value: &Value) {
    let (id, created_at) = (store.next_id("trait"), store.now);
    let Some(identity) = store.identities.get_mut(&identity) else {
        return;
    };
    match identity.traits.iter_mut().find(|row| row.key == key) {
        _ if value.is_null() => identity.traits.retain(|row| row.key != key),
        Some(row) => row.value = value.clone(),
        None => identity.traits.push(Trait {
            id,
            key: key.to_owned(),
            value: value.clone(),
            created_at,
        }),
    }
}
