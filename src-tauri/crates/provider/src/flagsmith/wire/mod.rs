//! Flagsmith's JSON, as far as it is used. Unknown members are ignored and
//! missing ones tolerated where the meaning survives.

#[cfg(test)]
mod captures;
mod document;
mod people;
mod segments;

use halyard_model::{FlagValue, Timestamp, Variant};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

pub(super) use document::{Document, DocumentState};
pub(super) use people::{
    AuditRow, EdgeIdentityPage, EdgeOverrideRow, EdgeTraitRow, Evaluated, EvaluatedRow, IdentityRow, TraitRow,
};
pub(super) use segments::{ConditionRow, RuleRow, WholeSegmentRow};

/// Reads a missing member and `null` alike as the default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A row of a list, known by its number.
pub(super) trait Row {
    fn id(&self) -> u64;
}

macro_rules! rows {
    ($($name:ty),*) => { $(impl Row for $name { fn id(&self) -> u64 { self.id } })* };
}

rows!(
    NamedRow,
    ProjectRow,
    EnvironmentRow,
    FeatureRow,
    TagRow,
    SegmentRow,
    StateRow,
    NestedStateRow,
    LinkRow,
    IdentityRow,
    TraitRow,
    WholeSegmentRow
);

/// The envelope of a paged list.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(default)]
    pub(super) count: Option<u64>,
    #[serde(default)]
    pub(super) next: Option<String>,
    pub(super) results: Vec<T>,
}

#[derive(Deserialize)]
pub(super) struct NamedRow {
    pub(super) id: u64,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct ProjectRow {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) organisation: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) use_edge_identities: bool,
}

#[derive(Deserialize)]
pub(super) struct EnvironmentRow {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) api_key: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) use_v2_feature_versioning: bool,
    #[serde(default)]
    pub(super) minimum_change_request_approvals: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct TagRow {
    pub(super) id: u64,
    pub(super) label: String,
    #[serde(default)]
    pub(super) color: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SegmentRow {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
}

/// A value with its type beside it. Only the member that the type names
/// counts: the others keep leftovers of earlier types.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct NestedValue {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    string_value: Option<String>,
    #[serde(default)]
    integer_value: Option<i64>,
    #[serde(default)]
    boolean_value: Option<bool>,
}

impl NestedValue {
    pub(super) fn value(&self) -> FlagValue {
        FlagValue(match self.kind.as_deref() {
            Some("int") => self.integer_value.map_or(Value::Null, Value::from),
            Some("bool") => self.boolean_value.map_or(Value::Null, Value::from),
            _ => self.string_value.clone().map_or(Value::Null, Value::from),
        })
    }
}

/// A value as the stable write routes take it.
pub(super) fn nested(value: &FlagValue) -> Value {
    match &value.0 {
        Value::Bool(flag) => {
            json!({"type": "bool", "boolean_value": flag, "string_value": null, "integer_value": null})
        }
        Value::Number(number) => {
            json!({"type": "int", "integer_value": number, "string_value": null, "boolean_value": null})
        }
        Value::String(text) => {
            json!({"type": "unicode", "string_value": text, "integer_value": null, "boolean_value": null})
        }
        _ => json!({"type": "unicode", "string_value": null, "integer_value": null, "boolean_value": null}),
    }
}

/// A value as the one-call route takes it: typed text, or `null`.
pub(super) fn typed_text(value: &FlagValue) -> Value {
    match &value.0 {
        Value::Bool(flag) => json!({"type": "boolean", "value": flag.to_string()}),
        Value::Number(number) => json!({"type": "integer", "value": number.to_string()}),
        Value::String(text) => json!({"type": "string", "value": text}),
        _ => Value::Null,
    }
}

/// An option of a multivariate feature.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OptionRow {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) key: Option<String>,
    /// The share that new environments get.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) default_percentage_allocation: f64,
    #[serde(flatten)]
    pub(super) value: NestedValue,
}

/// A person; only what names them.
#[derive(Deserialize)]
pub(super) struct OwnerRow {
    #[serde(default, deserialize_with = "or_default")]
    first_name: String,
    #[serde(default, deserialize_with = "or_default")]
    last_name: String,
    #[serde(default, deserialize_with = "or_default")]
    email: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

impl OwnerRow {
    /// A name where there is one, else the mail address.
    pub(super) fn label(&self) -> Option<String> {
        let full = format!("{} {}", self.first_name, self.last_name);
        [full.trim(), &self.name, &self.email]
            .into_iter()
            .find(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

#[derive(Deserialize)]
pub(super) struct EmbeddedState {
    pub(super) enabled: bool,
    #[serde(default)]
    pub(super) feature_state_value: FlagValue,
}

#[derive(Deserialize)]
pub(super) struct FeatureRow {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) created_date: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tags: Vec<u64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) multivariate_options: Vec<OptionRow>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) is_archived: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) owners: Vec<OwnerRow>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) group_owners: Vec<OwnerRow>,
    #[serde(default)]
    pub(super) environment_feature_state: Option<EmbeddedState>,
    #[serde(default)]
    pub(super) num_identity_overrides: Option<u32>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) is_server_key_only: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) default_enabled: bool,
    /// Text, whatever the value is.
    #[serde(default)]
    pub(super) initial_value: Option<String>,
    /// Sent back with each change, for the service drops what is left out.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Vec<Value>,
}

