//! One document over a cohort.

use std::ops::ControlFlow;

use super::control::{Control, Stopped};
use super::outcomes::{Descriptions, FlagOutcomes};
use super::report::{Distribution, Failures, FlagDistribution};
use super::tally::Counts;
use super::{CHECKED_ROWS, run, shares};
use crate::batch::Batch;
use crate::cohort::{Chunk, ChunkSource, Cohort, ReadError};
use crate::engine::Engine;

/// Evaluates a cohort: who gets what of each flag.
///
/// The result is the same on any number of threads.
pub fn distribution(engine: &Engine, cohort: &Cohort, control: &Control) -> Result<Distribution, Stopped> {
    distribution_of_stream(engine, &mut cohort.source(), control).map_err(|_| Stopped)
}

/// Evaluates identities as they are read; at most one chunk for each thread is in memory.
///
/// Fails where reading fails, and with [`ReadError::Stopped`] when cancelled.
pub fn distribution_of_stream(
    engine: &Engine,
    source: &mut (impl ChunkSource + Send + ?Sized),
    control: &Control,
) -> Result<Distribution, ReadError> {
    let flags: Vec<Flag> = (0..engine.features.len())
        .map(|flag| Flag::new(engine, flag))
        .collect();
    let start = || Tally::new(engine, &flags);
    let work = |tally: &mut Tally<'_>, chunk: &Chunk| tally.take(&flags, chunk, control);
    let mut total = start();
    for tally in run::run(source, control, start, work)? {
        total.merge(tally);
    }
    let flags = engine.flag_names().zip(&flags).zip(&total.counts);
    Ok(Distribution {
        identities: total.identities,
        flags: flags
            .map(|((name, flag), counts)| FlagDistribution {
                name: name.to_owned(),
                shares: shares::of(&flag.descriptions, &counts.0),
            })
            .collect(),
        failures: total.failures,
    })
}

struct Flag {
    descriptions: Descriptions,
    outcomes: FlagOutcomes,
}

impl Flag {
    fn new(engine: &Engine, flag: usize) -> Self {
        let mut descriptions = Descriptions::default();
        let outcomes = descriptions.add(engine, flag);
        Self {
            descriptions,
            outcomes,
        }
    }
}

/// What one thread counts.
struct Tally<'e> {
    batch: Batch<'e>,
    identities: u64,
    counts: Vec<Counts>,
    failures: Failures,
}

impl<'e> Tally<'e> {
    fn new(engine: &'e Engine, flags: &[Flag]) -> Self {
        Self {
            batch: Batch::new(engine, None),
            identities: 0,
            counts: flags
                .iter()
                .map(|flag| Counts::new(flag.descriptions.list.len()))
                .collect(),
            failures: Failures::default(),
        }
    }

    fn take(&mut self, flags: &[Flag], chunk: &Chunk, control: &Control) -> Result<(), Stopped> {
        let Self {
            batch,
            identities,
            counts,
            failures,
        } = self;
        let mut noted = 0;
        let ended = batch.run(chunk, |row, outcomes| {
            match outcomes {
                Ok(outcomes) => {
                    *identities += 1;
                    for ((counts, flag), outcome) in counts.iter_mut().zip(flags).zip(outcomes) {
                        counts.add(flag.outcomes.describe(*outcome));
                    }
                }
                Err(error) => failures.add(chunk, row, &error),
            }
            if row % CHECKED_ROWS == CHECKED_ROWS - 1 {
                control.note_done(row + 1 - noted);
                noted = row + 1;
                if control.is_cancelled() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        if ended.is_break() {
            return Err(Stopped);
        }
        control.note_done(chunk.len() - noted);
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.identities += other.identities;
        self.failures.merge(other.failures);
        for (counts, more) in self.counts.iter_mut().zip(&other.counts) {
            counts.merge(more);
        }
    }
}
