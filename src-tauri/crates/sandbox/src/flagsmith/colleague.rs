//! A colleague who edits at an awkward moment.

use serde_json::json;

use super::handlers::featurestates::keep;
use super::store::Store;
use super::value::StoredValue;
use super::whole_flag::{StateChange, WholeFlag};
use crate::MayaEdit;

/// Who makes the edit, where the seed knows her.
const COLLEAGUE: &str = "Maya";

/// Makes an edit: a direct write, or a version published at once.
pub(crate) fn edit(store: &mut Store, edit: &MayaEdit) -> Result<(), String> {
    let environment = store
        .environment_by_name_or_key(&edit.environment)
        .ok_or_else(|| format!("no environment is called {:?}", edit.environment))?;
    let (environment, project, versioned) = (environment.id, environment.project, environment.versioned);
    let feature = store
        .feature_by_name(project, &edit.flag)
        .map(|feature| feature.id)
        .ok_or_else(|| format!("no flag is called {:?}", edit.flag))?;
    let value = match &edit.value {
        Some(typed) => {
            let mut value = StoredValue::empty();
            value.write_typed(typed).map_err(|error| error.to_string())?;
            Some(value)
        }
        None => None,
    };
    if versioned {
        let maya = store
            .users
            .values()
            .find(|user| user.first_name == COLLEAGUE)
            .map(|user| user.id);
        let change = StateChange {
            enabled: edit.enabled,
            value: value.map(|value| value.tagged()),
            bump_updated_at: true,
            ..StateChange::default()
        };
        let change = WholeFlag {
            default: Some(change),
            overrides: Vec::new(),
            keep_others: true,
        };
        return store
            .write_whole_flag(environment, feature, &change, maya)
            .map_err(|failure| json!(format!("{failure:?}")).to_string());
    }
    let mut state = store
        .default_state(environment, feature)
        .cloned()
        .ok_or_else(|| format!("{:?} has no state in {:?}", edit.flag, edit.environment))?;
    state.enabled = edit.enabled.unwrap_or(state.enabled);
    state.value = value.unwrap_or(state.value);
    keep(store, state);
    Ok(())
}