/// A weight of one option in one state.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
pub(super) struct WeightRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    pub(super) multivariate_feature_option: u64,
    pub(super) percentage_allocation: f64,
}

/// The options with their shares, in the order in which the shares fill 0 to
/// 100: by the number of the row that holds the share.
pub(super) fn variants(weights: &[WeightRow], options: &[OptionRow]) -> Vec<Variant> {
    let mut weights: Vec<&WeightRow> = weights.iter().collect();
    weights.sort_by_key(|row| row.id.unwrap_or(u64::MAX));
    weights
        .into_iter()
        .map(|row| {
            let option = options
                .iter()
                .find(|option| option.id == row.multivariate_feature_option);
            Variant {
                id: row.multivariate_feature_option.to_string(),
                key: option.and_then(|option| option.key.clone()),
                value: option.map(|option| option.value.value()).unwrap_or_default(),
                weight: row.percentage_allocation,
            }
        })
        .collect()
}

/// A default state as `/environments/{key}/featurestates/` lists it.
#[derive(Deserialize)]
pub(super) struct StateRow {
    pub(super) id: u64,
    pub(super) feature: u64,
    pub(super) enabled: bool,
    #[serde(default)]
    pub(super) feature_state_value: FlagValue,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) multivariate_feature_state_values: Vec<WeightRow>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) environment_feature_version: Option<String>,
    #[serde(default)]
    pub(super) feature_segment: Option<Value>,
    #[serde(default)]
    pub(super) identity: Option<Value>,
}

/// A default or override as `/features/featurestates/` and a version list it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct NestedStateRow {
    pub(super) id: u64,
    pub(super) enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) feature_state_value: NestedValue,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) multivariate_feature_state_values: Vec<WeightRow>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) environment_feature_version: Option<String>,
    #[serde(default)]
    pub(super) feature_segment: Option<SegmentLink>,
    #[serde(default)]
    pub(super) identity: Option<Value>,
}

/// How a state names its segment link: by number in lists, whole in versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum SegmentLink {
    Number(u64),
    Whole {
        segment: u64,
        #[serde(default)]
        priority: Option<i64>,
    },
}

/// A row of `/features/feature-segments/`.
#[derive(Deserialize)]
pub(super) struct LinkRow {
    pub(super) id: u64,
    pub(super) segment: u64,
    #[serde(default)]
    pub(super) priority: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) segment_name: String,
}

/// A row of a feature's versions.
#[derive(Deserialize)]
pub(super) struct VersionRow {
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    pub(super) uuid: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) published: bool,
    #[serde(default)]
    pub(super) previous_version_uuid: Option<String>,
}

/// A time as Flagsmith writes it, with `Z` or an offset.
pub(super) fn timestamp(text: Option<&str>) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text?.parse().ok()?;
    Some(Timestamp(moment.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type_past_leftovers() {
        for (row, expected) in [
            (
                json!({"type": "int", "integer_value": 30, "string_value": "old"}),
                json!(30),
            ),
            (
                json!({"type": "unicode", "string_value": null, "integer_value": 7}),
                json!(null),
            ),
            (json!({"type": "unicode", "string_value": ""}), json!("")),
            (json!({"type": "bool", "boolean_value": false}), json!(false)),
        ] {
            let row: NestedValue = serde_json::from_value(row).unwrap();
            assert_eq!(row.value(), FlagValue(expected));
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for value in [
            json!(null),
            json!(""),
            json!("25"),
            json!(25),
            json!(true),
            json!("🚀"),
        ] {
            let value = FlagValue(value);
            let back: NestedValue = serde_json::from_value(nested(&value)).unwrap();
            assert_eq!(back.value(), value);
        }
    }

    #[test]
    fn times_are_read_with_either_zone() {
        assert_eq!(
            timestamp(Some("1970-01-01T00:00:01.500000Z")),
            Some(Timestamp(1500))
        );
        assert_eq!(
            timestamp(Some("1970-01-01T01:00:01.500000+01:00")),
            Some(Timestamp(1500))
        );
        assert_eq!(timestamp(Some("yesterday")), None);
    }
}
