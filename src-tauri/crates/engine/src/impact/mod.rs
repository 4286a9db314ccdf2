//! What documents and edits do to a whole cohort.

mod control;
mod outcomes;
mod report;
mod run;
mod shares;
mod tally;

use std::collections::HashSet;

pub use control::{Control, Stopped};
pub use report::{
    CohortExample, Decided, DecidingRule, Distribution, FailureExample, Failures, FlagDistribution,
    FlagImpact, FlagState, Impact, Move, Share,
};

use crate::cohort::{Chunk, ChunkSource, Cohort, ReadError};
use crate::engine::Engine;

use outcomes::{Decisions, Descriptions, FlagOutcomes};
use tally::{Counts, Pairs};

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
    let mut descriptions = Vec::new();
    let mut flags = Vec::new();
    for flag in 0..engine.features.len() {
        let mut known = Descriptions::default();
        flags.push(known.add(engine, Some(flag)));
        descriptions.push(known);
    }
    let start = || DistributionTally {
        identities: 0,
        counts: descriptions
            .iter()
            .map(|known| Counts::new(known.list.len()))
            .collect(),
        failures: Failures::default(),
        decisions: Decisions::default(),
    };
    let work = |tally: &mut DistributionTally, chunk: &Chunk| tally.take(engine, &flags, chunk, control);
    let mut total = start();
    for tally in run::run(source, control, start, work)? {
        total.merge(tally);
    }
    let flags = engine.features.iter().zip(&descriptions).zip(&total.counts);
    Ok(Distribution {
        identities: total.identities,
        flags: flags
            .map(|((feature, known), counts)| FlagDistribution {
                name: feature.name.clone(),
                shares: shares::of(known, &counts.0),
            })
            .collect(),
        failures: total.failures,
    })
}

/// Evaluates a cohort with two documents: who gets something else, and why. `edited` names the flags that the edit
/// between the two is meant to change; any other flag that changes is a surprise.
///
/// The result is the same on any number of threads.
pub fn impact(
    before: &Engine,
    after: &Engine,
    cohort: &Cohort,
    edited: &[&str],
    control: &Control,
) -> Result<Impact, Stopped> {
    impact_of_stream(before, after, &mut cohort.source(), edited, control).map_err(|_| Stopped)
}

/// The same for identities as they are read; at most one chunk for each thread is in memory.
///
/// Fails where reading fails, and with [`ReadError::Stopped`] when cancelled.
pub fn impact_of_stream(
    before: &Engine,
    after: &Engine,
    source: &mut (impl ChunkSource + Send + ?Sized),
    edited: &[&str],
    control: &Control,
) -> Result<Impact, ReadError> {
    let compared = Compared::new(before, after);
    let start = || ImpactTally::new(&compared);
    let work = |tally: &mut ImpactTally, chunk: &Chunk| tally.take(&compared, chunk, control);
    let mut total = start();
    for tally in run::run(source, control, start, work)? {
        total.merge(tally);
    }
    let flags = compared.flags.iter().zip(total.flags);
    Ok(Impact {
        identities: total.identities,
        changed: total.changed,
        flags: flags
            .map(|(flag, tally)| {
                let is_edited = edited.contains(&flag.name.as_str());
                shares::impact_of(
                    &flag.name,
                    is_edited,
                    &flag.descriptions,
                    &tally.before.0,
                    tally.pairs.0,
                )
            })
            .collect(),
        untouched: compared.untouched,
        failures_before: total.failures_before,
        failures_after: total.failures_after,
    })
}

/// What one thread counts of a distribution.
struct DistributionTally {
    identities: u64,
    counts: Vec<Counts>,
    failures: Failures,
    decisions: Decisions,
}

