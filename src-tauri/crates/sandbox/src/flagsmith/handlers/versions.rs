//! Versions over HTTP.

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::featurestates::{already_exists, changed_state};
use super::weights::{self, Sum};
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2, python_type};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::priorities::Order;
use crate::flagsmith::render::{self, ValueShape};
use crate::flagsmith::rows::Version;
use crate::flagsmith::states::NewState;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

fn flag(store: &Store, call: &Call) -> Outcome2<(u64, u64)> {
    let environment = fields::environment_by_id(store, call)?;
    let feature = fields::feature_of(store, environment, call.id(1))?;
    Ok((environment.id, feature.id))
}

/// `GET /environments/{id}/features/{feature}/versions/[?is_live=]`: drafts first, then the latest.
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    let mut rows: Vec<&Version> = store
        .versions_of(environment, feature)
        .filter(|version| {
            call.query_flag("is_live")
                .is_none_or(|live| live == version.is_live(store.now))
        })
        .collect();
    rows.sort_by_key(|version| std::cmp::Reverse(version.live_from.unwrap_or(Timestamp::MAX)));
    paging::page_of(call, &rows, |version| {
        Value::Object(render::version(version, store.now))
    })
}

fn shown(store: &Store, version: Uuid) -> Outcome2<Value> {
    let version = store.versions.get(&version).ok_or_else(Answer::server_error)?;
    Ok(Value::Object(render::version(version, store.now)))
}

/// `POST` of the same: a draft, or with `publish_immediately` the whole change at once.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let (environment, feature) = flag(store, call)?;
    let body = call.object()?;
    if !store
        .environments
        .get(&environment)
        .is_some_and(|environment| environment.versioned)
    {
        return Err(Answer::bad(
            json!({"environment": "Environment must use v2 feature versioning."}),
        ));
    }
    let live_from = fields::moment(&body, "live_from")?;
    let publish_now = fields::flag(&body, "publish_immediately")?.unwrap_or(false);
    let description = fields::text(&body, "description")?.map(str::to_owned);
    let version = store.draft(environment, feature, call.caller.user(), description, live_from);
    if let Err(refusal) = apply(store, version, &body) {
        store.remove_version(version);
        return Err(refusal);
    }
    if publish_now {
        store.publish(version, call.caller.user(), live_from);
    }
    Ok(Answer::created(shown(store, version)?))
}

