//! Feature states: below an environment with bare values, and flat with typed values.

use serde_json::{Value, json};

use super::weights::{self, Sum};
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::render::{self, ValueShape};
use crate::flagsmith::rows::FeatureState;
use crate::flagsmith::states::NewState;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

/// `GET /environments/{key}/featurestates/`: the defaults, or with `anyIdentity` who overrides.
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let environment = fields::environment(store, call)?;
    let wanted = |id: u64| {
        let by_id = call.query_id("feature").is_none_or(|feature| feature == id);
        let by_name = call.query("feature_name").is_none_or(|name| {
            store
                .features
                .get(&id)
                .is_some_and(|feature| feature.name == name)
        });
        by_id && by_name
    };
    let features = store
        .features_of(environment.project)
        .map(|feature| feature.id)
        .filter(|id| wanted(*id));
    let mut rows: Vec<&FeatureState> = Vec::new();
    let of_identities = call
        .query("anyIdentity")
        .is_some_and(|text| !text.is_empty() && text != "0");
    for feature in features {
        if of_identities {
            let ids = store.states_by_flag.get(&(environment.id, feature));
            let states = ids.into_iter().flatten().filter_map(|id| store.states.get(id));
            rows.extend(states.filter(|state| state.identity.is_some()));
        } else {
            rows.extend(store.default_state(environment.id, feature));
        }
    }
    paging::page_of(call, &rows, |state| {
        let mut row = render::state(state, ValueShape::Typed);
        if let Some(identity) = state
            .identity
            .and_then(|identity| store.identities.get(&identity))
        {
            row.insert(
                "identity".to_owned(),
                json!({"id": identity.id, "identifier": identity.identifier}),
            );
        }
        Value::Object(row)
    })
}

fn found(store: &Store, call: &Call) -> Outcome2<u64> {
    let environment = fields::environment(store, call)?;
    store
        .states
        .get(&call.id(1))
        .filter(|state| state.environment == environment.id)
        .filter(|state| state.identity.is_none() && state.link.is_none())
        .filter(|state| state.live_from.is_none_or(|from| from <= store.now))
        .map(|state| state.id)
        .ok_or_else(|| Answer::no_match("FeatureState"))
}

/// `GET /environments/{key}/featurestates/{id}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    Ok(Answer::ok(full(store, id, ValueShape::Typed)))
}

/// `PATCH` of the same: state and value. Weights are dropped without a word, and the answer is two fields.
pub(crate) fn patch(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    fields::refuse_versioned(fields::environment(store, call)?)?;
    let id = found(store, call)?;
    let changed = changed_state(store, id, &body, ValueShape::Typed)?;
    keep(store, changed);
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(
        json!({"feature": state.feature, "enabled": state.enabled}),
    ))
}

/// `PUT` of the same: any part of it, weights too.
pub(crate) fn put(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    fields::refuse_versioned(fields::environment(store, call)?)?;
    let id = found(store, call)?;
    let changed = changed_state(store, id, &body, ValueShape::Typed)?;
    let weights = weights::read(store, &body, Sum::AtMostAll)?;
    keep(store, changed);
    store.set_weights(id, &weights);
    Ok(Answer::ok(full(store, id, ValueShape::Typed)))
}

/// `DELETE` of the same: the server puts the feature's default back.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    fields::refuse_versioned(fields::environment(store, call)?)?;
    let id = found(store, call)?;
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    let feature = store
        .features
        .get(&state.feature)
        .ok_or_else(Answer::server_error)?;
    let (enabled, value) = (
        feature.default_enabled,
        StoredValue::from_initial(feature.initial_value.as_deref()),
    );
    let mut changed = state.clone();
    changed.enabled = enabled;
    changed.value = value;
    keep(store, changed);
    Ok(Answer::empty(204))
}

/// `GET /features/featurestates/`: defaults and overrides, of which duplicates are hidden.
pub(crate) fn flat_list(store: &mut Store, call: &Call) -> Outcome {
    let Some(environment) = call.query_id("environment") else {
        return Err(fields::wrong("environment", "This field is required."));
    };
    let environment = store
        .environments
        .get(&environment)
        .ok_or_else(Answer::forbidden)?;
    let wanted = call.query_id("feature");
    if call.query("feature").is_some() && wanted.is_none_or(|id| !store.features.contains_key(&id)) {
        return Err(fields::wrong(
            "feature",
            "Select a valid choice. That choice is not one of the available choices.",
        ));
    }
    let features = store
        .features_of(environment.project)
        .map(|feature| feature.id)
        .filter(|id| wanted.is_none_or(|feature| feature == *id));
    let mut rows: Vec<&FeatureState> = Vec::new();
    for feature in features {
        rows.extend(store.default_state(environment.id, feature));
        rows.extend(
            store
                .served_overrides(environment.id, feature)
                .into_iter()
                .map(|(_, state)| state),
        );
    }
    if let Some(link) = call.query_id("feature_segment") {
        rows.retain(|state| state.link == Some(link));
    }
    rows.sort_by_key(|state| state.id);
    paging::fixed_page(call, &rows, |state| {
        Value::Object(render::state(state, ValueShape::Nested))
    })
}

