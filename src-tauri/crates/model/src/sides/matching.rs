//! Which segment and which option of one side is which of the other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Contents, NEW_OPTION};
use crate::{FieldPath, SegmentKey, Subject, Variant, same_value};

/// What a segment of A is in B.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counterpart {
    /// This one: B's, or one to be made.
    Is(SegmentKey),
    /// Several have its name, here or there.
    Ambiguous,
}

/// What is known of the segments of both sides.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// Every segment of A with what it is in B.
    pub(super) of_a: BTreeMap<SegmentKey, Counterpart>,
    /// Segments of B of which nothing tells what they are in A.
    pub(super) ambiguous_in_b: BTreeSet<SegmentKey>,
}

/// Which segment of A is which of B: the same identifier within one
/// project, else the only one of its name.
pub(super) fn segments(a: &Contents, b: &Contents) -> Segments {
    let one_project = a.is_of_one_project_with(b);
    let (same, rest): (Vec<_>, Vec<_>) = a
        .segments
        .iter()
        .partition(|(key, _)| one_project && b.segments.contains_key(*key));
    let taken = |key: &SegmentKey| same.iter().any(|(known, _)| *known == key);
    let mut by_name: BTreeMap<&str, (Vec<&SegmentKey>, Vec<&SegmentKey>)> = BTreeMap::new();
    for (key, name) in rest {
        by_name.entry(name.trim()).or_default().0.push(key);
    }
    for (key, name) in b.segments.iter().filter(|(key, _)| !taken(key)) {
        by_name.entry(name.trim()).or_default().1.push(key);
    }
    let mut found = Segments::default();
    for (key, _) in same {
        found.of_a.insert(key.clone(), Counterpart::Is(key.clone()));
    }
    for (name, (of_a, of_b)) in by_name {
        if of_a.len() > 1 || of_b.len() > 1 {
            found.ambiguous_in_b.extend(of_b.iter().map(|key| (*key).clone()));
        }
        for key in &of_a {
            let subject = Subject::Segment {
                segment: (*key).clone(),
            };
            let of_one_flag = !a.subjects.contains_key(&subject);
            let counterpart = match (of_a.len(), of_b.as_slice()) {
                (1, [only]) => Counterpart::Is((*only).clone()),
                // The project has it, though this environment of it does not show it.
                (1, []) if one_project && of_one_flag => Counterpart::Is((*key).clone()),
                (1, []) => Counterpart::Is(SegmentKey::to_be_made(name)),
                _ => Counterpart::Ambiguous,
            };
            found.of_a.insert((*key).clone(), counterpart);
        }
    }
    found
}

/// Whether an option of A and one of B are the same.
type IsSame<'s> = dyn Fn(&Variant, &Variant) -> bool + 's;

/// Every option of A's flag by identifier with what it is in B's: the same
/// identifier within one project, else the same key, else the same value. One
/// without a counterpart gets a name to be made under.
pub(super) fn options(of_a: &[Variant], of_b: &[Variant], one_project: bool) -> BTreeMap<String, Variant> {
    let mut found: BTreeMap<String, Variant> = BTreeMap::new();
    let mut free: Vec<&Variant> = of_b.iter().collect();
    let same_id = |a: &Variant, b: &Variant| one_project && a.id == b.id;
    let same_key = |a: &Variant, b: &Variant| a.key.is_some() && a.key == b.key;
    let same = |a: &Variant, b: &Variant| same_value(&FieldPath::Value, Some(&a.value.0), Some(&b.value.0));
    let ways: [&IsSame<'_>; 3] = [&same_id, &same_key, &same];
    for is_same in ways {
        for option in of_a {
            if found.contains_key(&option.id) {
                continue;
            }
            if let Some(place) = free.iter().position(|other| is_same(option, other)) {
                let twin = free.remove(place).clone();
                found.insert(option.id.clone(), twin);
            }
        }
    }
    for option in of_a {
        if found.contains_key(&option.id) {
            continue;
        }
        let name = option.key.clone().unwrap_or_else(|| option.value.text());
        let is_taken = |id: &str| found.values().any(|other| other.id == id);
        let mut id = format!("{NEW_OPTION}{name}");
        let mut number = 2;
        while is_taken(&id) {
            id = format!("{NEW_OPTION}{name} {number}");
            number += 1;
        }
        let made = Variant {
            id,
            weight: 0.0,
            ..option.clone()
        };
        found.insert(option.id.clone(), made);
    }
    found
}

/// Whether an identifier is that of an option to be made.
pub(super) fn is_new_option(id: &str) -> bool {
    id.starts_with(NEW_OPTION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EnvironmentKey, FlagValue, Service};
    use serde_json::{Value, json};

    fn contents(project: &str, segments: &[(&str, &str)]) -> Contents {
        let mut made = Contents::new(Service::Flagsmith, project, EnvironmentKey("e".into()));
        for (id, name) in segments {
            made.segments.insert(SegmentKey((*id).into()), (*name).into());
            made.subjects.insert(
                Subject::Segment {
                    segment: SegmentKey((*id).into()),
                },
                crate::SubjectState::Segment(crate::SegmentDefinition {
                    name: (*name).into(),
                    description: None,
                    rules: Vec::new(),
                    version: None,
                }),
            );
        }
        made
    }

    #[test]
    fn segments_are_told_apart_by_identifier_and_else_by_a_name_of_their_own() {
        type Case<'c> = (
            &'c str,
            &'c [(&'c str, &'c str)],
            &'c [(&'c str, &'c str)],
            &'c [&'c str],
        );
        let cases: [Case<'_>; 6] = [
            // Renamed in the same project.
            ("p", &[("1", "Beta")], &[("1", "Gamma")], &["1"]),
            ("p", &[("1", "Beta")], &[("2", "Beta ")], &["2"]),
            ("q", &[("1", "Beta")], &[("1", "Gamma"), ("2", "Beta")], &["2"]),
            ("q", &[("1", "Beta")], &[("1", "Gamma")], &["new:Beta"]),
            ("q", &[("1", "Beta")], &[("1", "Beta"), ("2", "Beta")], &["?"]),
            (
                "q",
                &[("1", "Beta"), ("2", "Beta")],
                &[("3", "Beta")],
                &["?", "?"],
            ),
        ];
        for (project, of_a, of_b, expected) in cases {
            let found = segments(&contents("p", of_a), &contents(project, of_b));
            let found: Vec<&str> = found
                .of_a
                .values()
                .map(|one| match one {
                    Counterpart::Is(key) => key.0.as_str(),
                    Counterpart::Ambiguous => "?",
                })
                .collect();
            assert_eq!(found, expected, "{project} {of_a:?} {of_b:?}");
        }
    }

    fn option(id: &str, key: Option<&str>, value: Value) -> Variant {
        Variant {
            id: id.into(),
            key: key.map(str::to_owned),
            value: FlagValue(value),
            weight: 10.0,
        }
    }

    #[test]
    fn options_are_told_apart_by_key_and_then_by_value() {
        let a = [
            option("1", Some("red"), json!("#f00")),
            option("2", None, json!("#0f0")),
            option("3", None, json!("#00f")),
        ];
        let b = [
            option("3", None, json!("#0f0")),
            option("9", Some("red"), json!("#f11")),
        ];
        let ids = |one_project| -> Vec<String> {
            let found = options(&a, &b, one_project);
            found.into_values().map(|option| option.id).collect()
        };
        assert_eq!(ids(false), ["9", "3", "new:#00f"]);
        // Identifiers count before anything else where they are shared.
        assert_eq!(ids(true), ["9", "new:#0f0", "3"]);
    }
}
