//! EdgeFlags' JSON. Definitions are kept whole, unknown members included,
//! because a write sends them back.

use halyard_model::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Failure;
use crate::http::malformed;

/// One element of a list: its key and its whole definition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) definition: Map<String, Value>,
}

impl Item {
    /// Reads an element, nested (`{"key", "flag": {…}}`) or flat.
    pub(super) fn read(element: Value, nested: &str, place: &str) -> Result<Item, Failure> {
        let Value::Object(mut members) = element else {
            return Err(malformed(place, "expected an object"));
        };
        let Some(Value::String(key)) = members.shift_remove("key") else {
            return Err(malformed(&format!("{place}.key"), "expected text"));
        };
        let definition = match members.shift_remove(nested) {
            Some(Value::Object(definition)) => definition,
            Some(_) => return Err(malformed(&format!("{place}.{nested}"), "expected an object")),
            None => members,
        };
        Ok(Item { key, definition })
    }

    /// The element as a document holds it: flat, the key in front.
    pub(super) fn flat(&self) -> Value {
        let mut members = Map::from_iter([("key".to_owned(), Value::String(self.key.clone()))]);
        members.extend(self.definition.clone());
        Value::Object(members)
    }

    /// The number that counts its definitions.
    pub(super) fn version(&self) -> Option<u64> {
        self.definition.get("version")?.as_u64()
    }
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    pub(super) total: Option<u64>,
    pub(super) has_more: bool,
}

/// The names of one kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The route and the list's member.
    pub(super) plural: &'static str,
    /// The member that holds a nested definition, and the word for one.
    pub(super) nested: &'static str,
}

pub(super) const FLAGS: Kind = Kind {
    plural: "flags",
    nested: "flag",
};
pub(super) const CONFIGS: Kind = Kind {
    plural: "configs",
    nested: "config",
};
pub(super) const SEGMENTS: Kind = Kind {
    plural: "segments",
    nested: "segment",
};

impl Kind {
    /// What a token needs to change one. Segments have none of their own.
    pub(super) fn write_permission(self) -> &'static str {
        if self == CONFIGS {
            "write:configs"
        } else {
            "write:flags"
        }
    }
}

/// Reads a page: an envelope or a bare array.
pub(super) fn page(answer: Value, kind: Kind) -> Result<Page, Failure> {
    let what = format!("list of {}", kind.plural);
    let (elements, total, has_more) = match answer {
        Value::Array(elements) => (elements, None, false),
        Value::Object(mut members) => {
            let total = members.get("total").and_then(Value::as_u64);
            let has_more = members.get("has_more").and_then(Value::as_bool).unwrap_or(false);
            match members.shift_remove(kind.plural) {
                Some(Value::Array(elements)) => (elements, total, has_more),
                Some(_) => {
                    return Err(malformed(
                        &format!("{what}, at {}", kind.plural),
                        "expected an array",
                    ));
                }
                None => return Err(malformed(&what, &format!("missing member `{}`", kind.plural))),
            }
        }
        _ => return Err(malformed(&what, "expected an object or an array")),
    };
    let items = elements
        .into_iter()
        .enumerate()
        .map(|(index, element)| {
            Item::read(
                element,
                kind.nested,
                &format!("{what}, at {}[{index}]", kind.plural),
            )
        })
        .collect::<Result<Vec<Item>, Failure>>()?;
    Ok(Page {
        items,
        total,
        has_more,
    })
}

/// The project of a token.
#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// Environments, as names or as objects with a name.
#[derive(Deserialize)]
pub(super) struct Environments {
    pub(super) environments: Vec<EnvironmentName>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum EnvironmentName {
    Plain(String),
    Object { name: String },
}

impl EnvironmentName {
    pub(super) fn into_name(self) -> String {
        match self {
            EnvironmentName::Plain(name) | EnvironmentName::Object { name } => name,
        }
    }
}

/// The answer to a bulk evaluation.
#[derive(Deserialize)]
pub(super) struct Evaluated {
    pub(super) flags: Map<String, Value>,
}

/// The answer to a single evaluation.
#[derive(Deserialize)]
pub(super) struct EvaluatedFlag {
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// A page of the audit log.
#[derive(Deserialize)]
pub(super) struct AuditPage {
    pub(super) entries: Vec<AuditRow>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// An entry of the audit log.
#[derive(Deserialize)]
pub(super) struct AuditRow {
    #[serde(default)]
    pub(super) timestamp: Option<Value>,
    #[serde(default)]
    pub(super) actor: Option<String>,
    #[serde(default)]
    pub(super) action: String,
    #[serde(default)]
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) resource_key: String,
}

/// A time in ISO 8601.
pub(super) fn timestamp(value: Option<&Value>) -> Option<Timestamp> {
    let moment: jiff::Timestamp = value?.as_str()?.parse().ok()?;
    Some(Timestamp(moment.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_read_in_every_known_shape() {
        let definition = json!({"enabled": true, "value": 1, "version": 3, "colour": "unknown member"});
        let nested = json!({"key": "a", "flag": definition});
        let mut flat = definition.clone();
        flat["key"] = json!("a");
        for answer in [
            json!({"flags": [nested], "total": 1, "has_more": false}),
            json!({"flags": [flat.clone()]}),
            json!([flat]),
        ] {
            let page = page(answer, FLAGS).unwrap();
            assert_eq!(page.items[0].key, "a");
            assert_eq!(Value::Object(page.items[0].definition.clone()), definition);
            assert_eq!(page.items[0].version(), Some(3));
        }
    }

    #[test]
    fn a_wrong_shape_names_its_place() {
        for (answer, place) in [
            (json!({"items": []}), "list of flags: missing member `flags`"),
            (json!({"flags": {}}), "list of flags, at flags: expected an array"),
            (
                json!({"flags": [{"key": 1}]}),
                "list of flags, at flags[0].key: expected text",
            ),
            (json!("no"), "list of flags: expected an object or an array"),
        ] {
            let failure = page(answer, FLAGS).unwrap_err();
            assert_eq!(
                failure.kind,
                crate::FailureKind::Malformed { place: place.into() }
            );
        }
    }
}
