//! Comparing the three sides of a merge, field by field and whole by whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{How, MergedField};
use crate::{FieldPath, Fields, same_value};

/// The three sides of a merge.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) base: &'a Fields,
    pub(super) mine: &'a Fields,
    pub(super) theirs: &'a Fields,
}

impl Sides<'_> {
    /// Every field but the order, which follows from the others.
    pub(super) fn merged(self) -> Vec<MergedField> {
        let keys = self.base.keys().chain(self.mine.keys()).chain(self.theirs.keys());
        let all: BTreeSet<&FieldPath> = keys.collect();
        let mut merged: BTreeMap<&FieldPath, MergedField> =
            all.iter().map(|field| (*field, self.field(field))).collect();
        // The larger whole first: what follows it is not asked about again.
        for whole in all.into_iter().filter(|field| field.is_whole()) {
            let how = merged.get(whole).map(|one| one.how);
            if how == Some(How::Contested) || (how != Some(How::FollowsWhole) && self.is_at_odds(whole)) {
                contest(&mut merged, whole);
            }
        }
        merged.into_values().collect()
    }

    fn field(self, field: &FieldPath) -> MergedField {
        let (base, mine, theirs) = (self.base.get(field), self.mine.get(field), self.theirs.get(field));
        let made_by_both = self.was_made_by_both(field);
        let by_me = made_by_both || !same_value(field, base, mine);
        let by_them = made_by_both || !same_value(field, base, theirs);
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

    /// Whether a field belongs to a whole that both sides made and that holds
    /// each of its parts once. What a whole holds many of, such as tags, is
    /// put together.
    fn was_made_by_both(self, field: &FieldPath) -> bool {
        let is_one_of_many = matches!(
            field,
            FieldPath::Tag(_)
                | FieldPath::Trait(_)
                | FieldPath::EnvironmentValue(_)
                | FieldPath::Override(_)
                | FieldPath::OverrideOrder
        );
        let made = |whole: &FieldPath| {
            !self.base.contains_key(whole) && self.mine.contains_key(whole) && self.theirs.contains_key(whole)
        };
        !is_one_of_many && self.whole(field).is_some_and(|whole| made(&whole))
    }

    /// A segment has rules, and no targeting that they are part of.
    fn whole(self, field: &FieldPath) -> Option<FieldPath> {
        let whole = field.whole()?;
        let is_there = [self.base, self.mine, self.theirs]
            .iter()
            .any(|side| side.contains_key(&whole));
        Some(if is_there { whole } else { FieldPath::Existence })
    }

    /// Whether one side removed a whole of which the other changed something.
    fn is_at_odds(self, whole: &FieldPath) -> bool {
        if !self.base.contains_key(whole) {
            return false;
        }
        let keeper = match (self.mine.contains_key(whole), self.theirs.contains_key(whole)) {
            (false, true) => self.theirs,
            (true, false) => self.mine,
            _ => return false,
        };
        let parts = self.base.keys().chain(keeper.keys());
        parts
            .filter(|field| field.is_within(whole))
            .any(|field| !same_value(field, self.base.get(field), keeper.get(field)))
    }
}

/// The whole is contested, and none of its parts is decided by itself.
fn contest(merged: &mut BTreeMap<&FieldPath, MergedField>, whole: &FieldPath) {
    for (field, one) in merged.iter_mut() {
        if *field == whole || field.is_within(whole) {
            one.merged.clone_from(&one.theirs);
            one.how = if *field == whole {
                How::Contested
            } else {
                How::FollowsWhole
            };
        }
    }
}

/// A list of identifiers as a field holds it.
pub(super) fn list_in(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
