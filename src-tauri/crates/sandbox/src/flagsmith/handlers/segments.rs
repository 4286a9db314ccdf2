//! Segments of a project.

use serde_json::{Value, json};

use super::featurestates::missing_row;
use crate::flagsmith::audit::Became;
use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::{Condition, Rule, Segment};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::stripped;

/// The longest name; characters.
const LONGEST_NAME: usize = 2_000;
/// So many conditions a segment may have, unless an operator says otherwise.
const MOST_CONDITIONS: usize = 100;

const OPERATORS: [&str; 14] = [
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_INCLUSIVE",
    "LESS_THAN",
    "LESS_THAN_INCLUSIVE",
    "CONTAINS",
    "NOT_CONTAINS",
    "REGEX",
    "IN",
    "MODULO",
    "IS_SET",
    "IS_NOT_SET",
    "PERCENTAGE_SPLIT",
];

/// `GET /projects/{project}/segments/`
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let project = fields::project(store, call)?.id;
    let asked = call.query("q").unwrap_or("").to_lowercase();
    let with_specific = call.query_flag("include_feature_specific").unwrap_or(true);
    let rows: Vec<&Segment> = store
        .segments_of(project)
        .filter(|segment| with_specific || segment.feature.is_none())
        .filter(|segment| segment.name.to_lowercase().contains(&asked))
        .collect();
    paging::page_of(call, &rows, |segment| render::segment(segment))
}

fn found<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Segment> {
    let project = fields::project(store, call)?.id;
    store
        .segments
        .get(&call.id(1))
        .filter(|segment| segment.project == project)
        .ok_or_else(|| Answer::no_match("Segment"))
}

/// `GET /projects/{project}/segments/{id}/`
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    Ok(Answer::ok(render::segment(found(store, call)?)))
}

/// `GET /segments/get-by-uuid/{uuid}/`
pub(crate) fn get_by_uuid(store: &mut Store, call: &Call) -> Outcome {
    let segment = store
        .segments
        .values()
        .find(|segment| segment.uuid.to_string() == call.text(0))
        .ok_or_else(|| Answer::no_match("Segment"))?;
    Ok(Answer::ok(render::segment(segment)))
}

/// `POST /projects/{project}/segments/`. A regular expression that is none is taken.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let project = fields::project(store, call)?.id;
    let id = add(store, project, &call.object()?)?;
    let segment = store.segments.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(render::segment(segment)))
}

/// Adds a segment from a body.
pub(crate) fn add(store: &mut Store, project: u64, body: &Fields) -> Outcome2<u64> {
    let name = fields::required_text(body, "name")?.to_owned();
    fields::no_longer("name", &name, LONGEST_NAME)?;
    let feature = fields::number(body, "feature")?;
    if let Some(missing) = feature.filter(|feature| !store.features.contains_key(feature)) {
        return Err(missing_row("feature", missing));
    }
    let description = fields::text(body, "description")?.map(str::to_owned);
    let rules = rules(store, body)?;
    store.account.admit(
        store.account.limits.segments,
        store.segments_of(project).count(),
        "project",
        "The project has reached the maximum allowed segments limit.",
    )?;
    Ok(insert(store, project, name, description, feature, rules))
}

fn insert(
    store: &mut Store,
    project: u64,
    name: String,
    description: Option<String>,
    feature: Option<u64>,
    rules: Vec<Rule>,
) -> u64 {
    let id = store.next_id("segment");
    let uuid = store.next_uuid("segment");
    let (created_at, updated_at) = (store.now, store.now);
    store.segments.insert(
        id,
        Segment {
            id,
            uuid,
            project,
            name,
            description,
            feature,
            rules,
            created_at,
            updated_at,
        },
    );
    store.log_segment(id, Became::Created);
    store.touch_project(project);
    id
}

/// Whether a body has to hold a whole segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    Whole,
    Part,
}

/// `PUT` and `PATCH`: rules are replaced where they are given.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?.id;
    let body = call.object()?;
    let given = match call.method == axum::http::Method::PUT {
        true => Given::Whole,
        false => Given::Part,
    };
    change(store, id, &body, given)?;
    let segment = store.segments.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::ok(render::segment(segment)))
}

