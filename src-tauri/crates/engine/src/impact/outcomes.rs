//! Everything a flag can come to, known before the first identity is evaluated.

use std::collections::HashMap;

use crate::engine::Engine;
use crate::outcome::Outcome;

use super::report::Decided;

/// What a flag can come to, in one document or in two: each distinct result once.
#[derive(Debug, Default)]
pub(super) struct Descriptions {
    /// `None` is a flag that does not exist.
    pub(super) list: Vec<Option<Decided>>,
    /// For each description the first one with the same state.
    pub(super) states: Vec<u32>,
    known: HashMap<String, u32>,
    known_states: HashMap<String, u32>,
}

impl Descriptions {
    fn position(&mut self, described: Option<Decided>) -> u32 {
        let text = format!("{described:?}");
        let next = self.list.len() as u32;
        let position = *self.known.entry(text).or_insert(next);
        if position == next {
            let state = format!("{:?}", described.as_ref().map(|decided| &decided.state));
            self.states.push(*self.known_states.entry(state).or_insert(next));
            self.list.push(described);
        }
        position
    }

    /// Adds everything a flag of a document can come to.
    pub(super) fn add(&mut self, engine: &Engine, flag: usize) -> FlagOutcomes {
        let numbers = 0..engine.outcome_count(flag) as u32;
        let plain = numbers.clone().map(Outcome::new);
        let mut describe = |outcome: Outcome| self.position(engine.result(flag, outcome).map(Into::into));
        let mut descriptions: Vec<u32> = plain.map(&mut describe).collect();
        if engine.has_dependencies {
            descriptions.extend(numbers.map(|number| describe(Outcome::new(number).as_cyclic())));
        }
        FlagOutcomes {
            count: engine.outcome_count(flag),
            descriptions,
        }
    }

    /// Adds that the flag does not exist.
    pub(super) fn add_absence(&mut self) -> u32 {
        self.position(None)
    }
}

/// One flag of a document: the descriptions of its outcomes by number, those of a flag that depends on itself after
/// all others.
#[derive(Debug)]
pub(super) struct FlagOutcomes {
    count: usize,
    descriptions: Vec<u32>,
}

impl FlagOutcomes {
    #[inline]
    pub(super) fn describe(&self, outcome: Outcome) -> u32 {
        let cyclic = if outcome.is_cyclic() { self.count } else { 0 };
        self.descriptions
            .get(outcome.number() + cyclic)
            .copied()
            .unwrap_or(0)
    }
}
