//! Objects of which only some keys changed.

use halyard_model::same_value;
use halyard_model::{FieldPath, FlagValue};
use serde_json::{Map, Value};

use crate::view::FieldValueView;

/// More keys than this are read better as a whole.
const FEW: usize = 3;

/// The part of two objects that differs.
#[derive(Debug)]
pub struct Part {
    /// The keys that differ, in the order of the object afterwards.
    pub keys: Vec<String>,
    /// Their values before.
    pub before: FieldValueView,
    /// Their values afterwards.
    pub after: FieldValueView,
}

/// What differs between two values that are both objects and differ in one or
/// few keys only.
pub fn part(before: Option<&Value>, after: Option<&Value>) -> Option<Part> {
    let (before, after) = (object(before?)?, object(after?)?);
    let removed = before.keys().filter(|key| !after.contains_key(*key));
    let keys: Vec<String> = after
        .keys()
        .chain(removed)
        .filter(|key| !same_value(&FieldPath::Value, before.get(*key), after.get(*key)))
        .cloned()
        .collect();
    if keys.is_empty() || keys.len() > FEW {
        return None;
    }
    Some(Part {
        before: shown(&before, &keys),
        after: shown(&after, &keys),
        keys,
    })
}

/// An object, or text that holds one: Flagsmith keeps JSON as text.
fn object(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members.clone()),
        Value::String(text) if text.trim_start().starts_with('{') => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn shown(members: &Map<String, Value>, keys: &[String]) -> FieldValueView {
    match keys {
        [only] => match members.get(only) {
            Some(value) => FieldValueView::Json {
                text: value.to_string(),
            },
            None => FieldValueView::Absent {
                text: "Not set".into(),
            },
        },
        several => {
            let left: Map<String, Value> = several
                .iter()
                .filter_map(|key| Some((key.clone(), members.get(key)?.clone())))
                .collect();
            FieldValueView::Json {
                text: pretty(&Value::Object(left)),
            }
        }
    }
}

/// Formatted JSON.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| FlagValue(value.clone()).text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn few_keys_are_shown_alone() {
        let text = |view: &FieldValueView| match view {
            FieldValueView::Json { text } | FieldValueView::Absent { text } => text.replace([' ', '\n'], ""),
            other => panic!("{other:?}"),
        };
        type Case = (
            Value,
            Value,
            Option<(&'static [&'static str], &'static str, &'static str)>,
        );
        let cases: [Case; 8] = [
            (
                json!(r#"{"from": "2025-11-28", "to": 1}"#),
                json!(r#"{"from": "2025-11-21", "to": 1}"#),
                Some((&["from"], "\"2025-11-28\"", "\"2025-11-21\"")),
            ),
            (
                json!({"a": 1}),
                json!({"a": 1, "b": 2}),
                Some((&["b"], "Notset", "2")),
            ),
            (
                json!({"a": 1, "b": 2}),
                json!({"a": 1}),
                Some((&["b"], "2", "Notset")),
            ),
            (
                json!({"a": 1, "b": 2, "c": 3}),
                json!({"a": 5, "b": 6, "c": 3}),
                Some((&["a", "b"], r#"{"a":1,"b":2}"#, r#"{"a":5,"b":6}"#)),
            ),
            (json!({"a": 1}), json!({"a": 1.0}), None),
            (json!({"a": 1, "b": 1, "c": 1, "d": 1}), json!({}), None),
            (json!({"a": 1}), json!("text"), None),
            (json!("{broken"), json!({"a": 1}), None),
        ];
        for (before, after, expected) in cases {
            let found = part(Some(&before), Some(&after));
            match (found, expected) {
                (Some(found), Some((keys, was, is))) => {
                    assert_eq!(found.keys, keys);
                    assert_eq!(
                        (text(&found.before).as_str(), text(&found.after).as_str()),
                        (was, is)
                    );
                }
                (found, expected) => assert!(found.is_none() && expected.is_none(), "{before} {after}"),
            }
        }
        assert!(part(None, Some(&json!({"a": 1}))).is_none());
    }
}
