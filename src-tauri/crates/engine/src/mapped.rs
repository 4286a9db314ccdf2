//! The context that the reference SDK makes of a document, for JSONPath properties that look into unusual places.

use serde_json::{Map, Value, json};

use crate::engine::{Engine, Feature, Rule, RuleKind, Segment, State};
use crate::source::Priority;

/// The context the reference SDK would build of the document. Sets of identity overrides are left out: there they sit
/// under random keys.
pub(crate) fn context_of(engine: &Engine) -> Value {
    let features: Map<String, Value> = engine
        .features
        .iter()
        .map(|feature| {
            let value = feature_of(feature, &feature.default, Priority::Absent);
            (feature.name.clone(), value)
        })
        .collect();
    let segments: Map<String, Value> = engine
        .segments
        .iter()
        .enumerate()
        .map(|(index, segment)| (segment.key.clone(), segment_of(engine, index as u32, segment)))
        .collect();
    json!({
        "environment": { "key": engine.environment_key, "name": engine.environment_name },
        "features": features,
        "segments": segments,
    })
}

fn segment_of(engine: &Engine, index: u32, segment: &Segment) -> Value {
    let overrides = segment.features.iter().flat_map(|feature| {
        let feature = &engine.features[*feature as usize];
        let own = feature
            .in_document_order()
            .filter(move |one| one.segment == index);
        own.map(|one| feature_of(feature, &one.state, one.priority))
    });
    let id = segment
        .key
        .parse::<i64>()
        .map_or_else(|_| Value::from(segment.key.clone()), Value::from);
    json!({
        "key": segment.key,
        "name": segment.name,
        "rules": segment.rules.iter().map(|rule| rule_of(engine, rule)).collect::<Vec<_>>(),
        "overrides": overrides.collect::<Vec<_>>(),
        "metadata": { "id": id, "source": "api" },
    })
}

fn feature_of(feature: &Feature, state: &State, priority: Priority) -> Value {
    let mut fields = Map::new();
    fields.insert("key".to_owned(), state.key.clone().into());
    fields.insert("name".to_owned(), feature.name.clone().into());
    fields.insert("enabled".to_owned(), state.enabled.into());
    fields.insert("value".to_owned(), state.value.clone());
    fields.insert("metadata".to_owned(), json!({ "id": feature.id }));
    if !state.variants.is_empty() {
        let mut listed: Vec<_> = state.variants.iter().collect();
        listed.sort_by_key(|variant| variant.listed);
        let variants = listed.into_iter().map(|variant| {
            let mut fields = Map::new();
            fields.insert("value".to_owned(), variant.value.clone());
            fields.insert("weight".to_owned(), Value::Number(variant.weight.clone()));
            fields.insert("priority".to_owned(), priority_of(variant.priority));
            if let Some(key) = &variant.key {
                fields.insert("key".to_owned(), key.clone().into());
            }
            Value::Object(fields)
        });
        fields.insert("variants".to_owned(), variants.collect());
    }
    if priority != Priority::Absent {
        fields.insert("priority".to_owned(), priority_of(priority));
    }
    Value::Object(fields)
}

fn priority_of(priority: Priority) -> Value {
    match priority {
        Priority::Whole(whole) => u64::try_from(whole).map_or(Value::Null, Value::from),
        other => other.as_number().map_or(Value::Null, Value::from),
    }
}

fn rule_of(engine: &Engine, rule: &Rule) -> Value {
    let kind = match &rule.kind {
        RuleKind::All => "ALL",
        RuleKind::Any => "ANY",
        RuleKind::None => "NONE",
        RuleKind::Unknown(kind) => kind,
    };
    let conditions = rule.conditions.iter().map(|condition| {
        let source = &engine.conditions[*condition as usize].source;
        json!({ "property": source.property, "operator": source.operator, "value": source.operand })
    });
    json!({
        "type": kind,
        "conditions": conditions.collect::<Vec<_>>(),
        "rules": rule.rules.iter().map(|rule| rule_of(engine, rule)).collect::<Vec<_>>(),
    })
}
