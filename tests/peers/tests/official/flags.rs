//! Why a flag comes out differently although the segments that override it do not.

use halyard_engine::Identity;
use serde_json::Value;

use crate::answers::Flag;
use crate::documents::states_of;

/// The class of a disagreement about a flag; `None` when it is on no list.
pub(crate) fn class(
    document: &Value,
    identity: &Identity,
    name: &str,
    own: &Flag,
    theirs: &Flag,
) -> Option<&'static str> {
    if own.reason.starts_with("ERROR") || theirs.reason.starts_with("ERROR") {
        return Some("cycle");
    }
    let by_identity = |flag: &Flag| flag.reason.ends_with("segment=identity_overrides");
    if (by_identity(own) || by_identity(theirs))
        && let Some(class) = identity_class(document, identity, name)
    {
        return Some(class);
    }
    let same_but_reason =
        own.enabled == theirs.enabled && own.value == theirs.value && own.variant == theirs.variant;
    if same_but_reason && let (Some(ours), Some(their)) = (weight(own), weight(theirs)) {
        if ours.parse::<f64>() == their.parse::<f64>() {
            return Some("weight-printed-as-integer");
        }
        if ours.parse::<f32>() == their.parse::<f64>().map(|weight| weight as f32) {
            return Some("weight-in-32-bits");
        }
    }
    let states = states_of(document, name);
    let has = |test: fn(&Value) -> bool| {
        states.iter().any(|state| {
            let variants = state["multivariate_feature_state_values"].as_array();
            variants.is_some_and(|variants| !variants.is_empty()) && test(state)
        })
    };
    if has(|state| state["django_id"] == 0) {
        return Some("seed-zero");
    }
    if has(|state| !is_in_order(state)) {
        return Some("variants-out-of-order");
    }
    None
}

/// A segment may be called like the overrides of identities, so the flag must have some.
fn identity_class(document: &Value, identity: &Identity, name: &str) -> Option<&'static str> {
    let states = |one: &Value| one["identity_features"].as_array().cloned().unwrap_or_default();
    let mut overrides = document["identity_overrides"].as_array()?.iter();
    if !overrides.any(|one| states(one).iter().any(|state| state["feature"]["name"] == name)) {
        return None;
    }
    if identity.traits.contains_key("$.identity.identifier") {
        return Some("trait-named-like-a-path");
    }
    identity
        .identifier
        .parse::<f64>()
        .is_ok()
        .then_some("identifier-that-looks-like-a-number")
}

fn weight(flag: &Flag) -> Option<&str> {
    flag.reason.strip_prefix("SPLIT; weight=")
}

/// Whether variants are listed in the order of their ids; the reference takes the number of the UUID for a missing one.
fn is_in_order(state: &Value) -> bool {
    let number = |variant: &Value| match variant["id"].as_u64() {
        Some(id) if id != 0 => u128::from(id),
        _ => {
            let digits = variant["mv_fs_value_uuid"]
                .as_str()
                .unwrap_or_default()
                .replace('-', "");
            u128::from_str_radix(&digits, 16).unwrap_or_default()
        }
    };
    let variants = state["multivariate_feature_state_values"].as_array();
    variants.into_iter().flatten().map(number).is_sorted()
}
