//! Links between features and segments, and the one call that makes a whole override.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::featurestates::{log_new, missing_row, new_state};
use super::weights::Sum;
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields;
use crate::flagsmith::paging;
use crate::flagsmith::priorities::Order;
use crate::flagsmith::render::{self, ValueShape};
use crate::flagsmith::rows::FeatureSegment;
use crate::flagsmith::store::Store;

/// `GET /features/feature-segments/?environment=&feature=`
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let environment = call
        .query_id("environment")
        .ok_or_else(|| fields::wrong("environment", "This field is required."))?;
    let feature = call
        .query_id("feature")
        .ok_or_else(|| fields::wrong("feature", "This field is required."))?;
    if !store.environments.contains_key(&environment) {
        return Err(Answer::server_error());
    }
    let rows: Vec<Value> = store
        .links_of(environment, feature)
        .into_iter()
        .map(|link| render::link(store, link))
        .collect();
    paging::page(call, &rows)
}

/// `POST /features/feature-segments/`: the first step of an override. It is not refused on an environment
/// that keeps versions, where it leaves a link that nothing uses.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let feature = fields::required_number(&body, "feature")?;
    let segment = fields::required_number(&body, "segment")?;
    let environment = fields::required_number(&body, "environment")?;
    if !store.environments.contains_key(&environment) {
        return Err(missing_row("environment", environment));
    }
    if !store.features.contains_key(&feature) {
        return Err(missing_row("feature", feature));
    }
    let Some(row) = store.segments.get(&segment) else {
        return Err(missing_row("segment", segment));
    };
    if let Some(owner) = row.feature.filter(|owner| *owner != feature) {
        return Err(wrong_feature(owner));
    }
    admit_override(store, environment)?;
    let priority = fields::number(&body, "priority")?;
    let id = store.add_link(environment, feature, segment, priority, None);
    store.touch(environment);
    let link = store.links.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(json!({
        "id": link.id, "uuid": link.uuid, "feature": feature, "segment": segment, "environment": environment,
        "priority": link.priority,
    })))
}

fn admit_override(store: &Store, environment: u64) -> Result<(), Answer> {
    let held = store
        .links
        .values()
        .filter(|link| link.environment == environment)
        .count();
    store.account.admit(
        store.account.limits.segment_overrides,
        held,
        "environment",
        "The environment has reached the maximum allowed segments overrides limit.",
    )
}

fn wrong_feature(owner: u64) -> Answer {
    fields::wrong(
        "feature",
        &format!("Can only create segment override(using this segment) for feature {owner}"),
    )
}

/// `GET /features/feature-segments/{id}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let link = store
        .links
        .get(&call.id(0))
        .ok_or_else(|| Answer::no_match("FeatureSegment"))?;
    Ok(Answer::ok(render::link(store, link)))
}

/// `PUT` and `PATCH` of the same, which the server cannot do.
pub(crate) fn update(_: &mut Store, _: &Call) -> Outcome {
    Err(Answer::server_error())
}

/// `DELETE` of the same: the state goes too.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let id = call.id(0);
    let link = store
        .links
        .get(&id)
        .ok_or_else(|| Answer::no_match("FeatureSegment"))?;
    let environment = link.environment;
    let state = store.states.values().find(|state| state.link == Some(id));
    if let Some(state) = state.map(|state| state.id) {
        store.log_removal(state);
    }
    store.remove_link(id);
    store.touch(environment);
    Ok(Answer::empty(204))
}

