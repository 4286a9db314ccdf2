//! Two sides beside each other, and what is taken from one to the other: over
//! contents of a small vocabulary, so that things meet.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod applied;
mod cases;
mod drift;
mod generated;

use std::collections::BTreeSet;

use halyard_model::{
    Contents, FieldPath, Fields, FlagKey, LeftOutWhy, Picked, Presence, Side, SideDifference, Sides, Subject,
    compare, promote,
};
use proptest::prelude::*;
use serde_json::Value;

use applied::{Applied, apply};
use generated::{Kind, pair};

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn pairs() -> impl Strategy<Value = (Contents, Contents)> {
    prop_oneof![
        3 => pair(Kind::OneProject),
        3 => pair(Kind::TwoProjects),
        2 => pair(Kind::EdgeFlags),
        1 => pair(Kind::ToEdgeFlags),
        1 => pair(Kind::FromEdgeFlags),
    ]
}

/// What a difference is about once that exists which was made.
fn place(one: &SideDifference, applied: &Applied) -> (Subject, FieldPath) {
    applied.renamed(&one.subject, &one.field)
}

/// The flags of which everything is gone, and those whose options became others.
#[derive(Default)]
struct Reach {
    deleted: BTreeSet<FlagKey>,
    options: BTreeSet<FlagKey>,
    segments: BTreeSet<String>,
}

impl Reach {
    fn of(taken: &[&SideDifference]) -> Reach {
        let mut reach = Reach::default();
        for one in taken {
            match (&one.subject, &one.field, one.presence) {
                (Subject::Flag { flag }, FieldPath::Existence, Presence::OnlyB) => {
                    reach.deleted.insert(flag.clone());
                }
                (Subject::Flag { flag }, FieldPath::Options, _) => {
                    reach.options.insert(flag.clone());
                }
                (Subject::Segment { segment }, FieldPath::Existence, Presence::OnlyB) => {
                    reach.segments.insert(segment.0.clone());
                }
                _ => {}
            }
        }
        reach
    }

    /// Whether a difference may go, or become another, with what was taken.
    fn covers(&self, one: &SideDifference) -> bool {
        let of_flag = one.subject.flag();
        let shares = !matches!(one.subject, Subject::Flag { .. })
            && !matches!(
                one.field,
                FieldPath::Enabled | FieldPath::Value | FieldPath::OverrideOrder
            );
        of_flag.is_some_and(|flag| self.deleted.contains(flag))
            || of_flag.is_some_and(|flag| shares && self.options.contains(flag))
            || one
                .field
                .override_of()
                .is_some_and(|id| self.segments.contains(id))
    }
}

/// Takes differences over and holds the result against what was there.
fn check(a: &Contents, b: &Contents, picked: Picked<'_>) -> Result<(), TestCaseError> {
    let before = compare(a, b);
    let promotion = promote(&before, b, picked);
    let applied = apply(b, &promotion);
    let after = compare(a, &applied.contents);
    let left_out: BTreeSet<&str> = promotion
        .left_out
        .iter()
        .filter(|one| !matches!(one.why, LeftOutWhy::WithoutOverride { .. }))
        .map(|one| one.id.as_str())
        .collect();
    let is_picked = |one: &SideDifference| match picked {
        Picked::All => true,
        Picked::Flag(flag) => one.subject.flag() == Some(flag),
        Picked::Ids(ids) => ids.contains(&one.id),
    };
    let is_taken = |one: &&SideDifference| {
        (is_picked(one) && !left_out.contains(one.id.as_str())) || promotion.needed.contains(&one.id)
    };
    let taken: Vec<&SideDifference> = before.differences.iter().filter(is_taken).collect();
    let reach = Reach::of(&taken);
    let left: BTreeSet<(Subject, FieldPath)> = places(&after);
    for one in &taken {
        let only_added_to = one.field == FieldPath::Options && promotion.needed.contains(&one.id);
        prop_assert!(
            only_added_to || !left.contains(&place(one, &applied)),
            "{} was taken over and is still there: {:?}\n{:#?}",
            one.id,
            after.difference(&one.id),
            promotion.edits
        );
    }
    for one in before.differences.iter().filter(|one| !is_taken(one)) {
        if reach.covers(one) {
            continue;
        }
        let at = place(one, &applied);
        let Some(now) = after
            .differences
            .iter()
            .find(|now| (&now.subject, &now.field) == (&at.0, &at.1))
        else {
            return Err(TestCaseError::fail(format!(
                "{} was not taken over and is gone\n{:#?}",
                one.id, promotion.edits
            )));
        };
        prop_assert_eq!(now.presence, one.presence, "{}", &one.id);
        if at == (one.subject.clone(), one.field.clone()) && one.field != FieldPath::OverrideOrder {
            prop_assert_eq!(&now.b, &one.b, "{}", &one.id);
        }
    }
    let known: BTreeSet<(Subject, FieldPath)> = before
        .differences
        .iter()
        .map(|one| place(one, &applied))
        .collect();
    for one in &after.differences {
        let left_out_override = one.field.override_of().is_some()
            && promotion
                .left_out
                .iter()
                .any(|out| matches!(out.why, LeftOutWhy::WithoutOverride { .. }));
        prop_assert!(
            left_out_override || known.contains(&(one.subject.clone(), one.field.clone())),
            "{} was not there before: {one:?}\n{:#?}",
            one.id,
            promotion.edits
        );
    }
    Ok(())
}

