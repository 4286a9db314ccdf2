//! Conflicts field by field, and what is decided about them.

use std::collections::{BTreeMap, BTreeSet};

use halyard_model::{
    Choice, Edit, Environment, FieldPath, Fields, How, Merge, MergedField, Service, Subject, SubjectState,
    changed_fields, fields_of,
};

use super::{
    count,
    field::{
        input,
        outward::{Names, Purpose, identity_state, shown},
        rows::{reordered, tags},
        subject as subject_view,
    },
};
use crate::{
    error::WireError,
    view::*,
    words::{
        self,
        field::{Place, TAGS},
    },
};

/// Where a conflict happened.
pub struct Scene<'a> {
    /// The service.
    pub service: Service,
    /// The environment.
    pub environment: &'a Environment,
    /// The name of the change set that the edit is in.
    pub change_set: Option<&'a str>,
    /// What the mirror holds of the subject.
    pub now: Option<&'a SubjectState>,
    /// Who made the other change, where the service told.
    pub by: Option<&'a str>,
}

/// A conflict as far as it is decided. `theirs` is what the service held when
/// it was seen.
pub fn conflict(
    edit: &Edit,
    theirs: Option<&SubjectState>,
    already_sent: bool,
    merge: &Merge,
    scene: &Scene<'_>,
) -> ConflictView {
    let live = live(theirs, edit.wish.as_ref(), scene.now);
    let name = words::outcome::name(edit);
    let (fields, unchanged) = rows(scene.service, edit, theirs, merge);
    ConflictView {
        edit: edit.id.0.clone(),
        connection: edit.connection.0.clone(),
        environment: edit.environment.0.clone(),
        environment_name: scene.environment.name.clone(),
        subject: subject_view(&edit.subject),
        sentence: words::conflict::sentence(&name, already_sent, live),
        name,
        change_set: scene.change_set.map(str::to_owned),
        already_sent,
        live,
        base_label: words::conflict::base_label(edit.base.as_ref()),
        theirs_label: words::conflict::theirs_label(theirs, scene.by),
        mine_label: words::conflict::mine_label(edit, scene.change_set),
        merged_label: words::conflict::merged_label(theirs),
        contested: count(
            fields
                .iter()
                .filter(|row| row.how == MergedHowView::Contested)
                .count(),
        ),
        fields,
        unchanged,
        precondition: words::conflict::precondition(scene.service, scene.environment, &edit.subject, theirs),
        rounds: edit.rounds,
    }
}

fn live(
    theirs: Option<&SubjectState>,
    mine: Option<&SubjectState>,
    now: Option<&SubjectState>,
) -> LiveSideView {
    if changed_fields(theirs, now).is_empty() {
        LiveSideView::Theirs
    } else if changed_fields(mine, now).is_empty() {
        LiveSideView::Mine
    } else {
        LiveSideView::Neither
    }
}

/// The fields that somebody changed, contested ones first, and the names of
/// the others.
fn rows(
    service: Service,
    edit: &Edit,
    theirs: Option<&SubjectState>,
    merge: &Merge,
) -> (Vec<ConflictFieldView>, Vec<String>) {
    let merged: Fields = merge
        .fields
        .iter()
        .filter_map(|one| Some((one.field.clone(), one.merged.clone()?)))
        .collect();
    let (base, mine, theirs) = (
        fields_of(edit.base.as_ref()),
        fields_of(edit.wish.as_ref()),
        fields_of(theirs),
    );
    let table = Table {
        names: &Names::of(service, &edit.subject, &[&base, &theirs, &mine]),
        base: &base,
        theirs: &theirs,
        mine: &mine,
        merged: &merged,
        merge,
    };
    let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
    for one in &merge.fields {
        match table.part(one) {
            Part::Row => changed.push(table.row(one)),
            Part::Tags => changed.push(table.tags()),
            Part::Unchanged => {
                let label = table.names.label(&one.field, Place::Conflict);
                // A name is written as it is, a word as within a sentence.
                let is_name = one.field.override_of().is_some() || matches!(one.field, FieldPath::Trait(_));
                unchanged.push(if is_name { label } else { label.to_lowercase() });
            }
            Part::Elsewhere => {}
        }
    }
    changed.sort_by_key(|row| match row.how {
        MergedHowView::Contested => 0,
        MergedHowView::Decided => 1,
        _ => 2,
    });
    unchanged.dedup();
    (changed, unchanged)
}

