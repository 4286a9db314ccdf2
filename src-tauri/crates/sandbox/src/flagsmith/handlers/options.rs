//! The options of a multivariate feature.

use axum::http::Method;
use serde_json::{Value, json};

use super::features;
use crate::flagsmith::audit::Became;
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
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

/// `GET …/mv-options/{id}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let feature = feature(store, call)?;
    let option = feature.options.iter().find(|option| option.id == call.id(2));
    let option = option.ok_or_else(|| Answer::no_match("MultivariateFeatureOption"))?;
    Ok(Answer::ok(shown(option, feature.id)))
}

fn options_of(store: &Store, feature: u64, except: Option<u64>) -> impl Iterator<Item = &FeatureOption> {
    store
        .features
        .get(&feature)
        .into_iter()
        .flat_map(|feature| &feature.options)
        .filter(move |option| Some(option.id) != except)
}

/// What a body says about an option's share, held against the feature's other options. The server looks for
/// the share without asking whether it is there.
fn share(store: &Store, feature: u64, body: &Fields, except: Option<u64>) -> Outcome2<f64> {
    const MEMBER: &str = "default_percentage_allocation";
    let Some(given) = body.get(MEMBER) else {
        return Err(Answer::server_error());
    };
    let share = match given.as_f64() {
        None => return Err(fields::wrong(MEMBER, "A valid number is required.")),
        Some(share) if share > 100.0 => {
            let sentence = "Ensure this value is less than or equal to 100.";
            return Err(fields::wrong(MEMBER, sentence));
        }
        Some(share) if share < 0.0 => {
            let sentence = "Ensure this value is greater than or equal to 0.";
            return Err(fields::wrong(MEMBER, sentence));
        }
        Some(share) => share,
    };
    let others: f64 = options_of(store, feature, except)
        .map(|option| option.default_percentage)
        .sum();
    // A new option takes its share in every environment, whose own weights may leave less room.
    let fullest = store
        .states
        .values()
        .filter(|_| except.is_none())
        .filter(|state| state.feature == feature && state.identity.is_none() && state.link.is_none())
        .map(|state| state.weights.iter().map(|weight| weight.percentage).sum::<f64>())
        .fold(others, f64::max);
    if fullest + share > 100.0 {
        return Err(fields::wrong(MEMBER, "Invalid percentage allocation"));
    }
    Ok(share)
}

fn checked_key(store: &Store, feature: u64, body: &Fields, except: Option<u64>) -> Outcome2<Option<String>> {
    let Some(key) = fields::text(body, "key")? else {
        return Ok(None);
    };
    if key == "control" {
        return Err(fields::wrong("key", "\"control\" is a reserved variant key."));
    }
    if options_of(store, feature, except).any(|option| option.key.as_deref() == Some(key)) {
        let sentence = "Multivariate option with this key already exists for the feature.";
        return Err(fields::wrong("key", sentence));
    }
    Ok(Some(key.to_owned()))
}

/// `POST …/mv-options/`: the default of every environment gets it; overrides do not.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let (id, project) = feature(store, call).map(|feature| (feature.id, feature.project))?;
    let body = call.object()?;
    fields::required_number(&body, "feature")?;
    share(store, id, &body, None)?;
    let key = checked_key(store, id, &body, None)?;
    let option = FeatureOption {
        key,
        ..features::option(store, &body)?
    };
    let answer = shown(&option, id);
    add(store, id, option);
    store.log_option(id, Became::Created);
    store.touch_project(project);
    Ok(Answer::created(answer))
}

fn add(store: &mut Store, id: u64, option: FeatureOption) {
    let weight = (option.id, option.default_percentage);
    if let Some(feature) = store.features.get_mut(&id) {
        feature.multivariate = true;
        feature.options.push(option);
    }
    let states: Vec<u64> = store
        .states
        .values()
        .filter(|state| state.feature == id && state.identity.is_none() && state.link.is_none())
        .map(|state| state.id)
        .collect();
    for state in states {
        store.set_weights(state, &[weight]);
    }
}

/// What a feature's own `PATCH` and `PUT` do with a list of options: those that it leaves out go, with their
/// weights everywhere; those without an id are new.
pub(crate) fn replace(store: &mut Store, id: u64, rows: &[Value]) -> Outcome2<()> {
    let rows = features::option_rows(rows)?;
    let named = |row: &Fields| row.get("id").and_then(Value::as_u64);
    let leaving: Vec<u64> = options_of(store, id, None)
        .map(|option| option.id)
        .filter(|option| rows.iter().all(|row| named(row) != Some(*option)))
        .collect();
    for option in leaving {
        remove(store, id, option);
    }
    for row in rows {
        let read = features::option(store, row)?;
        let held = store.features.get_mut(&id).and_then(|feature| {
            let mut options = feature.options.iter_mut();
            options.find(|option| Some(option.id) == named(row))
        });
        match held {
            Some(held) => {
                held.value = read.value;
                held.default_percentage = read.default_percentage;
            }
            None => add(store, id, FeatureOption { key: None, ..read }),
        }
    }
    Ok(())
}

/// `PATCH` and `PUT` of an option, which break unless the body names the feature and the share.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let (id, project) = feature(store, call).map(|feature| (feature.id, feature.project))?;
    let body = call.object()?;
    let asked = call.id(2);
    get(store, call)?;
    if !body.contains_key("feature") {
        return Err(match call.method == Method::PUT {
            true => fields::wrong("feature", "This field is required."),
            false => Answer::server_error(),
        });
    }
    let percentage = share(store, id, &body, Some(asked))?;
    let key = checked_key(store, id, &body, Some(asked))?;
    let feature = store.features.get_mut(&id).ok_or_else(Answer::server_error)?;
    let option = feature
        .options
        .iter_mut()
        .find(|option| option.id == asked)
        .ok_or_else(|| Answer::no_match("MultivariateFeatureOption"))?;
    let columns = ["type", "string_value", "integer_value", "boolean_value"];
    if columns.iter().any(|column| body.contains_key(*column)) {
        let mut written = body.clone();
        let kind = option.value.nested()["type"].clone();
        written.entry("type").or_insert(kind);
        option.value.write_nested(&written).map_err(Answer::bad)?;
    }
    option.default_percentage = percentage;
    if body.contains_key("key") {
        option.key = key;
    }
    let answer = shown(option, id);
    store.log_option(id, Became::Updated);
    store.touch_project(project);
    Ok(Answer::ok(answer))
}

/// `DELETE` of an option: its weights go everywhere, and with the last one the feature is a plain one.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let (id, project) = feature(store, call).map(|feature| (feature.id, feature.project))?;
    let asked = call.id(2);
    get(store, call)?;
    remove(store, id, asked);
    store.log_option(id, Became::Deleted);
    store.touch_project(project);
    Ok(Answer::empty(204))
}

fn remove(store: &mut Store, id: u64, option: u64) {
    if let Some(feature) = store.features.get_mut(&id) {
        feature.options.retain(|held| held.id != option);
        feature.multivariate = !feature.options.is_empty();
    }
    store.states.change(
        |state| state.feature == id,
        |state| state.weights.retain(|weight| weight.option != option),
    );
}
