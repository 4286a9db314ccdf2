//! The one-call route that reads and writes a whole flag, default and overrides, in one transaction.

use axum::http::Method;
use serde_json::{Value, json};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::TaggedRefusal;
use crate::flagsmith::whole_flag::{OverrideChange, StateChange, WholeFlag, WriteFailure};

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

/// `PATCH` and `PUT` of the same. `PUT` removes the overrides that a given list leaves out.
pub(crate) fn write(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    let body = call.object()?;
    let mut change = WholeFlag {
        default: None,
        overrides: Vec::new(),
        keep_others: true,
    };
    if let Some(given) = body.get("environment_default").filter(|given| !given.is_null()) {
        change.default = Some(state_change(given).map_err(|refusal| refusal.below("environment_default"))?);
    }
    if let Some(given) = body.get("segment_overrides").filter(|given| !given.is_null()) {
        let Some(rows) = given.as_array() else {
            return Err(fields::wrong("segment_overrides", "Expected a list of items."));
        };
        change.keep_others = call.method != Method::PUT;
        for row in rows {
            change.overrides.push(override_change(row)?);
        }
    }
    store
        .write_whole_flag(environment, feature, &change, call.caller.user())
        .map_err(refusal)?;
    Ok(Answer::ok(store.whole_flag(environment, feature)))
}

/// What a body says about one state.
pub(crate) fn state_change(given: &Value) -> Outcome2<StateChange> {
    let Value::Object(given) = given else {
        return Err(Answer::server_error());
    };
    let variants = given.get("variants").and_then(Value::as_array).map(|rows| {
        rows.iter()
            .filter_map(|row| Some((row.get("id")?.as_u64()?, row.get("weight")?.as_f64()?)))
            .collect()
    });
    Ok(StateChange {
        enabled: fields::flag(given, "enabled")?,
        value: given.get("value").cloned(),
        variants,
        bump_updated_at: false,
    })
}

fn override_change(row: &Value) -> Outcome2<OverrideChange> {
    let segment = row
        .get("segment")
        .and_then(|segment| segment.get("id"))
        .and_then(Value::as_u64);
    let Some(segment) = segment else {
        return Err(Answer::bad(
            json!({"segment_overrides": [{"segment": ["This field is required."]}]}),
        ));
    };
    let priority = row.get("priority").and_then(Value::as_u64);
    Ok(OverrideChange {
        segment,
        priority,
        state: state_change(row)?,
    })
}

/// The 400 for a change that cannot be.
pub(crate) fn refusal(failure: WriteFailure) -> Answer {
    match failure {
        WriteFailure::Value {
            why: TaggedRefusal::Fault,
            ..
        } => Answer::server_error(),
        WriteFailure::Value {
            segment: None,
            why: TaggedRefusal::Wrong(body),
        } => Answer::bad(json!({"environment_default": {"value": body}})),
        WriteFailure::Value {
            segment: Some(_),
            why: TaggedRefusal::Wrong(body),
        } => Answer::bad(json!({"segment_overrides": [{"value": body}]})),
        WriteFailure::Variants {
            segment: None,
            sentence,
        } => Answer::bad(json!({"environment_default": {"variants": [sentence]}})),
        WriteFailure::Variants {
            segment: Some(_),
            sentence,
        } => Answer::bad(json!({"segment_overrides": [{"variants": [sentence]}]})),
        WriteFailure::DuplicatePriority(priority) => {
            Answer::detail(400, &format!("Duplicate priority: {priority}."))
        }
        WriteFailure::UnknownSegment(segment) => Answer::bad(
            json!({"segment_overrides": [{"segment": [format!("Segment {segment} not found in project")]}]}),
        ),
        WriteFailure::NoState => Answer::server_error(),
    }
}

/// `DELETE …/segment-overrides/{segment}/`: answers with what is left.
pub(crate) fn delete_override(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    if !store.delete_override(environment, feature, call.id(2), call.caller.user()) {
        return Err(Answer::detail(404, "Segment override not found."));
    }
    Ok(Answer::ok(store.whole_flag(environment, feature)))
}