/// `POST /features/feature-segments/update-priorities/`
///
/// Each row is moved in turn and the rows between make room. The server has read every row's place beforehand
/// and goes by that, although rows that were moved before have shifted others meanwhile: so an exchange or a
/// reversal comes out as asked, and where three rows change places in a ring, or where priorities collide,
/// the result is another one. The answer shows what was asked all the same.
pub(crate) fn reorder(store: &mut Store, call: &Call) -> Outcome {
    let asked = asked_priorities(&call.json()?)?;
    let ids: BTreeSet<u64> = asked.iter().map(|(id, _)| *id).collect();
    if ids.len() != asked.len() || ids.iter().any(|id| !store.links.contains_key(id)) {
        return Err(Answer::bad(
            json!({"non_field_errors": ["Some of the provided ids were not found."]}),
        ));
    }
    let mut before: Vec<FeatureSegment> = ids.iter().filter_map(|id| store.links.get(id)).cloned().collect();
    let places: BTreeSet<(u64, u64)> = before
        .iter()
        .map(|link| (link.environment, link.feature))
        .collect();
    if places.len() > 1 {
        let sentence = "All feature segments must belong to the same feature & environment.";
        return Err(Answer::bad(json!({"non_field_errors": [sentence]})));
    }
    before.sort_by_key(|link| (link.priority, link.moved));
    let asked: BTreeMap<u64, u64> = asked.into_iter().collect();
    for link in &before {
        if let Some(to) = asked.get(&link.id) {
            store.move_link(link.id, link.priority, *to);
        }
    }
    let rows = before
        .iter()
        .filter_map(|link| {
            let mut row = render::link(store, link);
            row["priority"] = json!(asked.get(&link.id)?);
            Some(row)
        })
        .collect();
    for (environment, feature) in places {
        store.log_order(environment, feature);
        store.touch(environment);
    }
    Ok(Answer::ok(Value::Array(rows)))
}

fn asked_priorities(body: &Value) -> Outcome2<Vec<(u64, u64)>> {
    let Some(rows) = body.as_array() else {
        return Err(Answer::bad(
            json!({"non_field_errors": ["Expected a list of items but got type \"dict\"."]}),
        ));
    };
    rows.iter()
        .map(|row| {
            let id = row.get("id").and_then(Value::as_u64);
            let priority = row.get("priority").and_then(Value::as_u64);
            id.zip(priority)
                .ok_or_else(|| Answer::bad(json!([{"priority": ["This field is required."]}])))
        })
        .collect()
}

/// `POST /environments/{key}/features/{feature}/create-segment-override/`. A second override of a segment is
/// not refused.
pub(crate) fn create_override(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let environment = fields::environment(store, call)?;
    fields::refuse_versioned(environment)?;
    let environment = environment.id;
    let feature = call.id(1);
    if !store.features.contains_key(&feature) {
        return Err(Answer::no_match("Feature"));
    }
    let Some(link) = body.get("feature_segment").and_then(Value::as_object) else {
        return Err(fields::wrong("feature_segment", "This field is required."));
    };
    let segment = fields::required_number(link, "segment")
        .map_err(|_| Answer::bad(json!({"feature_segment": {"segment": ["This field is required."]}})))?;
    let Some(row) = store.segments.get(&segment) else {
        let sentence = format!("Invalid pk \"{segment}\" - object does not exist.");
        return Err(Answer::bad(json!({"feature_segment": {"segment": [sentence]}})));
    };
    if let Some(owner) = row.feature.filter(|owner| *owner != feature) {
        return Err(wrong_feature(owner));
    }
    admit_override(store, environment)?;
    let priority = fields::number(link, "priority")?;
    let order = Order {
        environment,
        feature,
        feature_version: None,
    };
    let before: Vec<_> = store
        .links_of(environment, feature)
        .into_iter()
        .cloned()
        .collect();
    if let Some(priority) = priority {
        store.make_room(order, priority, None);
    }
    let link = store.add_link(environment, feature, segment, priority, None);
    let id = match new_state(
        store,
        &body,
        (environment, feature),
        Some(link),
        ValueShape::Nested,
        Sum::Unchecked,
    ) {
        Ok(id) => id,
        Err(refusal) => {
            // The server does all of it in one transaction.
            store.remove_link(link);
            for link in before {
                store.set_priority(link.id, link.priority);
            }
            return Err(refusal);
        }
    };
    log_new(store, id);
    store.touch(environment);
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(render::state_of_version(store, state)))
}
