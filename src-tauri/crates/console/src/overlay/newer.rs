//! A document with flags as they were read on their own.

use halyard_model::{Change, FlagKey, FlagState, Variant};
use serde_json::Value;

/// The document's item of a flag's default state. Of several the last, which
/// is the one that counts.
pub(crate) fn default_state<'d>(document: &'d Value, flag: &FlagKey) -> Option<&'d Value> {
    document["feature_states"]
        .as_array()?
        .iter()
        .rfind(|item| item["feature"]["name"] == flag.0.as_str())
}

/// An item of `feature_states` after a change. Everything else stays: the seed
/// of its buckets, its options and their shares.
fn changed(item: &Value, change: &Change) -> Value {
    let mut item = item.clone();
    if let Some(enabled) = change.enabled {
        item["enabled"] = Value::Bool(enabled);
    }
    if let Some(value) = &change.value {
        item["feature_state_value"] = value.0.clone();
    }
    item
}

fn replace(document: &mut Value, item: Value) {
    let known = document["feature_states"].as_array_mut();
    let known = known.and_then(|items| {
        items
            .iter_mut()
            .rfind(|known| known["feature"]["name"] == item["feature"]["name"])
    });
    if let Some(known) = known {
        *known = item;
    }
}

/// Gives a flag in a document the state it has when read on its own: its
/// default, the shares of its options, and those of its segment overrides that
/// the document has. Whether that made a difference.
pub(crate) fn lay_state(document: &mut Value, flag: &FlagKey, state: &FlagState) -> bool {
    let change = Change {
        enabled: Some(state.enabled),
        value: Some(state.value.clone()),
    };
    let Some(before) = default_state(document, flag) else {
        return false;
    };
    let mut after = changed(before, &change);
    weigh(&mut after, &state.variants);
    let mut differs = after != *before;
    replace(document, after);
    let segments = document["project"]["segments"].as_array_mut();
    for segment in segments.into_iter().flatten() {
        let id = segment["id"].to_string();
        let Some(over) = state.segment_overrides.iter().find(|over| over.segment_id == id) else {
            continue;
        };
        let items = segment["feature_states"].as_array_mut();
        for item in items.into_iter().flatten() {
            if item["feature"]["name"] != flag.0.as_str() {
                continue;
            }
            let change = Change {
                enabled: Some(over.enabled),
                value: Some(over.value.clone()),
            };
            let mut after = changed(item, &change);
            weigh(&mut after, &over.variants);
            differs |= after != *item;
            *item = after;
        }
    }
    differs
}

/// Gives options their values and shares, by the service's identifiers.
fn weigh(item: &mut Value, variants: &[Variant]) {
    let options = item["multivariate_feature_state_values"].as_array_mut();
    for option in options.into_iter().flatten() {
        let id = option["multivariate_feature_option"]["id"].to_string();
        if let Some(variant) = variants.iter().find(|variant| variant.id == id) {
            if option["percentage_allocation"].as_f64() != Some(variant.weight) {
                option["percentage_allocation"] = Value::from(variant.weight);
            }
            option["multivariate_feature_option"]["value"] = variant.value.0.clone();
        }
    }
}
