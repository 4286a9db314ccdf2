//! A segment: conditions that must all hold, and where one is named.

use halyard_model::{FieldPath, RuleKind, SegmentCondition, SegmentDefinition, SegmentRule, Version};
use serde_json::{Value, json};

use super::{Members, unsendable};
use crate::Failure;
use crate::edgeflags::wire::Item;
use crate::http::malformed;

/// The definition of an element: its conditions as one rule.
pub(in crate::edgeflags) fn read(item: &Item) -> Result<SegmentDefinition, Failure> {
    let conditions = match item.definition.get("conditions") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.iter().map(condition).collect(),
        Some(_) => {
            let place = format!("segment {}, at conditions", item.key);
            return Err(malformed(&place, "expected an array"));
        }
    };
    let description = item.definition.get("description").and_then(Value::as_str);
    Ok(SegmentDefinition {
        name: item.key.clone(),
        description: description.filter(|text| !text.is_empty()).map(str::to_owned),
        rules: vec![all_of(conditions)],
        version: item.version().map(Version::Number),
    })
}

fn condition(condition: &Value) -> SegmentCondition {
    let text = |name: &str| condition.get(name).and_then(Value::as_str).map(str::to_owned);
    SegmentCondition {
        operator: text("operator").unwrap_or_default(),
        property: text("property"),
        value: condition.get("value").cloned().unwrap_or_default(),
    }
}

fn all_of(conditions: Vec<SegmentCondition>) -> SegmentRule {
    SegmentRule {
        kind: RuleKind::All,
        conditions,
        rules: Vec::new(),
    }
}

/// A definition in the one form that this service knows: one rule, also where
/// there are no conditions.
pub(in crate::edgeflags) fn in_one_rule(wish: &SegmentDefinition) -> SegmentDefinition {
    let mut wish = wish.clone();
    if wish.rules.is_empty() {
        wish.rules.push(all_of(Vec::new()));
    }
    wish
}

/// The members that lead from a definition as read to a wish.
pub(in crate::edgeflags) fn changes(
    members: &Members,
    now: &SegmentDefinition,
    wish: &SegmentDefinition,
) -> Result<Members, Failure> {
    if wish.name != now.name {
        return Err(unsendable(
            FieldPath::Name,
            "The key of a segment cannot be changed on EdgeFlags.",
            "Make a segment with the new key, name it in the rules, and delete this one.",
        ));
    }
    let mut changes = Members::new();
    if wish.rules != now.rules {
        changes.insert("conditions".to_owned(), conditions(members, wish)?);
    }
    if wish.description.as_deref().unwrap_or_default() != now.description.as_deref().unwrap_or_default() {
        if !members.contains_key("description") {
            return Err(undescribed());
        }
        changes.insert("description".to_owned(), json!(wish.description));
    }
    Ok(changes)
}

/// The members of a segment that is to be made.
pub(in crate::edgeflags) fn made(wish: &SegmentDefinition) -> Result<Members, Failure> {
    if wish.description.as_ref().is_some_and(|text| !text.is_empty()) {
        return Err(undescribed());
    }
    let mut members = Members::new();
    members.insert("conditions".to_owned(), conditions(&Members::new(), wish)?);
    Ok(members)
}

fn undescribed() -> Failure {
    unsendable(
        FieldPath::Description,
        "EdgeFlags shows no description for this segment, so none can be set.",
        "Take the description out of the edit.",
    )
}

/// Conditions as the service writes them. One that did not change is sent as it
/// was read, with whatever else it holds.
fn conditions(members: &Members, wish: &SegmentDefinition) -> Result<Value, Failure> {
    let [rule] = wish.rules.as_slice() else {
        return Err(one_rule());
    };
    if rule.kind != RuleKind::All || !rule.rules.is_empty() {
        return Err(one_rule());
    }
    if rule.conditions.iter().any(|one| one.property.is_none()) {
        return Err(unsendable(
            FieldPath::Rules,
            "Each condition of an EdgeFlags segment names a property.",
            "Say which property is compared. A share of users is a rollout on the flag.",
        ));
    }
    let before = members.get("conditions").and_then(Value::as_array);
    let before = before.map(Vec::as_slice).unwrap_or_default();
    let written = rule.conditions.iter().map(|wished| {
        let known = before.iter().find(|known| condition(known) == *wished);
        known.cloned().unwrap_or_else(
            || json!({"property": wished.property, "operator": wished.operator, "value": wished.value}),
        )
    });
    Ok(Value::Array(written.collect()))
}

fn one_rule() -> Failure {
    unsendable(
        FieldPath::Rules,
        "An EdgeFlags segment is one list of conditions that must all hold.",
        "For a choice between conditions make several segments, and name them all in the flag's rule.",
    )
}

/// Whether a definition names a segment: the condition on the property
/// `segment`, wherever in it, with the key alone or in a list.
pub(in crate::edgeflags) fn is_named_in(definition: &Value, key: &str) -> bool {
    match definition {
        Value::Array(all) => all.iter().any(|one| is_named_in(one, key)),
        Value::Object(members) => {
            let is_condition = members.get("property").and_then(Value::as_str) == Some("segment");
            let names = |value: &Value| match value {
                Value::Array(all) => all.iter().any(|one| one.as_str() == Some(key)),
                one => one.as_str() == Some(key),
            };
            is_condition && members.get("value").is_some_and(names)
                || members.values().any(|member| is_named_in(member, key))
        }
        _ => false,
    }
}
