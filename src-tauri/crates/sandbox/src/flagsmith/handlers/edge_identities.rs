//! Identities in the hosted service's separate store, which only some projects use.

use serde_json::{Value, json};
use uuid::Uuid;

use super::identities::{add_override, copy_overrides, effective};
use super::weights::{self, Sum};
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::rows::{Environment, FeatureState, Identity, Trait};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

const USUAL_PAGE: usize = 100;
const LONGEST_ALIAS: usize = 100;

/// The environment in the path, if its project keeps identities in the hosted store.
fn hosted<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Environment> {
    let environment = fields::environment(store, call)?;
    if !store
        .projects
        .get(&environment.project)
        .is_some_and(|project| project.use_edge_identities)
    {
        return Err(Answer::detail(400, "Dynamo DB is not enabled for this project"));
    }
    Ok(environment)
}

fn shown(identity: &Identity) -> Value {
    json!({
        "identity_uuid": identity.uuid, "identifier": identity.identifier, "dashboard_alias": identity.dashboard_alias,
    })
}

/// `GET edge-identities/`: pages by key, and no total.
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let asked = call.query("q").unwrap_or("");
    let exact = asked.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let alias = asked.strip_prefix("dashboard_alias:").map(str::to_lowercase);
    let mut rows: Vec<&Identity> = store
        .identities_of(environment)
        .filter(|identity| match (&alias, exact) {
            (Some(alias), _) => identity
                .dashboard_alias
                .as_ref()
                .is_some_and(|own| own.starts_with(alias)),
            (None, Some(exact)) => identity.identifier == exact,
            (None, None) => identity.identifier.starts_with(asked),
        })
        .collect();
    rows.sort_by(|left, right| left.identifier.cmp(&right.identifier));
    if let Some(after) = call.query("last_evaluated_key") {
        rows.retain(|identity| opaque(&identity.identifier).as_str() > after);
    }
    let size = call
        .query("page_size")
        .and_then(|text| text.parse().ok())
        .unwrap_or(USUAL_PAGE);
    let more = rows.len() > size;
    rows.truncate(size);
    let key = rows
        .last()
        .filter(|_| more)
        .map(|identity| opaque(&identity.identifier));
    let results: Vec<Value> = rows.into_iter().map(shown).collect();
    Ok(Answer::ok(json!({"last_evaluated_key": key, "results": results})))
}

/// A key that means nothing to a client and sorts as the identifier does.
fn opaque(identifier: &str) -> String {
    identifier.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// `POST edge-identities/`
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let body = call.object()?;
    let identifier = fields::required_text(&body, "identifier")?;
    if store.identity_by_identifier(environment, identifier).is_some() {
        let sentence = format!("Identity with identifier: {identifier} already exists");
        return Err(Answer::bad(json!([sentence])));
    }
    let alias = alias(&body)?;
    let id = store.identity_or_new(environment, identifier);
    let identity = store.identities.get_mut(&id).ok_or_else(Answer::server_error)?;
    identity.dashboard_alias = alias;
    Ok(Answer::created(shown(identity)))
}

fn alias(body: &Fields) -> Outcome2<Option<String>> {
    let alias = fields::text(body, "dashboard_alias")?.map(str::to_lowercase);
    if alias
        .as_ref()
        .is_some_and(|alias| alias.chars().count() > LONGEST_ALIAS)
    {
        return Err(fields::wrong(
            "dashboard_alias",
            "Ensure this field has no more than 100 characters.",
        ));
    }
    Ok(alias)
}

fn found(store: &Store, call: &Call) -> Outcome2<u64> {
    let environment = hosted(store, call)?.id;
    let wanted = Uuid::parse_str(call.text(1)).ok();
    let identity = store
        .identities
        .values()
        .find(|identity| Some(identity.uuid) == wanted)
        .ok_or_else(|| Answer::detail(404, "Not found."))?;
    if identity.environment != environment {
        return Err(Answer::detail(
            403,
            "Identity does not belong to this environment.",
        ));
    }
    Ok(identity.id)
}

fn identity<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Identity> {
    let id = found(store, call)?;
    store.identities.get(&id).ok_or_else(Answer::server_error)
}

/// `GET edge-identities/{uuid}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    Ok(Answer::ok(shown(identity(store, call)?)))
}

/// `PATCH` of the same: only the alias changes.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    let body = call.object()?;
    if body.contains_key("dashboard_alias") {
        fields::required_text(&body, "dashboard_alias")?;
    }
    let alias = alias(&body)?;
    let identity = store.identities.get_mut(&id).ok_or_else(Answer::server_error)?;
    identity.dashboard_alias = alias.or(identity.dashboard_alias.take());
    Ok(Answer::ok(shown(identity)))
}

