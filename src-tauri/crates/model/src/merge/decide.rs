//! Decisions about a merge, and the order that follows from them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Choice, How, Merge, MergedField, order::Orders, sides::list_in};
use crate::FieldPath;

/// What a decision takes the parts of a whole from.
#[derive(Clone, Copy)]
enum From {
    Mine,
    Theirs,
    /// The whole goes, and they with it.
    Nowhere,
}

impl Merge {
    /// The merge with fields decided. A choice for a field that is not
    /// contested overrules what was merged there. What is contested only as
    /// long as something else is, such as the place of an override that may go,
    /// settles itself.
    pub fn decided(&self, choices: &BTreeMap<FieldPath, Choice>) -> Merge {
        let mut decided = self.clone();
        // Wholes come before their parts, so that a part may differ.
        for (field, choice) in choices {
            decided.decide(field, choice);
        }
        decided.settle_order();
        decided
    }

    fn decide(&mut self, field: &FieldPath, choice: &Choice) {
        if field.is_whole() {
            self.decide_parts(field, choice);
        }
        match self.fields.binary_search_by(|one| one.field.cmp(field)) {
            Ok(at) => {
                let own = &mut self.fields[at];
                own.merged = match choice {
                    Choice::Theirs => own.theirs.clone(),
                    Choice::Mine => own.mine.clone(),
                    Choice::Value(value) => value.clone(),
                };
                own.how = How::Decided;
            }
            Err(at) => {
                if let Choice::Value(value) = choice {
                    self.fields.insert(at, MergedField::only_decided(field, value));
                }
            }
        }
    }

    fn decide_parts(&mut self, whole: &FieldPath, choice: &Choice) {
        let Some(from) = self.source_of_parts(whole, choice) else {
            return;
        };
        for part in self.fields.iter_mut().filter(|one| one.field.is_within(whole)) {
            part.merged = match from {
                From::Mine => part.mine.clone(),
                From::Theirs => part.theirs.clone(),
                From::Nowhere => None,
            };
            if part.how != How::Unchanged {
                part.how = How::Decided;
            }
        }
    }

    /// None where the parts stay as they were merged.
    fn source_of_parts(&self, whole: &FieldPath, choice: &Choice) -> Option<From> {
        let value = match choice {
            Choice::Theirs => return Some(From::Theirs),
            Choice::Mine => return Some(From::Mine),
            Choice::Value(value) => value,
        };
        if matches!(value, None | Some(Value::Null | Value::Bool(false))) {
            return Some(From::Nowhere);
        }
        let own = self.field(whole)?;
        match (&own.mine, &own.theirs) {
            (Some(_), None) => Some(From::Mine),
            (None, Some(_)) => Some(From::Theirs),
            _ => None,
        }
    }

    /// The order of overrides is made of what was merged and decided.
    pub(super) fn settle_order(&mut self) {
        let (mut members, mut pending) = (BTreeSet::new(), BTreeSet::new());
        for one in &self.fields {
            let FieldPath::Override(id) = &one.field else {
                continue;
            };
            if one.merged.is_some() {
                members.insert(id.clone());
            }
            if one.how == How::Contested {
                pending.insert(id.clone());
            }
        }
        let Some(own) = self
            .fields
            .iter_mut()
            .find(|one| one.field == FieldPath::OverrideOrder)
        else {
            return;
        };
        if own.how == How::FollowsWhole || own.merged.as_ref().is_some_and(|value| !is_list(value)) {
            return;
        }
        let lists = [&own.base, &own.mine, &own.theirs].map(|value| list_in(value.as_ref()));
        let orders = Orders::of(&lists);
        if own.how == How::Decided {
            let list = orders.completed(list_in(own.merged.as_ref()), &members);
            own.merged = (!list.is_empty()).then(|| Value::from(list));
            return;
        }
        // While an override may stay or go, both must lead to one order.
        let all: BTreeSet<String> = members.union(&pending).cloned().collect();
        let (list, how) = match orders.merged(&all) {
            Some(list) => (list, how(&lists)),
            None => (lists[2].clone(), How::Contested),
        };
        let list = orders.completed(list, &members);
        own.merged = (!list.is_empty()).then(|| Value::from(list));
        own.how = how;
    }
}

fn how([base, mine, theirs]: &[Vec<String>; 3]) -> How {
    match (mine != base, theirs != base) {
        (false, false) => How::Unchanged,
        (true, false) => How::Mine,
        (false, true) => How::Theirs,
        (true, true) if mine == theirs => How::Both,
        (true, true) => How::Combined,
    }
}

/// Whether a decided order can be read; where it cannot, the state says so.
fn is_list(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.iter().all(Value::is_string))
}

impl MergedField {
    /// A field that none of the three has.
    fn only_decided(field: &FieldPath, value: &Option<Value>) -> MergedField {
        MergedField {
            field: field.clone(),
            base: None,
            mine: None,
            theirs: None,
            merged: value.clone(),
            how: How::Decided,
        }
    }
}
