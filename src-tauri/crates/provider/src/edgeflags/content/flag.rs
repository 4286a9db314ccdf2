//! A flag's base definition, which holds wherever an environment sets nothing
//! of its own.

use std::collections::BTreeSet;

use halyard_model::{FieldPath, FlagDefinition, FlagValue, SubjectState, Version};
use serde_json::{Value, json};

use super::{Members, differing, unsendable};
use crate::Failure;
use crate::edgeflags::wire::Item;
use crate::http::malformed;

/// Members in which a value was seen, the documented one first. The others are
/// sent only where the service gave them.
const VALUE_MEMBERS: [&str; 3] = ["value", "default_value", "defaultValue"];

/// What of a flag this service was seen to keep beside what is documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::edgeflags) struct Offered {
    /// A description.
    pub(in crate::edgeflags) description: bool,
    /// Tags.
    pub(in crate::edgeflags) tags: bool,
}

impl Offered {
    /// What an element shows.
    pub(in crate::edgeflags) fn by(definition: &Members) -> Offered {
        Offered {
            description: definition.contains_key("description"),
            tags: definition.contains_key("tags"),
        }
    }

    /// Either.
    pub(in crate::edgeflags) fn or(self, other: Offered) -> Offered {
        Offered {
            description: self.description || other.description,
            tags: self.tags || other.tags,
        }
    }
}

/// The base definition of an element.
pub(in crate::edgeflags) fn read(item: &Item) -> Result<FlagDefinition, Failure> {
    let members = &item.definition;
    let place = |name: &str| format!("flag {}, at {name}", item.key);
    let enabled = match members.get("enabled") {
        Some(Value::Bool(enabled)) => *enabled,
        Some(_) => return Err(malformed(&place("enabled"), "expected true or false")),
        None => return Err(malformed(&place("enabled"), "missing")),
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(FlagDefinition {
        description: text("description").filter(|text| !text.is_empty()),
        tags: tags(members),
        enabled,
        value: FlagValue(members.get(value_member(members)).cloned().unwrap_or_default()),
        targeting: members.get("targeting").filter(|it| !it.is_null()).cloned(),
        active_from: text("active_from"),
        active_until: text("active_until"),
        version: item.version().map(Version::Number),
        ..FlagDefinition::default()
    })
}

fn tags(members: &Members) -> BTreeSet<String> {
    let tags = members.get("tags").and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .filter_map(|tag| tag.as_str().map(str::to_owned))
        .collect()
}

/// The member that holds the value.
fn value_member(members: &Members) -> &'static str {
    let holds = |name: &&str| members.get(*name).is_some_and(|value| !value.is_null());
    VALUE_MEMBERS.into_iter().find(holds).unwrap_or(VALUE_MEMBERS[0])
}

/// The members that lead from a definition as read to a wish.
pub(in crate::edgeflags) fn changes(
    members: &Members,
    now: &FlagDefinition,
    wish: &FlagDefinition,
    offered: Offered,
) -> Result<Members, Failure> {
    let (now, wished) = (SubjectState::Flag(now.clone()), SubjectState::Flag(wish.clone()));
    let mut changes = Members::new();
    for field in differing(Some(&now), Some(&wished)) {
        let (name, value) = match &field {
            FieldPath::Enabled => ("enabled", json!(wish.enabled)),
            FieldPath::Value => (value_member(members), wish.value.0.clone()),
            FieldPath::HasTargeting | FieldPath::Rules | FieldPath::Rollout | FieldPath::Targeting(_) => {
                ("targeting", wish.targeting.clone().unwrap_or_default())
            }
            FieldPath::ActiveFrom => ("active_from", moment(wish.active_from.as_deref())),
            FieldPath::ActiveUntil => ("active_until", moment(wish.active_until.as_deref())),
            FieldPath::Description if offered.description => ("description", json!(wish.description)),
            FieldPath::Tag(_) if offered.tags => ("tags", json!(wish.tags)),
            _ => return Err(not_kept(field)),
        };
        changes.insert(name.to_owned(), value);
    }
    Ok(changes)
}

/// The members of a flag that is to be made.
pub(in crate::edgeflags) fn made(wish: &FlagDefinition, offered: Offered) -> Result<Members, Failure> {
    let nothing = FlagDefinition {
        enabled: !wish.enabled,
        ..FlagDefinition::default()
    };
    let mut members = changes(&Members::new(), &nothing, wish, offered)?;
    members.retain(|_, value| !value.is_null());
    Ok(members)
}

fn not_kept(field: FieldPath) -> Failure {
    let what = match &field {
        FieldPath::Description => "description",
        FieldPath::Tag(_) => "tags",
        FieldPath::Archived => "archive",
        FieldPath::ServerOnly => "setting for server-side keys",
        _ => "variants",
    };
    let sentence = format!("This EdgeFlags shows no {what} for its flags, so none can be set.");
    unsendable(field, &sentence, "Take this part out of the edit.")
}

/// A moment as it is sent: in UTC, as the service's clock counts. What is no
/// moment is left for the service to judge.
fn moment(text: Option<&str>) -> Value {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Value::Null;
    };
    match text.parse::<jiff::Timestamp>() {
        Ok(moment) if !text.ends_with('Z') => json!(moment.to_string()),
        _ => json!(text),
    }
}
