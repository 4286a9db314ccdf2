//! Features of a project.

use serde_json::{Value, json};

use crate::flagsmith::audit::Became;
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2, python_type};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::{Feature, FeatureOption};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::{StoredValue, stripped};

/// The longest name of a feature, and the longest initial value; characters.
const LONGEST_NAME: usize = 2_000;
const LONGEST_VALUE: usize = 20_000;

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
    let owners = call.caller.user().into_iter().collect();
    let id = add(store, project, &body, owners)?;
    let feature = store.features.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(Value::Object(render::feature(
        store, feature, None, None,
    ))))
}

/// Adds a feature from a body.
pub(crate) fn add(store: &mut Store, project: u64, body: &Fields, owners: Vec<u64>) -> Outcome2<u64> {
    let name = fields::required_text(body, "name")?.to_owned();
    fields::no_longer("name", &name, LONGEST_NAME)?;
    if store.feature_by_name(project, &name).is_some() {
        return Err(fields::wrong(
            "name",
            "Feature with that name already exists for this project. Note that feature names are case insensitive.",
        ));
    }
    let kind = fields::text(body, "type")?;
    if let Some(unknown) = kind.filter(|kind| !["STANDARD", "MULTIVARIATE"].contains(kind)) {
        return Err(fields::wrong(
            "type",
            &format!("\"{unknown}\" is not a valid choice."),
        ));
    }
    let multivariate = kind == Some("MULTIVARIATE");
    let (default_enabled, is_archived) = (
        fields::flag(body, "default_enabled")?.unwrap_or(false),
        fields::flag(body, "is_archived")?.unwrap_or(false),
    );
    let is_server_key_only = fields::flag(body, "is_server_key_only")?.unwrap_or(false);
    let initial_value = initial_value(body)?;
    let description = fields::text(body, "description")?.map(str::to_owned);
    let tags = tags(store, project, body)?.unwrap_or_default();
    let options = options(store, body)?;
    store.account.admit(
        store.account.limits.features,
        store.features_of(project).count(),
        "project",
        "The Project has reached the maximum allowed features limit.",
    )?;
    let id = store.next_id("feature");
    let uuid = store.next_uuid("feature");
    let feature = Feature {
        id,
        uuid,
        project,
        name,
        multivariate: multivariate || !options.is_empty(),
        default_enabled,
        initial_value,
        created_at: store.now,
        description,
        tags,
        options,
        is_archived,
        is_server_key_only,
        owners,
    };
    store.add_feature(feature);
    store.log_feature(id, Became::Created);
    store.touch_project(project);
    Ok(id)
}

/// The server keeps the text that its own language would print. What counts as nothing in its language is not
/// turned into text first, so that `false` is no text.
fn initial_value(body: &Fields) -> Outcome2<Option<String>> {
    let text = match body.get("initial_value") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => return Err(fields::wrong("initial_value", "Not a valid string.")),
        Some(Value::String(text)) => stripped(text).to_owned(),
        Some(other) => other.to_string(),
    };
    fields::no_longer("initial_value", &text, LONGEST_VALUE)?;
    Ok(Some(text))
}

fn tags(store: &Store, project: u64, body: &Fields) -> Outcome2<Option<Vec<u64>>> {
    let Some(given) = body.get("tags") else {
        return Ok(None);
    };
    let Some(rows) = given.as_array() else {
        let sentence = format!(
            "Expected a list of items but got type \"{}\".",
            python_type(given)
        );
        return Err(fields::wrong("tags", &sentence));
    };
    let mut tags = Vec::new();
    for row in rows {
        let id = row
            .as_u64()
            .or_else(|| row.as_str().and_then(|text| text.parse().ok()))
            .ok_or_else(|| {
                let kind = python_type(row);
                fields::wrong(
                    "tags",
                    &format!("Incorrect type. Expected pk value, received {kind}."),
                )
            })?;
        let Some(tag) = store.tags.get(&id) else {
            let sentence = format!("Invalid pk \"{id}\" - object does not exist.");
            return Err(fields::wrong("tags", &sentence));
        };
        if tag.project != project {
            return Err(fields::wrong(
                "non_field_errors",
                "Selected Tags must be from the same Project as current Feature",
            ));
        }
        tags.push(id);
    }
    Ok(Some(tags))
}

fn options(store: &mut Store, body: &Fields) -> Outcome2<Vec<FeatureOption>> {
    let Some(rows) = body.get("multivariate_options").and_then(Value::as_array) else {
        return Ok(Vec::new());
    };
    // A key can be given to an option by its own route only.
    let without_key = |option: FeatureOption| FeatureOption { key: None, ..option };
    option_rows(rows)?
        .into_iter()
        .map(|row| option(store, row).map(without_key))
        .collect()
}

/// The rows of a list of options, if each can be one and their shares are at most the whole.
pub(super) fn option_rows(rows: &[Value]) -> Outcome2<Vec<&Fields>> {
    const MEMBER: &str = "multivariate_options";
    let mut options = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let Value::Object(row) = row else {
            let sentence = format!(
                "Invalid data. Expected a dictionary, but got {}.",
                python_type(row)
            );
            let refusal = fields::wrong("non_field_errors", &sentence);
            return Err(refusal.at(position, rows.len()).below(MEMBER));
        };
        StoredValue::empty()
            .write_nested(row)
            .map_err(|error| Answer::bad(error).at(position, rows.len()).below(MEMBER))?;
        options.push(row);
    }
    if options.iter().map(|row| default_percentage(row)).sum::<f64>() > 100.0 {
        return Err(fields::wrong(MEMBER, "Invalid percentage allocation"));
    }
    Ok(options)
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

/// `PATCH` and `PUT` of a feature: name, default state and initial value are ignored without a word. A list of
/// options is taken for all of them.
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
    if let Some(tags) = tags(store, feature.project, &body)? {
        feature.tags = tags;
    }
    if let Some(archived) = fields::flag(&body, "is_archived")? {
        feature.is_archived = archived;
    }
    if let Some(server_only) = fields::flag(&body, "is_server_key_only")? {
        feature.is_server_key_only = server_only;
    }
    let project = feature.project;
    let before = store.features.insert(id, feature);
    let rows = body.get("multivariate_options").and_then(Value::as_array);
    let replaced = rows.map_or(Ok(()), |rows| super::options::replace(store, id, rows));
    if let (Err(refusal), Some(before)) = (replaced, before) {
        // The server does both in one transaction.
        store.features.insert(id, before);
        return Err(refusal);
    }
    store.log_feature(id, Became::Updated);
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
    store.log_feature(id, Became::Deleted);
    store.remove_feature(id);
    store.touch_project(project);
    Ok(Answer::empty(204))
}

/// `GET /projects/{project}/features/{id}/evaluation-data/`: this server counts nothing.
pub(crate) fn evaluation_data(store: &mut Store, call: &Call) -> Outcome {
    found(store, call)?;
    Ok(Answer::ok(json!([])))
}
