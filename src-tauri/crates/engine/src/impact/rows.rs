//! Chunks evaluated row by row.

use std::ops::ControlFlow;

use crate::cohort::Chunk;
use crate::engine::Engine;
use crate::error::EvaluationError;
use crate::outcome::Outcome;
use crate::scratch::Scratch;

/// An engine with memory for evaluating chunks; one for each thread.
pub(super) struct Batch<'e> {
    engine: &'e Engine,
    flags: Vec<usize>,
    scratch: Scratch,
    outcomes: Vec<Outcome>,
}

impl<'e> Batch<'e> {
    /// For some flags, by position, or for all.
    pub(super) fn new(engine: &'e Engine, flags: Option<&[usize]>) -> Self {
        Self {
            engine,
            flags: flags.map_or_else(|| (0..engine.features.len()).collect(), <[usize]>::to_vec),
            scratch: engine.scratch(),
            outcomes: Vec::new(),
        }
    }

    /// Hands over the outcomes of each row, those of the flags asked for, in that order. Ends early when told to.
    pub(super) fn run(
        &mut self,
        chunk: &Chunk,
        mut each: impl FnMut(usize, Result<&[Outcome], EvaluationError>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for row in 0..chunk.len() {
            match self.engine.decide(&chunk.identity(row), &mut self.scratch) {
                Ok(all) => {
                    self.outcomes.clear();
                    self.outcomes
                        .extend(self.flags.iter().filter_map(|flag| all.get(*flag)));
                    each(row, Ok(&self.outcomes))?;
                }
                Err(error) => each(row, Err(error))?,
            }
        }
        ControlFlow::Continue(())
    }
}