/// Changes a segment as a body says, and gives its id.
pub(crate) fn change(store: &mut Store, id: u64, body: &Fields, given: Given) -> Outcome2<u64> {
    let segment = store.segments.get(&id).cloned();
    let mut segment = segment.ok_or_else(|| Answer::no_match("Segment"))?;
    if given == Given::Whole || body.contains_key("name") {
        let name = fields::required_text(body, "name")?;
        fields::no_longer("name", name, LONGEST_NAME)?;
        name.clone_into(&mut segment.name);
    }
    if body.contains_key("description") {
        segment.description = fields::text(body, "description")?.map(str::to_owned);
    }
    if given == Given::Whole || body.contains_key("rules") {
        segment.rules = rules(store, body)?;
    }
    segment.updated_at = store.now;
    let project = segment.project;
    // The server keeps the definition before this one as another row, which leaves a gap in the ids.
    store.next_id("segment");
    store.segments.insert(segment.id, segment);
    store.log_segment(id, Became::Updated);
    store.touch_project(project);
    Ok(id)
}

/// `DELETE`: the overrides that use it go too.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let id = found(store, call)?.id;
    remove(store, id);
    Ok(Answer::empty(204))
}

/// Removes a segment with the overrides that use it.
pub(crate) fn remove(store: &mut Store, id: u64) {
    let links: Vec<u64> = store
        .links
        .values()
        .filter(|link| link.segment == id)
        .map(|link| link.id)
        .collect();
    for link in links {
        store.remove_link(link);
    }
    store.log_segment(id, Became::Deleted);
    if let Some(segment) = store.segments.remove(&id) {
        store.touch_project(segment.project);
    }
}

/// `POST …/{id}/clone/ {"name"}`
pub(crate) fn clone(store: &mut Store, call: &Call) -> Outcome {
    let source = found(store, call)?.clone();
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let rules = source.rules.iter().map(|rule| copied(store, rule)).collect();
    let id = insert(
        store,
        source.project,
        name,
        source.description,
        source.feature,
        rules,
    );
    let segment = store.segments.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(render::segment(segment)))
}

fn copied(store: &mut Store, rule: &Rule) -> Rule {
    let id = store.next_id("rule");
    let rules = rule.rules.iter().map(|inner| copied(store, inner)).collect();
    let conditions = rule
        .conditions
        .iter()
        .map(|condition| Condition {
            id: store.next_id("condition"),
            ..condition.clone()
        })
        .collect();
    Rule {
        id,
        kind: rule.kind.clone(),
        rules,
        conditions,
    }
}

/// `GET …/{id}/associated-features/`: the overrides that use it, in every environment.
pub(crate) fn associated_features(store: &mut Store, call: &Call) -> Outcome {
    let segment = found(store, call)?;
    let mut rows = Vec::new();
    for environment in store.environments_of(segment.project) {
        for feature in store.features_of(segment.project) {
            let overrides = store.overrides(environment.id, feature.id);
            rows.extend(overrides.iter().filter(|(link, _)| link.segment == segment.id).map(|(_, state)| {
                json!({"id": state.id, "feature": feature.id, "environment": environment.id})
            }));
        }
    }
    paging::page(call, &rows)
}

fn rules(store: &mut Store, body: &Fields) -> Outcome2<Vec<Rule>> {
    let Some(given) = body.get("rules") else {
        return Err(fields::wrong("rules", "This field is required."));
    };
    let rows = given.as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<&Value> = rows.iter().filter(|row| stays(row)).collect();
    if rows.is_empty() {
        return Err(Answer::bad(
            json!({"rules": {"non_field_errors": ["This list may not be empty."]}}),
        ));
    }
    if rows.iter().map(|row| depth(row)).max() > Some(2) {
        return Err(fields::wrong(
            "segment",
            "Rules must not be nested more than 2 levels deep.",
        ));
    }
    let mut rules = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let read = rule(store, row)
            .map_err(|error| Answer::bad(json!({"rules": in_list(error, position, rows.len())})))?;
        rules.push(read);
    }
    let n_conditions: usize = rules.iter().map(conditions_in).sum();
    if n_conditions > MOST_CONDITIONS {
        let sentence = format!(
            "The segment has {n_conditions} conditions, which exceeds the maximum condition count of {MOST_CONDITIONS}."
        );
        return Err(fields::wrong("segment", &sentence));
    }
    // The server looks for the property without asking whether there is one.
    if rows.iter().any(|row| lacks_property(row)) {
        return Err(Answer::server_error());
    }
    Ok(rules)
}

