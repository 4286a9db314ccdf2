//! Features of a project.

use serde_json::{Map, Value, json};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::{Feature, FeatureOption};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

/// The environment that a query names. One that is not there breaks the server.
fn known_environment(store: &Store, call: &Call) -> Outcome2<Option<u64>> {
    let named = call.query_id("environment");
    if named.is_some_and(|id| !store.environments.contains_key(&id)) {
        return Err(Answer::server_error());
    }
    Ok(named)
}

/// `GET /projects/{project}/features/` with its filters and orders.
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let project = store
        .projects
        .get(&call.id(0))
        .ok_or_else(|| Answer::no_match("Project"))?
        .id;
    let environment = known_environment(store, call)?;
    let by_state =
        call.query("is_enabled").is_some() || call.query("value_search").is_some_and(|text| !text.is_empty());
    if by_state && environment.is_none() {
        return Err(Answer::bad(json!([
            "Environment is required in order to filter by state search or by state enabled"
        ])));
    }
    let sort = call.query("sort_field").unwrap_or("created_date");
    if sort != "created_date" && sort != "name" {
        return Err(fields::wrong(
            "sort_field",
            &format!("\"{sort}\" is not a valid choice."),
        ));
    }
    let mut rows: Vec<&Feature> = store
        .features_of(project)
        .filter(|feature| wanted(store, call, environment, feature))
        .collect();
    if sort == "name" {
        rows.sort_by_key(|feature| feature.name.to_lowercase());
    }
    if call.query("sort_direction") == Some("DESC") {
        rows.reverse();
    }
    let segment = call.query_id("segment");
    if let (Some(environment), Some(segment)) = (environment, segment) {
        let overrides = |feature: &Feature| {
            store
                .overrides(environment, feature.id)
                .iter()
                .any(|(link, _)| link.segment == segment)
        };
        rows.sort_by_cached_key(|feature| !overrides(feature));
    }
    if let (Some(environment), Some(identity)) = (environment, call.query_id("identity")) {
        rows.sort_by_cached_key(|feature| {
            store
                .identity_override(environment, identity, feature.id)
                .is_none()
        });
    }
    paging::page_of(call, &rows, |feature| {
        with_code_references(store, feature, environment, segment)
    })
}

fn wanted(store: &Store, call: &Call, environment: Option<u64>, feature: &Feature) -> bool {
    let search = call.query("search").unwrap_or("").to_lowercase();
    if !feature.name.to_lowercase().contains(&search) {
        return false;
    }
    if call
        .query_flag("is_archived")
        .is_some_and(|archived| archived != feature.is_archived)
    {
        return false;
    }
    if call
        .query("type")
        .is_some_and(|kind| kind != render::feature_type(feature))
    {
        return false;
    }
    if let Some(owners) = call.query("owners")
        && !owners
            .split(',')
            .filter_map(|owner| owner.parse().ok())
            .any(|owner| feature.owners.contains(&owner))
    {
        return false;
    }
    if !tags_match(call, feature) {
        return false;
    }
    let Some(environment) = environment else {
        return true;
    };
    let state = store.default_state(environment, feature.id);
    if let Some(enabled) = call.query_flag("is_enabled")
        && state.is_none_or(|state| state.enabled != enabled)
    {
        return false;
    }
    call.query("value_search")
        .filter(|text| !text.is_empty())
        .is_none_or(|text| {
            state.is_some_and(|state| match state.value.typed() {
                Value::String(value) => value.contains(text),
                Value::Null => false,
                other => other.to_string().eq_ignore_ascii_case(text),
            })
        })
}

fn tags_match(call: &Call, feature: &Feature) -> bool {
    let Some(asked) = call.query("tags") else {
        return true;
    };
    if asked.is_empty() {
        return feature.tags.is_empty();
    }
    let mut tags = asked.split(',').filter_map(|tag| tag.parse::<u64>().ok());
    if call.query("tag_strategy") == Some("UNION") {
        tags.any(|tag| feature.tags.contains(&tag))
    } else {
        tags.all(|tag| feature.tags.contains(&tag))
    }
}

fn with_code_references(
    store: &Store,
    feature: &Feature,
    environment: Option<u64>,
    segment: Option<u64>,
) -> Value {
    let mut row = render::feature(store, feature, environment, segment);
    row.insert("code_references_counts".to_owned(), json!([]));
    Value::Object(row)
}

fn found(store: &Store, call: &Call) -> Outcome2<u64> {
    let project = fields::project(store, call)?.id;
    store
        .features
        .get(&call.id(1))
        .filter(|feature| feature.project == project)
        .map(|feature| feature.id)
        .ok_or_else(|| Answer::no_match("Feature"))
}

/// `GET /projects/{project}/features/{id}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    let feature = store.features.get(&id).ok_or_else(Answer::server_error)?;
    let environment = known_environment(store, call)?;
    let segment = call.query_id("segment");
    Ok(Answer::ok(with_code_references(
        store,
        feature,
        environment,
        segment,
    )))
}