/// `POST /features/featurestates/`: the second step of an override.
pub(crate) fn flat_create(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let feature = fields::required_number(&body, "feature")?;
    let environment_id = fields::required_number(&body, "environment")?;
    let Some(environment) = store.environments.get(&environment_id) else {
        return Err(missing_row("environment", environment_id));
    };
    fields::refuse_versioned(environment)?;
    if !store.features.contains_key(&feature) {
        return Err(missing_row("feature", feature));
    }
    let link = fields::number(&body, "feature_segment")?;
    if let Some(link) = link.filter(|link| !store.links.contains_key(link)) {
        return Err(missing_row("feature_segment", link));
    }
    let taken = store
        .current_states(environment_id, feature)
        .iter()
        .any(|state| state.link == link);
    if taken {
        return Err(already_exists());
    }
    let id = new_state(
        store,
        &body,
        (environment_id, feature),
        link,
        ValueShape::Nested,
        Sum::AtMostAll,
    )?;
    log_new(store, id);
    store.touch(environment_id);
    Ok(Answer::created(full(store, id, ValueShape::Nested)))
}

/// `PUT /features/featurestates/{id}/`
pub(crate) fn flat_put(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    if !body.contains_key("environment") {
        return Err(fields::wrong("environment", "This field is required."));
    }
    if !body.contains_key("feature") {
        return Err(fields::wrong("feature", "This field is required."));
    }
    flat_write(store, call, &body)
}

/// `PATCH /features/featurestates/{id}/`, which breaks unless the body names the environment.
pub(crate) fn flat_patch(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    if !body.contains_key("environment") {
        return Err(Answer::server_error());
    }
    flat_write(store, call, &body)
}

fn flat_write(store: &mut Store, call: &Call, body: &Fields) -> Outcome {
    let environment_id = fields::required_number(body, "environment")?;
    let Some(environment) = store.environments.get(&environment_id) else {
        return Err(missing_row("environment", environment_id));
    };
    fields::refuse_versioned(environment)?;
    let id = call.id(0);
    if store
        .states
        .get(&id)
        .is_none_or(|state| state.environment != environment_id)
    {
        return Err(Answer::no_match("FeatureState"));
    }
    let mut changed = changed_state(store, id, body, ValueShape::Nested)?;
    if let Some(from) = fields::moment(body, "live_from")? {
        changed.live_from = Some(from);
    }
    let weights = weights::read(store, body, Sum::AtMostAll)?;
    keep(store, changed);
    store.set_weights(id, &weights);
    Ok(Answer::ok(full(store, id, ValueShape::Nested)))
}

/// The 400 for a reference to a row that is not there.
pub(crate) fn missing_row(field: &str, id: u64) -> Answer {
    fields::wrong(field, &format!("Invalid pk \"{id}\" - object does not exist."))
}

/// The 400 for a second state of the same thing: a list that holds a printed list.
pub(crate) fn already_exists() -> Answer {
    Answer::bad(json!([
        "['Feature state already exists for this environment, feature, version, segment & identity combination']"
    ]))
}

/// A copy of a state with the body's `enabled` and value.
pub(crate) fn changed_state(
    store: &Store,
    id: u64,
    body: &Fields,
    shape: ValueShape,
) -> Outcome2<FeatureState> {
    let mut state = store
        .states
        .get(&id)
        .cloned()
        .ok_or_else(|| Answer::no_match("FeatureState"))?;
    if let Some(enabled) = fields::flag(body, "enabled")? {
        state.enabled = enabled;
    }
    write_value(&mut state.value, body, shape)?;
    Ok(state)
}

fn write_value(value: &mut StoredValue, body: &Fields, shape: ValueShape) -> Outcome2<()> {
    let Some(given) = body.get("feature_state_value") else {
        return Ok(());
    };
    match (shape, given) {
        (ValueShape::Typed, typed) => value.write_typed(typed).map_err(Answer::bad),
        (ValueShape::Nested, Value::Object(nested)) => value
            .write_nested(nested)
            .map_err(|error| Answer::bad(json!({"feature_state_value": error}))),
        (ValueShape::Nested, _) => Err(Answer::bad(json!({"feature_state_value": {
            "non_field_errors": ["Invalid data. Expected a dictionary, but got a bare value."],
        }}))),
    }
}

/// Puts a changed state back, and notes the change in the row and in its environment.
pub(crate) fn keep(store: &mut Store, mut state: FeatureState) {
    state.updated_at = store.now;
    let environment = state.environment;
    let before = store.states.get(&state.id).cloned();
    store.log_state(before.as_ref(), &state);
    store.states.insert(state.id, state);
    store.touch(environment);
}

/// Notes in the audit log that a state was made.
pub(crate) fn log_new(store: &mut Store, id: u64) {
    if let Some(state) = store.states.get(&id).cloned() {
        store.log_state(None, &state);
    }
}

/// Adds a state from a body, for an override's link or for nothing.
pub(crate) fn new_state(
    store: &mut Store,
    body: &Fields,
    (environment, feature): (u64, u64),
    link: Option<u64>,
    shape: ValueShape,
    sum: Sum,
) -> Outcome2<u64> {
    let enabled = fields::flag(body, "enabled")?.unwrap_or(false);
    let mut value = StoredValue::empty();
    write_value(&mut value, body, shape)?;
    let weights = weights::read(store, body, sum)?;
    let feature_version = None;
    let id = store.add_state(NewState {
        feature,
        environment,
        identity: None,
        link,
        enabled,
        value,
        feature_version,
    });
    store.set_weights(id, &weights);
    Ok(id)
}

fn full(store: &Store, id: u64, shape: ValueShape) -> Value {
    store
        .states
        .get(&id)
        .map_or(Value::Null, |state| Value::Object(render::state(state, shape)))
}