/// The three lists of a one-shot change, on a draft, in the server's order: an override that is to be deleted
/// still stands in the way of one that is to be created.
fn apply(store: &mut Store, version: Uuid, body: &Fields) -> Outcome2<()> {
    let rows = |name: &str| {
        body.get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    for name in ["feature_states_to_create", "feature_states_to_update"] {
        check_rows(store, name, &rows(name))?;
    }
    for row in rows("feature_states_to_create") {
        let Value::Object(row) = row else {
            return Err(Answer::server_error());
        };
        if row.get("feature_segment").is_none_or(Value::is_null) {
            let sentence = "Cannot create FeatureState objects that are not segment overrides.";
            return Err(Answer::bad(json!({"message": sentence})));
        }
        add_override(store, version, &row, Strictness::OneShot)?;
    }
    for row in rows("feature_states_to_update") {
        let Value::Object(row) = row else {
            return Err(Answer::server_error());
        };
        let segment = row
            .get("feature_segment")
            .and_then(|link| link.get("segment"))
            .and_then(Value::as_u64);
        let state = match segment {
            Some(segment) => override_in(store, version, segment).ok_or_else(|| {
                conflict(&format!(
                    "segment override does not exist for segment '{}'.",
                    segment_name(store, segment)
                ))
            })?,
            None => default_in(store, version).ok_or_else(Answer::server_error)?,
        };
        write(store, state, &row)?;
    }
    for segment in rows("segment_ids_to_delete_overrides")
        .iter()
        .filter_map(Value::as_u64)
    {
        if let Some(state) = override_in(store, version, segment) {
            let link = store.states.get(&state).and_then(|state| state.link);
            link.into_iter().for_each(|link| store.remove_link(link));
        }
    }
    Ok(())
}

/// What the server finds wrong with the rows of a list before it does anything.
fn check_rows(store: &Store, name: &str, rows: &[Value]) -> Outcome2<()> {
    for (position, row) in rows.iter().enumerate() {
        check_row(store, row).map_err(|refusal| refusal.at(position, rows.len()).below(name))?;
    }
    Ok(())
}

fn check_row(store: &Store, row: &Value) -> Outcome2<()> {
    let Value::Object(row) = row else {
        let kind = python_type(row);
        let sentence = format!("Invalid data. Expected a dictionary, but got {kind}.");
        return Err(Answer::bad(json!({"non_field_errors": [sentence]})));
    };
    match row.get("feature_state_value") {
        None => return Err(fields::wrong("feature_state_value", "This field is required.")),
        Some(Value::Null) => {
            return Err(fields::wrong(
                "feature_state_value",
                "This field may not be null.",
            ));
        }
        Some(Value::Object(nested)) => StoredValue::empty()
            .write_nested(nested)
            .map_err(|error| Answer::bad(json!({"feature_state_value": error})))?,
        Some(_) => {}
    }
    weights::read(store, row, Sum::Unchecked)?;
    let Some(link) = row.get("feature_segment").and_then(Value::as_object) else {
        return Ok(());
    };
    let refused = |sentence: &str| Err(Answer::bad(json!({"feature_segment": {"segment": [sentence]}})));
    let Some(segment) = link.get("segment") else {
        return refused("This field is required.");
    };
    match segment
        .as_u64()
        .filter(|segment| store.segments.contains_key(segment))
    {
        Some(_) => Ok(()),
        None => refused(&format!("Invalid pk \"{segment}\" - object does not exist.")),
    }
}

fn conflict(what: &str) -> Answer {
    Answer::bad(json!({"message": format!("An unresolvable conflict occurred: {what}")}))
}

fn segment_name(store: &Store, segment: u64) -> String {
    store
        .segments
        .get(&segment)
        .map_or_else(|| segment.to_string(), |segment| segment.name.clone())
}

fn default_in(store: &Store, version: Uuid) -> Option<u64> {
    let states = store.states_of_version(version);
    states
        .into_iter()
        .find(|id| store.states.get(id).is_some_and(|state| state.link.is_none()))
}

fn override_in(store: &Store, version: Uuid, segment: u64) -> Option<u64> {
    store.states_of_version(version).into_iter().find(|id| {
        let link = store
            .states
            .get(id)
            .and_then(|state| state.link)
            .and_then(|link| store.links.get(&link));
        link.is_some_and(|link| link.segment == segment)
    })
}

/// Writes a body into a draft's state: state, value, weights, and an override's priority.
fn write(store: &mut Store, state: u64, body: &Fields) -> Outcome2<()> {
    let mut changed = changed_state(store, state, body, ValueShape::Nested)?;
    changed.updated_at = store.now;
    let weights = weights::read(store, body, Sum::Unchecked)?;
    let priority = body
        .get("feature_segment")
        .and_then(|link| link.get("priority"))
        .and_then(Value::as_u64);
    if let (Some(link), Some(priority)) = (changed.link, priority) {
        let order = Order {
            environment: changed.environment,
            feature: changed.feature,
            feature_version: changed.feature_version,
        };
        store.make_room(order, priority, Some(link));
        store.set_priority(link, priority);
    }
    store.states.insert(state, changed);
    store.set_weights(state, &weights);
    Ok(())
}

/// Which words refuse a second override of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    OneShot,
    Draft,
}

fn add_override(store: &mut Store, version: Uuid, body: &Fields, strictness: Strictness) -> Outcome2<u64> {
    let row = store.versions.get(&version).ok_or_else(Answer::server_error)?;
    let (environment, feature) = (row.environment, row.feature);
    let link = body.get("feature_segment").and_then(Value::as_object);
    let Some(link) = link else {
        return Err(already_exists());
    };
    let segment = fields::required_number(link, "segment")?;
    if !store.segments.contains_key(&segment) {
        let sentence = format!("Invalid pk \"{segment}\" - object does not exist.");
        return Err(Answer::bad(json!({"feature_segment": {"segment": [sentence]}})));
    }
    if override_in(store, version, segment).is_some() {
        let name = segment_name(store, segment);
        return Err(match strictness {
            Strictness::OneShot => conflict(&format!("segment override already exists for segment '{name}'")),
            Strictness::Draft => already_exists(),
        });
    }
    let enabled = fields::flag(body, "enabled")?.unwrap_or(false);
    let priority = fields::number(link, "priority")?;
    let link = store.add_link(environment, feature, segment, priority, Some(version));
    let id = store.add_state(NewState {
        feature,
        environment,
        identity: None,
        link: Some(link),
        enabled,
        value: StoredValue::empty(),
        feature_version: Some(version),
    });
    if let Err(refusal) = write(store, id, body) {
        store.remove_link(link);
        return Err(refusal);
    }
    Ok(id)
}

