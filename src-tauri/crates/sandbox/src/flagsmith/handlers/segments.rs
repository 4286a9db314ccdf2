//! Segments of a project.

use serde_json::{Value, json};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields::{self, Fields};
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::{Condition, Rule, Segment};
use crate::flagsmith::store::Store;

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
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let feature = fields::number(&body, "feature")?;
    let description = fields::text(&body, "description")?.map(str::to_owned);
    store.account.admit(
        store.account.limits.segments,
        store.segments_of(project).count(),
        "project",
        "The project has reached the maximum allowed segments limit.",
    )?;
    let rules = rules(store, &body)?;
    let id = add(store, project, name, description, feature, rules);
    let segment = store.segments.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(render::segment(segment)))
}

fn add(
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
    store.touch_project(project);
    id
}

/// `PUT` and `PATCH`: rules are replaced where they are given.
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    let mut segment = found(store, call)?.clone();
    let body = call.object()?;
    let whole = call.method == axum::http::Method::PUT;
    if whole || body.contains_key("name") {
        fields::required_text(&body, "name")?.clone_into(&mut segment.name);
    }
    if body.contains_key("description") {
        segment.description = fields::text(&body, "description")?.map(str::to_owned);
    }
    if whole || body.contains_key("rules") {
        segment.rules = rules(store, &body)?;
    }
    segment.updated_at = store.now;
    let answer = render::segment(&segment);
    let project = segment.project;
    // The server keeps the definition before this one as another row, which leaves a gap in the ids.
    store.next_id("segment");
    store.segments.insert(segment.id, segment);
    store.touch_project(project);
    Ok(Answer::ok(answer))
}

/// `DELETE`: the overrides that use it go too.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    let segment = found(store, call)?;
    let (id, project) = (segment.id, segment.project);
    let links: Vec<u64> = store
        .links
        .values()
        .filter(|link| link.segment == id)
        .map(|link| link.id)
        .collect();
    for link in links {
        store.remove_link(link);
    }
    store.segments.remove(&id);
    store.touch_project(project);
    Ok(Answer::empty(204))
}

/// `POST …/{id}/clone/ {"name"}`
pub(crate) fn clone(store: &mut Store, call: &Call) -> Outcome {
    let source = found(store, call)?.clone();
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let rules = source.rules.iter().map(|rule| copied(store, rule)).collect();
    let id = add(
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
    if rows.is_empty() {
        return Err(Answer::bad(
            json!({"rules": {"non_field_errors": ["This list may not be empty."]}}),
        ));
    }
    if depth(rows) > 2 {
        return Err(fields::wrong(
            "segment",
            "Rules must not be nested more than 2 levels deep.",
        ));
    }
    rows.iter()
        .map(|row| rule(store, row).map_err(|error| Answer::bad(json!({"rules": [error]}))))
        .collect()
}

fn depth(rows: &[Value]) -> usize {
    let inner = |row: &Value| {
        row.get("rules")
            .and_then(Value::as_array)
            .map_or(0, |rows| depth(rows))
    };
    if rows.is_empty() {
        0
    } else {
        1 + rows.iter().map(inner).max().unwrap_or(0)
    }
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
    for inner in row.get("rules").and_then(Value::as_array).into_iter().flatten() {
        rules.push(rule(store, inner).map_err(|error| json!({"rules": [error]}))?);
    }
    let mut conditions = Vec::new();
    for inner in row
        .get("conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        conditions.push(condition(store, inner).map_err(|error| json!({"conditions": [error]}))?);
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
        None | Some(Value::Null) => None,
        Some(Value::String(value)) => Some(value.clone()),
        Some(Value::Number(value)) => Some(value.to_string()),
        Some(_) => return Err(json!({"value": ["Not a valid string."]})),
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
