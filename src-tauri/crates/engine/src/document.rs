//! Reading an environment document, as the server hands it to a server-side key.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::error::DocumentError;
use crate::place::Node;
use crate::result::RemoteRules;
use crate::source::{
    Priority, Source, SourceCondition, SourceIdentity, SourceRule, SourceSegment, SourceState, SourceVariant,
};
use crate::tree::Tree;

/// Reads a document the way the reference SDK maps it to a context.
pub(crate) fn read(document: &Tree<'_>) -> Result<Source, DocumentError> {
    let root = Node::root(document);
    let name = root.field("name")?;
    if !name.value.is_null() {
        name.text()?;
    }
    let project = root.field("project")?;
    let features = read_states(&root.field("feature_states")?)?;
    let segments = read_segments(&project.field("segments")?)?;
    let identity_overrides = match root.optional("identity_overrides")? {
        Some(overrides) => read_identity_overrides(&overrides)?,
        None => Vec::new(),
    };
    let features = unique(features, |feature| feature.name.clone());
    let remote = read_remote_rules(&root, &project)?;
    Ok(Source {
        environment_key: root.field("api_key")?.text()?.to_owned(),
        environment_name: name.value.to_value(),
        features,
        segments: unique(segments, |segment| segment.key.clone()),
        identity_overrides,
        remote,
        server_only_ids: read_server_only_ids(&project)?,
        identity: None,
        context: None,
    })
}

/// Keeps one item per key: the last, in the first one's position.
pub(crate) fn unique<T>(items: Vec<T>, key: impl Fn(&T) -> String) -> Vec<T> {
    let mut positions = HashMap::new();
    let mut kept: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        let next = kept.len();
        let position = *positions.entry(key(&item)).or_insert(next);
        match kept.get_mut(position) {
            Some(earlier) => *earlier = item,
            None => kept.push(item),
        }
    }
    kept
}

fn read_remote_rules(root: &Node<'_>, project: &Node<'_>) -> Result<RemoteRules, DocumentError> {
    let flag = |node: &Node<'_>, name: &str| match node.optional(name)? {
        Some(value) => value.boolean().map(Some),
        None => Ok(None),
    };
    let hide_disabled = match flag(root, "hide_disabled_flags")? {
        Some(own) => own,
        None => flag(project, "hide_disabled_flags")?.unwrap_or(false),
    };
    Ok(RemoteRules {
        hide_disabled,
        server_only_flags: Vec::new(),
        composite_key_hashing: flag(root, "use_identity_composite_key_for_hashing")?.unwrap_or(true),
        local_identity_overrides: flag(root, "use_identity_overrides_in_local_eval")?.unwrap_or(true),
    })
}

fn read_server_only_ids(project: &Node<'_>) -> Result<HashSet<i64>, DocumentError> {
    match project.optional("server_key_only_feature_ids")? {
        Some(ids) => ids.items()?.map(|id| id.integer()).collect(),
        None => Ok(HashSet::new()),
    }
}

fn read_segments(list: &Node<'_>) -> Result<Vec<SourceSegment>, DocumentError> {
    list.items()?.map(|segment| read_segment(&segment)).collect()
}

pub(crate) fn read_segment(segment: &Node<'_>) -> Result<SourceSegment, DocumentError> {
    let overrides = match segment.optional("feature_states")? {
        Some(states) => read_states(&states)?,
        None => Vec::new(),
    };
    let id = segment.field("id")?;
    Ok(SourceSegment {
        key: read_id(&id)?,
        name: segment.field("name")?.text()?.to_owned(),
        metadata: None,
        rules: read_rules(&segment.field("rules")?)?,
        overrides,
    })
}

/// An id, a number on the server and text in some exports.
fn read_id(id: &Node<'_>) -> Result<String, DocumentError> {
    match id.value {
        Tree::Text(text) => Ok(text.as_ref().to_owned()),
        _ => Ok(id.integer()?.to_string()),
    }
}

fn read_rules(list: &Node<'_>) -> Result<Vec<SourceRule>, DocumentError> {
    list.items()?.map(|rule| read_rule(&rule)).collect()
}

fn read_rule(rule: &Node<'_>) -> Result<SourceRule, DocumentError> {
    let has = |name: &str| rule.object().map(|object| object.get(name).is_some());
    let mut conditions = Vec::new();
    if has("conditions")? {
        for condition in rule.field("conditions")?.items()? {
            let property = condition.optional("property_")?;
            conditions.push(SourceCondition {
                property: property.map_or(Ok(""), |property| property.text())?.to_owned(),
                operator: condition.field("operator")?.text()?.to_owned(),
                operand: condition.field("value")?.value.to_value(),
            });
        }
    }
    let rules = if has("rules")? {
        read_rules(&rule.field("rules")?)?
    } else {
        Vec::new()
    };
    Ok(SourceRule {
        kind: rule.field("type")?.text()?.to_owned(),
        conditions,
        rules,
    })
}

fn read_states(list: &Node<'_>) -> Result<Vec<SourceState>, DocumentError> {
    list.items()?.map(|state| read_state(&state)).collect()
}

pub(crate) fn read_state(state: &Node<'_>) -> Result<SourceState, DocumentError> {
    let feature = state.field("feature")?;
    let mut variants = Vec::new();
    if let Some(values) = state.optional("multivariate_feature_state_values")? {
        for value in values.items()? {
            variants.push(read_variant(&value)?);
        }
    }
    Ok(SourceState {
        name: feature.field("name")?.text()?.to_owned(),
        feature_id: Some(feature.field("id")?.integer()?),
        key: read_hash_key(state)?,
        enabled: state.field("enabled")?.boolean()?,
        value: state.field("feature_state_value")?.value.to_value(),
        variants,
        priority: read_segment_priority(state)?,
        metadata: None,
    })
}

