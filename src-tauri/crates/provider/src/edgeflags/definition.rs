//! A flag's definition: its state in an environment, and whether a definition
//! is the one that was sent.

use halyard_model::{Flag, FlagKey, FlagKind, FlagNote, FlagState, FlagValue, Tag, Version};
use serde_json::{Map, Value};

use super::content::same_member;
use super::wire::{Item, timestamp};
use crate::Failure;
use crate::http::malformed;

/// Members that a definition holds even where a list abridges it. Any other
/// member is evidence that lists carry whole definitions.
const ALWAYS_LISTED: [&str; 10] = [
    "enabled",
    "value",
    "version",
    "name",
    "description",
    "type",
    "default_value",
    "defaultValue",
    "created_at",
    "updated_at",
];

/// Members that the service writes itself.
const SERVER_OWNED: [&str; 3] = ["version", "updated_at", "created_at"];

/// Members that a user decides.
const DOCUMENTED: [&str; 12] = [
    "enabled",
    "value",
    "default_value",
    "defaultValue",
    "targeting",
    "environments",
    "active_from",
    "active_until",
    "conditions",
    "description",
    "tags",
    "name",
];

/// Whether the element shows more than an abridged list would.
pub(super) fn is_evidently_whole(item: &Item) -> bool {
    item.definition
        .keys()
        .any(|name| !ALWAYS_LISTED.contains(&name.as_str()))
}

/// The flag in one environment: the base definition, overlaid by what the
/// environment sets of its own.
pub(super) fn flag(item: &Item, environment: &str) -> Result<Flag, Failure> {
    let definition = &item.definition;
    let state = state(item, environment)?;
    let mut notes = Vec::new();
    if definition.get("enabled") == Some(&Value::Bool(false)) {
        notes.push(FlagNote::BaseDisabled);
    }
    if !state.value.0.is_null() && state.targeting.as_ref().is_some_and(has_targets) {
        notes.push(FlagNote::ValueHidesTargeting);
    }
    let text = |name: &str| {
        definition
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let tags = definition
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Ok(Flag {
        key: FlagKey(item.key.clone()),
        remote_id: item.key.clone(),
        description: text("description").or_else(|| text("name")).map(str::to_owned),
        kind: FlagKind::Standard,
        tags: tags
            .filter_map(Value::as_str)
            .map(|label| Tag {
                label: label.to_owned(),
                color: None,
            })
            .collect(),
        owners: Vec::new(),
        archived: false,
        server_only: false,
        created_at: timestamp(definition.get("created_at")),
        identity_overrides: None,
        notes,
        state,
    })
}

fn has_targets(targeting: &Value) -> bool {
    let rules = targeting.get("rules").and_then(Value::as_array);
    rules.is_some_and(|rules| !rules.is_empty())
        || targeting.get("rollout").is_some_and(|rollout| !rollout.is_null())
}

fn state(item: &Item, environment: &str) -> Result<FlagState, Failure> {
    let base = &item.definition;
    let place = |name: &str| format!("flag {}, at {name}", item.key);
    let enabled = |members: &Map<String, Value>| match members.get("enabled") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(enabled)) => Ok(Some(*enabled)),
        Some(_) => Err(malformed(&place("enabled"), "expected true or false")),
    };
    let own = match base.get("environments") {
        None | Some(Value::Null) => None,
        Some(Value::Object(all)) => all.get(environment).and_then(Value::as_object),
        Some(_) => return Err(malformed(&place("environments"), "expected an object")),
    };
    let base_enabled = enabled(base)?.ok_or_else(|| malformed(&place("enabled"), "missing"))?;
    let own_enabled = own.map(enabled).transpose()?.flatten();
    let present = |name: &str| {
        let set = own.and_then(|own| own.get(name)).filter(|value| !value.is_null());
        set.or_else(|| base.get(name)).filter(|value| !value.is_null())
    };
    let value = present("value")
        .or_else(|| present("default_value"))
        .or_else(|| present("defaultValue"));
    Ok(FlagState {
        targeting: present("targeting").cloned(),
        version: item.version().map(Version::Number),
        updated_at: timestamp(base.get("updated_at")),
        ..FlagState::plain(
            own_enabled.unwrap_or(base_enabled),
            FlagValue(value.cloned().unwrap_or_default()),
        )
    })
}

/// What users of the environment get, for lists that abridge definitions: the
/// service's own evaluation for nobody in particular stands in for the
/// environment's settings, which such a list does not show.
pub(super) fn overlay_evaluated(flag: &mut Flag, evaluated: Option<&Value>) {
    flag.notes.push(FlagNote::AbridgedDefinition);
    let Some(evaluated) = evaluated else {
        return;
    };
    let state = &mut flag.state;
    if !state.enabled || *evaluated == state.value.0 {
        return;
    }
    if *evaluated == Value::Bool(false) {
        state.enabled = false;
    } else if !state.value.0.is_null() {
        state.value = FlagValue(evaluated.clone());
    }
}

