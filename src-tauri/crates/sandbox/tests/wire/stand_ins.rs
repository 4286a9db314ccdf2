//! Keys and uuids of a captured server, and what stands for them here.

use std::collections::BTreeMap;

use serde_json::Value;

/// Our texts by the captured ones.
#[derive(Debug, Default)]
pub(crate) struct StandIns(BTreeMap<String, String>);

impl StandIns {
    pub(crate) fn add(&mut self, captured: &str, ours: &str) {
        self.0.insert(captured.to_owned(), ours.to_owned());
    }

    pub(crate) fn knows(&self, captured: &str) -> bool {
        self.0.contains_key(captured)
    }

    /// A captured text with our keys and uuids.
    pub(crate) fn ours(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (captured, ours)| {
            text.replace(captured, ours)
        })
    }

    /// Whether a text of ours holds something that stands for a captured one.
    pub(crate) fn appear_in(&self, text: &str) -> bool {
        self.0.values().any(|ours| text.contains(ours))
    }

    /// What stands for the first captured server-side key.
    pub(crate) fn server_key(&self) -> String {
        self.0
            .iter()
            .find(|(captured, _)| captured.starts_with("ser."))
            .unwrap()
            .1
            .clone()
    }

    /// Learns from two answers to one request: keys and uuids at the same place stand for each other.
    pub(crate) fn learn(&mut self, captured: &Value, ours: &Value) {
        match (captured, ours) {
            (Value::Object(captured), Value::Object(ours)) => {
                for (name, value) in captured {
                    let Some(other) = ours.get(name) else { continue };
                    let key = ["api_key", "key", "uuid"].contains(&name.as_str());
                    match (value.as_str(), other.as_str()) {
                        (Some(value), Some(other)) if key && !self.knows(value) => self.add(value, other),
                        _ => self.learn(value, other),
                    }
                }
            }
            (Value::Array(captured), Value::Array(ours)) => {
                captured
                    .iter()
                    .zip(ours)
                    .for_each(|(captured, ours)| self.learn(captured, ours));
            }
            _ => {}
        }
    }
}

/// Whether two bodies say the same, apart from what is bound to differ and what the capture cut off.
pub(crate) fn agree(captured: &Value, ours: &Value) -> bool {
    match (captured, ours) {
        (Value::Object(captured), Value::Object(ours)) => {
            let volatile = |name: &str| {
                [
                    "uuid",
                    "key",
                    "api_key",
                    "email",
                    "name",
                    "prefix",
                    "id",
                    "last_successful_update",
                ]
                .contains(&name)
                    || ["_at", "_uuid", "_date", "_from", "_key", "_name", "date_joined"]
                        .iter()
                        .any(|end| name.ends_with(end))
            };
            captured.len() == ours.len()
                && captured.iter().all(|(name, value)| {
                    ours.get(name)
                        .is_some_and(|other| volatile(name) || agree(value, other))
                })
        }
        (Value::Array(captured), Value::Array(ours)) => {
            let kept = captured
                .iter()
                .filter(|item| item.get("_trimmed_by_capture").is_none())
                .count();
            let cut = kept < captured.len();
            (cut || kept == ours.len()) && captured.iter().take(kept).zip(ours).all(|(a, b)| agree(a, b))
        }
        (captured, ours) => captured == ours,
    }
}
