//! Identities that the server keeps itself.

use serde_json::{Map, Value, json};

use super::featurestates::{already_exists, changed_state, keep, log_new};
use super::weights::{self, Sum};
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::render::{self, ValueShape};
use crate::flagsmith::rows::{Environment, Identity, Trait};
use crate::flagsmith::served;
use crate::flagsmith::states::NewState;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::{StoredValue, stripped};

/// The longest name of a trait and the longest text in one; characters.
const LONGEST_TRAIT_KEY: usize = 200;
const LONGEST_TRAIT: usize = 2_000;

/// The environment in the path. A project whose identities live in the hosted store does not serve here.
fn core_environment<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Environment> {
    let environment = fields::environment(store, call)?;
    if store
        .projects
        .get(&environment.project)
        .is_some_and(|project| project.use_edge_identities)
    {
        return Err(Answer::detail(404, "Not found."));
    }
    Ok(environment)
}

/// `GET /environments/{key}/identities/`: `q` is contained, or in quotes exact.
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let environment = core_environment(store, call)?.id;
    let asked = call.query("q").unwrap_or("");
    let exact = asked.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let contained = asked.to_lowercase();
    let rows: Vec<&Identity> = store
        .identities_of(environment)
        .filter(|identity| match exact {
            Some(exact) => identity.identifier == exact,
            None => identity.identifier.to_lowercase().contains(&contained),
        })
        .collect();
    paging::page_of(call, &rows, |identity| render::identity(identity))
}

/// `POST` of the same.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let environment = core_environment(store, call)?.id;
    let body = call.object()?;
    let identifier = fields::required_text(&body, "identifier")?;
    if store.identity_by_identifier(environment, identifier).is_some() {
        let sentence = format!("Identity with identifier '{identifier}' already exists in this environment");
        return Err(Answer::bad(json!({"identifier": sentence})));
    }
    let id = store.identity_or_new(environment, identifier);
    let identity = store.identities.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(render::identity(identity)))
}

fn found<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Identity> {
    let environment = core_environment(store, call)?.id;
    store
        .identities
        .get(&call.id(1))
        .filter(|identity| identity.environment == environment)
        .ok_or_else(|| Answer::no_match("Identity"))
}

/// `GET /environments/{key}/identities/{id}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    Ok(Answer::ok(render::identity(found(store, call)?)))
}

/// `DELETE` of the same, overrides included.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let (id, environment) = found(store, call).map(|identity| (identity.id, identity.environment))?;
    store.remove_identity(id);
    store.touch(environment);
    Ok(Answer::empty(204))
}

/// `GET …/traits/`. Of an identity that is not there it is a page.
pub(crate) fn traits(store: &mut Store, call: &Call) -> Outcome {
    core_environment(store, call)?;
    let identity = found(store, call).map_err(|_| Answer::server_error())?;
    let rows: Vec<Value> = identity.traits.iter().map(render::trait_row).collect();
    paging::page(call, &rows)
}

const COLUMNS: [(&str, &str); 4] = [
    ("int", "integer_value"),
    ("unicode", "string_value"),
    ("bool", "boolean_value"),
    ("float", "float_value"),
];

