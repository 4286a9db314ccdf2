//! The laws of merging, asked of facts.

use std::collections::{BTreeMap, BTreeSet};

use halyard_model::{
    Choice, FieldPath, How, Merge, Subject, SubjectState, Unmerged, changed_fields, fields_of, merge,
    state_from,
};

use crate::edits;
use crate::facts::{Fact, Facts, facts, possible_orders};
use crate::genome::{Genome, Kind, State};

/// How often what happened.
#[derive(Default)]
pub struct Counts(pub BTreeMap<&'static str, u64>);

impl Counts {
    pub fn saw(&mut self, what: &'static str, is_so: bool) {
        *self.0.entry(what).or_default() += u64::from(is_so);
    }
}

/// A state with what it says.
pub struct Side {
    pub state: State,
    pub says: Facts,
}

impl Side {
    fn of(state: State) -> Side {
        Side {
            says: facts(state.as_ref()),
            state,
        }
    }
}

/// One base, mine and theirs.
pub struct Case {
    subject: Subject,
    base: Side,
    mine: Side,
    theirs: Side,
    /// What somebody made of mine afterwards.
    later: Side,
    dice: [u8; 8],
}

/// One merge with its sides.
pub struct Merged<'a> {
    subject: &'a Subject,
    merge: Merge,
    pub sides: [&'a Side; 3],
    pub contested: Vec<FieldPath>,
}

impl Case {
    pub fn of(kind: Kind, genome: &Genome) -> Case {
        let [base, mine, theirs] = kind.sides(genome);
        Case {
            subject: kind.subject(),
            later: Side::of(kind.later(&mine, genome)),
            base: Side::of(base),
            mine: Side::of(mine),
            theirs: Side::of(theirs),
            dice: genome.dice,
        }
    }

    /// Every case is asked for what may be lost or decided silently, and for
    /// symmetry; which of the other laws it is asked for is left to the dice.
    pub fn check(&self, counts: &mut Counts) {
        let merged = self.merged(&self.base, &self.mine, &self.theirs);
        merged.count(counts);
        let result = merged.keeps_the_laws(self.dice);
        self.is_symmetric(&merged);
        let die = self.dice[7];
        if die.is_multiple_of(2) {
            counts.saw("asked for convergence", true);
            self.converges(&merged, &result);
        } else {
            // Undoing mine after somebody went on from it.
            let undo = self.merged(&self.mine, &self.base, &self.later);
            counts.saw("undone later", true);
            counts.saw("undone later and contested", !undo.contested.is_empty());
            undo.keeps_the_laws(self.dice);
        }
        if die % 8 == 1 {
            counts.saw("asked as edits", true);
            let states = [&self.base, &self.mine, &self.theirs, &self.later].map(|side| &side.state);
            edits::keep_the_laws(&self.subject, states, counts);
        }
        if die < 64 {
            counts.saw("asked with one side standing still", true);
            self.is_plain_where_one_side_stood_still();
            for side in [&self.base, &self.mine, &self.theirs] {
                is_read_back(&self.subject, &side.state);
            }
        }
    }

    fn merged<'a>(&'a self, base: &'a Side, mine: &'a Side, theirs: &'a Side) -> Merged<'a> {
        let merge = merge(base.state.as_ref(), mine.state.as_ref(), theirs.state.as_ref());
        Merged {
            subject: &self.subject,
            contested: merge.contested(),
            merge,
            sides: [base, mine, theirs],
        }
    }

    fn is_symmetric(&self, merged: &Merged<'_>) {
        let other = self.merged(&self.base, &self.theirs, &self.mine);
        assert_eq!(
            merged.contested, other.contested,
            "who comes first makes no contest"
        );
        if merged.contested.is_empty() {
            let (one, other) = (merged.settled(), other.settled());
            assert_eq!(one.says, other.says, "who comes first decides nothing");
        }
    }

    fn converges(&self, merged: &Merged<'_>, result: &Side) {
        let again = self.merged(&self.theirs, result, &self.theirs).settled();
        assert_eq!(
            again.says, result.says,
            "a merge that rests on theirs is sent as it is"
        );
        let changes = changed_fields(again.state.as_ref(), result.state.as_ref());
        assert_eq!(changes, [], "facts and fields tell the same");
        if merged.contested.is_empty() {
            let again = self.merged(&self.base, result, &self.theirs).settled();
            assert_eq!(again.says, result.says, "theirs is in it already");
            let again = self.merged(&self.base, &self.mine, result).settled();
            assert_eq!(again.says, result.says, "mine is in it already");
        }
    }

    fn is_plain_where_one_side_stood_still(&self) {
        let (base, mine) = (&self.base, &self.mine);
        for (sides, why) in [
            ([base, mine, base], "only I changed something"),
            ([base, base, mine], "only they changed something"),
            ([base, mine, mine], "both made the same change"),
        ] {
            let merged = self.merged(sides[0], sides[1], sides[2]);
            assert_eq!(merged.contested, [], "{why}");
            assert_eq!(merged.settled().says, mine.says, "{why}");
        }
    }
}

impl Merged<'_> {
    /// The result with everything contested decided by dice.
    fn keeps_the_laws(&self, dice: [u8; 8]) -> Side {
        self.contests_with_reason();
        if !self.contested.is_empty() {
            let refused = self.merge.state(self.subject, self.sides[2].state.as_ref());
            assert_eq!(refused, Err(Unmerged::Contested(self.contested.clone())));
        }
        let choices = self.choices(dice);
        let decided = self.decided(&choices);
        let result = decided.settled();
        decided.shows_the_order(&result.state);
        self.loses_nothing(&result.says);
        self.holds_choices(&choices, &result.says);
        self.settles_the_order(&choices, &result.state);
        result
    }

    pub fn says(&self) -> [&Facts; 3] {
        self.sides.map(|side| &side.says)
    }

    /// What one side alone changed is in the result, and what both changed
    /// otherwise is not there by itself.
    fn loses_nothing(&self, result: &Facts) {
        let [base, mine, theirs] = self.says();
        let all: BTreeSet<&Fact> = base.keys().chain(mine.keys()).chain(theirs.keys()).collect();
        for fact in all {
            if self.contested.iter().any(|field| fact.is_decided_by(field)) {
                continue;
            }
            if let Fact::Before(one, other) = fact {
                let is_there = |id: &String| result.contains_key(&Fact::HasOverride(id.clone()));
                if !is_there(one) || !is_there(other) {
                    continue;
                }
            }
            let (was, mine, theirs) = (base.get(fact), mine.get(fact), theirs.get(fact));
            let is_told = mine == theirs || !self.was_made_by_both(fact);
            assert!(is_told, "{fact:?} was decided silently, and made by both");
            let comes_out = match (mine == was, theirs == was) {
                (true, _) => theirs,
                (_, true) => mine,
                _ if mine == theirs => mine,
                _ => panic!("{fact:?} was decided silently"),
            };
            assert_eq!(
                result.get(fact),
                comes_out,
                "{fact:?} was lost: {was:?}, {mine:?}, {theirs:?}"
            );
        }
        let known = |fact: &&Fact| self.says().iter().any(|side| side.contains_key(*fact));
        let invented = result
            .keys()
            .find(|fact| !matches!(fact, Fact::Before(..)) && !known(fact));
        assert_eq!(invented, None, "nobody said so");
    }

    fn contests_with_reason(&self) {
        let [base, mine, theirs] = self.says();
        for field in &self.contested {
            if *field == FieldPath::OverrideOrder {
                let (count, _) = possible_orders(&self.orderable(), [base, mine, theirs]);
                assert_ne!(count, 1, "one order only is possible");
                continue;
            }
            let about: BTreeSet<&Fact> = [base, mine, theirs]
                .into_iter()
                .flat_map(BTreeMap::keys)
                .filter(|fact| fact.is_decided_by(field))
                // What is tried first is a change of the whole state alone.
                .filter(|fact| *field == FieldPath::Existence || !matches!(fact, Fact::Before(..)))
                .collect();
            let differs =
                |one: &Facts, other: &Facts| about.iter().any(|fact| one.get(*fact) != other.get(*fact));
            let made_by_both = about.iter().any(|fact| self.was_made_by_both(fact));
            assert!(
                differs(mine, theirs) && (made_by_both || differs(base, mine) && differs(base, theirs)),
                "{field} is contested without reason"
            );
        }
    }

    /// Whether there is no base to tell who meant what.
    fn was_made_by_both(&self, fact: &Fact) -> bool {
        let [base, mine, theirs] = self.says();
        let whole = fact.whole();
        let made = mine.contains_key(&whole) && theirs.contains_key(&whole);
        fact.is_single() && made && !base.contains_key(&whole)
    }

    /// The overrides that are in the result or may be.
    fn orderable(&self) -> BTreeSet<String> {
        let is_pending = |id: &str| self.contested.contains(&FieldPath::Override(id.to_owned()));
        let merged = self.merge.fields.iter().filter_map(|one| match &one.field {
            FieldPath::Override(id) if one.merged.is_some() || is_pending(id) => Some(id.clone()),
            _ => None,
        });
        merged.collect()
    }

    /// The order is shown as it comes out, with nothing else in it.
    fn shows_the_order(&self, result: &State) {
        let state = result.as_ref().and_then(SubjectState::flag_state);
        let overrides = state
            .map(|state| state.segment_overrides.as_slice())
            .unwrap_or_default();
        let order: Vec<&str> = overrides.iter().map(|own| own.segment_id.as_str()).collect();
        let shown = self
            .merge
            .field(&FieldPath::OverrideOrder)
            .and_then(|one| one.merged.as_ref());
        let shown = shown.and_then(serde_json::Value::as_array).into_iter().flatten();
        assert_eq!(
            shown.filter_map(serde_json::Value::as_str).collect::<Vec<_>>(),
            order
        );
    }

    fn settles_the_order(&self, choices: &BTreeMap<FieldPath, Choice>, result: &State) {
        let Some(state) = result.as_ref().and_then(SubjectState::flag_state) else {
            return;
        };
        if choices.contains_key(&FieldPath::Existence) || choices.contains_key(&FieldPath::OverrideOrder) {
            return;
        }
        let order: Vec<String> = state
            .segment_overrides
            .iter()
            .map(|own| own.segment_id.clone())
            .collect();
        let members = order.iter().cloned().collect();
        let [base, mine, theirs] = self.says();
        let (count, only) = possible_orders(&members, [base, mine, theirs]);
        assert_eq!(
            (count, only),
            (1, Some(order)),
            "the order follows from the sides"
        );
    }

    /// The merge decided, with nothing left to decide.
    fn decided(&self, choices: &BTreeMap<FieldPath, Choice>) -> Merged<'_> {
        let merge = self.merge.decided(choices);
        assert_eq!(merge.contested(), [], "everything was decided");
        Merged {
            subject: self.subject,
            contested: Vec::new(),
            merge,
            sides: self.sides,
        }
    }

    fn settled(&self) -> Side {
        Side::of(
            self.merge
                .state(self.subject, self.sides[2].state.as_ref())
                .unwrap(),
        )
    }

    fn count(&self, counts: &mut Counts) {
        let [base, mine, theirs] = self.says();
        let is_contested = |test: fn(&FieldPath) -> bool| self.contested.iter().any(test);
        let came = |how: How| self.merge.fields.iter().any(|one| one.how == how);
        counts.saw("merges", true);
        counts.saw("contested", !self.contested.is_empty());
        counts.saw(
            "merged of both",
            self.contested.is_empty() && mine != theirs && base != mine && base != theirs,
        );
        counts.saw(
            "a value contested",
            is_contested(|field| *field == FieldPath::Value),
        );
        counts.saw(
            "existence contested",
            is_contested(|field| *field == FieldPath::Existence),
        );
        counts.saw(
            "removed against changed",
            is_contested(|field| matches!(field, FieldPath::Override(_))),
        );
        counts.saw(
            "order contested",
            is_contested(|field| *field == FieldPath::OverrideOrder),
        );
        counts.saw("orders combined", came(How::Combined));
        counts.saw(
            "targeting contested",
            is_contested(|field| *field == FieldPath::HasTargeting),
        );
        let made = |whole: &Fact| {
            !base.contains_key(whole) && mine.contains_key(whole) && theirs.contains_key(whole)
        };
        counts.saw("made by both", made(&Fact::Exists) && mine != theirs);
        let is_override = |fact: &&Fact| matches!(fact, Fact::HasOverride(_));
        counts.saw(
            "both added one override",
            base.contains_key(&Fact::Exists) && mine.keys().filter(is_override).any(made),
        );
    }
}

/// A state is what its fields say, and a field what its text says.
fn is_read_back(subject: &Subject, state: &State) {
    let fields = fields_of(state.as_ref());
    let back = state_from(subject, &fields, state.as_ref()).unwrap();
    assert_eq!(back, *state);
    for field in fields.keys() {
        assert_eq!(field.to_string().parse::<FieldPath>().as_ref(), Ok(field));
    }
}
