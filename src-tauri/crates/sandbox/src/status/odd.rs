//! Feeds that a strict reader would refuse.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// In what way a status feed is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// Lists are absent where empty, and what they hold has little more than a name.
    MissingMembers,
    /// Impacts, states and the indicator are words that nobody has heard of.
    UnknownWords,
    /// Members have other types than they should: numbers, `null` and objects for texts and lists.
    WrongTypes,
    /// Only the overall status is told.
    StatusOnly,
}

impl Oddity {
    /// Every oddity, for tests that go through them.
    pub const ALL: [Self; 4] = [
        Self::MissingMembers,
        Self::UnknownWords,
        Self::WrongTypes,
        Self::StatusOnly,
    ];

    /// Tells a feed in this way.
    pub(super) fn apply(self, feed: Value) -> Value {
        let Value::Object(mut members) = feed else {
            return feed;
        };
        match self {
            Self::MissingMembers => {
                members.retain(|_, member| member.as_array().is_none_or(|list| !list.is_empty()));
                for row in members.values_mut().filter_map(Value::as_array_mut).flatten() {
                    keep_only(row, &["name", "impact"]);
                }
                members.remove("page");
            }
            Self::UnknownWords => {
                for row in members.values_mut().filter_map(Value::as_array_mut).flatten() {
                    replace(row, "status", &json!("smouldering"));
                    replace(row, "impact", &json!("catastrophic"));
                }
                if let Some(status) = members.get_mut("status") {
                    replace(status, "indicator", &json!("purple"));
                }
            }
            Self::WrongTypes => {
                for row in members.values_mut().filter_map(Value::as_array_mut).flatten() {
                    replace(row, "created_at", &json!(1_700_000_000));
                    replace(row, "updated_at", &json!({}));
                    replace(row, "incident_updates", &Value::Null);
                    replace(row, "components", &json!("all of them"));
                    replace(row, "id", &json!(7));
                }
                members.insert("scheduled_maintenances".to_owned(), Value::Null);
                members.insert("page".to_owned(), json!([]));
            }
            Self::StatusOnly => members.retain(|name, _| name == "status"),
        }
        Value::Object(members)
    }
}

fn keep_only(row: &mut Value, names: &[&str]) {
    if let Some(row) = row.as_object_mut() {
        row.retain(|name, _| names.contains(&name.as_str()));
    }
}

/// Replaces a member where it is.
fn replace(row: &mut Value, name: &str, value: &Value) {
    if let Some(member) = row.get_mut(name) {
        *member = value.clone();
    }
}
