//! Merging the order in which overrides are tried.
//!
//! Two sides may move what was there, and each may add. An addition has a
//! place where its neighbours, as its own side knows them, stand together in
//! the other's list as well. Where two orders could come out, somebody must
//! decide, since the first match wins.

use std::collections::BTreeSet;

use serde_json::Value;

use super::How;
use crate::{FieldPath, Fields};

pub(super) fn list_in(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn as_value(list: &[String]) -> Value {
    Value::from(list.to_vec())
}

/// The orders of the three sides, of what is left after the merge.
pub(super) struct Lists {
    base: Vec<String>,
    mine: Vec<String>,
    theirs: Vec<String>,
    changed: (bool, bool),
}

impl Lists {
    pub(super) fn of(base: &Fields, mine: &Fields, theirs: &Fields, members: &BTreeSet<String>) -> Lists {
        let whole = |fields: &Fields| list_in(fields.get(&FieldPath::OverrideOrder));
        let (whole_base, whole_mine, whole_theirs) = (whole(base), whole(mine), whole(theirs));
        let changed = (whole_mine != whole_base, whole_theirs != whole_base);
        let left = |list: Vec<String>| list.into_iter().filter(|id| members.contains(id)).collect();
        Lists {
            base: left(whole_base),
            mine: left(whole_mine),
            theirs: left(whole_theirs),
            changed,
        }
    }

    /// The merged order and how it came about. Theirs, with my additions
    /// behind, while it is contested.
    pub(super) fn merged(&self) -> (Vec<String>, How) {
        let (by_me, by_them) = (moved(&self.base, &self.mine), moved(&self.base, &self.theirs));
        let into_theirs = inserted(&self.theirs, &self.mine);
        let into_mine = inserted(&self.mine, &self.theirs);
        let merged = match (by_me, by_them) {
            (true, true) if common(&self.mine, &self.theirs) != common(&self.theirs, &self.mine) => None,
            (true, false) => into_mine,
            (false, true) => into_theirs,
            _ => into_theirs.filter(|list| into_mine.as_ref() == Some(list)),
        };
        match merged {
            Some(list) => {
                let how = self.how(&list);
                (list, how)
            }
            None => {
                let mut list = self.theirs.clone();
                list.extend(additions(&self.theirs, &self.mine));
                (list, How::Contested)
            }
        }
    }

    fn how(&self, merged: &[String]) -> How {
        match self.changed {
            (false, false) => How::Unchanged,
            (true, false) => How::Mine,
            (false, true) => How::Theirs,
            (true, true) if self.mine == self.theirs => How::Both,
            (true, true) if merged == self.theirs => How::Theirs,
            (true, true) if merged == self.mine => How::Mine,
            (true, true) => How::Combined,
        }
    }
}

/// What both lists have, in the order of the first.
fn common(list: &[String], other: &[String]) -> Vec<String> {
    list.iter().filter(|id| other.contains(id)).cloned().collect()
}

/// Whether a side put what was there before into another order.
fn moved(base: &[String], side: &[String]) -> bool {
    common(base, side) != common(side, base)
}

fn additions(list: &[String], side: &[String]) -> Vec<String> {
    side.iter().filter(|id| !list.contains(id)).cloned().collect()
}

/// A list with what a side has beyond it, each where the side has it; none
/// where a place is not certain.
fn inserted(list: &[String], side: &[String]) -> Option<Vec<String>> {
    let mut merged = list.to_vec();
    let mut after: Option<&String> = None;
    let mut index = 0;
    while index < side.len() {
        if list.contains(&side[index]) {
            after = Some(&side[index]);
            index += 1;
            continue;
        }
        // A run of additions goes in between the two that stand around it.
        let end = side[index..]
            .iter()
            .position(|id| list.contains(id))
            .map_or(side.len(), |offset| index + offset);
        let at = match after {
            Some(id) => list.iter().position(|known| known == id)? + 1,
            None => 0,
        };
        if list.get(at) != side.get(end) {
            return None;
        }
        let at = match after {
            Some(id) => merged.iter().position(|known| known == id)? + 1,
            None => 0,
        };
        merged.splice(at..at, side[index..end].iter().cloned());
        index = end;
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(base: &str, mine: &str, theirs: &str) -> Lists {
        let split = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        Lists {
            base: split(base),
            mine: split(mine),
            theirs: split(theirs),
            changed: (mine != base, theirs != base),
        }
    }

    #[test]
    fn orders_are_merged_where_one_order_comes_out() {
        for (base, mine, theirs, merged, how) in [
            ("abc", "abc", "abc", "abc", How::Unchanged),
            ("abc", "bac", "abc", "bac", How::Mine),
            ("abc", "abc", "acb", "acb", How::Theirs),
            ("abc", "cab", "cab", "cab", How::Both),
            ("ab", "xab", "aby", "xaby", How::Combined),
            ("ab", "axb", "ab", "axb", How::Mine),
            // One moved and one added, with neighbours that stay together.
            ("abc", "cab", "axbc", "caxb", How::Combined),
        ] {
            assert_eq!(
                lists(base, mine, theirs).merged(),
                (merged.chars().map(String::from).collect(), how),
                "{base} {mine} {theirs}"
            );
        }
    }

    #[test]
    fn an_order_that_could_be_another_is_contested() {
        for (base, mine, theirs) in [
            ("abc", "bac", "acb"),
            // Both added in the same place.
            ("ab", "xab", "yab"),
            // The neighbours of what one added stand apart in what the other moved.
            ("abc", "acb", "axbc"),
        ] {
            assert_eq!(
                lists(base, mine, theirs).merged().1,
                How::Contested,
                "{base} {mine} {theirs}"
            );
        }
    }
}
