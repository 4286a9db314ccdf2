//! What a colleague changes for every environment: flags and segments.

use serde_json::{Map, Value, json};

use super::{Flag, words};
use crate::flagsmith::audit::Became;
use crate::flagsmith::handlers::{features, segments};
use crate::flagsmith::rows::Tag;
use crate::flagsmith::store::Store;
use crate::{MayaEdit, MayaSegment};

/// The flag of an edit, created where the edit says so, with its description, tags and archived marker.
pub(super) fn flag(store: &mut Store, project: u64, edit: &MayaEdit) -> Result<Flag, String> {
    if edit.created {
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(edit.flag));
        body.insert("initial_value".to_owned(), json!(edit.value));
        body.insert("default_enabled".to_owned(), json!(edit.enabled.unwrap_or(false)));
        features::add(store, project, &body, Vec::new()).map_err(words)?;
    }
    let feature = store
        .feature_by_name(project, &edit.flag)
        .map(|feature| feature.id)
        .ok_or_else(|| format!("no flag is called {:?}", edit.flag))?;
    let tags = edit.tags.as_ref().map(|labels| {
        let ids = labels.iter().map(|label| tag(store, project, label));
        ids.collect::<Vec<u64>>()
    });
    let changed = tags.is_some() || edit.description.is_some() || edit.archived.is_some();
    if let Some(row) = store.features.get_mut(&feature) {
        row.tags = tags.unwrap_or_else(|| row.tags.clone());
        row.description = edit.description.clone().or(row.description.take());
        row.is_archived = edit.archived.unwrap_or(row.is_archived);
    }
    if changed {
        store.log_feature(feature, Became::Updated);
        store.touch_project(project);
    }
    Ok(Flag { project, feature })
}

fn tag(store: &mut Store, project: u64, label: &str) -> u64 {
    let known = store
        .tags
        .values()
        .find(|tag| tag.project == project && tag.label == label);
    if let Some(known) = known {
        return known.id;
    }
    let id = store.next_id("tag");
    let uuid = store.next_uuid("tag");
    let tag = Tag {
        id,
        uuid,
        project,
        label: label.to_owned(),
        color: "#3d4db6".to_owned(),
        description: None,
    };
    store.tags.insert(id, tag);
    id
}

/// The id of a segment of a project, by its name.
pub(super) fn segment_id(store: &Store, project: u64, name: &str) -> Option<u64> {
    store
        .segments_of(project)
        .find(|segment| segment.name == name)
        .map(|segment| segment.id)
}

/// A segment, created where it is missing.
pub(super) fn segment(store: &mut Store, project: u64, edit: &MayaSegment) -> Result<(), String> {
    if edit.conditions.is_some() {
        return Err("Flagsmith's segments have rules, not conditions".to_owned());
    }
    let present = segment_id(store, project, &edit.name);
    if edit.deleted {
        let id = present.ok_or_else(|| format!("no segment is called {:?}", edit.name))?;
        segments::remove(store, id);
        return Ok(());
    }
    let mut body = Map::new();
    let name = edit.renamed.as_ref().unwrap_or(&edit.name);
    body.insert("name".to_owned(), json!(name));
    if let Some(description) = &edit.description {
        body.insert("description".to_owned(), Value::String(description.clone()));
    }
    if let Some(rules) = &edit.rules {
        body.insert("rules".to_owned(), rules.clone());
    }
    match present {
        Some(id) => segments::change(store, id, &body, segments::Given::Part),
        None => segments::add(store, project, &body),
    }
    .map(drop)
    .map_err(words)
}