/// What becomes of a trait that holds a value: the column that `value_type` names counts, or without one the
/// column that counted before. `trait_value` is no column, and says nothing.
fn typed_trait(body: &Fields, before: &Value) -> Outcome2<Value> {
    let kind = match body.get("value_type") {
        None | Some(Value::Null) => match before {
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "float",
            Value::Number(_) => "int",
            _ => "unicode",
        },
        Some(kind) => kind.as_str().unwrap_or_default(),
    };
    let Some((_, column)) = COLUMNS.iter().find(|(known, _)| *known == kind) else {
        let sentence = format!("\"{kind}\" is not a valid choice.");
        return Err(fields::wrong("value_type", &sentence));
    };
    let Some(given) = body.get(*column) else {
        let same = body.get("value_type").is_none_or(Value::is_null);
        return Ok(if same { before.clone() } else { Value::Null });
    };
    let wrong = |sentence: &str| Err(fields::wrong(column, sentence));
    match (kind, given) {
        (_, Value::Null) => Ok(Value::Null),
        ("int", Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(given.clone()),
        ("int", _) => wrong("A valid integer is required."),
        ("float", Value::Number(number)) => Ok(json!(number.as_f64())),
        ("float", _) => wrong("A valid number is required."),
        ("bool", Value::Bool(_)) => Ok(given.clone()),
        ("bool", _) => wrong("Must be a valid boolean."),
        (_, Value::String(_) | Value::Number(_)) => {
            let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
            let text = stripped(&text);
            fields::no_longer(column, text, LONGEST_TRAIT)?;
            Ok(json!(text))
        }
        _ => wrong("Not a valid string."),
    }
}

/// `POST …/traits/`. A name that the identity has already breaks the server.
pub(crate) fn create_trait(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?.id;
    let body = call.object()?;
    let key = fields::required_text(&body, "trait_key")?.to_owned();
    fields::no_longer("trait_key", &key, LONGEST_TRAIT_KEY)?;
    let value = typed_trait(&body, &Value::Null)?;
    let taken = store
        .identities
        .get(&id)
        .is_some_and(|identity| identity.traits.iter().any(|other| other.key == key));
    if taken {
        return Err(Answer::server_error());
    }
    let row_id = store.next_id("trait");
    let row = Trait {
        id: row_id,
        key,
        value,
        created_at: store.now,
    };
    let answer = render::trait_row(&row);
    if let Some(identity) = store.identities.get_mut(&id) {
        identity.traits.push(row);
    }
    Ok(Answer::created(answer))
}

fn found_trait<'a>(store: &'a mut Store, call: &Call) -> Outcome2<&'a mut Trait> {
    let id = found(store, call)?.id;
    let wanted = call.id(2);
    let identity = store.identities.get_mut(&id).ok_or_else(Answer::server_error)?;
    identity
        .traits
        .iter_mut()
        .find(|row| row.id == wanted)
        .ok_or_else(|| Answer::no_match("Trait"))
}

/// `GET …/traits/{id}/`
pub(crate) fn get_trait(store: &mut Store, call: &Call) -> Outcome {
    found_trait(store, call).map(|row| Answer::ok(render::trait_row(row)))
}

/// `PUT` and `PATCH` of the same.
pub(crate) fn update_trait(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let row = found_trait(store, call)?;
    if call.method == axum::http::Method::PUT || body.contains_key("trait_key") {
        let key = fields::required_text(&body, "trait_key")?;
        fields::no_longer("trait_key", key, LONGEST_TRAIT_KEY)?;
        key.clone_into(&mut row.key);
    }
    row.value = typed_trait(&body, &row.value)?;
    Ok(Answer::ok(render::trait_row(row)))
}

/// `DELETE` of the same.
pub(crate) fn delete_trait(store: &mut Store, call: &Call) -> Outcome {
    let wanted = found_trait(store, call)?.id;
    if let Some(identity) = store.identities.get_mut(&call.id(1)) {
        identity.traits.retain(|row| row.id != wanted);
    }
    Ok(Answer::empty(204))
}

/// `GET /environments/{key}/trait-keys/`
pub(crate) fn trait_keys(store: &mut Store, call: &Call) -> Outcome {
    let environment = fields::environment(store, call)?.id;
    let keys: std::collections::BTreeSet<&str> = store
        .identities_of(environment)
        .flat_map(|identity| identity.traits.iter().map(|row| row.key.as_str()))
        .collect();
    Ok(Answer::ok(json!({"keys": keys})))
}

/// `GET …/featurestates/`: the overrides, paged; none of an identity that is not there.
pub(crate) fn overrides(store: &mut Store, call: &Call) -> Outcome {
    core_environment(store, call)?;
    let identity = found(store, call).ok().map(|identity| identity.id);
    let rows: Vec<Value> = identity
        .into_iter()
        .flat_map(|identity| store.identity_overrides(identity))
        .filter(|state| {
            call.query_id("feature")
                .is_none_or(|feature| feature == state.feature)
        })
        .map(|state| Value::Object(render::state(state, ValueShape::Typed)))
        .collect();
    paging::page(call, &rows)
}

/// `POST …/featurestates/`, on environments with versions too.
pub(crate) fn create_override(store: &mut Store, call: &Call) -> Outcome {
    let (identity, environment) = found(store, call).map(|identity| (identity.id, identity.environment))?;
    let body = call.object()?;
    // A body without a feature is refused for want of a permission.
    let feature = body
        .get("feature")
        .and_then(Value::as_u64)
        .ok_or_else(Answer::forbidden)?;
    if !store.features.contains_key(&feature) {
        return Err(super::featurestates::missing_row("feature", feature));
    }
    if store.identity_override(environment, identity, feature).is_some() {
        return Err(already_exists());
    }
    let id = add_override(store, (environment, identity, feature), &body)?;
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(Value::Object(render::state(
        state,
        ValueShape::Typed,
    ))))
}