/// The bucketing seed: `django_id`, or the state's UUID where that is absent, null or zero.
fn read_hash_key(state: &Node<'_>) -> Result<String, DocumentError> {
    if let Some(seed) = state.optional("django_id")? {
        let seed = read_id(&seed)?;
        if seed != "0" && !seed.is_empty() {
            return Ok(seed);
        }
    }
    Ok(state.field("featurestate_uuid")?.text()?.to_owned())
}

fn read_segment_priority(state: &Node<'_>) -> Result<Priority, DocumentError> {
    let Some(link) = state.optional("feature_segment")? else {
        return Ok(Priority::Absent);
    };
    if link.object()?.is_empty() {
        return Ok(Priority::Absent);
    }
    let priority = link.field("priority")?;
    if priority.value.is_null() {
        return Ok(Priority::Null);
    }
    Ok(Priority::of(priority.number()?))
}

fn read_variant(value: &Node<'_>) -> Result<SourceVariant, DocumentError> {
    let option = value.field("multivariate_feature_option")?;
    let id = match value.optional("id")? {
        Some(id) => Some(id.number()?).filter(|id| id.as_f64() != Some(0.0)),
        None => None,
    };
    let priority = match id {
        Some(id) => Priority::of(id),
        None => {
            let uuid = value.field("mv_fs_value_uuid")?;
            let number =
                uuid_as_number(uuid.text()?).ok_or_else(|| uuid.error("expected UUID, found other text"))?;
            Priority::Whole(number)
        }
    };
    let key = match option.optional("key")? {
        Some(key) => Some(key.text()?.to_owned()),
        None => None,
    };
    Ok(SourceVariant {
        value: option.field("value")?.value.to_value(),
        weight: value.field("percentage_allocation")?.number()?.clone(),
        priority,
        key,
    })
}

/// A UUID's 128 bits; the order of variants that have no id.
fn uuid_as_number(text: &str) -> Option<u128> {
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let digits = bare.trim_matches(['{', '}']).replace('-', "");
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}

fn read_identity_overrides(list: &Node<'_>) -> Result<Vec<SourceIdentity>, DocumentError> {
    list.items()?.map(|identity| read_identity(&identity)).collect()
}

pub(crate) fn read_identity(identity: &Node<'_>) -> Result<SourceIdentity, DocumentError> {
    let features = identity.field("identity_features")?;
    let mut states = Vec::new();
    for state in features.items()? {
        states.push(read_identity_state(&state)?);
    }
    states.sort_by(|left, right| left.name.cmp(&right.name));
    // Nobody looks at the name of an identity without states.
    let identifier = identity
        .field("identifier")
        .and_then(|identifier| identifier.text().map(str::to_owned));
    let identifier = match identifier {
        Err(_) if states.is_empty() => String::new(),
        identifier => identifier?,
    };
    Ok(SourceIdentity { identifier, states })
}

/// Identities that share their overrides.
pub(crate) struct Group<'s> {
    pub(crate) identifiers: Vec<String>,
    pub(crate) states: &'s [SourceState],
}

/// Identities with equal sets of overrides share one group, in the order in which sets first appear.
///
/// Equality is the reference's, to which `1`, `1.0` and `true` are equal: the first identity's value then counts for
/// all of them. The reference files sets under their hash, and some values that differ have the same: of two such sets
/// the later one takes the earlier one's place, and the earlier one's identities lose their overrides.
pub(crate) fn group_identities(identities: &[Arc<SourceIdentity>]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut positions = HashMap::new();
    for identity in identities.iter().filter(|identity| !identity.states.is_empty()) {
        let next = groups.len();
        let compared = fingerprint(&identity.states, value_as_compared);
        let position = *positions.entry(compared).or_insert(next);
        match groups.get_mut(position) {
            Some(group) => group.identifiers.push(identity.identifier.clone()),
            None => groups.push(Group {
                identifiers: vec![identity.identifier.clone()],
                states: &identity.states,
            }),
        }
    }
    unique(groups, |group| fingerprint(group.states, value_as_hashed))
}

/// An identity's override carries neither variants nor a hash key.
fn read_identity_state(state: &Node<'_>) -> Result<SourceState, DocumentError> {
    let feature = state.field("feature")?;
    let value = state.field("feature_state_value")?;
    if !value.value.is_scalar() {
        return Err(value.error("expected text, number, true, false or null"));
    }
    Ok(SourceState {
        name: feature.field("name")?.text()?.to_owned(),
        feature_id: Some(feature.field("id")?.integer()?),
        key: String::new(),
        enabled: state.field("enabled")?.boolean()?,
        value: value.value.to_value(),
        variants: Vec::new(),
        priority: Priority::Fraction(f64::NEG_INFINITY),
        metadata: None,
    })
}

/// Text that is equal exactly when the reference takes two sets of overrides for equal, given such a text for values.
fn fingerprint(states: &[SourceState], value_text: fn(&Value) -> String) -> String {
    let texts = states.iter().map(|state| {
        format!(
            "{:?} {:?} {} {}",
            state.feature_id,
            state.name,
            state.enabled,
            value_text(&state.value)
        )
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Equal for values that compare as equal.
fn value_as_compared(value: &Value) -> String {
    match value {
        Value::Bool(boolean) => u8::from(*boolean).to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && !number.is_i64() && !number.is_u64() => {
                format!("{:.0}", float + 0.0)
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Equal for values with equal hashes: empty text hashes as zero, and minus one as minus two.
fn value_as_hashed(value: &Value) -> String {
    let compared = value_as_compared(value);
    match compared.as_str() {
        "\"\"" => "0".to_owned(),
        "-1" => "-2".to_owned(),
        _ => compared,
    }
}
