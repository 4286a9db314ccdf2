//! What an edit changes, in the rows of a review.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Edit, FieldPath, Fields, SubjectState, fields_of, same_value};

/// What a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// One field, from one value to another; or parts of a whole that stays.
    Changed,
    /// A whole that was not there, with its parts: an override, targeting, the
    /// subject itself.
    Added,
    /// A whole that goes, with what its parts were.
    Removed,
    /// Overrides that stay, tried in another order. Both values are lists of
    /// `{"id", "name"}`.
    Order,
    /// Labels: both values are the lists of all of them, the parts those that
    /// come or go.
    Tags,
}

/// One field of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartChange {
    /// The field.
    pub field: FieldPath,
    /// What it was; none where it was not set.
    pub before: Option<Value>,
    /// What it is to be.
    pub after: Option<Value>,
}

/// A member of a JSON value that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberChange {
    /// Its name in the object.
    pub name: String,
    /// What it was.
    pub before: Option<Value>,
    /// What it is to be.
    pub after: Option<Value>,
}

/// One row of a review: a field, or fields that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The field; the whole where the row has parts, the first label of tags.
    pub field: FieldPath,
    /// What the row shows.
    pub kind: RowKind,
    /// The segment's name, where the row is about an override.
    pub label: Option<String>,
    /// What it was.
    pub before: Option<Value>,
    /// What it is to be.
    pub after: Option<Value>,
    /// What changes of the whole.
    pub parts: Vec<PartChange>,
    /// Where both values are JSON objects: what changes in them.
    pub members: Vec<MemberChange>,
}

impl ChangeRow {
    /// Whether it shows a field, so that what a service said about the field
    /// belongs here.
    pub fn shows(&self, field: &FieldPath) -> bool {
        self.field == *field || self.parts.iter().any(|part| part.field == *field)
    }
}

impl Edit {
    /// What it changes, in rows for a review.
    pub fn rows(&self) -> Vec<ChangeRow> {
        change_rows(self.base.as_ref(), self.wish.as_ref())
    }
}

/// What differs between two states, in rows for a review: a subject that comes
/// or goes is one row, and so is each override, the order of those that stay,
/// and all tags together.
pub fn change_rows(before: Option<&SubjectState>, after: Option<&SubjectState>) -> Vec<ChangeRow> {
    let fields = [fields_of(before), fields_of(after)];
    let [before, after] = &fields;
    let both = Both { before, after };
    let mut changes = both.changes();
    if let Some(existence) = changes.remove(&FieldPath::Existence) {
        return vec![both.whole(existence, changes.into_values().collect())];
    }
    changes.remove(&FieldPath::OverrideOrder);
    let mut rows = Vec::new();
    while let Some((field, change)) = changes.pop_first() {
        let row = match &field {
            FieldPath::Tag(_) => {
                let more = split(&mut changes, |other| matches!(other, FieldPath::Tag(_)));
                both.tags(field, change, more)
            }
            FieldPath::HasTargeting => {
                let parts = split(&mut changes, |other| other.is_within(&field));
                both.whole(change, parts)
            }
            _ => match field.override_of() {
                Some(id) => {
                    let whole = FieldPath::Override(id.to_owned());
                    let mut parts = split(&mut changes, |other| other.is_within(&whole));
                    if field == whole {
                        both.whole(change, parts)
                    } else {
                        parts.insert(0, change);
                        both.changed_override(whole, parts)
                    }
                }
                None => ChangeRow::of(change),
            },
        };
        rows.push(row);
    }
    rows.extend(both.order());
    rows.sort_by(|one, other| one.field.cmp(&other.field));
    rows
}

/// Takes out what belongs to a row.
fn split(
    changes: &mut BTreeMap<FieldPath, PartChange>,
    belongs: impl Fn(&FieldPath) -> bool,
) -> Vec<PartChange> {
    let taken = changes.extract_if(.., |field, _| belongs(field));
    taken.map(|(_, change)| change).collect()
}

struct Both<'a> {
    before: &'a Fields,
    after: &'a Fields,
}

