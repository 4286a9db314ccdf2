//! A config: a value, and other values in environments.

use std::collections::{BTreeMap, BTreeSet};

use halyard_model::{ConfigDefinition, FlagValue, Version};
use serde_json::{Value, json};

use super::Members;
use crate::Failure;
use crate::edgeflags::wire::Item;
use crate::http::malformed;

/// The definition of an element.
pub(in crate::edgeflags) fn read(item: &Item) -> Result<ConfigDefinition, Failure> {
    let environments = match item.definition.get("environments") {
        None | Some(Value::Null) => BTreeMap::new(),
        Some(Value::Object(all)) => all
            .iter()
            .filter_map(|(name, own)| Some((name.clone(), FlagValue(own.get("value")?.clone()))))
            .collect(),
        Some(_) => {
            let place = format!("config {}, at environments", item.key);
            return Err(malformed(&place, "expected an object"));
        }
    };
    Ok(ConfigDefinition {
        value: FlagValue(item.definition.get("value").cloned().unwrap_or_default()),
        environments,
        version: item.version().map(Version::Number),
    })
}

/// The members that lead from a definition as read to a wish.
pub(in crate::edgeflags) fn changes(
    members: &Members,
    now: &ConfigDefinition,
    wish: &ConfigDefinition,
) -> Members {
    let mut changes = Members::new();
    if now.value != wish.value {
        changes.insert("value".to_owned(), wish.value.0.clone());
    }
    if now.environments != wish.environments {
        changes.insert("environments".to_owned(), environments(members, wish));
    }
    changes
}

/// The members of a config that is to be made.
pub(in crate::edgeflags) fn made(wish: &ConfigDefinition) -> Members {
    let mut members = made_value(wish);
    if !wish.environments.is_empty() {
        members.insert("environments".to_owned(), environments(&Members::new(), wish));
    }
    members
}

/// Only the value.
pub(in crate::edgeflags) fn made_value(wish: &ConfigDefinition) -> Members {
    Members::from_iter([("value".to_owned(), wish.value.0.clone())])
}

/// Only an environment's value.
pub(in crate::edgeflags) fn own_value(wish: &ConfigDefinition, environment: &str) -> Members {
    let value = wish.environments.get(environment).cloned().unwrap_or_default();
    Members::from_iter([("value".to_owned(), value.0)])
}

/// The environments that a wish names, with what is known of them beside the
/// value.
fn environments(members: &Members, wish: &ConfigDefinition) -> Value {
    let before = members.get("environments").and_then(Value::as_object);
    let mut all = before.cloned().unwrap_or_default();
    for own in all.values_mut().filter_map(Value::as_object_mut) {
        own.shift_remove("value");
    }
    for (name, value) in &wish.environments {
        let own = all.entry(name.clone()).or_insert_with(|| json!({}));
        own["value"] = value.0.clone();
    }
    all.retain(|_, own| own.as_object().is_none_or(|own| !own.is_empty()));
    Value::Object(all)
}

/// The environments whose values differ, with what they are to have; `None`
/// where they are to inherit the config's.
pub(in crate::edgeflags) fn environment_changes(
    now: &ConfigDefinition,
    wish: &ConfigDefinition,
) -> Vec<(String, Option<Value>)> {
    let names: BTreeSet<&String> = now.environments.keys().chain(wish.environments.keys()).collect();
    names
        .into_iter()
        .filter(|name| now.environments.get(*name) != wish.environments.get(*name))
        .map(|name| {
            let value = wish.environments.get(name);
            (name.clone(), value.map(|value| value.0.clone()))
        })
        .collect()
}
