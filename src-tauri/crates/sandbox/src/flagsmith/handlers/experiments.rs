//! The older one-call writes.

use serde_json::{Value, json};

use super::future::{refusal, state_change};
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::store::Store;
use crate::flagsmith::whole_flag::{Manner, OverrideChange, StateChange, WholeFlag};

const CHANGE_REQUESTS: &str =
    "This endpoint cannot be used when change requests are enabled. Use the change request workflow instead.";

fn flag(store: &Store, call: &Call, body: &Fields) -> Outcome2<(u64, u64)> {
    let environment = fields::environment(store, call)?;
    if store.asks_for_change_requests(environment.id) {
        return Err(Answer::detail(403, CHANGE_REQUESTS));
    }
    let named = body.get("feature").cloned().unwrap_or(Value::Null);
    let by_id = named
        .get("id")
        .and_then(Value::as_u64)
        .and_then(|id| store.features.get(&id));
    let by_name = named
        .get("name")
        .and_then(Value::as_str)
        .and_then(|name| store.feature_by_name(environment.project, name));
    let feature = by_id
        .or(by_name)
        .filter(|feature| feature.project == environment.project);
    let Some(feature) = feature else {
        // The server prints the reference as its own language does.
        let printed = named.to_string().replace('"', "'").replace("':", "': ");
        return Err(Answer::bad(json!([format!(
            "Feature '{printed}' not found in project"
        )])));
    };
    Ok((environment.id, feature.id))
}

fn with_time(change: StateChange) -> StateChange {
    StateChange {
        bump_updated_at: true,
        ..change
    }
}

/// `POST /api/experiments/environments/{key}/update-flag-v1/`: the default or one override.
pub(crate) fn update_v1(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let (environment, feature) = flag(store, call, &body)?;
    let state = with_time(state_change(&Value::Object(body.clone()))?);
    let mut change = WholeFlag::new(Manner::Older);
    match body
        .get("segment")
        .and_then(|segment| segment.get("id"))
        .and_then(Value::as_u64)
    {
        Some(segment) => {
            let priority = body
                .get("segment")
                .and_then(|segment| segment.get("priority"))
                .and_then(Value::as_u64);
            change.overrides = Some(vec![OverrideChange {
                segment,
                priority,
                state,
            }]);
        }
        None => change.default = Some(state),
    }
    store
        .write_whole_flag(environment, feature, &change, call.caller.user())
        .map_err(|failure| refusal(failure, &change))?;
    Ok(Answer::empty(204))
}

/// `POST …/update-flag-v2/`: the default and overrides.
pub(crate) fn update_v2(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let (environment, feature) = flag(store, call, &body)?;
    let mut change = WholeFlag::new(Manner::Older);
    if let Some(given) = body.get("environment_default") {
        change.default = Some(with_time(state_change(given)?));
    }
    let mut overrides = Vec::new();
    for row in body
        .get("segment_overrides")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let Some(segment) = row.get("segment_id").and_then(Value::as_u64) else {
            return Err(Answer::bad(
                json!({"segment_overrides": [{"segment_id": ["This field is required."]}]}),
            ));
        };
        let priority = row.get("priority").and_then(Value::as_u64);
        overrides.push(OverrideChange {
            segment,
            priority,
            state: with_time(state_change(row)?),
        });
    }
    change.overrides = Some(overrides);
    store
        .write_whole_flag(environment, feature, &change, call.caller.user())
        .map_err(|failure| refusal(failure, &change))?;
    Ok(Answer::empty(204))
}

/// `POST …/delete-segment-override/`
pub(crate) fn delete_override(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let (environment, feature) = flag(store, call, &body)?;
    let segment = body
        .get("segment")
        .and_then(|segment| segment.get("id"))
        .and_then(Value::as_u64)
        .unwrap_or(0);
    if !store.delete_override(environment, feature, segment, call.caller.user()) {
        return Err(Answer::detail(
            404,
            &format!("Segment override for segment {segment} does not exist"),
        ));
    }
    Ok(Answer::empty(204))
}
