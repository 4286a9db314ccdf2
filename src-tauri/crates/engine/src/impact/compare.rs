//! Two documents over one cohort.

use std::ops::ControlFlow;

use super::control::{Control, Stopped};
use super::outcomes::{Descriptions, FlagOutcomes};
use super::report::{Failures, Impact};
use super::tally::{Counts, Pairs};
use super::{CHECKED_ROWS, run, shares};
use crate::batch::Batch;
use crate::cohort::{Chunk, ChunkSource, Cohort, ReadError, TraitChanges};
use crate::engine::Engine;
use crate::outcome::Outcome;

/// Evaluates a cohort with two documents: who gets something else, and why. `edited` names the flags that the edit
/// between the two is meant to change; any other flag that changes is a surprise.
///
/// Flags that cannot differ are not evaluated, unless `edited` names them. The result is the same on any number of
/// threads.
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
    impact_with_traits(before, after, source, edited, &TraitChanges::default(), control)
}

/// The same where some identities have other traits on the document after. Every flag is evaluated then, since traits
/// can change any of them.
pub fn impact_with_traits(
    before: &Engine,
    after: &Engine,
    source: &mut (impl ChunkSource + Send + ?Sized),
    edited: &[&str],
    traits: &TraitChanges,
    control: &Control,
) -> Result<Impact, ReadError> {
    let compared = Compared::new(before, after, edited, traits);
    let start = || Tally::new(&compared);
    let work = |tally: &mut Tally<'_>, chunk: &Chunk| tally.take(&compared, chunk, control);
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
                    tally.pairs,
                )
            })
            .collect(),
        untouched: compared.untouched,
        failures_before: total.failures_before,
        failures_after: total.failures_after,
    })
}

/// Two documents side by side.
struct Compared<'e> {
    before: &'e Engine,
    after: &'e Engine,
    traits: &'e TraitChanges,
    flags: Vec<Flag>,
    /// Positions of the flags to evaluate, in the order of `flags`.
    positions_before: Vec<usize>,
    positions_after: Vec<usize>,
    untouched: usize,
}

struct Flag {
    name: String,
    descriptions: Descriptions,
    before: Side,
    after: Side,
}

/// A flag in one of the documents.
enum Side {
    /// Its place among the outcomes of a row.
    Present { place: usize, outcomes: FlagOutcomes },
    /// The document does not have it; how that is described.
    Absent(u32),
}

impl Side {
    fn new(
        engine: &Engine,
        flag: Option<usize>,
        positions: &mut Vec<usize>,
        descriptions: &mut Descriptions,
    ) -> Self {
        let Some(flag) = flag else {
            return Self::Absent(descriptions.add_absence());
        };
        positions.push(flag);
        Self::Present {
            place: positions.len() - 1,
            outcomes: descriptions.add(engine, flag),
        }
    }

    #[inline]
    fn describe(&self, row: &[Outcome]) -> u32 {
        match self {
            Self::Present { place, outcomes } => {
                row.get(*place).map_or(0, |outcome| outcomes.describe(*outcome))
            }
            Self::Absent(description) => *description,
        }
    }
}

impl<'e> Compared<'e> {
    fn new(before: &'e Engine, after: &'e Engine, edited: &[&str], traits: &'e TraitChanges) -> Self {
        let mut compared = Self {
            before,
            after,
            traits,
            flags: Vec::new(),
            positions_before: Vec::new(),
            positions_after: Vec::new(),
            untouched: 0,
        };
        let mut affected = vec![!traits.is_empty(); after.flag_count()];
        for position in before.affected(after) {
            if let Some(is_affected) = affected.get_mut(position) {
                *is_affected = true;
            }
        }
        for (name, is_affected) in after.flag_names().zip(affected) {
            if is_affected || edited.contains(&name) {
                compared.add(name);
            } else {
                compared.untouched += 1;
            }
        }
        for name in before
            .flag_names()
            .filter(|name| after.flag_position(name).is_none())
        {
            compared.add(name);
        }
        compared
    }

    fn add(&mut self, name: &str) {
        let mut descriptions = Descriptions::default();
        let (before, after) = (self.before.flag_position(name), self.after.flag_position(name));
        let before = Side::new(self.before, before, &mut self.positions_before, &mut descriptions);
        let after = Side::new(self.after, after, &mut self.positions_after, &mut descriptions);
        self.flags.push(Flag {
            name: name.to_owned(),
            descriptions,
            before,
            after,
        });
    }
}

