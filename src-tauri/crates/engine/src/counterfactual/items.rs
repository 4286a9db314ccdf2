//! Items of an environment document, written from the compiled form with one thing changed.

use serde_json::{Map, Number, Value, json};

use crate::engine::{Engine, Override, Rule, RuleKind, State};
use crate::identity::Identity;
use crate::outcome::Decider;
use crate::source::Priority;

/// What is different in the written item.
#[derive(Clone, Copy, Debug)]
pub(super) enum Difference<'d> {
    /// The operand of a condition, by the condition's number.
    Operand { condition: u32, operand: &'d str },
    /// The weights of a feature's state, in the order in which its variants are tried.
    Weights {
        feature: u32,
        decider: Decider,
        weights: &'d [f64],
    },
}

/// An item of `project.segments`.
pub(super) fn segment_item(engine: &Engine, index: usize, difference: Difference<'_>) -> Value {
    let segment = &engine.segments[index];
    let mut states = Vec::new();
    for feature in &segment.features {
        for (position, one) in engine.features[*feature as usize].overrides.iter().enumerate() {
            if one.segment as usize == index {
                states.push(override_item(
                    engine,
                    (*feature, position as u32),
                    one,
                    difference,
                ));
            }
        }
    }
    json!({
        "id": segment.key,
        "name": segment.name,
        "rules": rules_item(engine, &segment.rules, difference),
        "feature_states": states,
    })
}

/// An item of the environment's `feature_states`.
pub(super) fn flag_item(engine: &Engine, feature: u32, difference: Difference<'_>) -> Value {
    let weights = weights_of(difference, feature, Decider::Default);
    Value::Object(state_item(
        engine,
        feature,
        &engine.features[feature as usize].default,
        weights,
    ))
}

/// An item of `identity_overrides`: the identity's own overrides with one of them put in.
pub(super) fn identity_item(
    engine: &Engine,
    identity: &Identity,
    feature: u32,
    enabled: bool,
    value: &Value,
) -> Value {
    let name = &engine.features[feature as usize].name;
    let known = engine
        .identities
        .sources
        .iter()
        .find(|source| source.identifier == identity.identifier);
    let mut states = vec![own_item(
        engine.features[feature as usize].id,
        name,
        enabled,
        value,
    )];
    for state in known.iter().flat_map(|source| &source.states) {
        if state.name != *name {
            states.push(own_item(
                state.feature_id,
                &state.name,
                state.enabled,
                &state.value,
            ));
        }
    }
    json!({ "identifier": identity.identifier, "identity_features": states })
}

fn own_item(id: Option<i64>, name: &str, enabled: bool, value: &Value) -> Value {
    json!({
        "feature": { "id": id.unwrap_or_default(), "name": name },
        "enabled": enabled,
        "feature_state_value": value,
    })
}

fn override_item(
    engine: &Engine,
    (feature, position): (u32, u32),
    one: &Override,
    difference: Difference<'_>,
) -> Value {
    let weights = weights_of(difference, feature, Decider::Override(position));
    let mut item = state_item(engine, feature, &one.state, weights);
    let priority = match one.priority {
        Priority::Absent => return Value::Object(item),
        Priority::Null => Value::Null,
        Priority::Whole(whole) => u64::try_from(whole).map_or(Value::Null, Value::from),
        Priority::Fraction(fraction) => Value::from(fraction),
    };
    item.insert("feature_segment".to_owned(), json!({ "priority": priority }));
    Value::Object(item)
}

fn weights_of<'d>(difference: Difference<'d>, feature: u32, decider: Decider) -> Option<&'d [f64]> {
    match difference {
        Difference::Weights {
            feature: changed,
            decider: whose,
            weights,
        } if changed == feature && whose == decider => Some(weights),
        _ => None,
    }
}

/// The seed is written as both of the things it can have come from.
fn state_item(engine: &Engine, feature: u32, state: &State, weights: Option<&[f64]>) -> Map<String, Value> {
    let feature = &engine.features[feature as usize];
    let variants = state.variants.iter().enumerate().map(|(position, variant)| {
        let changed = weights.and_then(|weights| Number::from_f64(*weights.get(position)?));
        json!({
            // Ids order variants, and these are in order.
            "id": position + 1,
            "percentage_allocation": changed.unwrap_or_else(|| variant.weight.clone()),
            "multivariate_feature_option": { "value": variant.value, "key": variant.key },
        })
    });
    let item = json!({
        "feature": { "id": feature.id.unwrap_or_default(), "name": feature.name },
        "enabled": state.enabled,
        "feature_state_value": state.value,
        "django_id": state.key,
        "featurestate_uuid": state.key,
        "multivariate_feature_state_values": variants.collect::<Vec<_>>(),
    });
    match item {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn rules_item(engine: &Engine, rules: &[Rule], difference: Difference<'_>) -> Value {
    let rule_item = |rule: &Rule| {
        let conditions = rule.conditions.iter().map(|index| {
            let source = &engine.conditions[*index as usize].source;
            let operand = match difference {
                Difference::Operand { condition, operand } if condition == *index => Value::from(operand),
                _ => source.operand.clone(),
            };
            json!({ "property_": source.property, "operator": source.operator, "value": operand })
        });
        json!({
            "type": match &rule.kind {
                RuleKind::All => "ALL",
                RuleKind::Any => "ANY",
                RuleKind::None => "NONE",
                RuleKind::Unknown(kind) => kind,
            },
            "conditions": conditions.collect::<Vec<_>>(),
            "rules": rules_item(engine, &rule.rules, difference),
        })
    };
    rules.iter().map(rule_item).collect()
}