fn version_in_path(store: &Store, call: &Call) -> Outcome2<Version> {
    let (environment, feature) = flag(store, call)?;
    Uuid::parse_str(call.text(2))
        .ok()
        .and_then(|uuid| store.versions.get(&uuid))
        .filter(|version| version.environment == environment && version.feature == feature)
        .cloned()
        .ok_or_else(|| Answer::no_match("EnvironmentFeatureVersion"))
}

fn draft_in_path(store: &Store, call: &Call) -> Outcome2<Uuid> {
    let version = version_in_path(store, call)?;
    if version.published {
        return Err(Answer::detail(400, "Cannot modify published version."));
    }
    Ok(version.uuid)
}

/// `DELETE …/versions/{uuid}/`: a draft, or a version whose time has not come.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let version = version_in_path(store, call)?;
    if version.is_live(store.now) {
        return Err(Answer::detail(400, "Cannot delete a live version."));
    }
    store.remove_version(version.uuid);
    Ok(Answer::empty(204))
}

/// `POST …/versions/{uuid}/publish/`. That something else was published meanwhile hinders nothing.
pub(crate) fn publish(store: &mut Store, call: &Call) -> Outcome {
    let version = version_in_path(store, call)?;
    let body = call.object()?;
    let live_from = fields::moment(&body, "live_from")?;
    let live_from = store.publish(version.uuid, call.caller.user(), live_from);
    Ok(Answer::ok(json!({"live_from": live_from.map(render::time)})))
}

/// `GET …/versions/{uuid}/featurestates/`: a bare list.
pub(crate) fn states(store: &mut Store, call: &Call) -> Outcome {
    let version = version_in_path(store, call)?;
    let rows: Vec<Value> = store
        .states_of_version(version.uuid)
        .iter()
        .filter_map(|id| store.states.get(id))
        .map(|state| render::state_of_version(store, state))
        .collect();
    Ok(Answer::ok(Value::Array(rows)))
}

/// `POST` of the same: an override, on a draft.
pub(crate) fn create_state(store: &mut Store, call: &Call) -> Outcome {
    let version = draft_in_path(store, call)?;
    let body = call.object()?;
    if !body.contains_key("feature_state_value") {
        return Err(fields::wrong("feature_state_value", "This field is required."));
    }
    let id = add_override(store, version, &body, Strictness::Draft)?;
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(render::state_of_version(store, state)))
}

fn state_in_path(store: &Store, call: &Call, version: Uuid) -> Outcome2<u64> {
    let id = call.id(3);
    let there = store
        .states
        .get(&id)
        .is_some_and(|state| state.feature_version == Some(version));
    if there {
        Ok(id)
    } else {
        Err(Answer::no_match("FeatureState"))
    }
}

/// `PUT` and `PATCH …/featurestates/{id}/`, on a draft.
pub(crate) fn update_state(store: &mut Store, call: &Call) -> Outcome {
    let version = draft_in_path(store, call)?;
    let body = call.object()?;
    let id = state_in_path(store, call, version)?;
    if call.method == Method::PUT && !body.contains_key("feature_state_value") {
        return Err(fields::wrong("feature_state_value", "This field is required."));
    }
    write(store, id, &body)?;
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(render::state_of_version(store, state)))
}

/// `DELETE` of the same: an override, on a draft.
pub(crate) fn delete_state(store: &mut Store, call: &Call) -> Outcome {
    let version = draft_in_path(store, call)?;
    let id = state_in_path(store, call, version)?;
    let link = store.states.get(&id).and_then(|state| state.link);
    let Some(link) = link else {
        return Err(Answer::detail(
            400,
            "Cannot delete environment default feature state.",
        ));
    };
    store.remove_link(link);
    Ok(Answer::empty(204))
}

/// `GET /environment-feature-versions/{uuid}/`: with what the version replaces.
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let version = Uuid::parse_str(call.text(0))
        .ok()
        .and_then(|uuid| store.versions.get(&uuid))
        .ok_or_else(|| Answer::no_match("EnvironmentFeatureVersion"))?;
    let mut row = render::version(version, store.now);
    row.insert(
        "previous_version_uuid".to_owned(),
        json!(store.previous_version(version)),
    );
    row.insert("feature".to_owned(), json!(version.feature));
    row.insert("environment".to_owned(), json!(version.environment));
    Ok(Answer::ok(Value::Object(row)))
}
