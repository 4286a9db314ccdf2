//! Organisations and projects.

use serde_json::{Value, json};

use crate::flagsmith::call::{Answer, Call, Outcome, Outcome2};
use crate::flagsmith::fields;
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::Project;
use crate::flagsmith::store::Store;

/// `GET /organisations/`
pub(crate) fn organisations(store: &mut Store, call: &Call) -> Outcome {
    paging::page(call, &[render::organisation(&store.organisation, &store.account)])
}

/// `GET /organisations/{id}/`
pub(crate) fn organisation(store: &mut Store, call: &Call) -> Outcome {
    if call.id(0) != store.organisation.id {
        return Err(Answer::no_match("Organisation"));
    }
    Ok(Answer::ok(render::organisation(
        &store.organisation,
        &store.account,
    )))
}

/// `GET /projects/`: a bare list.
pub(crate) fn projects(store: &mut Store, call: &Call) -> Outcome {
    let organisation = store.organisation.id;
    let asked = call
        .query_id("organisation")
        .is_none_or(|asked| asked == organisation);
    let rows: Vec<Value> = store
        .projects
        .values()
        .filter(|_| asked)
        .map(|project| Value::Object(render::project(project, organisation)))
        .collect();
    Ok(Answer::ok(Value::Array(rows)))
}

fn found_project<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Project> {
    store
        .projects
        .get(&call.id(0))
        .ok_or_else(|| Answer::no_match("Project"))
}

fn whole_project(store: &Store, project: &Project) -> Value {
    let mut row = render::project(project, store.organisation.id);
    let limits = store.account.limits;
    for (name, limit) in [
        ("max_segments_allowed", limits.segments),
        ("max_features_allowed", limits.features),
        ("max_segment_overrides_allowed", limits.segment_overrides),
    ] {
        if let Some(limit) = limit {
            row.insert(name.to_owned(), json!(limit));
        }
    }
    row.insert(
        "total_features".to_owned(),
        json!(store.features_of(project.id).count()),
    );
    row.insert(
        "total_segments".to_owned(),
        json!(store.segments_of(project.id).count()),
    );
    Value::Object(row)
}

/// `GET /projects/{id}/`
pub(crate) fn project(store: &mut Store, call: &Call) -> Outcome {
    let project = found_project(store, call)?;
    Ok(Answer::ok(whole_project(store, project)))
}

/// `POST /projects/`
pub(crate) fn create_project(store: &mut Store, call: &Call) -> Outcome {
    let body = call.object()?;
    let name = fields::required_text(&body, "name")?.to_owned();
    let id = store.next_id("project");
    let uuid = store.next_uuid("project");
    store.projects.insert(
        id,
        Project {
            id,
            uuid,
            name,
            use_edge_identities: false,
            hide_disabled_flags: false,
        },
    );
    let project = store.projects.get(&id).ok_or_else(Answer::server_error)?;
    Ok(Answer::created(Value::Object(render::project(
        project,
        store.organisation.id,
    ))))
}