/// What an evaluation answers for a state without targets.
pub(super) fn evaluates_to(state: &FlagState) -> Value {
    if state.enabled {
        state.value.0.clone()
    } else {
        Value::Bool(false)
    }
}

/// A definition without what the service writes itself.
pub(super) fn without_server_owned(definition: &Map<String, Value>) -> Map<String, Value> {
    let mut own = definition.clone();
    own.retain(|name, _| !SERVER_OWNED.contains(&name.as_str()));
    own
}

/// The names of members in which a definition differs from what was sent. One
/// that was not sent counts only where it is documented: what else appears is
/// the service's own. `null` and absence are the same: services take either as
/// "not set".
pub(super) fn differing_members(sent: &Map<String, Value>, held: &Map<String, Value>) -> Vec<String> {
    let added = held
        .keys()
        .filter(|name| !sent.contains_key(*name) && DOCUMENTED.contains(&name.as_str()));
    let differs = |name: &String| {
        let (sent, held) = (sent.get(name), held.get(name));
        if DOCUMENTED.contains(&name.as_str()) {
            return !same_member(name, sent, held);
        }
        // The service may count or date in members of its own.
        sent.is_some_and(|sent| !sent.is_null()) && held.is_none_or(Value::is_null)
    };
    sent.keys()
        .chain(added)
        .filter(|name| !SERVER_OWNED.contains(&name.as_str()))
        .filter(|name| differs(name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(definition: Value) -> Item {
        let Value::Object(definition) = definition else {
            panic!("an object");
        };
        Item {
            key: "new_checkout".into(),
            definition,
        }
    }

    #[test]
    fn an_environment_overlays_the_base() {
        let item = item(json!({
            "enabled": true, "value": "a", "version": 3,
            "targeting": {"rules": [{"conditions": [], "value": 1}]},
            "environments": {"production": {"enabled": false}, "staging": {"value": "b", "targeting": {}}},
        }));
        let state = |environment: &str| flag(&item, environment).unwrap().state;
        assert!(!state("production").enabled);
        assert_eq!(state("production").value, FlagValue(json!("a")));
        assert_eq!(state("staging").value, FlagValue(json!("b")));
        assert_eq!(state("staging").targeting, Some(json!({})));
        assert!(state("development").enabled);
        assert_eq!(state("development").version, Some(Version::Number(3)));
    }

    #[test]
    fn notes_tell_what_to_know_before_changing() {
        let notes = |definition: Value| flag(&item(definition), "production").unwrap().notes;
        assert_eq!(notes(json!({"enabled": false})), [FlagNote::BaseDisabled]);
        let rules = json!({"rules": [{"conditions": [], "value": true}]});
        assert_eq!(
            notes(json!({"enabled": true, "value": false, "targeting": rules})),
            [FlagNote::ValueHidesTargeting]
        );
        assert_eq!(notes(json!({"enabled": true, "targeting": rules})), []);
        assert_eq!(
            notes(json!({"enabled": true, "value": 1, "targeting": {"rules": []}})),
            []
        );
    }

    #[test]
    fn what_vanished_is_named() {
        let sent = item(
            json!({"enabled": true, "value": null, "owner": "x", "counted": 1, "environments": {"p": {"value": null}}}),
        );
        let held = item(json!({
            "enabled": true, "environments": {"p": {}}, "version": 9, "extra": 1, "counted": 2,
            "targeting": {"rules": []},
        }));
        assert_eq!(
            differing_members(&sent.definition, &held.definition),
            ["owner", "targeting"]
        );
    }

    #[test]
    fn an_evaluation_stands_in_for_hidden_settings() {
        for (definition, evaluated, enabled, value) in [
            (
                json!({"enabled": true, "value": "a"}),
                json!("a"),
                true,
                json!("a"),
            ),
            (
                json!({"enabled": true, "value": "a"}),
                json!(false),
                false,
                json!("a"),
            ),
            (
                json!({"enabled": true, "value": "a"}),
                json!("b"),
                true,
                json!("b"),
            ),
            (
                json!({"enabled": true, "value": false}),
                json!(false),
                true,
                json!(false),
            ),
            (
                json!({"enabled": false, "value": "a"}),
                json!(false),
                false,
                json!("a"),
            ),
            (json!({"enabled": true}), json!("by rule"), true, json!(null)),
        ] {
            let mut flag = flag(&item(definition.clone()), "production").unwrap();
            overlay_evaluated(&mut flag, Some(&evaluated));
            assert_eq!(
                (flag.state.enabled, flag.state.value.0),
                (enabled, value),
                "{definition} {evaluated}"
            );
        }
    }
}