/// `GET /features/get-by-uuid/{uuid}/`
pub(crate) fn get_by_uuid(store: &mut Store, call: &Call) -> Outcome {
    let feature = store
        .features
        .values()
        .find(|feature| feature.uuid.to_string() == call.text(0))
        .ok_or_else(|| Answer::no_match("Feature"))?;
    Ok(Answer::ok(with_code_references(store, feature, None, None)))
}

/// `POST /projects/{project}/features/`
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let project = fields::project(store, call)?.id;
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    if store.feature_by_name(project, &name).is_some() {
        return Err(fields::wrong(
            "name",
            "Feature with that name already exists for this project. Note that feature names are case insensitive.",
        ));
    }
    store.account.admit(
        store.account.limits.features,
        store.features_of(project).count(),
        "project",
        "The Project has reached the maximum allowed features limit.",
    )?;
    let options = options(store, &body)?;
    let id = store.next_id("feature");
    let uuid = store.next_uuid("feature");
    let feature = Feature {
        id,
        uuid,
        project,
        name,
        multivariate: fields::text(&body, "type")? == Some("MULTIVARIATE") || !options.is_empty(),
        default_enabled: fields::flag(&body, "default_enabled")?.unwrap_or(false),
        initial_value: initial_value(&body),
        created_at: store.now,
        description: fields::text(&body, "description")?.map(str::to_owned),
        tags: tags(&body).unwrap_or_default(),
        options,
        is_archived: fields::flag(&body, "is_archived")?.unwrap_or(false),
        is_server_key_only: fields::flag(&body, "is_server_key_only")?.unwrap_or(false),
        owners: call.caller.user().into_iter().collect(),
    };
    store.add_feature(feature);
    store.touch_project(project);
    let feature = store.features.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(Value::Object(render::feature(
        store, feature, None, None,
    ))))
}

/// The server keeps the text that its own language would print.
fn initial_value(body: &Fields) -> Option<String> {
    match body.get("initial_value")? {
        Value::Null => None,
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn tags(body: &Fields) -> Option<Vec<u64>> {
    Some(
        body.get("tags")?
            .as_array()?
            .iter()
            .filter_map(Value::as_u64)
            .collect(),
    )
}

fn options(store: &mut Store, body: &Fields) -> Outcome2<Vec<FeatureOption>> {
    let Some(rows) = body.get("multivariate_options").and_then(Value::as_array) else {
        return Ok(Vec::new());
    };
    let empty = Map::new();
    let rows: Vec<&Fields> = rows.iter().map(|row| row.as_object().unwrap_or(&empty)).collect();
    if rows.iter().map(|row| default_percentage(row)).sum::<f64>() > 100.0 {
        return Err(fields::wrong(
            "multivariate_options",
            "Invalid percentage allocation",
        ));
    }
    rows.into_iter().map(|row| option(store, row)).collect()
}

fn default_percentage(row: &Fields) -> f64 {
    row.get("default_percentage_allocation")
        .and_then(Value::as_f64)
        .unwrap_or(100.0)
}

/// An option from its columns.
pub(crate) fn option(store: &mut Store, row: &Fields) -> Outcome2<FeatureOption> {
    let mut value = StoredValue::empty();
    value.write_nested(row).map_err(Answer::bad)?;
    Ok(FeatureOption {
        id: store.next_id("option"),
        uuid: store.next_uuid("option"),
        value,
        default_percentage: default_percentage(row),
        key: fields::text(row, "key")?.map(str::to_owned),
    })
}

/// `PATCH` and `PUT` of a feature: name, default state and initial value are ignored without a word.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    let body = call.object()?;
    let mut feature = store
        .features
        .get(&id)
        .cloned()
        .ok_or_else(Answer::server_error)?;
    if body.contains_key("description") {
        feature.description = fields::text(&body, "description")?.map(str::to_owned);
    }
    if let Some(tags) = tags(&body) {
        feature.tags = tags;
    }
    if let Some(archived) = fields::flag(&body, "is_archived")? {
        feature.is_archived = archived;
    }
    if let Some(server_only) = fields::flag(&body, "is_server_key_only")? {
        feature.is_server_key_only = server_only;
    }
    let project = feature.project;
    store.features.insert(id, feature);
    store.touch_project(project);
    let feature = store.features.get(&id).ok_or_else(Answer::server_error)?;
    let mut row = render::feature(store, feature, None, None);
    row.remove("is_num_identity_overrides_complete");
    row.insert("code_references_counts".to_owned(), json!([]));
    Ok(Answer::ok(Value::Object(row)))
}

/// `DELETE` of a feature with everything that refers to it.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?;
    let project = call.id(0);
    store.remove_feature(id);
    store.touch_project(project);
    Ok(Answer::empty(204))
}

/// `GET /projects/{project}/features/{id}/evaluation-data/`: this server counts nothing.
pub(crate) fn evaluation_data(store: &mut Store, call: &Call) -> Outcome {
    found(store, call)?;
    Ok(Answer::ok(json!([])))
}
