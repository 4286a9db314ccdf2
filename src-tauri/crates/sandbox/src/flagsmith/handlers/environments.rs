//! Environments of a project, with their server keys and counts.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields;
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::{Environment, ServerKey};
use crate::flagsmith::states::NewState;
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

/// `GET /environments/?project=`
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let Some(project) = call
        .query_id("project")
        .filter(|project| store.projects.contains_key(project))
    else {
        return Err(Answer::bad(json!([
            "Invalid or missing value for project parameter."
        ])));
    };
    let rows: Vec<Value> = store
        .environments_of(project)
        .map(|environment| Value::Object(render::environment(environment)))
        .collect();
    paging::page(call, &rows)
}

fn found<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Environment> {
    store
        .environment_by_key(call.text(0))
        .ok_or_else(|| Answer::no_match("Environment"))
}

/// `GET /environments/{key}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let environment = found(store, call)?;
    let overrides: usize = store
        .features_of(environment.project)
        .map(|feature| store.overrides(environment.id, feature.id).len())
        .sum();
    let mut row = render::environment(environment);
    row.insert("total_segment_overrides".to_owned(), json!(overrides));
    Ok(Answer::ok(Value::Object(row)))
}

/// `PATCH` and `PUT /environments/{key}/`: the description, whether disabled flags are hidden, and how many
/// have to approve changes.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?.id;
    let body = call.object()?;
    let description = fields::text(&body, "description")?.map(str::to_owned);
    let hide = body.get("hide_disabled_flags").map(Value::as_bool);
    let approvals = fields::number(&body, "minimum_change_request_approvals")?;
    let environment = store.environments.get_mut(&id).ok_or_else(Answer::server_error)?;
    if body.contains_key("description") {
        environment.description = description;
    }
    if let Some(hide) = hide {
        environment.hide_disabled_flags = hide;
    }
    if body.contains_key("minimum_change_request_approvals") {
        environment.approvals = approvals;
    }
    store.touch(id);
    let environment = store.environments.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(Value::Object(render::environment(environment))))
}

/// `POST /environments/`: every feature starts at its initial value.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let project = fields::required_number(&body, "project")?;
    if !store.projects.contains_key(&project) {
        return Err(fields::wrong(
            "project",
            &format!("Invalid pk \"{project}\" - object does not exist."),
        ));
    }
    let id = add(store, project, name);
    let environment = store.environments.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(Value::Object(render::environment(environment))))
}

fn add(store: &mut Store, project: u64, name: String) -> u64 {
    let id = store.next_id("environment");
    let uuid = store.next_uuid("environment");
    let client_key = made_key("client", id);
    let environment = Environment {
        id,
        uuid,
        name,
        project,
        description: None,
        client_key,
        server_keys: Vec::new(),
        versioned: false,
        hide_disabled_flags: None,
        approvals: None,
        updated_at: store.now,
    };
    store.environments.insert(id, environment);
    let features: Vec<_> = store.features_of(project).cloned().collect();
    for feature in features {
        store.add_state(NewState {
            feature: feature.id,
            environment: id,
            identity: None,
            link: None,
            enabled: feature.default_enabled,
            value: StoredValue::from_initial(feature.initial_value.as_deref()),
            feature_version: None,
        });
    }
    store.log_environment(id);
    id
}

/// A key of the right length that says where it comes from.
fn made_key(kind: &str, serial: u64) -> String {
    let digest = Sha256::digest(format!("halyard sandbox {kind} key {serial}"));
    let tail: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sandbox{}", &tail[..15])
}

/// `POST /environments/{key}/clone/ {"name"}`, which answers 200.
pub(crate) fn clone(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let source = found(store, call)?.id;
    let name = fields::required_text(&body, "name")?.to_owned();
    let project = found(store, call)?.project;
    let id = add(store, project, name.clone());
    let features: Vec<u64> = store.features_of(project).map(|feature| feature.id).collect();
    for feature in features {
        let Some(from) = store.default_state(source, feature).cloned() else {
            continue;
        };
        let Some(to) = store.default_state(id, feature).map(|state| state.id) else {
            continue;
        };
        let weights: Vec<(u64, f64)> = from
            .weights
            .iter()
            .map(|weight| (weight.option, weight.percentage))
            .collect();
        if let Some(state) = store.states.get_mut(&to) {
            state.enabled = from.enabled;
            state.value = from.value;
        }
        store.set_weights(to, &weights);
    }
    let key = store
        .environments
        .get(&id)
        .map(|environment| environment.client_key.clone());
    Ok(Answer::ok(
        json!({"id": id, "name": name, "api_key": key, "project": project}),
    ))
}

/// `GET /environments/{key}/document/`: the SDK's document for an administrator.
pub(crate) fn document(store: &mut Store, call: &Call) -> Outcome {
    let environment = found(store, call)?;
    Ok(Answer::ok(store.document(environment)))
}

/// `POST /environments/{key}/enable-v2-versioning/`
pub(crate) fn enable_versioning(store: &mut Store, call: &Call) -> Outcome {
    let environment = found(store, call)?;
    if environment.versioned {
        return Err(Answer::detail(400, "Environment already using v2 versioning."));
    }
    let id = environment.id;
    store.enable_versioning(id);
    Ok(Answer::empty(202))
}

fn server_key(row: &ServerKey) -> Value {
    json!({
        "id": row.id, "key": row.key, "active": true, "created_at": render::time(row.created_at), "name": row.name,
        "expires_at": null,
    })
}

/// `GET /environments/{key}/api-keys/`: a bare list with the whole keys.
pub(crate) fn server_keys(store: &mut Store, call: &Call) -> Outcome {
    let environment = fields::environment(store, call)?;
    Ok(Answer::ok(Value::Array(
        environment.server_keys.iter().map(server_key).collect(),
    )))
}

/// `POST` of the same.
pub(crate) fn create_server_key(store: &mut Store, call: &Call) -> Outcome {
    let environment = fields::environment(store, call)?.id;
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let id = store.next_id("server key");
    let key = ServerKey {
        id,
        key: format!("ser.{}", made_key("server", id)),
        name,
        created_at: store.now,
    };
    let answer = server_key(&key);
    if let Some(environment) = store.environments.get_mut(&environment) {
        environment.server_keys.push(key);
    }
    Ok(Answer::created(answer))
}

/// `GET /environments/{key}/metrics/`
pub(crate) fn metrics(store: &mut Store, call: &Call) -> Outcome {
    let environment = fields::environment(store, call)?;
    let mut counts = [0_usize; 3];
    for feature in store
        .features_of(environment.project)
        .filter(|feature| !feature.is_archived)
    {
        counts[0] += 1;
        counts[1] += usize::from(
            store
                .default_state(environment.id, feature.id)
                .is_some_and(|state| state.enabled),
        );
        counts[2] += store.overrides(environment.id, feature.id).len();
    }
    let identities = store
        .states
        .values()
        .filter(|state| state.environment == environment.id);
    let identities = identities.filter(|state| state.identity.is_some()).count();
    let metric = |rank: usize, value: usize, description: &str, name: &str, entity: &str| json!({"value": value, "description": description, "name": name, "entity": entity, "rank": rank});
    Ok(Answer::ok(json!({"metrics": [
        metric(1, counts[0], "Total features", "total_features", "features"),
        metric(2, counts[1], "Features enabled", "enabled_features", "features"),
        metric(3, counts[2], "Segment overrides", "segment_overrides", "segments"),
        metric(4, identities, "Identity overrides", "identity_overrides", "identities"),
    ]})))
}
