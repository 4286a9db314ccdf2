//! The laws of edits: amending, composing, laying on a newer state, leading
//! back, and the rows that show them.

use std::collections::BTreeSet;

use halyard_model::{
    ConnectionId, Edit, EditId, EnvironmentKey, FieldChanges, FieldPath, Rebased, RowKind, Subject,
    Timestamp, change_rows, changed, changed_fields, compose, fields_of, merge, rebase,
};

use crate::facts::{Fact, facts};
use crate::genome::State;
use crate::laws::Counts;

fn changes(from: &State, to: &State) -> FieldChanges {
    let to_fields = fields_of(to.as_ref());
    let fields = changed_fields(from.as_ref(), to.as_ref());
    fields
        .into_iter()
        .map(|field| (field.clone(), to_fields.get(&field).cloned()))
        .collect()
}

fn edit(subject: &Subject, base: &State, wish: &State) -> Edit {
    Edit::new(
        EditId("1".into()),
        (ConnectionId("c".into()), EnvironmentKey("e".into())),
        subject.clone(),
        (base.clone(), wish.clone()),
        Timestamp(0),
    )
}

fn assert_same(one: &State, other: &State, why: &str) {
    assert_eq!(facts(one.as_ref()), facts(other.as_ref()), "{why}");
}

pub fn keep_the_laws(subject: &Subject, [base, mine, theirs, later]: [&State; 4], counts: &mut Counts) {
    let (first, second) = (changes(base, mine), changes(mine, later));
    let at_once = changed(subject, base.as_ref(), &compose(&first, &second)).unwrap();
    assert_same(&at_once, later, "two changes at once do what they do one by one");

    let mut amended = edit(subject, base, mine);
    amended.amend(&second).unwrap();
    if mine.is_some() {
        assert_same(&amended.wish, later, "an amended wish is the later one");
    }
    let inverse = edit(subject, base, mine).inverse(EditId("2".into()), Timestamp(1));
    assert_eq!((&inverse.base, &inverse.wish), (mine, base));

    is_laid_on(&edit(subject, base, mine), theirs, counts);
    shows_what_changes(base, mine, counts);
}

fn is_laid_on(edit: &Edit, now: &State, counts: &mut Counts) {
    let merged = merge(edit.base.as_ref(), edit.wish.as_ref(), now.as_ref());
    assert!(edit.is_met_by(edit.wish.as_ref()), "a wish is met by itself");
    match rebase(edit, now.as_ref()) {
        Rebased::Unchanged => assert_same(now, &edit.base, "nobody changed anything"),
        Rebased::AlreadyThere => {
            counts.saw("laid on what holds it already", true);
            assert!(edit.is_met_by(now.as_ref()));
            assert!(!merged.fields.is_empty() || now.is_none());
        }
        Rebased::Contested(contested) => {
            assert!(!contested.contested().is_empty());
            assert!(!edit.is_met_by(now.as_ref()));
            let refused = edit.resolved(now.as_ref(), &Default::default());
            assert!(refused.is_err(), "a conflict is not resolved by itself");
        }
        Rebased::Moved(moved) => {
            counts.saw("laid on another base", true);
            assert_eq!(moved.base, *now);
            assert!(!moved.changes().is_empty(), "something is left to send");
            assert!(!edit.is_met_by(now.as_ref()));
            assert!(edit.is_met_by(moved.wish.as_ref()), "the wish is kept");
            let resolved = edit.resolved(now.as_ref(), &Default::default()).unwrap();
            assert_eq!((&resolved.base, &resolved.wish), (&moved.base, &moved.wish));
        }
    }
}

fn shows_what_changes(before: &State, after: &State, counts: &mut Counts) {
    let rows = change_rows(before.as_ref(), after.as_ref());
    let mut changed = changed_fields(before.as_ref(), after.as_ref());
    if changed.contains(&FieldPath::Existence) {
        assert_eq!(rows.len(), 1, "what comes or goes is one row");
    } else {
        changed.retain(|field| *field != FieldPath::OverrideOrder);
        let (was, is) = (facts(before.as_ref()), facts(after.as_ref()));
        let turned = |(fact, told): (&Fact, &String)| {
            matches!(fact, Fact::Before(..)) && is.get(fact).is_some_and(|other| other != told)
        };
        let has_order = rows.iter().any(|row| row.kind == RowKind::Order);
        counts.saw("shown with an order", has_order);
        assert_eq!(
            has_order,
            was.iter().any(turned),
            "the order is shown where it is another"
        );
    }
    for field in changed {
        let shown = rows.iter().filter(|row| row.shows(&field)).count();
        assert_eq!(shown, 1, "{field} is shown once");
    }
    let fields: BTreeSet<&FieldPath> = rows.iter().map(|row| &row.field).collect();
    assert_eq!(fields.len(), rows.len(), "no two rows are about the same");
    for (kind, name) in [
        (RowKind::Added, "shown as added"),
        (RowKind::Removed, "shown as removed"),
        (RowKind::Tags, "shown as tags"),
    ] {
        let is_shown = rows
            .iter()
            .any(|row| row.kind == kind && row.field != FieldPath::Existence);
        counts.saw(name, is_shown);
    }
}
