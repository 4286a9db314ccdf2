//! Three-way merge of an edit's subject, field by field.
//!
//! Base is what the edit rests on, mine what it wishes for, theirs what the
//! service holds now. What only one side changed is taken from that side; what
//! both changed to the same is no conflict; what both changed otherwise is
//! contested, and nothing contested is decided here.

mod order;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{BadField, FieldPath, Fields, Subject, SubjectState, fields_of, same_value, state_from};

/// How a field of the merged state came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Nobody changed it.
    Unchanged,
    /// Only they changed it.
    Theirs,
    /// Only I changed it.
    Mine,
    /// Both changed it to the same.
    Both,
    /// Both changed it, and the changes do not touch: an order with additions
    /// of both.
    Combined,
    /// Both changed it otherwise: somebody must decide.
    Contested,
    /// It was contested and has been decided.
    Decided,
}

/// One field of a merge. An absent value is a field that is not set.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedField {
    /// The field.
    pub field: FieldPath,
    /// What it was.
    pub base: Option<Value>,
    /// What I wish.
    pub mine: Option<Value>,
    /// What they made of it.
    pub theirs: Option<Value>,
    /// What comes out. Theirs, while it is contested.
    pub merged: Option<Value>,
    /// How that came about.
    pub how: How,
}

/// What somebody decides about a contested field.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Take theirs.
    Theirs,
    /// Take mine.
    Mine,
    /// Neither: this value; none to unset the field.
    Value(Option<Value>),
}

/// A merge, as far as it goes without a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// Every field that one of the three has.
    pub fields: Vec<MergedField>,
}

/// Why a merge gives no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmerged {
    /// These fields are contested.
    Contested(Vec<FieldPath>),
    /// A value that was decided on makes no state.
    Bad(BadField),
}

/// Merges two changes of the same base.
pub fn merge(
    base: Option<&SubjectState>,
    mine: Option<&SubjectState>,
    theirs: Option<&SubjectState>,
) -> Merge {
    merge_fields(&fields_of(base), &fields_of(mine), &fields_of(theirs))
}

/// The three sides of a merge.
#[derive(Clone, Copy)]
struct Sides<'a> {
    base: &'a Fields,
    mine: &'a Fields,
    theirs: &'a Fields,
}

fn merge_fields(base: &Fields, mine: &Fields, theirs: &Fields) -> Merge {
    let sides = Sides { base, mine, theirs };
    let all: BTreeSet<&FieldPath> = base.keys().chain(mine.keys()).chain(theirs.keys()).collect();
    let mut merged: BTreeMap<&FieldPath, MergedField> =
        all.into_iter().map(|field| (field, sides.field(field))).collect();
    sides.guard_removal(&mut merged, &FieldPath::Existence, |_| true);
    let overrides: Vec<FieldPath> = merged
        .keys()
        .filter(|field| matches!(field, FieldPath::Override(_)))
        .map(|field| (*field).clone())
        .collect();
    for field in overrides {
        let id = field.override_of().map(str::to_owned);
        sides.guard_removal(&mut merged, &field, |other| other.override_of() == id.as_deref());
    }
    let mut merge = Merge {
        fields: merged.into_values().collect(),
    };
    merge.settle_order(sides);
    merge
}

impl Sides<'_> {
    fn field(&self, field: &FieldPath) -> MergedField {
        let (base, mine, theirs) = (self.base.get(field), self.mine.get(field), self.theirs.get(field));
        let by_me = !same_value(field, base, mine);
        let by_them = !same_value(field, base, theirs);
        let how = match (by_me, by_them) {
            (false, false) => How::Unchanged,
            (true, false) => How::Mine,
            (false, true) => How::Theirs,
            (true, true) if same_value(field, mine, theirs) => How::Both,
            (true, true) => How::Contested,
        };
        MergedField {
            field: field.clone(),
            base: base.cloned(),
            mine: mine.cloned(),
            theirs: theirs.cloned(),
            merged: if how == How::Mine { mine } else { theirs }.cloned(),
            how,
        }
    }

    /// Where one side removed a whole that the other changed, the whole is
    /// contested, and none of its parts is decided by itself.
    fn guard_removal(
        &self,
        merged: &mut BTreeMap<&FieldPath, MergedField>,
        whole: &FieldPath,
        is_part: impl Fn(&FieldPath) -> bool,
    ) {
        if !self.base.contains_key(whole) {
            return;
        }
        let (by_me, by_them) = (!self.mine.contains_key(whole), !self.theirs.contains_key(whole));
        let keeper = match (by_me, by_them) {
            (true, false) => self.theirs,
            (false, true) => self.mine,
            _ => return,
        };
        let parts = || merged.keys().filter(|field| is_part(field));
        let touched = parts().any(|field| !same_value(field, self.base.get(*field), keeper.get(*field)));
        if !touched {
            return;
        }
        let parts: Vec<&FieldPath> = parts().copied().collect();
        for field in parts {
            if let Some(part) = merged.get_mut(field) {
                part.merged.clone_from(&part.theirs);
                part.how = if field == whole {
                    How::Contested
                } else {
                    How::Theirs
                };
            }
        }
    }
}

