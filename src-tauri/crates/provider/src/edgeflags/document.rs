//! Definitions in a snapshot's document, which is the service's lists as one
//! object: `flags`, `configs` and `segments`, each an array of whole
//! definitions with their `key`, and the name of the `environment`.

use halyard_model::{ConfigDefinition, FlagDefinition, SegmentDefinition};
use serde_json::Value;

use super::content::{config, flag, segment};
use super::wire::{CONFIGS, FLAGS, Item, Kind, SEGMENTS};

/// A flag's base definition in a document; `None` where it is not there or
/// cannot be read.
pub fn flag_definition(document: &Value, key: &str) -> Option<FlagDefinition> {
    flag::read(&item(document, FLAGS, key)?).ok()
}

/// A config's definition in a document; `None` where it is not there or cannot
/// be read.
pub fn config_definition(document: &Value, key: &str) -> Option<ConfigDefinition> {
    config::read(&item(document, CONFIGS, key)?).ok()
}

/// A segment's definition in a document, its conditions as one rule; `None`
/// where it is not there or cannot be read.
pub fn segment_definition(document: &Value, key: &str) -> Option<SegmentDefinition> {
    segment::read(&item(document, SEGMENTS, key)?).ok()
}

/// The keys of a document's flags, as they are listed there.
pub fn flag_keys(document: &Value) -> Vec<String> {
    keys(document, FLAGS)
}

/// The keys of a document's configs, as they are listed there.
pub fn config_keys(document: &Value) -> Vec<String> {
    keys(document, CONFIGS)
}

/// The keys of a document's segments, as they are listed there.
pub fn segment_keys(document: &Value) -> Vec<String> {
    keys(document, SEGMENTS)
}

/// What a flag's environment sets of its own, as the service gave it: any of
/// `enabled`, `value` and `targeting`. `None` where it sets nothing and gets
/// the flag's.
pub fn own_settings(document: &Value, key: &str, environment: &str) -> Option<Value> {
    let own = element(document, FLAGS, key)?
        .get("environments")?
        .get(environment)?;
    own.as_object().filter(|own| !own.is_empty())?;
    Some(own.clone())
}

/// Where a segment is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentUses {
    /// The keys of flags whose rules name it, an environment's own included.
    pub flags: Vec<String>,
    /// The keys of segments whose conditions name it.
    pub segments: Vec<String>,
}

impl SegmentUses {
    /// Whether nothing names it.
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty() && self.segments.is_empty()
    }
}

/// Where a document's flags and segments name a segment. The documentation
/// shows the pseudo-property `segment` in flag rules; that it names segments in
/// segments, too, is inferred.
pub fn segment_uses(document: &Value, key: &str) -> SegmentUses {
    let naming = |kind: Kind| {
        let naming = elements(document, kind)
            .iter()
            .filter(|one| segment::is_named_in(one, key));
        naming.filter_map(key_of).collect()
    };
    SegmentUses {
        flags: naming(FLAGS),
        segments: naming(SEGMENTS),
    }
}

fn elements(document: &Value, kind: Kind) -> &[Value] {
    let all = document.get(kind.plural).and_then(Value::as_array);
    all.map(Vec::as_slice).unwrap_or_default()
}

fn element<'a>(document: &'a Value, kind: Kind, key: &str) -> Option<&'a Value> {
    let mut all = elements(document, kind).iter();
    all.find(|one| one.get("key").and_then(Value::as_str) == Some(key))
}

fn item(document: &Value, kind: Kind, key: &str) -> Option<Item> {
    Item::read(element(document, kind, key)?.clone(), kind.nested, kind.nested).ok()
}

fn keys(document: &Value, kind: Kind) -> Vec<String> {
    elements(document, kind).iter().filter_map(key_of).collect()
}

fn key_of(element: &Value) -> Option<String> {
    element.get("key")?.as_str().map(str::to_owned)
}
