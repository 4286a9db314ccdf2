//! Deciding what is contested, and whether the result holds it.

use std::collections::{BTreeMap, BTreeSet};

use halyard_model::{Choice, FieldPath, fields_of};

use crate::facts::{Fact, Facts};
use crate::laws::Merged;

impl Merged<'_> {
    /// A choice for every contested field, by dice.
    pub fn choices(&self, dice: [u8; 8]) -> BTreeMap<FieldPath, Choice> {
        let thrown = self.contested.iter().zip(dice.iter().cycle());
        thrown
            .map(|(field, die)| {
                let choice = match (dice[6] % 4, die % 3) {
                    (0, _) | (_, 0) => Choice::Mine,
                    (1, _) | (_, 1) => Choice::Theirs,
                    _ => self.other_value(field, die / 3),
                };
                (field.clone(), choice)
            })
            .collect()
    }

    /// A value of neither side, where the field takes one.
    fn other_value(&self, field: &FieldPath, die: u8) -> Choice {
        let sides = [1, 2].map(|side| fields_of(self.sides[side].state.as_ref()));
        match field {
            FieldPath::Value | FieldPath::OverrideValue(_) | FieldPath::Trait(_) => {
                Choice::Value(Some("decided".into()))
            }
            FieldPath::Override(_) | FieldPath::Existence | FieldPath::HasTargeting
                if die.is_multiple_of(2) =>
            {
                Choice::Value(None)
            }
            FieldPath::Override(_) | FieldPath::Existence | FieldPath::HasTargeting => {
                let kept = sides.iter().find_map(|side| side.get(field));
                Choice::Value(kept.cloned())
            }
            FieldPath::OverrideOrder => {
                // Turned round, with a stranger and one named twice.
                let mut list = sides[0]
                    .get(field)
                    .and_then(|list| list.as_array().cloned())
                    .unwrap_or_default();
                list.reverse();
                list.push("stranger".into());
                list.extend(list.first().cloned());
                Choice::Value(Some(list.into()))
            }
            _ => Choice::Mine,
        }
    }

    pub fn holds_choices(&self, choices: &BTreeMap<FieldPath, Choice>, result: &Facts) {
        let [_, mine, theirs] = self.says();
        for (field, choice) in choices {
            let side = match choice {
                Choice::Mine => mine,
                Choice::Theirs => theirs,
                Choice::Value(value) => {
                    self.holds_value(field, value.as_ref(), result);
                    continue;
                }
            };
            let both: BTreeSet<&Fact> = side.keys().chain(result.keys()).collect();
            for fact in both.into_iter().filter(|fact| fact.is_decided_by(field)) {
                match fact {
                    // The order is decided apart from whether there is one.
                    Fact::Before(..) if *field != FieldPath::OverrideOrder => continue,
                    Fact::Before(..) if !side.contains_key(fact) || !result.contains_key(fact) => continue,
                    _ => assert_eq!(result.get(fact), side.get(fact), "{field} was decided otherwise"),
                }
            }
        }
    }

    fn holds_value(&self, field: &FieldPath, value: Option<&serde_json::Value>, result: &Facts) {
        let holds = |fact: Fact| result.contains_key(&fact);
        let is_there = match field {
            FieldPath::Existence => holds(Fact::Exists),
            FieldPath::HasTargeting => holds(Fact::HasTargeting),
            FieldPath::Override(id) => holds(Fact::HasOverride(id.clone())),
            FieldPath::OverrideOrder => {
                assert!(!holds(Fact::HasOverride("stranger".into())));
                let [_, mine, _] = self.says();
                for (fact, told) in result {
                    if let (Fact::Before(..), Some(mine)) = (fact, mine.get(fact)) {
                        assert_ne!(told, mine, "{fact:?} was to be turned round");
                    }
                }
                return;
            }
            _ => {
                let told = result.iter().find(|(fact, _)| fact.is_decided_by(field));
                assert_eq!(
                    told.map(|(_, told)| told.as_str()),
                    Some("\"decided\""),
                    "{field}"
                );
                return;
            }
        };
        assert_eq!(is_there, value.is_some(), "{field} was decided otherwise");
    }
}
