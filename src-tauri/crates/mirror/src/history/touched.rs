//! Naming what differs between two moments, for people.

use std::collections::{BTreeMap, HashSet};

use halyard_model::{Moment, Touched, TouchedCounts, TouchedHow, TouchedKind};

use super::list::List;

/// What became of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is another, or there since, or gone since.
    Differs,
    /// Only its place among the others is another.
    Moved,
}

/// A part that differs.
pub(super) struct Difference<'a> {
    pub(super) list: &'a List,
    pub(super) key: &'a str,
    pub(super) label: Option<&'a str>,
    pub(super) fate: Fate,
}

/// The flags, segments and so on that are there, by what the lists call them.
pub(super) type Present<'a> = HashSet<(TouchedKind, &'a str)>;

/// Adds a part to those that are there. An override is not its flag.
pub(super) fn note<'a>(present: &mut Present<'a>, list: &List, key: &'a str) {
    if !matches!(list, List::Overrides(_)) {
        present.insert((list.touched(), key));
    }
}

/// What was touched: every subject once, whatever number of its parts differ.
pub(super) struct Touches {
    /// Flags first.
    pub(super) named: Vec<Touched>,
    pub(super) counts: TouchedCounts,
    /// All the flags among them.
    pub(super) flags: Vec<String>,
}

impl Touches {
    /// Those that a moment names.
    pub(super) fn first(&self) -> Vec<Touched> {
        self.named.iter().take(Moment::MOST_TOUCHED).cloned().collect()
    }
}

/// What has no key of its own: what the environment is beside its lists, and
/// the order in which they are.
const SETTINGS: &str = "settings";
const ORDER: &str = "order";

pub(super) fn touches(differences: &[Difference<'_>], before: &Present<'_>, after: &Present<'_>) -> Touches {
    let mut found: BTreeMap<(TouchedKind, &str), (String, TouchedHow)> = BTreeMap::new();
    for difference in differences {
        let kind = difference.list.touched();
        if difference.fate == Fate::Moved {
            let order = (ORDER.to_owned(), TouchedHow::Changed);
            found.entry((TouchedKind::Environment, ORDER)).or_insert(order);
            continue;
        }
        if kind == TouchedKind::Environment {
            let name = match difference.list {
                List::Top(name) => name,
                _ => SETTINGS,
            };
            found
                .entry((kind, name))
                .or_insert((name.to_owned(), TouchedHow::Changed));
            continue;
        }
        let subject = (kind, difference.key);
        let how = match (before.contains(&subject), after.contains(&subject)) {
            (false, true) => TouchedHow::Added,
            (true, false) => TouchedHow::Removed,
            _ => TouchedHow::Changed,
        };
        let name = difference.label.unwrap_or(difference.key);
        found.insert(subject, (name.to_owned(), how));
    }
    let mut counts = TouchedCounts::default();
    for (_, how) in found.values() {
        match how {
            TouchedHow::Added => counts.added += 1,
            TouchedHow::Changed => counts.changed += 1,
            TouchedHow::Removed => counts.removed += 1,
        }
    }
    Touches {
        counts,
        flags: found
            .keys()
            .filter(|(kind, _)| *kind == TouchedKind::Flag)
            .map(|(_, key)| (*key).to_owned())
            .collect(),
        named: found
            .into_iter()
            .map(|((kind, _), (name, how))| Touched { kind, name, how })
            .collect(),
    }
}