/// `DELETE` of the same.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    let environment = hosted(store, call)?.id;
    store.remove_identity(id);
    store.touch(environment);
    Ok(Answer::empty(204))
}

/// `GET …/list-traits/`: a bare list.
pub(crate) fn traits(store: &mut Store, call: &Call) -> Outcome {
    let rows = identity(store, call)?.traits.iter();
    let rows = rows
        .map(|row| json!({"trait_key": row.key, "trait_value": row.value}))
        .collect();
    Ok(Answer::ok(Value::Array(rows)))
}

/// `PUT …/update-traits/`: one trait; null removes it.
pub(crate) fn update_trait(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    if !store.organisation.persist_trait_data {
        return Err(Answer::forbidden());
    }
    let body = call.object()?;
    let key = fields::required_text(&body, "trait_key")?.to_owned();
    let value = body.get("trait_value").cloned().unwrap_or(Value::Null);
    let row_id = store.next_id("trait");
    let created_at = store.now;
    let identity = store.identities.get_mut(&id).ok_or_else(Answer::server_error)?;
    if value.is_null() {
        identity.traits.retain(|row| row.key != key);
    } else if let Some(row) = identity.traits.iter_mut().find(|row| row.key == key) {
        row.value = value.clone();
    } else {
        identity.traits.push(Trait {
            id: row_id,
            key: key.clone(),
            value: value.clone(),
            created_at,
        });
    }
    Ok(Answer::ok(json!({"trait_key": key, "trait_value": value})))
}

fn shown_override(state: &FeatureState) -> Value {
    let weights: Vec<Value> = state
        .weights
        .iter()
        .map(|weight| {
            json!({
                "multivariate_feature_option": weight.option, "percentage_allocation": weight.percentage,
            })
        })
        .collect();
    json!({
        "featurestate_uuid": state.uuid, "feature": state.feature, "enabled": state.enabled,
        "feature_state_value": state.value.typed(), "multivariate_feature_state_values": weights,
    })
}

fn with_identity(mut row: Value, identity: &Identity) -> Value {
    row["identity_uuid"] = json!(identity.uuid);
    row
}

/// `GET …/edge-featurestates/[?feature=]`: a bare list.
pub(crate) fn overrides(store: &mut Store, call: &Call) -> Outcome {
    let identity = identity(store, call)?;
    let rows = store
        .identity_overrides(identity.id)
        .filter(|state| {
            call.query_id("feature")
                .is_none_or(|feature| feature == state.feature)
        })
        .map(|state| with_identity(shown_override(state), identity))
        .collect();
    Ok(Answer::ok(Value::Array(rows)))
}

/// The feature that a body names by id or by name.
fn feature(store: &Store, environment: u64, body: &Fields) -> Outcome2<u64> {
    let project = store
        .environments
        .get(&environment)
        .map_or(0, |environment| environment.project);
    let named = match body.get("feature") {
        Some(Value::Number(id)) => id.as_u64().and_then(|id| store.features.get(&id)),
        Some(Value::String(name)) => store.feature_by_name(project, name),
        Some(Value::Null) => return Err(fields::wrong("feature", "This field may not be null.")),
        _ => return Err(fields::wrong("feature", "This field is required.")),
    };
    // A feature that is not there breaks the server.
    named.map(|feature| feature.id).ok_or_else(Answer::server_error)
}

/// `POST` of the same.
pub(crate) fn create_override(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let id = found(store, call)?;
    let body = call.object()?;
    let feature = feature(store, environment, &body)?;
    if store.identity_override(environment, id, feature).is_some() {
        return Err(Answer::bad(json!(["Feature state already exists."])));
    }
    let state = add_override(store, (environment, id, feature), &body)?;
    let identity = store.identities.get(&id).ok_or_else(Answer::server_error)?;
    let state = store.states.get(&state).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(with_identity(shown_override(state), identity)))
}

fn found_override(store: &Store, call: &Call) -> Outcome2<u64> {
    let identity = found(store, call)?;
    let wanted = Uuid::parse_str(call.text(2)).ok();
    store
        .identity_overrides(identity)
        .find(|state| Some(state.uuid) == wanted)
        .map(|state| state.id)
        .ok_or_else(|| Answer::detail(404, "Not found."))
}