impl Merge {
    /// The order of overrides is a field of its own, made of what was merged.
    fn settle_order(&mut self, sides: Sides<'_>) {
        let members: BTreeSet<String> = self
            .fields
            .iter()
            .filter(|one| one.merged.is_some())
            .filter_map(|one| match &one.field {
                FieldPath::Override(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let Some(own) = self
            .fields
            .iter_mut()
            .find(|one| one.field == FieldPath::OverrideOrder)
        else {
            return;
        };
        let lists = order::Lists::of(sides.base, sides.mine, sides.theirs, &members);
        let (merged, how) = lists.merged();
        own.merged = (!merged.is_empty()).then(|| order::as_value(&merged));
        own.how = how;
    }

    /// The fields that somebody must decide.
    pub fn contested(&self) -> Vec<FieldPath> {
        self.fields
            .iter()
            .filter(|one| one.how == How::Contested)
            .map(|one| one.field.clone())
            .collect()
    }

    /// The merge with contested fields decided. A choice for another field
    /// overrules what was merged there.
    pub fn decided(&self, choices: &BTreeMap<FieldPath, Choice>) -> Merge {
        let mut decided = self.clone();
        for (field, choice) in choices {
            decided.decide(field, choice);
        }
        decided.repair_order(choices.contains_key(&FieldPath::OverrideOrder));
        decided
    }

    fn decide(&mut self, field: &FieldPath, choice: &Choice) {
        let whole = matches!(field, FieldPath::Existence | FieldPath::Override(_));
        let id = field.override_of();
        for one in &mut self.fields {
            let part = *field == FieldPath::Existence || (id.is_some() && one.field.override_of() == id);
            if one.field != *field && !(whole && part) {
                continue;
            }
            match choice {
                Choice::Theirs => one.merged.clone_from(&one.theirs),
                Choice::Mine => one.merged.clone_from(&one.mine),
                Choice::Value(value) if one.field == *field => one.merged.clone_from(value),
                Choice::Value(_) => {}
            }
            if one.how == How::Contested || one.field == *field {
                one.how = How::Decided;
            }
        }
        let known = self.fields.iter().any(|one| one.field == *field);
        if let (false, Choice::Value(value)) = (known, choice) {
            self.fields.push(MergedField {
                field: field.clone(),
                base: None,
                mine: None,
                theirs: None,
                merged: value.clone(),
                how: How::Decided,
            });
        }
    }

    /// After decisions about overrides, the order names those that are left:
    /// as decided, with what it does not know at the end.
    fn repair_order(&mut self, decided: bool) {
        let members: Vec<String> = self
            .fields
            .iter()
            .filter(|one| one.merged.is_some())
            .filter_map(|one| match &one.field {
                FieldPath::Override(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let Some(own) = self
            .fields
            .iter_mut()
            .find(|one| one.field == FieldPath::OverrideOrder)
        else {
            return;
        };
        let mut list = order::list_in(own.merged.as_ref());
        for side in [&own.theirs, &own.mine, &own.base] {
            for id in order::list_in(side.as_ref()) {
                if !list.contains(&id) {
                    list.push(id);
                }
            }
        }
        list.retain(|id| members.contains(id));
        for id in members {
            if !list.contains(&id) {
                list.push(id);
            }
        }
        own.merged = (!list.is_empty()).then(|| order::as_value(&list));
        if decided {
            own.how = How::Decided;
        }
    }

    /// The merged state; `None` inside where the subject is to be no more.
    /// Versions and times are theirs.
    pub fn state(
        &self,
        subject: &Subject,
        theirs: Option<&SubjectState>,
    ) -> Result<Option<SubjectState>, Unmerged> {
        let contested = self.contested();
        if !contested.is_empty() {
            return Err(Unmerged::Contested(contested));
        }
        let fields: Fields = self
            .fields
            .iter()
            .filter_map(|one| Some((one.field.clone(), one.merged.clone()?)))
            .collect();
        state_from(subject, &fields, theirs).map_err(Unmerged::Bad)
    }
}
