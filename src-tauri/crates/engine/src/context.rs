//! Reading an evaluation context, the form of the official test data.

use std::collections::HashSet;

use serde_json::Value;

use crate::document::unique;
use crate::error::DocumentError;
use crate::identity::Identity;
use crate::place::Node;
use crate::result::RemoteRules;
use crate::source::{
    Priority, Source, SourceCondition, SourceRule, SourceSegment, SourceState, SourceVariant,
};
use crate::tree::Tree;

/// Reads a context. Its identity is kept beside the compiled environment.
pub(crate) fn read(context: &Value) -> Result<Source, DocumentError> {
    let tree = Tree::of(context);
    let root = Node::root(&tree);
    let environment = root.field("environment")?;
    let mut features = Vec::new();
    if let Some(map) = root.optional("features")? {
        for (key, feature) in map.members()? {
            let state = read_state(&feature)?;
            if state.name != key {
                return Err(feature
                    .field("name")?
                    .error(format!("expected {key:?}, found {:?}", state.name)));
            }
            features.push(state);
        }
    }
    let mut segments = Vec::new();
    if let Some(map) = root.optional("segments")? {
        for (_, segment) in map.members()? {
            segments.push(read_segment(&segment)?);
        }
    }
    let mut without_identity = context.clone();
    if let Some(fields) = without_identity.as_object_mut() {
        fields.shift_remove("identity");
    }
    Ok(Source {
        environment_key: environment.field("key")?.text()?.to_owned(),
        environment_name: environment.field("name")?.value.to_value(),
        features: unique(features, |feature| feature.name.clone()),
        segments,
        identity_overrides: Vec::new(),
        remote: RemoteRules::default(),
        server_only_ids: HashSet::new(),
        identity: root
            .optional("identity")?
            .map(|identity| read_identity(&identity))
            .transpose()?,
        context: Some(without_identity),
    })
}

fn read_identity(identity: &Node<'_>) -> Result<Identity, DocumentError> {
    let mut traits = std::collections::BTreeMap::new();
    if let Some(map) = identity.optional("traits")? {
        traits.extend(
            map.members()?
                .map(|(name, value)| (name.to_owned(), value.value.to_value())),
        );
    }
    let key = match identity.optional("key")? {
        Some(key) => Some(key.text()?.to_owned()),
        None => None,
    };
    Ok(Identity {
        identifier: identity.field("identifier")?.text()?.to_owned(),
        key,
        traits,
    })
}

fn read_segment(segment: &Node<'_>) -> Result<SourceSegment, DocumentError> {
    let mut overrides = Vec::new();
    if let Some(list) = segment.optional("overrides")? {
        for state in list.items()? {
            overrides.push(read_state(&state)?);
        }
    }
    let mut rules = Vec::new();
    for rule in segment.field("rules")?.items()? {
        rules.push(read_rule(&rule)?);
    }
    Ok(SourceSegment {
        key: read_key(&segment.field("key")?)?,
        name: segment.field("name")?.text()?.to_owned(),
        metadata: read_metadata(segment)?,
        rules,
        overrides,
    })
}

fn read_key(key: &Node<'_>) -> Result<String, DocumentError> {
    match key.value {
        Tree::Number(number) => Ok(crate::printing::print_number(number)),
        _ => Ok(key.text()?.to_owned()),
    }
}

/// Empty metadata is as good as none.
fn read_metadata(owner: &Node<'_>) -> Result<Option<Value>, DocumentError> {
    let metadata = owner
        .optional("metadata")?
        .map(|metadata| metadata.value.to_value());
    Ok(metadata.filter(|metadata| metadata.as_object().is_none_or(|fields| !fields.is_empty())))
}

fn read_rule(rule: &Node<'_>) -> Result<SourceRule, DocumentError> {
    let mut conditions = Vec::new();
    if let Some(list) = rule.optional("conditions")? {
        for condition in list.items()? {
            conditions.push(SourceCondition {
                property: condition.field("property")?.text()?.to_owned(),
                operator: condition.field("operator")?.text()?.to_owned(),
                operand: condition.field("value")?.value.to_value(),
            });
        }
    }
    let mut rules = Vec::new();
    if let Some(list) = rule.optional("rules")? {
        for rule in list.items()? {
            rules.push(read_rule(&rule)?);
        }
    }
    Ok(SourceRule {
        kind: rule.field("type")?.text()?.to_owned(),
        conditions,
        rules,
    })
}

fn read_state(state: &Node<'_>) -> Result<SourceState, DocumentError> {
    let mut variants = Vec::new();
    if let Some(list) = state.optional("variants")? {
        for variant in list.items()? {
            let key = match variant.optional("key")? {
                Some(key) => Some(key.text()?.to_owned()),
                None => None,
            };
            variants.push(SourceVariant {
                value: variant.field("value")?.value.to_value(),
                weight: variant.field("weight")?.number()?.clone(),
                priority: Priority::of(variant.field("priority")?.number()?),
                key,
            });
        }
    }
    let priority = match state.object()?.get("priority") {
        None => Priority::Absent,
        Some(Tree::Null) => Priority::Null,
        Some(_) => Priority::of(state.field("priority")?.number()?),
    };
    Ok(SourceState {
        name: state.field("name")?.text()?.to_owned(),
        feature_id: None,
        key: read_key(&state.field("key")?)?,
        enabled: state.field("enabled")?.boolean()?,
        value: state.field("value")?.value.to_value(),
        variants,
        priority,
        metadata: read_metadata(state)?,
    })
}