/// What one thread counts.
struct Tally<'e> {
    batch_before: Batch<'e>,
    batch_after: Batch<'e>,
    /// What the rows of the present chunk come to on the document before, each with one description for each flag.
    descriptions: Vec<u32>,
    /// Which of these rows failed, and have descriptions without meaning.
    failed: Vec<bool>,
    identities: u64,
    changed: u64,
    flags: Vec<FlagTally>,
    failures_before: Failures,
    failures_after: Failures,
}

struct FlagTally {
    before: Counts,
    pairs: Pairs,
}

impl<'e> Tally<'e> {
    fn new(compared: &Compared<'e>) -> Self {
        let flag = |flag: &Flag| FlagTally {
            before: Counts::new(flag.descriptions.list.len()),
            pairs: Pairs::default(),
        };
        Self {
            batch_before: Batch::new(compared.before, Some(&compared.positions_before)),
            batch_after: Batch::new(compared.after, Some(&compared.positions_after)),
            descriptions: Vec::new(),
            failed: Vec::new(),
            identities: 0,
            changed: 0,
            flags: compared.flags.iter().map(flag).collect(),
            failures_before: Failures::default(),
            failures_after: Failures::default(),
        }
    }

    fn take(&mut self, compared: &Compared<'_>, chunk: &Chunk, control: &Control) -> Result<(), Stopped> {
        self.take_before(compared, chunk, control)?;
        let changed = compared.traits.of_chunk(chunk);
        self.take_after(compared, chunk, changed.as_deref().unwrap_or(chunk), control)
    }

    fn take_before(
        &mut self,
        compared: &Compared<'_>,
        chunk: &Chunk,
        control: &Control,
    ) -> Result<(), Stopped> {
        let Self {
            batch_before,
            descriptions,
            failed,
            failures_before,
            ..
        } = self;
        descriptions.clear();
        failed.clear();
        let ended = batch_before.run(chunk, |row, outcomes| {
            failed.push(outcomes.is_err());
            match outcomes {
                Ok(outcomes) => {
                    descriptions.extend(compared.flags.iter().map(|flag| flag.before.describe(outcomes)));
                }
                Err(error) => {
                    descriptions.extend(compared.flags.iter().map(|_| 0));
                    failures_before.add(chunk, row, &error);
                }
            }
            go_on(row, control)
        });
        if ended.is_break() { Err(Stopped) } else { Ok(()) }
    }

    fn take_after(
        &mut self,
        compared: &Compared<'_>,
        chunk: &Chunk,
        chunk_after: &Chunk,
        control: &Control,
    ) -> Result<(), Stopped> {
        let Self {
            batch_after,
            descriptions,
            failed,
            flags,
            identities,
            changed,
            failures_after,
            ..
        } = self;
        let mut noted = 0;
        let ended = batch_after.run(chunk_after, |row, outcomes| {
            match outcomes {
                Ok(_) if failed.get(row).copied().unwrap_or(true) => {}
                Ok(outcomes) => {
                    let start = row * compared.flags.len();
                    let before = descriptions.get(start..).unwrap_or_default();
                    *identities += 1;
                    *changed += u64::from(compare_row(compared, flags, (before, outcomes), (chunk, row)));
                }
                Err(error) => failures_after.add(chunk, row, &error),
            }
            if row % CHECKED_ROWS == CHECKED_ROWS - 1 {
                control.note_done(row + 1 - noted);
                noted = row + 1;
            }
            go_on(row, control)
        });
        if ended.is_break() {
            return Err(Stopped);
        }
        control.note_done(chunk.len() - noted);
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

fn go_on(row: usize, control: &Control) -> ControlFlow<()> {
    if row % CHECKED_ROWS == CHECKED_ROWS - 1 && control.is_cancelled() {
        return ControlFlow::Break(());
    }
    ControlFlow::Continue(())
}

/// Counts what a row comes to; whether it gets something else of any flag.
#[inline]
fn compare_row(
    compared: &Compared<'_>,
    tallies: &mut [FlagTally],
    (before, after): (&[u32], &[Outcome]),
    (chunk, row): (&Chunk, usize),
) -> bool {
    let mut is_changed = false;
    for ((flag, tally), before) in compared.flags.iter().zip(tallies).zip(before) {
        let (before, after) = (*before, flag.after.describe(after));
        tally.before.add(before);
        if before != after {
            tally.pairs.add((before, after), chunk, row);
            let states = &flag.descriptions.states;
            is_changed |= states.get(before as usize) != states.get(after as usize);
        }
    }
    is_changed
}
