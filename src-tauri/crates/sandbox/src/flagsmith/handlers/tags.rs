//! Tags of a project.

use serde_json::Value;

use crate::flagsmith::call::{Answer, Call, Outcome};
use crate::flagsmith::fields;
use crate::flagsmith::paging;
use crate::flagsmith::render;
use crate::flagsmith::rows::Tag;
use crate::flagsmith::store::Store;

/// `GET /projects/{project}/tags/`. Of a project that is not there it is a page.
pub(crate) fn list(store: &mut Store, call: &Call) -> Outcome {
    let project = fields::project(store, call)
        .map_err(|_| Answer::server_error())?
        .id;
    let rows: Vec<Value> = store
        .tags
        .values()
        .filter(|tag| tag.project == project)
        .map(render::tag)
        .collect();
    paging::page(call, &rows)
}

/// `POST` of the same.
pub(crate) fn create(store: &mut Store, call: &Call) -> Outcome {
    let project = fields::project(store, call)?.id;
    let body = call.object()?;
    let label = fields::required_text(&body, "label")?.to_owned();
    let color = fields::required_text(&body, "color")?.to_owned();
    let description = fields::text(&body, "description")?.map(str::to_owned);
    let id = store.next_id("tag");
    let uuid = store.next_uuid("tag");
    let tag = Tag {
        id,
        uuid,
        project,
        label,
        color,
        description,
    };
    let answer = render::tag(&tag);
    store.tags.insert(id, tag);
    Ok(Answer::created(answer))
}

/// `PATCH` and `PUT /projects/{project}/tags/{id}/`
pub(crate) fn update(store: &mut Store, call: &Call) -> Outcome {
    fields::project(store, call)?;
    let body = call.object()?;
    let tag = store
        .tags
        .get_mut(&call.id(1))
        .ok_or_else(|| Answer::no_match("Tag"))?;
    if let Some(label) = fields::text(&body, "label")? {
        label.clone_into(&mut tag.label);
    }
    if let Some(color) = fields::text(&body, "color")? {
        color.clone_into(&mut tag.color);
    }
    if body.contains_key("description") {
        tag.description = fields::text(&body, "description")?.map(str::to_owned);
    }
    Ok(Answer::ok(render::tag(tag)))
}

/// `GET` of the same.
pub(crate) fn get(store: &mut Store, call: &Call) -> Outcome {
    fields::project(store, call)?;
    let tag = store
        .tags
        .get(&call.id(1))
        .ok_or_else(|| Answer::no_match("Tag"))?;
    Ok(Answer::ok(render::tag(tag)))
}

/// `DELETE` of the same.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Outcome {
    fields::project(store, call)?;
    let id = call.id(1);
    store.tags.remove(&id).ok_or_else(|| Answer::no_match("Tag"))?;
    for feature in store.features.values_mut() {
        feature.tags.retain(|tag| *tag != id);
    }
    Ok(Answer::empty(204))
}