/// What is wrong with one row, at its place in a list in which nothing is wrong with the others.
fn in_list(error: Value, position: usize, of: usize) -> Value {
    let mut errors = vec![json!({}); of];
    errors[position] = error;
    Value::Array(errors)
}

fn conditions_in(rule: &Rule) -> usize {
    rule.conditions.len() + rule.rules.iter().map(conditions_in).sum::<usize>()
}

fn lacks_property(row: &Value) -> bool {
    listed(row, "conditions").any(|condition| condition.get("property").is_none())
        || listed(row, "rules").any(lacks_property)
}

/// The rows of a member that is a list, without those that are marked for deletion.
fn listed<'a>(row: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let rows = row.get(name).and_then(Value::as_array);
    rows.into_iter().flatten().filter(|row| stays(row))
}

fn stays(row: &Value) -> bool {
    row.get("delete").and_then(Value::as_bool) != Some(true)
}

fn depth(row: &Value) -> usize {
    1 + listed(row, "rules").map(depth).max().unwrap_or(0)
}

/// A rule from JSON, or what is wrong with it in the rule's own shape.
fn rule(store: &mut Store, row: &Value) -> Result<Rule, Value> {
    let kind = row.get("type").and_then(Value::as_str).unwrap_or_default();
    if !["ALL", "ANY", "NONE"].contains(&kind) {
        return Err(json!({"type": [format!("\"{kind}\" is not a valid choice.")]}));
    }
    let id = row
        .get("id")
        .and_then(Value::as_u64)
        .unwrap_or_else(|| store.next_id("rule"));
    let mut rules = Vec::new();
    let given: Vec<&Value> = listed(row, "rules").collect();
    for (position, inner) in given.iter().enumerate() {
        let read = rule(store, inner);
        rules.push(read.map_err(|error| json!({"rules": in_list(error, position, given.len())}))?);
    }
    let mut conditions = Vec::new();
    let given: Vec<&Value> = listed(row, "conditions").collect();
    for (position, inner) in given.iter().enumerate() {
        let read = condition(store, inner);
        conditions.push(read.map_err(|error| json!({"conditions": in_list(error, position, given.len())}))?);
    }
    Ok(Rule {
        id,
        kind: kind.to_owned(),
        rules,
        conditions,
    })
}

fn condition(store: &mut Store, row: &Value) -> Result<Condition, Value> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let operator = text("operator").unwrap_or_default();
    if !OPERATORS.contains(&operator.as_str()) {
        return Err(json!({"operator": [format!("\"{operator}\" is not a valid choice.")]}));
    }
    let property = text("property");
    if property.as_deref() == Some("") {
        return Err(json!({"property": ["This field may not be blank."]}));
    }
    let value = match row.get("value") {
        // The server prints whatever stands there as its own language does.
        None => None,
        Some(Value::Null) => Some("None".to_owned()),
        Some(Value::Bool(true)) => Some("True".to_owned()),
        Some(Value::Bool(false)) => Some("False".to_owned()),
        Some(Value::String(value)) => Some(stripped(value).to_owned()),
        Some(other) => Some(other.to_string()),
    };
    if value.as_ref().is_some_and(|value| value.chars().count() > 1_000) {
        return Err(json!({"value": ["Ensure this field has no more than 1000 characters."]}));
    }
    let id = row
        .get("id")
        .and_then(Value::as_u64)
        .unwrap_or_else(|| store.next_id("condition"));
    Ok(Condition {
        id,
        operator,
        property,
        value,
        description: text("description"),
    })
}
