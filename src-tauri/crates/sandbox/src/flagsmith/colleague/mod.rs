//! A colleague who edits at an awkward moment.

mod definitions;
mod state;

use super::audit::Became;
use super::call::{Answer, Payload};
use super::store::Store;
use super::value::StoredValue;
use crate::MayaEdit;

/// Who makes the edit, where the seed knows her.
const COLLEAGUE: &str = "Maya";

/// The flag that an edit is about.
#[derive(Debug, Clone, Copy)]
struct Flag {
    project: u64,
    feature: u64,
}

/// The colleague's id, where the seed knows her.
pub(crate) fn person(store: &Store) -> Option<u64> {
    let found = store.users.values().find(|user| user.first_name == COLLEAGUE);
    found.map(|user| user.id)
}

/// Makes an edit: definitions first, then the flag's state in the environment as one write, then identities.
pub(crate) fn edit(store: &mut Store, edit: &MayaEdit) -> Result<(), String> {
    if edit.config.is_some() || !edit.members.is_empty() {
        return Err("Flagsmith knows no configs and no members of definitions".to_owned());
    }
    let environment = match edit.environment.is_empty() {
        true => None,
        false => Some(
            store
                .environment_by_name_or_key(&edit.environment)
                .map(|environment| (environment.id, environment.project))
                .ok_or_else(|| format!("no environment is called {:?}", edit.environment))?,
        ),
    };
    let project = environment.map(|(_, project)| project);
    let project = project
        .or_else(|| store.projects.keys().next().copied())
        .ok_or("there is no project")?;
    if let Some(segment) = &edit.segment {
        definitions::segment(store, project, segment)?;
    }
    let flag = match edit.flag.is_empty() {
        true => None,
        false => Some(definitions::flag(store, project, edit)?),
    };
    if edit.deleted {
        let flag = flag.ok_or("no flag is named")?;
        store.log_feature(flag.feature, Became::Deleted);
        store.remove_feature(flag.feature);
        store.touch_project(project);
        return Ok(());
    }
    let Some((environment, _)) = environment else {
        let in_environment = edit.enabled.is_some() || edit.value.is_some() || !edit.identities.is_empty();
        return match in_environment && !edit.created {
            true => Err("no environment is named".to_owned()),
            false => Ok(()),
        };
    };
    if let Some(flag) = flag {
        state::write(store, environment, flag, edit)?;
    }
    for identity in &edit.identities {
        state::write_identity(store, environment, flag, identity)?;
    }
    Ok(())
}

/// A value as the service would store it.
fn stored(typed: &serde_json::Value) -> Result<StoredValue, String> {
    let mut value = StoredValue::empty();
    value.write_typed(typed).map_err(|error| error.to_string())?;
    Ok(value)
}

/// What the service would have answered.
fn words(refusal: Answer) -> String {
    match refusal.payload {
        Payload::Json(body) => body.to_string(),
        Payload::Html(_) | Payload::Nothing => format!("the server fails with {}", refusal.status),
    }
}