/// Adds an override of an identity from a body.
pub(crate) fn add_override(
    store: &mut Store,
    (environment, identity, feature): (u64, u64, u64),
    body: &Fields,
) -> Outcome2<u64> {
    let enabled = fields::flag(body, "enabled")?.unwrap_or(false);
    let mut value = StoredValue::empty();
    if let Some(given) = body.get("feature_state_value") {
        value.write_typed(given).map_err(Answer::bad)?;
    }
    let weights = weights::read(store, body, Sum::AtMostAll)?;
    let new = NewState {
        feature,
        environment,
        identity: Some(identity),
        link: None,
        enabled,
        value,
        feature_version: None,
    };
    let id = store.add_state(new);
    store.set_weights(id, &weights);
    log_new(store, id);
    store.touch(environment);
    Ok(id)
}

fn found_override(store: &Store, call: &Call) -> Outcome2<u64> {
    let identity = found(store, call)?.id;
    let id = call.id(2);
    let there = store
        .states
        .get(&id)
        .is_some_and(|state| state.identity == Some(identity));
    if there {
        Ok(id)
    } else {
        Err(Answer::no_match("FeatureState"))
    }
}

/// `GET …/featurestates/{id}/`
pub(crate) fn get_override(store: &mut Store, call: &Call) -> Outcome {
    let id = found_override(store, call)?;
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(Value::Object(render::state(state, ValueShape::Typed))))
}

/// `PUT` and `PATCH` of the same.
pub(crate) fn update_override(store: &mut Store, call: &Call) -> Outcome {
    let id = found_override(store, call)?;
    let body = call.object()?;
    let changed = changed_state(store, id, &body, ValueShape::Typed)?;
    let weights = weights::read(store, &body, Sum::AtMostAll)?;
    keep(store, changed);
    store.set_weights(id, &weights);
    get_override(store, call)
}

/// `DELETE` of the same.
pub(crate) fn delete_override(store: &mut Store, call: &Call) -> Outcome {
    let id = found_override(store, call)?;
    let environment = fields::environment(store, call)?.id;
    store.log_removal(id);
    store.remove_state(id);
    store.touch(environment);
    Ok(Answer::empty(204))
}

/// `GET …/featurestates/all/`: what the identity gets, and why.
pub(crate) fn all_states(store: &mut Store, call: &Call) -> Outcome {
    let environment = core_environment(store, call)?;
    let identity = found(store, call)?;
    effective(store, environment, identity)
}

/// What an identity with its stored traits gets.
pub(crate) fn effective(store: &Store, environment: &Environment, identity: &Identity) -> Outcome {
    let traits: Map<String, Value> = Store::stored_traits(identity);
    let flags = store
        .flags_for(environment, &identity.identifier, &traits)
        .map_err(|_| Answer::server_error())?;
    let rows = flags
        .iter()
        .map(|flag| served::reasoned_row(store, flag))
        .collect();
    Ok(Answer::ok(Value::Array(rows)))
}

/// `POST …/featurestates/clone-from-given-identity/ {"source_identity_id"}`: the other's overrides become
/// this one's.
pub(crate) fn clone_overrides(store: &mut Store, call: &Call) -> Outcome {
    let (identity, environment) = found(store, call).map(|identity| (identity.id, identity.environment))?;
    let body = call.object()?;
    let source = fields::required_number(&body, "source_identity_id")?;
    if store
        .identities
        .get(&source)
        .is_none_or(|source| source.environment != environment)
    {
        return Err(Answer::no_match("Identity"));
    }
    copy_overrides(store, environment, source, identity);
    all_states(store, call)
}

/// Replaces an identity's overrides of the features that another overrides.
pub(crate) fn copy_overrides(store: &mut Store, environment: u64, source: u64, target: u64) {
    let copies: Vec<_> = store.identity_overrides(source).cloned().collect();
    for copy in copies {
        let old = store
            .identity_override(environment, target, copy.feature)
            .map(|state| state.id);
        old.into_iter().for_each(|old| store.remove_state(old));
        let weights: Vec<(u64, f64)> = copy
            .weights
            .iter()
            .map(|weight| (weight.option, weight.percentage))
            .collect();
        let id = store.add_state(NewState {
            feature: copy.feature,
            environment,
            identity: Some(target),
            link: None,
            enabled: copy.enabled,
            value: copy.value,
            feature_version: None,
        });
        store.set_weights(id, &weights);
    }
    store.touch(environment);
}
