//! Everything a flag can come to, known before the first identity is evaluated.

use std::collections::HashMap;

use crate::cohort::Chunk;
use crate::engine::Engine;
use crate::error::EvaluationError;
use crate::outcome::Outcome;

use super::control::{Control, Stopped};
use super::report::Decided;

/// How many rows are evaluated between two looks at the control.
const CHECKED_ROWS: usize = 1024;

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

    /// Adds everything a flag can come to; the descriptions of its outcomes by their index.
    pub(super) fn add(&mut self, engine: &Engine, flag: Option<usize>) -> FlagOutcomes {
        let Some(flag) = flag else {
            return FlagOutcomes {
                flag: None,
                count: 0,
                descriptions: vec![self.position(None)],
            };
        };
        let numbers = 0..engine.outcome_count(flag) as u32;
        let plain = numbers.clone().map(Outcome::new);
        let mut describe = |outcome: Outcome| {
            let result = engine.result(flag, outcome);
            self.position(result.map(Into::into))
        };
        let mut descriptions: Vec<u32> = plain.map(&mut describe).collect();
        if engine.has_dependencies {
            descriptions.extend(numbers.map(|number| describe(Outcome::new(number).as_cyclic())));
        }
        FlagOutcomes {
            flag: Some(flag),
            count: engine.outcome_count(flag),
            descriptions,
        }
    }
}

/// One flag of a document: the descriptions of its outcomes, those of a flag that depends on itself at the end.
#[derive(Debug)]
pub(super) struct FlagOutcomes {
    /// `None` when the document does not have the flag.
    flag: Option<usize>,
    count: usize,
    descriptions: Vec<u32>,
}

impl FlagOutcomes {
    #[inline]
    fn describe(&self, outcomes: &[Outcome]) -> u32 {
        let outcome = self.flag.and_then(|flag| outcomes.get(flag));
        let position = outcome.map_or(0, |outcome| {
            outcome.number() + if outcome.is_cyclic() { self.count } else { 0 }
        });
        self.descriptions.get(position).copied().unwrap_or(0)
    }
}

/// The results of a chunk: for each row one description for each flag.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// Row after row; nothing meaningful in rows that failed.
    pub(super) descriptions: Vec<u32>,
    /// Rows that failed, ascending.
    pub(super) failures: Vec<(usize, EvaluationError)>,
}

impl Decisions {
    /// Evaluates all rows of a chunk.
    pub(super) fn fill(
        &mut self,
        engine: &Engine,
        flags: &[FlagOutcomes],
        chunk: &Chunk,
        control: &Control,
    ) -> Result<(), Stopped> {
        self.descriptions.clear();
        self.failures.clear();
        let mut scratch = engine.scratch();
        for row in 0..chunk.len() {
            if row % CHECKED_ROWS == 0 {
                control.check()?;
            }
            let identity = chunk.identity(row);
            match engine.decide(&identity, &mut scratch) {
                Ok(outcomes) => self
                    .descriptions
                    .extend(flags.iter().map(|flag| flag.describe(outcomes))),
                Err(error) => {
                    let unknown = std::iter::repeat_n(0, flags.len());
                    self.descriptions.extend(unknown);
                    self.failures.push((row, error));
                }
            }
        }
        Ok(())
    }

    /// The row's descriptions, one for each flag.
    pub(super) fn row(&self, row: usize, flags: usize) -> &[u32] {
        self.descriptions
            .get(row * flags..(row + 1) * flags)
            .unwrap_or(&[])
    }
}
