//! The one-call route that reads and writes a whole flag, default and overrides, in one transaction.

use axum::http::Method;
use serde_json::{Value, json};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2, python_type};
use crate::flagsmith::fields;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::TaggedRefusal;
use crate::flagsmith::whole_flag::{Manner, OverrideChange, Part, StateChange, WholeFlag, WriteFailure};

fn flag(store: &Store, call: &Call) -> Outcome2<(u64, u64)> {
    let absent = || Answer::detail(404, "Not found.");
    let environment = store.environment_by_key(call.text(0)).ok_or_else(absent)?;
    let feature = store
        .features
        .get(&call.id(1))
        .filter(|feature| feature.project == environment.project);
    let feature = feature.ok_or_else(absent)?;
    Ok((environment.id, feature.id))
}

/// `GET /api/__future__/environments/{key}/features/{feature}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    Ok(Answer::ok(store.whole_flag(environment, feature)))
}

/// `PATCH` and `PUT` of the same. `PUT` resets what is left out, and removes the overrides that a given list
/// leaves out.
pub(crate) fn write(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    let Value::Object(body) = call.json()? else {
        return Err(Answer::bad(json!(["Expected an object."])));
    };
    refuse_change_requests(store, environment)?;
    let replaces = call.method == Method::PUT;
    let mut change = WholeFlag::new(if replaces { Manner::Replace } else { Manner::Patch });
    if let Some(given) = body.get("environment_default") {
        change.default = Some(state_change(given).map_err(|refusal| refusal.below("environment_default"))?);
    }
    if let Some(given) = body.get("segment_overrides") {
        change.overrides = Some(override_changes(given)?);
    }
    store
        .write_whole_flag(environment, feature, &change, call.caller.user())
        .map_err(|failure| refusal(failure, &change))?;
    Ok(Answer::ok(store.whole_flag(environment, feature)))
}

/// Where changes have to be asked for, the route refuses. The console's classic routes do not.
fn refuse_change_requests(store: &Store, environment: u64) -> Outcome2<()> {
    if !store.asks_for_change_requests(environment) {
        return Ok(());
    }
    Err(Answer::json(
        409,
        json!({
            "detail": "Cannot update flags in an environment with change requests enabled.",
            "code": "change_requests_enabled",
        }),
    ))
}

/// What a body says about one state.
pub(crate) fn state_change(given: &Value) -> Outcome2<StateChange> {
    let given = match given {
        Value::Object(given) => given,
        Value::Null => return Err(Answer::bad(json!(["This field may not be null."]))),
        other => {
            let kind = python_type(other);
            let sentence = format!("Invalid data. Expected a dictionary, but got {kind}.");
            return Err(Answer::bad(json!({"non_field_errors": [sentence]})));
        }
    };
    let variants = match given.get("variants") {
        None => None,
        Some(listed) => Some(variants(listed).map_err(|body| Answer::bad(json!({"variants": body})))?),
    };
    Ok(StateChange {
        enabled: fields::flag(given, "enabled")?,
        value: given.get("value").cloned(),
        variants,
        bump_updated_at: false,
    })
}

fn variants(listed: &Value) -> Result<Vec<(u64, f64)>, Value> {
    let Some(rows) = listed.as_array() else {
        return Err(not_a_list(listed));
    };
    let wrong = |position: usize, error: Value| {
        let mut errors = vec![json!({}); rows.len()];
        errors[position] = error;
        Err(Value::Array(errors))
    };
    let mut weights = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let Some(id) = row.get("id") else {
            return wrong(position, json!({"id": ["This field is required."]}));
        };
        let Some(id) = id.as_u64() else {
            return wrong(position, json!({"id": ["A valid integer is required."]}));
        };
        let Some(weight) = row.get("weight") else {
            return wrong(position, json!({"weight": ["This field is required."]}));
        };
        let Some(weight) = weight.as_f64() else {
            return wrong(position, json!({"weight": ["A valid number is required."]}));
        };
        if weight < 0.0 {
            let sentence = "Ensure this value is greater than or equal to 0.";
            return wrong(position, json!({"weight": [sentence]}));
        }
        if weight > 100.0 {
            let sentence = "Ensure this value is less than or equal to 100.";
            return wrong(position, json!({"weight": [sentence]}));
        }
        weights.push((id, weight));
    }
    Ok(weights)
}

fn not_a_list(given: &Value) -> Value {
    match given {
        Value::Null => json!(["This field may not be null."]),
        other => {
            let sentence = format!(
                "Expected a list of items but got type \"{}\".",
                python_type(other)
            );
            json!({"non_field_errors": [sentence]})
        }
    }
}

fn override_changes(given: &Value) -> Outcome2<Vec<OverrideChange>> {
    let Some(rows) = given.as_array() else {
        return Err(Answer::bad(json!({"segment_overrides": not_a_list(given)})));
    };
    let mut changes = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let change = override_change(row)
            .map_err(|refusal| refusal.at(position, rows.len()).below("segment_overrides"))?;
        changes.push(change);
    }
    Ok(changes)
}

fn override_change(row: &Value) -> Outcome2<OverrideChange> {
    let Some(segment) = row.get("segment") else {
        return Err(fields::wrong("segment", "This field is required."));
    };
    let Some(segment) = segment.get("id").and_then(Value::as_u64) else {
        return Err(Answer::bad(
            json!({"segment": {"id": ["This field is required."]}}),
        ));
    };
    let priority = match row.get("priority") {
        None => None,
        Some(Value::Null) => return Err(fields::wrong("priority", "This field may not be null.")),
        Some(given) => match given.as_i64() {
            Some(priority) if priority < 0 => {
                let sentence = "Ensure this value is greater than or equal to 0.";
                return Err(fields::wrong("priority", sentence));
            }
            _ => Some(
                given
                    .as_u64()
                    .ok_or_else(|| fields::wrong("priority", "A valid integer is required."))?,
            ),
        },
    };
    Ok(OverrideChange {
        segment,
        priority,
        state: state_change(row)?,
    })
}

/// The 400 for a change that cannot be.
pub(crate) fn refusal(failure: WriteFailure, change: &WholeFlag) -> Answer {
    let at = |part: Part, body: Value| match part {
        Part::Default => Answer::bad(json!({"environment_default": body})),
        Part::Override(position) => {
            let of = change.overrides.as_ref().map_or(1, Vec::len);
            Answer::bad(body).at(position, of).below("segment_overrides")
        }
    };
    match failure {
        WriteFailure::Value {
            why: TaggedRefusal::Fault,
            ..
        }
        | WriteFailure::NoState => Answer::server_error(),
        WriteFailure::Value {
            part,
            why: TaggedRefusal::Wrong(body),
        } => at(part, json!({"value": body})),
        WriteFailure::Variants { part, sentence } => at(part, json!({"variants": [sentence]})),
        WriteFailure::UnknownSegment(part) => at(part, json!({"segment": {"id": ["Segment not found."]}})),
        WriteFailure::DuplicateSegment(segment) => {
            fields::wrong("segment_overrides", &format!("Duplicate segment: {segment}."))
        }
        WriteFailure::DuplicatePriority(priority) => {
            Answer::detail(400, &format!("Duplicate priority: {priority}."))
        }
    }
}

/// `DELETE …/segment-overrides/{segment}/`: answers with what is left.
pub(crate) fn delete_override(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    refuse_change_requests(store, environment)?;
    if !store.delete_override(environment, feature, call.id(2), call.caller.user()) {
        return Err(Answer::detail(404, "Segment override not found."));
    }
    Ok(Answer::ok(store.whole_flag(environment, feature)))
}