impl DistributionTally {
    fn take(
        &mut self,
        engine: &Engine,
        flags: &[FlagOutcomes],
        chunk: &Chunk,
        control: &Control,
    ) -> Result<(), Stopped> {
        self.decisions.fill(engine, flags, chunk, control)?;
        let failed = &self.decisions.failures;
        let mut failing = failed.iter().map(|(row, _)| *row).peekable();
        for row in 0..chunk.len() {
            if failing.next_if_eq(&row).is_some() {
                continue;
            }
            for (counts, description) in self.counts.iter_mut().zip(self.decisions.row(row, flags.len())) {
                counts.add(*description);
            }
        }
        self.identities += (chunk.len() - failed.len()) as u64;
        self.failures.add(chunk, failed);
        control.note_done(chunk.len());
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

/// Two documents side by side.
struct Compared<'e> {
    before: &'e Engine,
    after: &'e Engine,
    flags: Vec<ComparedFlag>,
    outcomes_before: Vec<FlagOutcomes>,
    outcomes_after: Vec<FlagOutcomes>,
    untouched: usize,
}

struct ComparedFlag {
    name: String,
    descriptions: Descriptions,
}

impl<'e> Compared<'e> {
    fn new(before: &'e Engine, after: &'e Engine) -> Self {
        let mut compared = Self {
            before,
            after,
            flags: Vec::new(),
            outcomes_before: Vec::new(),
            outcomes_after: Vec::new(),
            untouched: 0,
        };
        for name in after.flag_names() {
            compared.add(name);
        }
        for name in before
            .flag_names()
            .filter(|name| after.feature_index(name).is_none())
        {
            compared.add(name);
        }
        compared
    }

    fn add(&mut self, name: &str) {
        let position = |engine: &Engine| engine.feature_index(name).map(|index| index as usize);
        let mut descriptions = Descriptions::default();
        let outcomes = descriptions.add(self.before, position(self.before));
        self.outcomes_before.push(outcomes);
        let outcomes = descriptions.add(self.after, position(self.after));
        self.outcomes_after.push(outcomes);
        self.flags.push(ComparedFlag {
            name: name.to_owned(),
            descriptions,
        });
    }
}

/// What one thread counts of an impact.
struct ImpactTally {
    identities: u64,
    changed: u64,
    flags: Vec<FlagTally>,
    failures_before: Failures,
    failures_after: Failures,
    decisions_before: Decisions,
    decisions_after: Decisions,
}

struct FlagTally {
    before: Counts,
    pairs: Pairs,
}

impl ImpactTally {
    fn new(compared: &Compared<'_>) -> Self {
        let flag = |flag: &ComparedFlag| FlagTally {
            before: Counts::new(flag.descriptions.list.len()),
            pairs: Pairs::default(),
        };
        Self {
            identities: 0,
            changed: 0,
            flags: compared.flags.iter().map(flag).collect(),
            failures_before: Failures::default(),
            failures_after: Failures::default(),
            decisions_before: Decisions::default(),
            decisions_after: Decisions::default(),
        }
    }

    fn take(&mut self, compared: &Compared<'_>, chunk: &Chunk, control: &Control) -> Result<(), Stopped> {
        let Compared { before, after, .. } = compared;
        self.decisions_before
            .fill(before, &compared.outcomes_before, chunk, control)?;
        self.decisions_after
            .fill(after, &compared.outcomes_after, chunk, control)?;
        let (failed_before, failed_after) = (&self.decisions_before.failures, &self.decisions_after.failures);
        let failed: HashSet<usize> = failed_before
            .iter()
            .chain(failed_after)
            .map(|(row, _)| *row)
            .collect();
        for row in (0..chunk.len()).filter(|row| !failed.contains(row)) {
            let before = self.decisions_before.row(row, compared.flags.len());
            let after = self.decisions_after.row(row, compared.flags.len());
            let mut is_changed = false;
            let flags = self.flags.iter_mut().zip(&compared.flags);
            for ((tally, flag), (before, after)) in flags.zip(before.iter().zip(after)) {
                tally.before.add(*before);
                if before != after {
                    tally.pairs.add((*before, *after), chunk, row);
                    let states = &flag.descriptions.states;
                    is_changed |= states.get(*before as usize) != states.get(*after as usize);
                }
            }
            self.changed += u64::from(is_changed);
        }
        self.identities += (chunk.len() - failed.len()) as u64;
        self.failures_before.add(chunk, failed_before);
        self.failures_after.add(chunk, failed_after);
        control.note_done(chunk.len());
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.identities += other.identities;
        self.changed += other.changed;
        for (flag, more) in self.flags.iter_mut().zip(other.flags) {
            flag.before.merge(&more.before);
            flag.pairs.merge(more.pairs);
        }
        self.failures_before.merge(other.failures_before);
        self.failures_after.merge(other.failures_after);
    }
}
