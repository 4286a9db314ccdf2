//! The options of a multivariate feature.

use serde_json::{Value, json};

use super::features;
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields;
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::{Feature, FeatureOption};
use crate::flagsmith::store::Store;

fn feature<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Feature> {
    let project = fields::project(store, call)?.id;
    store
        .features
        .get(&call.id(1))
        .filter(|feature| feature.project == project)
        .ok_or_else(|| Answer::no_match("Feature"))
}

fn shown(option: &FeatureOption, feature: u64) -> Value {
    let mut row = render::feature_option(option);
    row.insert("feature".to_owned(), json!(feature));
    Value::Object(row)
}

/// `GET …/mv-options/`
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let feature = feature(store, call)?;
    let rows: Vec<Value> = feature
        .options
        .iter()
        .map(|option| shown(option, feature.id))
        .collect();
    paging::page(call, &rows)
}

/// `POST …/mv-options/`: every environment gets it.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let (id, project) = feature(store, call).map(|feature| (feature.id, feature.project))?;
    let body = call.object()?;
    let option = features::option(store, &body)?;
    let total: f64 = feature(store, call)?
        .options
        .iter()
        .map(|option| option.default_percentage)
        .sum();
    if total + option.default_percentage > 100.0 {
        return Err(fields::wrong(
            "default_percentage_allocation",
            "Invalid percentage allocation",
        ));
    }
    let answer = shown(&option, id);
    let weight = (option.id, option.default_percentage);
    if let Some(feature) = store.features.get_mut(&id) {
        feature.multivariate = true;
        feature.options.push(option);
    }
    let states: Vec<u64> = store
        .states
        .values()
        .filter(|state| state.feature == id)
        .map(|state| state.id)
        .collect();
    for state in states {
        store.set_weights(state, &[weight]);
    }
    store.touch_project(project);
    Ok(Answer::created(answer))
}

/// `PATCH` and `PUT` of an option, which break unless the body names the feature.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let (id, project) = feature(store, call).map(|feature| (feature.id, feature.project))?;
    let body = call.object()?;
    if !body.contains_key("feature") {
        return Err(Answer::server_error());
    }
    let asked = call.id(2);
    let feature = store.features.get_mut(&id).ok_or_else(Answer::server_error)?;
    let option = feature
        .options
        .iter_mut()
        .find(|option| option.id == asked)
        .ok_or_else(|| Answer::no_match("MultivariateFeatureOption"))?;
    if body.contains_key("type") {
        option.value.write_nested(&body).map_err(Answer::bad)?;
    }
    if let Some(percentage) = body.get("default_percentage_allocation").and_then(Value::as_f64) {
        option.default_percentage = percentage;
    }
    if body.contains_key("key") {
        option.key = fields::text(&body, "key")?.map(str::to_owned);
    }
    let answer = shown(option, id);
    store.touch_project(project);
    Ok(Answer::ok(answer))
}

/// `DELETE` of an option: its weights go everywhere.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let (id, project) = feature(store, call).map(|feature| (feature.id, feature.project))?;
    let asked = call.id(2);
    let feature = store.features.get_mut(&id).ok_or_else(Answer::server_error)?;
    if !feature.options.iter().any(|option| option.id == asked) {
        return Err(Answer::no_match("MultivariateFeatureOption"));
    }
    feature.options.retain(|option| option.id != asked);
    store.states.change(
        |state| state.feature == id,
        |state| state.weights.retain(|weight| weight.option != asked),
    );
    store.touch_project(project);
    Ok(Answer::empty(204))
}