fn places(sides: &Sides) -> BTreeSet<(Subject, FieldPath)> {
    sides
        .differences
        .iter()
        .map(|one| (one.subject.clone(), one.field.clone()))
        .collect()
}

proptest! {
    #![proptest_config(cases())]

    /// What was ticked is equal afterwards, with what it needs; everything else
    /// is as it was.
    #[test]
    fn what_is_picked_becomes_equal_and_nothing_else((a, b) in pairs(), dice in proptest::collection::vec(0u8..3, 64)) {
        let sides = compare(&a, &b);
        let picked: Vec<String> = sides
            .differences
            .iter()
            .zip(dice.iter().cycle())
            .filter(|(_, dice)| **dice == 0)
            .map(|(one, _)| one.id.clone())
            .collect();
        check(&a, &b, Picked::Ids(&picked))?;
    }

    /// One difference at a time.
    #[test]
    fn one_difference_at_a_time((a, b) in pairs()) {
        for one in compare(&a, &b).differences {
            check(&a, &b, Picked::Ids(&[one.id]))?;
        }
    }

    /// A flag or everything goes back to a moment, but for what cannot be made.
    #[test]
    fn what_is_restored_is_as_it_was((a, b) in pair(Kind::OneProject), number in 0..4usize) {
        let flag = generated::flag(number);
        check(&a, &b, Picked::Flag(&flag))?;
        check(&a, &b, Picked::All)?;
        let sides = compare(&a, &b);
        let promotion = promote(&sides, &b, Picked::All);
        let left = compare(&a, &apply(&b, &promotion).contents);
        if promotion.left_out.is_empty() {
            prop_assert_eq!(left.differences, []);
        }
    }

    /// What is equal has no differences.
    #[test]
    fn nothing_differs_from_itself((a, _) in pairs()) {
        let sides = compare(&a, &a);
        prop_assert_eq!(sides.differences, []);
        prop_assert_eq!(sides.same.flags, a.flags().count());
    }

    /// Seen from the other side, the same differs.
    #[test]
    fn both_ways_the_same_differs((a, b) in pairs()) {
        let told = |sides: &Sides, turned: bool| {
            let mut told: Vec<_> = sides
                .differences
                .iter()
                .map(|one| (one.aspect, presence(one.presence, turned), sides.name(&one.subject)))
                .collect();
            // A renamed segment has another name on either side.
            told.iter_mut().for_each(|one| {
                if one.0 == halyard_model::Aspect::Segments {
                    one.2.clear();
                }
            });
            told.sort();
            told
        };
        let (there, back) = (compare(&a, &b), compare(&b, &a));
        prop_assert_eq!(told(&there, false), told(&back, true));
        prop_assert_eq!(there.same, back.same);
        let mut turned: Vec<_> = back
            .unmapped
            .into_iter()
            .map(|mut one| {
                one.side = if one.side == Side::A { Side::B } else { Side::A };
                one
            })
            .collect();
        turned.sort_by(|one, other| (one.side, one.kind, &one.name).cmp(&(other.side, other.kind, &other.name)));
        prop_assert_eq!(there.unmapped, turned);
    }

    /// Identifiers name one difference each, and every need is there.
    #[test]
    fn differences_are_told_apart((a, b) in pairs()) {
        let sides = compare(&a, &b);
        let ids: BTreeSet<&String> = sides.differences.iter().map(|one| &one.id).collect();
        prop_assert_eq!(ids.len(), sides.differences.len());
        for one in &sides.differences {
            // Across projects a segment is known by its name alone.
            if a.project != b.project && one.field == FieldPath::Name {
                let name = |fields: &Fields| fields.get(&one.field).and_then(Value::as_str).map(str::trim).map(str::to_owned);
                prop_assert_eq!(name(&one.a), name(&one.b));
            }
            for need in &one.needs {
                prop_assert!(ids.contains(need) && *need != one.id, "{} needs {need}", one.id);
            }
        }
    }
}

fn presence(presence: Presence, turned: bool) -> Presence {
    match presence {
        Presence::OnlyA if turned => Presence::OnlyB,
        Presence::OnlyB if turned => Presence::OnlyA,
        other => other,
    }
}
