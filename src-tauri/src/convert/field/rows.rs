//! What an edit changes, one row each.

use halyard_model::{
    ChangeRow, FieldPath, Fields, RowKind, Service, Subject, SubjectState, change_rows, fields_of,
};
use serde_json::Value;

use super::{
    keys,
    outward::{Names, Purpose, identity_state, ids, shown},
};
use crate::{
    view::*,
    words::field::{self, Place, TAGS},
};

/// The rows of an edit: what it makes, what it deletes, or field by field what
/// it changes.
pub fn changes(
    service: Service,
    subject: &Subject,
    base: Option<&SubjectState>,
    wish: Option<&SubjectState>,
) -> Vec<FieldChangeView> {
    let (before, after) = (fields_of(base), fields_of(wish));
    let names = Names::of(service, subject, &[&before, &after]);
    let sides = Sides {
        before: &before,
        after: &after,
        names: &names,
    };
    match (base, wish, subject) {
        (None, _, Subject::IdentityOverride { .. }) | (_, None, Subject::IdentityOverride { .. }) => {
            vec![sides.identity_override()]
        }
        (Some(_), None, _) => vec![sides.deletion()],
        (None, Some(_), _) => sides.creation(),
        _ => sides.differences(&change_rows(base, wish)),
    }
}

/// The path of the row that a field is shown in.
pub fn row_of(path: &FieldPath) -> String {
    match path {
        FieldPath::Tag(_) => TAGS.to_owned(),
        other => other.to_string(),
    }
}

/// The two sides of an edit.
struct Sides<'a> {
    before: &'a Fields,
    after: &'a Fields,
    names: &'a Names<'a>,
}

impl Sides<'_> {
    fn row(&self, path: &FieldPath) -> FieldChangeView {
        self.row_of(
            path,
            shown(path, self.before, self.names, Purpose::Read),
            shown(path, self.after, self.names, Purpose::Read),
        )
    }

    fn row_of(&self, path: &FieldPath, before: FieldValueView, after: FieldValueView) -> FieldChangeView {
        FieldChangeView {
            field: path.to_string(),
            label: self.names.label(path, Place::Change),
            note: field::note(path, self.names.subject, Place::Change).map(str::to_owned),
            before,
            after,
        }
    }

    fn identity_override(&self) -> FieldChangeView {
        let mut row = self.row_of(
            &FieldPath::Existence,
            identity_state(self.before, self.names),
            identity_state(self.after, self.names),
        );
        // Its label says it already.
        row.note = None;
        row
    }

    fn deletion(&self) -> FieldChangeView {
        let of = match self.names.subject {
            Subject::Segment { .. } => FieldPath::Rules,
            Subject::Config { .. } => FieldPath::Value,
            _ => FieldPath::Description,
        };
        let before = match self.before.get(&of) {
            Some(_) => shown(&of, self.before, self.names, Purpose::Read),
            None => FieldValueView::Text {
                text: "Exists".into(),
            },
        };
        let after = FieldValueView::Absent {
            text: "Deleted".into(),
        };
        self.row_of(&FieldPath::Existence, before, after)
    }

    /// What is made, without what a person did not fill in.
    fn creation(&self) -> Vec<FieldChangeView> {
        let said = |path: &FieldPath| {
            let empty = match self.after.get(path) {
                None | Some(Value::Null) => true,
                Some(Value::String(text)) => text.is_empty(),
                Some(Value::Array(list)) => list.is_empty(),
                Some(Value::Bool(on)) => !on && *path != FieldPath::Enabled,
                Some(_) => false,
            };
            !empty && *path != FieldPath::Existence
        };
        let mut rows = Vec::new();
        let mut tagged = false;
        for path in self.after.keys().filter(|path| said(path)) {
            match path {
                FieldPath::Tag(_) if tagged => {}
                FieldPath::Tag(_) => {
                    tagged = true;
                    rows.push(self.tags());
                }
                _ => rows.push(self.row(path)),
            }
        }
        if !rows.is_empty() {
            return rows;
        }
        let after = FieldValueView::Text { text: "Made".into() };
        let before = shown(&FieldPath::Existence, self.before, self.names, Purpose::Read);
        vec![self.row_of(&FieldPath::Existence, before, after)]
    }

    /// One row for each field, but one for all labels, one for an override
    /// that comes or goes, and none for an order that only follows from that.
    fn differences(&self, rows: &[ChangeRow]) -> Vec<FieldChangeView> {
        rows.iter()
            .flat_map(|row| match (row.kind, &row.field) {
                (RowKind::Tags, _) => vec![self.tags()],
                (RowKind::Changed, FieldPath::Override(_)) => {
                    row.parts.iter().map(|part| self.with_keys(&part.field)).collect()
                }
                (_, FieldPath::HasTargeting) => {
                    let parts = row.parts.iter().map(|part| &part.field);
                    std::iter::once(&row.field)
                        .chain(parts)
                        .map(|field| self.row(field))
                        .collect()
                }
                _ => vec![self.with_keys(&row.field)],
            })
            .collect()
    }

    /// A value that is an object and changes in few keys shows those alone.
    fn with_keys(&self, path: &FieldPath) -> FieldChangeView {
        let is_value = matches!(
            path,
            FieldPath::Value | FieldPath::OverrideValue(_) | FieldPath::EnvironmentValue(_)
        );
        let part = is_value.then(|| keys::part(self.before.get(path), self.after.get(path)));
        match part.flatten() {
            Some(part) => {
                let mut row = self.row_of(path, part.before, part.after);
                row.label = field::with_keys(&row.label, &part.keys);
                row
            }
            None => self.row(path),
        }
    }

    fn tags(&self) -> FieldChangeView {
        FieldChangeView {
            field: TAGS.into(),
            label: "Tags".into(),
            note: field::note(&FieldPath::Archived, self.names.subject, Place::Change).map(str::to_owned),
            before: tags(self.before, self.after),
            after: tags(self.after, self.before),
        }
    }
}

/// The labels among some fields; `fresh` are those the other side has not.
pub fn tags(state: &Fields, other: &Fields) -> FieldValueView {
    let labels = |fields: &Fields| -> Vec<String> {
        let set = fields.keys().filter_map(|path| match path {
            FieldPath::Tag(label) => Some(label.clone()),
            _ => None,
        });
        set.collect()
    };
    let (labels, others) = (labels(state), labels(other));
    FieldValueView::Tags {
        fresh: labels
            .iter()
            .filter(|label| !others.contains(label))
            .cloned()
            .collect(),
        labels,
    }
}

/// Whether the overrides that both sides have stand in another order.
pub fn reordered(before: &Fields, after: &Fields) -> bool {
    let list = |fields: &Fields| ids(fields.get(&FieldPath::OverrideOrder));
    let (before, after) = (list(before), list(after));
    let common = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|id| other.contains(id)).cloned().collect()
    };
    common(&before, &after) != common(&after, &before)
}

#[cfg(test)]
mod tests;