impl Both<'_> {
    fn changes(&self) -> BTreeMap<FieldPath, PartChange> {
        let all = self.before.keys().chain(self.after.keys());
        let changed = all.filter(|field| !same_value(field, self.before.get(*field), self.after.get(*field)));
        changed
            .map(|field| (field.clone(), self.part(field.clone())))
            .collect()
    }

    fn part(&self, field: FieldPath) -> PartChange {
        PartChange {
            before: self.before.get(&field).cloned(),
            after: self.after.get(&field).cloned(),
            field,
        }
    }

    /// A whole that comes or goes.
    fn whole(&self, change: PartChange, parts: Vec<PartChange>) -> ChangeRow {
        ChangeRow {
            kind: if change.after.is_some() {
                RowKind::Added
            } else {
                RowKind::Removed
            },
            label: change.field.override_of().map(|id| self.name(id)),
            parts,
            ..ChangeRow::of(change)
        }
    }

    fn changed_override(&self, whole: FieldPath, parts: Vec<PartChange>) -> ChangeRow {
        ChangeRow {
            label: whole.override_of().map(|id| self.name(id)),
            parts,
            ..ChangeRow::of(self.part(whole))
        }
    }

    fn tags(&self, field: FieldPath, first: PartChange, more: Vec<PartChange>) -> ChangeRow {
        let labels = |fields: &Fields| {
            let all = fields.keys().filter_map(|field| match field {
                FieldPath::Tag(label) => Some(Value::from(label.clone())),
                _ => None,
            });
            Some(all.collect())
        };
        ChangeRow {
            field,
            kind: RowKind::Tags,
            label: None,
            before: labels(self.before),
            after: labels(self.after),
            parts: std::iter::once(first).chain(more).collect(),
            members: Vec::new(),
        }
    }

    /// The order of those that stay, where it is another.
    fn order(&self) -> Option<ChangeRow> {
        let ids = |fields: &Fields| -> Vec<String> {
            let list = fields.get(&FieldPath::OverrideOrder).and_then(Value::as_array);
            let ids = list.into_iter().flatten().filter_map(Value::as_str);
            ids.map(str::to_owned).collect()
        };
        let (before, after) = (ids(self.before), ids(self.after));
        let stay = |list: &[String], other: &[String]| -> Vec<String> {
            list.iter().filter(|id| other.contains(id)).cloned().collect()
        };
        let (before, after) = (stay(&before, &after), stay(&after, &before));
        if before == after {
            return None;
        }
        let named = |ids: &[String]| -> Value {
            let named = ids.iter().map(|id| json!({"id": id, "name": self.name(id)}));
            named.collect()
        };
        let change = PartChange {
            field: FieldPath::OverrideOrder,
            before: Some(named(&before)),
            after: Some(named(&after)),
        };
        Some(ChangeRow {
            kind: RowKind::Order,
            ..ChangeRow::of(change)
        })
    }

    /// A segment's name, or its identifier where no name came with it.
    fn name(&self, id: &str) -> String {
        let field = FieldPath::Override(id.to_owned());
        let known = self.after.get(&field).or_else(|| self.before.get(&field));
        let name = known.and_then(Value::as_str).filter(|name| !name.is_empty());
        name.unwrap_or(id).to_owned()
    }
}

impl ChangeRow {
    fn of(change: PartChange) -> ChangeRow {
        ChangeRow {
            members: changed_members(change.before.as_ref(), change.after.as_ref()),
            field: change.field,
            kind: RowKind::Changed,
            label: None,
            before: change.before,
            after: change.after,
            parts: Vec::new(),
        }
    }
}

/// Flagsmith keeps objects as text.
fn object(value: &Value) -> Option<serde_json::Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn changed_members(before: Option<&Value>, after: Option<&Value>) -> Vec<MemberChange> {
    let (Some(before), Some(after)) = (before.and_then(object), after.and_then(object)) else {
        return Vec::new();
    };
    let added = after.keys().filter(|name| !before.contains_key(*name));
    before
        .keys()
        .chain(added)
        .filter(|name| !same_value(&FieldPath::Value, before.get(*name), after.get(*name)))
        .map(|name| MemberChange {
            name: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}