/// `GET …/edge-featurestates/{uuid}/`
pub(crate) fn get_override(store: &mut Store, call: &Call) -> Outcome {
    let id = found_override(store, call)?;
    let state = store.states.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(with_identity(
        shown_override(state),
        identity(store, call)?,
    )))
}

/// `PUT` of the same: it replaces what was there.
pub(crate) fn update_override(store: &mut Store, call: &Call) -> Outcome {
    let id = found_override(store, call)?;
    let environment = hosted(store, call)?.id;
    let body = call.object()?;
    feature(store, environment, &body)?;
    let mut state = store.states.get(&id).cloned().ok_or_else(Answer::server_error)?;
    state.enabled = fields::flag(&body, "enabled")?.unwrap_or(false);
    state.value = StoredValue::empty();
    if let Some(value) = body.get("feature_state_value") {
        state.value.write_typed(value).map_err(Answer::bad)?;
    }
    let weights = weights::read(store, &body, Sum::AtMostAll)?;
    super::featurestates::keep(store, state);
    store.set_weights(id, &weights);
    get_override(store, call)
}

/// `DELETE` of the same.
pub(crate) fn delete_override(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let id = found_override(store, call)?;
    store.log_removal(id);
    store.remove_state(id);
    store.touch(environment);
    Ok(Answer::empty(204))
}

/// `GET …/edge-featurestates/all/`
pub(crate) fn all_states(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?;
    effective(store, environment, identity(store, call)?)
}

/// `POST …/edge-featurestates/clone-from-given-identity/ {"source_identity_uuid"}`
pub(crate) fn clone_overrides(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let target = found(store, call)?;
    let body = call.object()?;
    let wanted = fields::required_text(&body, "source_identity_uuid")?;
    let source = store
        .identities_of(environment)
        .find(|identity| identity.uuid.to_string() == wanted);
    let source = source
        .map(|identity| identity.id)
        .ok_or_else(|| Answer::detail(404, "Not found."))?;
    copy_overrides(store, environment, source, target);
    all_states(store, call)
}

/// `PUT edge-identities-featurestates`: an override by identifier; the identity is made when it is missing.
pub(crate) fn put_by_identifier(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let body = call.object()?;
    let identifier = fields::required_text(&body, "identifier")?.to_owned();
    let feature = feature(store, environment, &body)?;
    let id = store.identity_or_new(environment, &identifier);
    let old = store
        .identity_override(environment, id, feature)
        .map(|state| state.id);
    old.into_iter().for_each(|old| store.remove_state(old));
    let state = add_override(store, (environment, id, feature), &body)?;
    let identity = store.identities.get(&id).ok_or_else(Answer::server_error)?;
    let state = store.states.get(&state).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(with_identity(shown_override(state), identity)))
}

/// `DELETE` of the same.
pub(crate) fn delete_by_identifier(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let body = call.object()?;
    let identifier = fields::required_text(&body, "identifier")?;
    let feature = feature(store, environment, &body)?;
    let state = store
        .identity_by_identifier(environment, identifier)
        .and_then(|identity| store.identity_override(environment, identity.id, feature))
        .map(|state| state.id);
    if let Some(state) = state {
        store.log_removal(state);
        store.remove_state(state);
    }
    store.touch(environment);
    Ok(Answer::empty(204))
}

/// `GET edge-identity-overrides[?feature=]`: who overrides a flag, or any flag.
pub(crate) fn who_overrides(store: &mut Store, call: &Call) -> Outcome {
    let environment = hosted(store, call)?.id;
    let wanted = match call.query("feature") {
        None => None,
        Some(text) => Some(
            text.parse::<u64>()
                .map_err(|_| fields::wrong("feature", "A valid integer is required."))?,
        ),
    };
    let rows: Vec<Value> = store
        .states_by_flag
        .range((environment, 0)..(environment + 1, 0))
        .filter(|((_, feature), _)| wanted.is_none_or(|wanted| wanted == *feature))
        .flat_map(|(_, ids)| ids)
        .filter_map(|id| store.states.get(id))
        .filter_map(|state| Some((state, store.identities.get(&state.identity?)?)))
        .map(|(state, identity)| {
            json!({
                "identifier": identity.identifier, "identity_uuid": identity.uuid,
                "feature_state": shown_override(state),
            })
        })
        .collect();
    Ok(Answer::ok(json!({"results": rows})))
}

#[cfg(test)]
mod tests {
    use super::opaque;

    #[test]
    fn keys_sort_as_identifiers_do() {
        assert!(opaque("a") < opaque("ab"));
        assert!(opaque("ab") < opaque("b"));
    }
}
