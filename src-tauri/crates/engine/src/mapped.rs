//! The context that the reference SDK makes of a document, for JSONPath properties that look into unusual places.

use serde_json::{Map, Value, json};

use crate::source::{Priority, Source, SourceRule, SourceSegment, SourceState};

/// Whether some condition's property is a JSONPath.
pub(crate) fn needs_context(segments: &[SourceSegment]) -> bool {
    fn in_rules(rules: &[SourceRule]) -> bool {
        rules.iter().any(|rule| {
            rule.conditions
                .iter()
                .any(|condition| condition.property.starts_with("$."))
                || in_rules(&rule.rules)
        })
    }
    segments.iter().any(|segment| in_rules(&segment.rules))
}

/// The context the reference SDK would build, for JSONPath properties that look into unusual places. Sets of identity
/// overrides are left out: there they sit under random keys.
pub(crate) fn context_of(source: &Source) -> Value {
    let features: Map<String, Value> = source
        .features
        .iter()
        .map(|feature| (feature.name.clone(), feature_of(feature)))
        .collect();
    let segments: Map<String, Value> = source
        .segments
        .iter()
        .map(|segment| {
            let overrides: Vec<Value> = segment.overrides.iter().map(feature_of).collect();
            let id = segment
                .key
                .parse::<i64>()
                .map_or_else(|_| Value::from(segment.key.clone()), Value::from);
            let value = json!({
                "key": segment.key,
                "name": segment.name,
                "rules": segment.rules.iter().map(rule_of).collect::<Vec<_>>(),
                "overrides": overrides,
                "metadata": { "id": id, "source": "api" },
            });
            (segment.key.clone(), value)
        })
        .collect();
    json!({
        "environment": { "key": source.environment_key, "name": source.environment_name },
        "features": features,
        "segments": segments,
    })
}

fn feature_of(state: &SourceState) -> Value {
    let mut feature = Map::new();
    feature.insert("key".to_owned(), state.key.clone().into());
    feature.insert("name".to_owned(), state.name.clone().into());
    feature.insert("enabled".to_owned(), state.enabled.into());
    feature.insert("value".to_owned(), state.value.clone());
    feature.insert("metadata".to_owned(), json!({ "id": state.feature_id }));
    if !state.variants.is_empty() {
        let variants = state.variants.iter().map(|variant| {
            let mut fields = Map::new();
            fields.insert("value".to_owned(), variant.value.clone());
            fields.insert("weight".to_owned(), Value::Number(variant.weight.clone()));
            fields.insert("priority".to_owned(), priority_of(variant.priority));
            if let Some(key) = &variant.key {
                fields.insert("key".to_owned(), key.clone().into());
            }
            Value::Object(fields)
        });
        feature.insert("variants".to_owned(), variants.collect());
    }
    if state.priority != Priority::Absent {
        feature.insert("priority".to_owned(), priority_of(state.priority));
    }
    Value::Object(feature)
}

fn priority_of(priority: Priority) -> Value {
    match priority {
        Priority::Whole(whole) => u64::try_from(whole).map_or(Value::Null, Value::from),
        other => other.as_number().map_or(Value::Null, Value::from),
    }
}

fn rule_of(rule: &SourceRule) -> Value {
    let conditions = rule.conditions.iter().map(|condition| {
        json!({ "property": condition.property, "operator": condition.operator, "value": condition.operand })
    });
    json!({
        "type": rule.kind,
        "conditions": conditions.collect::<Vec<_>>(),
        "rules": rule.rules.iter().map(rule_of).collect::<Vec<_>>(),
    })
}
