//! Documents that the crate can read, and why it could not before.

use serde_json::{Map, Value, json};

/// Adds what the crate insists on and no engine looks at, so that the corpus can leave it out.
pub(crate) fn completed(document: &Value) -> Value {
    let mut document = document.clone();
    let fill = |fields: &mut Map<String, Value>, name: &str, value: Value| {
        fields.entry(name.to_owned()).or_insert(value);
    };
    let root = document.as_object_mut().unwrap();
    fill(root, "id", json!(1));
    let project = root["project"].as_object_mut().unwrap();
    fill(project, "id", json!(1));
    fill(project, "name", json!("Corpus"));
    fill(project, "hide_disabled_flags", json!(false));
    let organisation = json!({
        "id": 1, "name": "Corpus", "feature_analytics": false, "stop_serving_flags": false, "persist_trait_data": true,
    });
    fill(project, "organisation", organisation);
    for identity in items(root.get_mut("identity_overrides")) {
        let identity = identity.as_object_mut().unwrap();
        fill(identity, "environment_api_key", json!("corpus"));
        fill(
            identity,
            "created_date",
            json!("2026-01-01T00:00:00.000000+00:00"),
        );
    }
    document
}

/// Changes, for both engines, what the crate cannot read and the reference can. Gives the classes of what was changed.
pub(crate) fn readable(document: &mut Value) -> Vec<&'static str> {
    let mut classes = Vec::new();
    if document["name"].is_null() {
        document["name"] = json!("None");
        classes.push("environment-without-name");
    }
    for segment in items(document["project"].get_mut("segments")) {
        if fill_rules(&mut segment["rules"]) {
            classes.push("rules-left-out");
        }
        for state in items(segment.get_mut("feature_states")) {
            let priority = state["feature_segment"].get("priority");
            if priority.is_some_and(|priority| priority.as_u64().is_none()) {
                // Weaker than all others, so that the order of the rest stays.
                state["feature_segment"]["priority"] = json!(99);
                classes.push("unusual-priority");
            }
        }
    }
    classes
}

fn fill_rules(rules: &mut Value) -> bool {
    let mut filled = false;
    for rule in items(Some(rules)) {
        for name in ["conditions", "rules"] {
            if rule.get(name).is_none() {
                rule[name] = json!([]);
                filled = true;
            }
        }
        filled |= fill_rules(&mut rule["rules"]);
    }
    filled
}

fn items(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

/// All conditions below some rules.
pub(crate) fn conditions_of<'a>(rules: &'a Value, found: &mut Vec<&'a Value>) {
    for rule in rules.as_array().into_iter().flatten() {
        found.extend(rule["conditions"].as_array().into_iter().flatten());
        conditions_of(&rule["rules"], found);
    }
}

/// The same document, in which only this segment can match, by this one condition.
pub(crate) fn isolated(document: &Value, segment: &Value, condition: &Value) -> Value {
    let mut document = document.clone();
    for other in items(document["project"].get_mut("segments")) {
        let is_it = other["id"] == segment["id"];
        other["rules"] = if is_it {
            json!([{ "type": "ALL", "conditions": [condition], "rules": [] }])
        } else {
            json!([])
        };
    }
    document
}

/// All states of a flag: its default, segments' and identities' overrides.
pub(crate) fn states_of<'a>(document: &'a Value, flag: &str) -> Vec<&'a Value> {
    let lists = [&document["feature_states"]].into_iter();
    let of_segments = document["project"]["segments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["feature_states"]);
    let of_identities = document["identity_overrides"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["identity_features"]);
    lists
        .chain(of_segments)
        .chain(of_identities)
        .filter_map(Value::as_array)
        .flatten()
        .filter(|state| state["feature"]["name"] == flag)
        .collect()
}