/// Where a field is shown.
enum Part {
    /// In a row of its own.
    Row,
    /// It begins the row of all labels.
    Tags,
    /// Among those that nobody changed.
    Unchanged,
    /// With another field, or nowhere.
    Elsewhere,
}

struct Table<'a> {
    names: &'a Names<'a>,
    base: &'a Fields,
    theirs: &'a Fields,
    mine: &'a Fields,
    merged: &'a Fields,
    merge: &'a Merge,
}

impl Table<'_> {
    fn part(&self, one: &MergedField) -> Part {
        let changed = one.how != How::Unchanged;
        match &one.field {
            _ if one.how == How::FollowsWhole => Part::Elsewhere,
            FieldPath::Existence => self.whole(one, |_| true),
            _ if self.told_by(&FieldPath::Existence, |_| true) => Part::Elsewhere,
            FieldPath::Tag(_) => self.tag_part(one),
            FieldPath::Override(id) => self.whole(one, |field| field.override_of() == Some(id.as_str())),
            FieldPath::OverrideOrder if !is_open(one) && !reordered(self.base, self.merged) => {
                Part::Unchanged
            }
            field => match field.override_of() {
                Some(id) if self.told_by_override(id) => Part::Elsewhere,
                _ if changed => Part::Row,
                _ => Part::Unchanged,
            },
        }
    }

    /// A whole has a row where it came or went and tells what there is to tell.
    fn whole(&self, one: &MergedField, is_part: impl Fn(&FieldPath) -> bool) -> Part {
        if self.told_by(&one.field, is_part) {
            Part::Row
        } else {
            Part::Elsewhere
        }
    }

    fn told_by_override(&self, id: &str) -> bool {
        let whole = FieldPath::Override(id.to_owned());
        self.told_by(&whole, |field| field.override_of() == Some(id))
    }

    /// Whether a whole came or went, and not so that its parts must be decided
    /// one by one: both sides made it, each in its own way.
    fn told_by(&self, whole: &FieldPath, is_part: impl Fn(&FieldPath) -> bool) -> bool {
        let Some(one) = self.merge.fields.iter().find(|one| one.field == *whole) else {
            return false;
        };
        let open = self.merge.fields.iter().any(|part| {
            let smaller = !matches!(part.field, FieldPath::Existence | FieldPath::Override(_));
            smaller && is_part(&part.field) && is_open(part)
        });
        match one.how {
            How::Unchanged => false,
            How::Contested | How::Decided => true,
            _ => !open,
        }
    }

    fn tag_part(&self, one: &MergedField) -> Part {
        let is_tag = |one: &&MergedField| matches!(one.field, FieldPath::Tag(_));
        let mut all = self.merge.fields.iter().filter(is_tag);
        let changed = all.clone().any(|one| one.how != How::Unchanged);
        match all.next().is_some_and(|first| first.field == one.field) {
            false => Part::Elsewhere,
            true if changed => Part::Tags,
            true => Part::Unchanged,
        }
    }

    fn shown(&self, path: &FieldPath, side: &Fields) -> FieldValueView {
        if matches!(
            (path, self.names.subject),
            (FieldPath::Existence, Subject::IdentityOverride { .. })
        ) {
            return identity_state(side, self.names);
        }
        if *path == FieldPath::Existence && side.contains_key(path) {
            return FieldValueView::Text {
                text: "Exists".into(),
            };
        }
        shown(path, side, self.names, Purpose::Read)
    }

    fn row(&self, one: &MergedField) -> ConflictFieldView {
        let path = &one.field;
        ConflictFieldView {
            field: path.to_string(),
            label: self.names.label(path, Place::Conflict),
            note: words::field::note(path, self.names.subject, Place::Conflict).map(str::to_owned),
            why: words::field::why_one(path)
                .filter(|_| is_open(one))
                .map(str::to_owned),
            base: self.shown(path, self.base),
            theirs: self.shown(path, self.theirs),
            mine: self.shown(path, self.mine),
            merged: self.shown(path, self.merged),
            how: how(one.how),
            editable: !matches!(path, FieldPath::Existence | FieldPath::Override(_)),
        }
    }

    fn tags(&self) -> ConflictFieldView {
        let sides: BTreeSet<bool> = self
            .merge
            .fields
            .iter()
            .filter(|one| matches!(one.field, FieldPath::Tag(_)))
            .filter_map(|one| match one.how {
                How::Unchanged | How::FollowsWhole => None,
                How::Theirs => Some(vec![false]),
                How::Mine => Some(vec![true]),
                _ => Some(vec![false, true]),
            })
            .flatten()
            .collect();
        ConflictFieldView {
            field: TAGS.into(),
            label: "Tags".into(),
            note: words::field::note(&FieldPath::Archived, self.names.subject, Place::Conflict)
                .map(str::to_owned),
            why: None,
            base: tags(self.base, self.base),
            theirs: tags(self.theirs, self.base),
            mine: tags(self.mine, self.base),
            merged: tags(self.merged, self.merged),
            how: match (sides.contains(&true), sides.contains(&false)) {
                (true, false) => MergedHowView::Mine,
                (false, _) => MergedHowView::Theirs,
                (true, true) => MergedHowView::Both,
            },
            editable: false,
        }
    }
}

