//! Everything a flag can come to, known before the first identity is evaluated.

use std::collections::HashMap;

use crate::bound::{Chosen, Decider, Outcome, Session};
use crate::cohort::Chunk;
use crate::engine::{Engine, State};
use crate::error::EvaluationError;

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
                outcomes: Vec::new(),
                descriptions: vec![self.position(None)],
            };
        };
        let outcomes = possible(engine, flag);
        let describe = |outcome: &Outcome| self.position(Some(engine.render(flag, outcome).into()));
        FlagOutcomes {
            flag: Some(flag),
            descriptions: outcomes.iter().map(describe).collect(),
            outcomes,
        }
    }
}

/// One flag of a document: its outcomes and the descriptions that they have.
#[derive(Debug)]
pub(super) struct FlagOutcomes {
    /// `None` when the document does not have the flag.
    flag: Option<usize>,
    outcomes: Vec<Outcome>,
    descriptions: Vec<u32>,
}

impl FlagOutcomes {
    fn describe(&self, outcomes: &[Outcome]) -> u32 {
        let outcome = self.flag.and_then(|flag| outcomes.get(flag));
        let position = outcome.and_then(|outcome| self.outcomes.iter().position(|one| one == outcome));
        self.descriptions.get(position.unwrap_or(0)).copied().unwrap_or(0)
    }
}

/// All outcomes that a flag has in a document.
fn possible(engine: &Engine, flag: usize) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut add = |decider: Decider, state: &State, cyclic: bool| {
        let drawn = (0..state.variants.len()).map(|position| Chosen::Variant(position as u16));
        let chosen = [Chosen::Plain, Chosen::Control].into_iter().chain(drawn);
        outcomes.extend(chosen.map(|chosen| Outcome {
            decider,
            chosen,
            cyclic,
        }));
    };
    let Some(feature) = engine.features.get(flag) else {
        return outcomes;
    };
    add(Decider::Default, &feature.default, false);
    if engine.has_dependencies {
        add(Decider::Default, &feature.default, true);
    }
    for (position, one) in feature.overrides.iter().enumerate() {
        add(Decider::Override(position as u32), &one.state, false);
    }
    for (set, states) in engine.override_sets.iter().enumerate() {
        for (state, (of, own)) in states.states.iter().enumerate() {
            if *of as usize == flag {
                let (set, state) = (set as u32, state as u32);
                add(Decider::Identity { set, state }, own, false);
            }
        }
    }
    outcomes
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
        for row in 0..chunk.len() {
            if row % CHECKED_ROWS == 0 {
                control.check()?;
            }
            let identity = chunk.identity(row);
            let mut session = Session::new(engine, Some(&identity));
            let outcomes = session.all_segments().and_then(|_| session.all_flags());
            match outcomes {
                Ok(outcomes) => self
                    .descriptions
                    .extend(flags.iter().map(|flag| flag.describe(&outcomes))),
                Err(_) => {
                    let unknown = std::iter::repeat_n(0, flags.len());
                    self.descriptions.extend(unknown);
                    if let Err(error) = engine.evaluate(&identity) {
                        self.failures.push((row, error));
                    }
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
