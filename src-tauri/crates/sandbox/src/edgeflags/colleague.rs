//! A colleague who edits at an awkward moment.

use serde_json::{Map, Value, json};

use super::{answer::Refusal, kind::Kind, project::Project};
use crate::{MayaEdit, MayaSegment};

/// Makes an edit as requests would, under the colleague's own token.
pub(super) fn edit(project: &mut Project, edit: &MayaEdit, actor: &str) -> Result<(), String> {
    refuse_foreign(edit)?;
    if let Some(segment) = &edit.segment {
        edit_segment(project, segment, actor)?;
    }
    let (kind, key) = match (&edit.config, edit.flag.is_empty()) {
        (Some(key), true) => (Kind::Config, key),
        (Some(_), false) => return Err("an edit is about a flag or a config, not both".to_owned()),
        (None, false) => (Kind::Flag, &edit.flag),
        (None, true) if edit.segment.is_some() => return Ok(()),
        (None, true) => return Err("no flag is named".to_owned()),
    };
    let base = edit.environment.is_empty();
    if edit.deleted {
        return match base {
            true => project.delete(kind, key, actor),
            false => project
                .set_override(kind, key, &edit.environment, None, actor)
                .map(drop),
        }
        .map_err(Refusal::into_text);
    }
    let present = project.live.of(kind).get(key).cloned();
    if present.is_none() && (edit.created || kind == Kind::Config) {
        let mut body = changed(Map::new(), edit);
        if kind == Kind::Flag {
            body.entry("enabled").or_insert(json!(false));
        }
        body.insert("key".to_owned(), json!(key));
        let created = project.create(kind, body, actor);
        return created.map(drop).map_err(Refusal::into_text);
    }
    if edit.created {
        return Err(format!("{key:?} exists already"));
    }
    let definition = present.unwrap_or_default();
    let before = match base {
        true => &definition,
        false => &definition["environments"][&edit.environment],
    };
    // The whole entry is sent, so that a replacing service keeps what she did not touch.
    let body = changed(before.as_object().cloned().unwrap_or_default(), edit);
    let outcome = match base {
        true => project.update(kind, key, body, None, actor),
        false => project.set_override(kind, key, &edit.environment, Some(body), actor),
    };
    outcome.map(drop).map_err(Refusal::into_text)
}

fn refuse_foreign(edit: &MayaEdit) -> Result<(), String> {
    let foreign = !edit.weights.is_empty()
        || !edit.overrides.is_empty()
        || !edit.override_order.is_empty()
        || !edit.identities.is_empty()
        || edit.tags.is_some()
        || edit.description.is_some()
        || edit.archived.is_some();
    match foreign {
        true => {
            Err("EdgeFlags has no weights, overrides, identities, tags, descriptions or archive".to_owned())
        }
        false => Ok(()),
    }
}

fn changed(mut body: Map<String, Value>, edit: &MayaEdit) -> Map<String, Value> {
    if let Some(enabled) = edit.enabled {
        body.insert("enabled".to_owned(), Value::Bool(enabled));
    }
    if let Some(value) = &edit.value {
        body.insert("value".to_owned(), value.clone());
    }
    body.extend(edit.members.clone());
    body
}

fn edit_segment(project: &mut Project, edit: &MayaSegment, actor: &str) -> Result<(), String> {
    if edit.rules.is_some() || edit.renamed.is_some() || edit.description.is_some() {
        return Err("EdgeFlags' segments have a key and conditions, nothing else".to_owned());
    }
    if edit.deleted {
        let deleted = project.delete(Kind::Segment, &edit.name, actor);
        return deleted.map_err(Refusal::into_text);
    }
    let mut body = Map::new();
    body.insert(
        "conditions".to_owned(),
        edit.conditions.clone().unwrap_or(json!([])),
    );
    let outcome = if project.live.segments.contains_key(&edit.name) {
        project.update(Kind::Segment, &edit.name, body, None, actor)
    } else {
        body.insert("key".to_owned(), json!(edit.name));
        project.create(Kind::Segment, body, actor)
    };
    outcome.map(drop).map_err(Refusal::into_text)
}
