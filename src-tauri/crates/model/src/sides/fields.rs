//! Which fields belong together, and when they say the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{FieldPath, Fields, Service, Subject, SubjectState, Variant, fields_of};

/// What belongs to which field is shown and taken over as one.
pub(super) fn unit_of(field: &FieldPath) -> FieldPath {
    match field.override_of() {
        Some(id) => FieldPath::Override(id.to_owned()),
        None => field.clone(),
    }
}

/// Options with their shares, as a field holds them.
pub(super) fn variants(value: Option<&Value>) -> Vec<Variant> {
    value
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default()
}

/// Variants as a field.
pub(super) fn variants_value(variants: &[Variant]) -> Value {
    // Our own type has names for keys and numbers that JSON knows, so nothing fails.
    serde_json::to_value(variants).unwrap_or_default()
}

/// The identifiers of an order.
pub(super) fn order_of(fields: &Fields) -> Vec<String> {
    let list = fields.get(&FieldPath::OverrideOrder).and_then(Value::as_array);
    let ids = list.into_iter().flatten().filter_map(Value::as_str);
    ids.map(str::to_owned).collect()
}

/// A state's fields such that equal ones mean the same. Shares of nothing are
/// none, options are a heap whose identifiers and beginning weights do not
/// count, the order of overrides is looked at by itself. What a Flagsmith flag
/// began with is over, and what it begins with is not told.
pub(super) fn comparable(
    subject: &Subject,
    state: Option<&SubjectState>,
    services: (Service, Service),
) -> Fields {
    let mut fields = fields_of(state);
    fields.remove(&FieldPath::OverrideOrder);
    if let Subject::Flag { .. } = subject
        && services != (Service::EdgeFlags, Service::EdgeFlags)
    {
        fields.remove(&FieldPath::Enabled);
        fields.remove(&FieldPath::Value);
    }
    if let Some(Value::String(name)) = fields.get_mut(&FieldPath::Name) {
        *name = name.trim().to_owned();
    }
    fields
        .into_iter()
        .filter_map(|(field, value)| {
            let value = match &field {
                FieldPath::Weights | FieldPath::OverrideWeights(_) => {
                    let shares: BTreeMap<String, f64> = variants(Some(&value))
                        .into_iter()
                        .filter(|option| option.weight > 0.0)
                        .map(|option| (option.id, option.weight))
                        .collect();
                    (!shares.is_empty()).then(|| json!(shares))?
                }
                FieldPath::Options => {
                    let mut options: Vec<String> = variants(Some(&value))
                        .iter()
                        .map(|option| json!([option.key, option.value]).to_string())
                        .collect();
                    options.sort();
                    json!(options)
                }
                _ => value,
            };
            Some((field, value))
        })
        .collect()
}

/// The segments that conditions anywhere in a value name.
pub(super) fn named_segments<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| named_segments(one, found)),
        Value::Object(members) => {
            let asks = members.get("property").is_some_and(|name| name == "segment");
            match members.get("value") {
                Some(Value::Array(list)) if asks => found.extend(list.iter().filter_map(Value::as_str)),
                Some(Value::String(one)) if asks => found.push(one),
                _ => {}
            }
            members.values().for_each(|one| named_segments(one, found));
        }
        _ => {}
    }
}
