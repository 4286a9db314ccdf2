//! Which of its possible outcomes a flag came to.

use crate::engine::{Engine, Feature, State};

/// Who supplied a flag's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decider {
    Default,
    /// Position in the feature's overrides.
    Override(u32),
    /// Positions of the set and of the state in it.
    Identity {
        set: u32,
        state: u32,
    },
}

/// What the variants made of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// No variants, or nobody to choose for.
    Plain,
    /// Variants, and the identity's bucket lies past all of them.
    Control,
    /// Position in the state's variants.
    Variant(u32),
}

impl Chosen {
    /// Its place among a state's outcomes.
    pub(crate) fn offset(self) -> u32 {
        match self {
            Self::Plain => 0,
            Self::Control => 1,
            Self::Variant(position) => 2 + position,
        }
    }
}

/// A flag's result as positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) decider: Decider,
    pub(crate) chosen: Chosen,
    pub(crate) cyclic: bool,
}

/// Which of its possible outcomes a flag came to: a number below [`Engine::outcome_count`] of that flag, to be rendered
/// by [`Engine::result`]. Numbers of different flags or engines do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Outcome(u32);

/// Marks a flag that depends on itself.
const CYCLIC: u32 = 1 << 31;

impl Outcome {
    pub(crate) fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number, for tallies.
    pub fn number(self) -> usize {
        (self.0 & !CYCLIC) as usize
    }

    /// The flag depends on itself (dialect 11.1.1 only).
    pub fn is_cyclic(self) -> bool {
        self.0 & CYCLIC != 0
    }

    pub(crate) fn as_cyclic(self) -> Self {
        Self(self.0 | CYCLIC)
    }
}

impl State {
    /// What a bucket makes of it.
    pub(crate) fn choose(&self, bucket: u16) -> Chosen {
        let found = self
            .variants
            .iter()
            .position(|one| (one.from..one.until).contains(&bucket));
        found.map_or(Chosen::Control, |position| Chosen::Variant(position as u32))
    }
}

impl Feature {
    /// Numbers the outcomes of all states but the identities' own.
    pub(crate) fn number_outcomes(&mut self) {
        self.outcomes.clear();
        let states = std::iter::once((Decider::Default, &mut self.default)).chain(
            self.overrides
                .iter_mut()
                .enumerate()
                .map(|(position, one)| (Decider::Override(position as u32), &mut one.state)),
        );
        for (decider, state) in states {
            state.first = self.outcomes.len() as u32;
            self.outcomes.push((decider, Chosen::Plain));
            self.outcomes.push((decider, Chosen::Control));
            let variants = (0..state.variants.len()).map(|position| Chosen::Variant(position as u32));
            self.outcomes.extend(variants.map(|chosen| (decider, chosen)));
        }
    }
}

impl Engine {
    /// How many outcomes a flag can have, identity overrides included. Zero past the last flag.
    pub fn outcome_count(&self, flag: usize) -> usize {
        let Some(feature) = self.features.get(flag) else {
            return 0;
        };
        feature.outcomes.len() + self.identities.states_of(flag).len()
    }

    /// The number of an outcome.
    pub(crate) fn outcome_of(&self, flag: usize, decided: &Decided) -> Outcome {
        let feature = &self.features[flag];
        let number = match decided.decider {
            Decider::Default => feature.default.first + decided.chosen.offset(),
            Decider::Override(position) => {
                feature.overrides[position as usize].state.first + decided.chosen.offset()
            }
            Decider::Identity { set, state } => {
                feature.outcomes.len() as u32 + self.identities.sets[set as usize].states[state as usize].nth
            }
        };
        let outcome = Outcome::new(number);
        if decided.cyclic {
            outcome.as_cyclic()
        } else {
            outcome
        }
    }

    /// What an outcome's number stands for. Numbers the flag does not have stand for its default.
    pub(crate) fn decided(&self, flag: usize, outcome: Outcome) -> Decided {
        let own = &self.features[flag].outcomes;
        let number = outcome.number();
        let (decider, chosen) = match own.get(number) {
            Some(found) => *found,
            None => match self.identities.states_of(flag).get(number - own.len()) {
                Some((set, state)) => {
                    let (set, state) = (*set, *state);
                    (Decider::Identity { set, state }, Chosen::Plain)
                }
                None => (Decider::Default, Chosen::Plain),
            },
        };
        Decided {
            decider,
            chosen,
            cyclic: outcome.is_cyclic(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Engine, Identity, Outcome};
    use serde_json::json;

    #[test]
    fn every_number_stands_for_one_outcome() {
        let state = |name: &str, priority: Option<i64>, variants: usize| {
            let options: Vec<_> = (0..variants)
                .map(|option| {
                    json!({"id": option + 1, "percentage_allocation": 10.0, "mv_fs_value_uuid": "",
                           "multivariate_feature_option": {"value": option}})
                })
                .collect();
            json!({"feature": {"id": 1, "name": name}, "enabled": true, "feature_state_value": name,
                   "django_id": 1, "multivariate_feature_state_values": options,
                   "feature_segment": priority.map(|priority| json!({"priority": priority}))})
        };
        let segment = |id: i64| {
            json!({"id": id, "name": format!("s{id}"), "rules": [],
                   "feature_states": [state("a", Some(id), 1), state("b", Some(-id), 0)]})
        };
        let document = json!({
            "api_key": "k", "name": "n", "project": {"segments": [segment(1), segment(2)]},
            "feature_states": [state("a", None, 2), state("b", None, 0)],
            "identity_overrides": [{"identifier": "me", "identity_features": [state("b", None, 0)]}],
        });
        let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
        for flag in 0..2 {
            for number in 0..engine.outcome_count(flag) {
                let outcome = Outcome::new(number as u32);
                let decided = engine.decided(flag, outcome);
                assert_eq!(engine.outcome_of(flag, &decided), outcome);
            }
        }
        assert_eq!(engine.outcome_count(0), 4 + 3 + 3);
        assert_eq!(engine.outcome_count(1), 2 + 2 + 2 + 1);
    }

    #[test]
    fn variants_past_sixteen_bits_are_told_apart() {
        let count = 70_000;
        let options: Vec<_> = (0..count)
            .map(|option| {
                json!({"id": option + 1, "percentage_allocation": if option + 1 == count { 100 } else { 0 },
                       "multivariate_feature_option": {"value": option}})
            })
            .collect();
        let document = json!({
            "api_key": "k", "name": "n", "project": {"segments": []},
            "feature_states": [{"feature": {"id": 1, "name": "a"}, "enabled": true, "feature_state_value": null,
                                "django_id": 1, "multivariate_feature_state_values": options}],
        });
        let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
        let evaluation = engine.evaluate(&Identity::new("me")).unwrap();
        assert_eq!(evaluation.flag("a").unwrap().value, &json!(count - 1));
    }
}