fn is_open(one: &MergedField) -> bool {
    matches!(one.how, How::Contested | How::Decided)
}

fn how(how: How) -> MergedHowView {
    match how {
        How::Theirs => MergedHowView::Theirs,
        How::Mine => MergedHowView::Mine,
        How::Unchanged | How::Both | How::Combined | How::FollowsWhole => MergedHowView::Both,
        How::Contested => MergedHowView::Contested,
        How::Decided => MergedHowView::Decided,
    }
}

/// Decisions, inwards.
pub fn choices_in(
    service: Service,
    edit: &Edit,
    merge: &Merge,
    choices: &[ChoiceView],
) -> Result<BTreeMap<FieldPath, Choice>, WireError> {
    let mine = fields_of(edit.wish.as_ref());
    let mut decided = BTreeMap::new();
    for choice in choices {
        if choice.field == TAGS {
            let side = match choice.side {
                ChoiceSideView::Theirs => Choice::Theirs,
                _ => Choice::Mine,
            };
            let all = merge
                .fields
                .iter()
                .filter(|one| matches!(one.field, FieldPath::Tag(_)));
            decided.extend(all.map(|one| (one.field.clone(), side.clone())));
            continue;
        }
        let path: FieldPath = choice
            .field
            .parse()
            .map_err(|_| WireError::input("value", format!("{} is no field.", choice.field)))?;
        let side = match &choice.side {
            ChoiceSideView::Theirs => Choice::Theirs,
            ChoiceSideView::Mine => Choice::Mine,
            ChoiceSideView::Edited { to } => {
                let to = input(service, &path, &known(&path, &mine, merge), to);
                Choice::Value(to.map_err(|error| WireError {
                    field: Some(choice.field.clone()),
                    ..error
                })?)
            }
        };
        decided.insert(path, side);
    }
    Ok(decided)
}

/// What shares are typed into: the options of either side.
fn known(path: &FieldPath, mine: &Fields, merge: &Merge) -> Fields {
    let mut known = mine.clone();
    let theirs = merge.fields.iter().find(|one| one.field == *path);
    if let Some(theirs) = theirs.and_then(|one| one.theirs.clone()) {
        known.insert(path.clone(), theirs);
    }
    known
}

#[cfg(test)]
mod tests;
