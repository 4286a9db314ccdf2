//! Many identities through one engine, column by column.
//!
//! A condition on a trait has one verdict per distinct value, so it is asked once per value of a chunk and looked up for
//! every identity. What is left per identity is walking segments and hashing.

use std::borrow::Cow;
use std::mem;
use std::ops::ControlFlow;

use crate::cohort::{Chunk, Column, UNSET};
use crate::engine::{Condition, Engine};
use crate::error::{EvaluationError, FailureCause, Raise};
use crate::outcome::{Decider, Outcome};
use crate::property::{Property, Target};
use crate::scratch::{Hashing, Scratch};
use crate::subject::{Memo, Subject};
use crate::value::Seen;

/// An engine with memory for evaluating chunks; one per thread.
pub(crate) struct Batch<'e> {
    engine: &'e Engine,
    /// The flags to evaluate, by position.
    flags: Vec<u32>,
    /// Flags that can fail the evaluation whatever flags are asked for, in document order.
    clashing: Vec<u32>,
    memory: RowMemory,
    scratch: Scratch,
    outcomes: Vec<Outcome>,
}

/// What is written down while a chunk is evaluated.
#[derive(Default)]
struct RowMemory {
    /// How each condition is answered for this chunk.
    ways: Vec<Way>,
    /// Verdicts by distinct value, those of one condition side by side.
    verdicts: Vec<Memo>,
    /// Conditions that are asked for every row, with their verdicts on the present one.
    by_identity: Vec<(u32, Memo)>,
    segments: Vec<Memo>,
    key: String,
    text: String,
    overridden: Vec<(u32, Decider)>,
    hashing: Hashing,
}

/// How a condition is answered.
#[derive(Clone, Copy)]
enum Way {
    /// By the value in a column: where its verdicts begin.
    Column { column: u32, verdicts: u32 },
    /// The same for every row, at this place among the verdicts.
    Constant { verdict: u32 },
    /// By what the identity is called: its place among those.
    Identity { place: u32 },
}

impl<'e> Batch<'e> {
    /// For some flags, by position, or for all.
    pub(crate) fn new(engine: &'e Engine, flags: Option<&[usize]>) -> Self {
        let flags = match flags {
            Some(flags) => flags
                .iter()
                .filter(|flag| **flag < engine.features.len())
                .map(|flag| *flag as u32)
                .collect(),
            None => (0..engine.features.len() as u32).collect(),
        };
        let clashing = engine.features.iter().enumerate();
        let clashing = clashing.filter(|(_, feature)| feature.has_null_priority);
        Self {
            engine,
            flags,
            clashing: clashing.map(|(flag, _)| flag as u32).collect(),
            memory: RowMemory::default(),
            scratch: Scratch::default(),
            outcomes: Vec::new(),
        }
    }

    /// Evaluates a chunk row by row; hands over the outcomes of the flags asked for, in that order. Ends early when told
    /// to.
    pub(crate) fn run(
        &mut self,
        chunk: &Chunk,
        mut each: impl FnMut(usize, Result<&[Outcome], EvaluationError>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let engine = self.engine;
        let is_columnar = self.memory.prepare(engine, chunk);
        for row in 0..chunk.len() {
            let identifier = chunk.identifier(row);
            if !is_columnar || may_fail(identifier) || chunk.key(row).is_some_and(may_fail) {
                self.one_by_itself(chunk, row, &mut each)?;
                continue;
            }
            let mut memory = mem::take(&mut self.memory);
            memory.begin_row(engine, chunk, row);
            let mut subject = Row {
                engine,
                chunk,
                row,
                memory,
            };
            let ended = subject
                .meet_clashes(&self.clashing)
                .and_then(|()| subject.decide_flags(&self.flags, &mut self.outcomes));
            self.memory = subject.memory;
            match ended {
                Ok(()) => each(row, Ok(&self.outcomes))?,
                Err(raise) => each(row, engine.finish(Err(raise)))?,
            }
        }
        ControlFlow::Continue(())
    }

    /// A row evaluated as a single identity.
    fn one_by_itself(
        &mut self,
        chunk: &Chunk,
        row: usize,
        each: &mut impl FnMut(usize, Result<&[Outcome], EvaluationError>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match self.engine.decide(&chunk.identity(row), &mut self.scratch) {
            Ok(all) => {
                let chosen = self.flags.iter().filter_map(|flag| all.get(*flag as usize));
                self.outcomes.clear();
                self.outcomes.extend(chosen);
                each(row, Ok(&self.outcomes))
            }
            Err(error) => each(row, Err(error)),
        }
    }
}

/// Whether a name is a number of a size that can fail sound conditions.
fn may_fail(name: &str) -> bool {
    name.len() > 18 && Seen::of_text(name).is_hazard()
}

impl RowMemory {
    /// Plans how conditions are answered for a chunk. `false` where a row must be evaluated by itself, because something
    /// looks at more than one trait or at a value that can fail sound conditions.
    fn prepare(&mut self, engine: &Engine, chunk: &Chunk) -> bool {
        self.ways.clear();
        self.verdicts.clear();
        self.by_identity.clear();
        if engine.has_dependencies {
            return false;
        }
        let mut by_slot: Vec<Option<u32>> = vec![None; engine.slots.len()];
        for (index, column) in chunk.columns().iter().enumerate() {
            let Some(slot) = engine.slots.find(column.name()) else {
                continue;
            };
            if column.values().iter().any(|value| Seen::of(value).is_hazard()) {
                return false;
            }
            by_slot[slot as usize] = Some(index as u32);
        }
        if engine
            .identities
            .slot
            .is_some_and(|slot| by_slot[slot as usize].is_some())
        {
            return false;
        }
        for (index, condition) in engine.conditions.iter().enumerate() {
            let Some(way) = self.way(index as u32, condition, &by_slot, chunk) else {
                return false;
            };
            self.ways.push(way);
        }
        true
    }

    fn way(
        &mut self,
        index: u32,
        condition: &Condition,
        by_slot: &[Option<u32>],
        chunk: &Chunk,
    ) -> Option<Way> {
        let target = match &condition.property {
            Property::Trait(slot) => return Some(self.by_column(by_slot[*slot as usize], chunk)),
            Property::IdentityKey => return Some(self.by_name(index)),
            Property::Path { literal, .. } if by_slot[*literal as usize].is_some() => return None,
            Property::Path { target, .. } => target,
        };
        match target {
            Target::Identifier | Target::Key => Some(self.by_name(index)),
            Target::Trait(slot) => {
                let column = by_slot[*slot as usize];
                let values = column.map_or(&[][..], |column| chunk.columns()[column as usize].values());
                let has_nested = values.iter().any(|value| value.is_array() || value.is_object());
                (!has_nested).then(|| self.by_column(column, chunk))
            }
            Target::EnvironmentName | Target::EnvironmentKey | Target::Nothing => {
                Some(self.by_column(None, chunk))
            }
            Target::Flag { .. } | Target::General(_) | Target::Raises(_) => None,
        }
    }

    fn by_name(&mut self, index: u32) -> Way {
        let place = self.by_identity.len() as u32;
        self.by_identity.push((index, Memo::Unknown));
        Way::Identity { place }
    }

    /// Room for the verdicts on a column's values and on its absence.
    fn by_column(&mut self, column: Option<u32>, chunk: &Chunk) -> Way {
        let start = self.verdicts.len();
        let values = column.map_or(0, |column| chunk.columns()[column as usize].values().len());
        self.verdicts.resize(start + values + 1, Memo::Unknown);
        match column {
            Some(column) => Way::Column {
                column,
                verdicts: start as u32,
            },
            None => Way::Constant {
                verdict: start as u32,
            },
        }
    }

    fn begin_row(&mut self, engine: &Engine, chunk: &Chunk, row: usize) {
        self.key.clear();
        match chunk.key(row) {
            Some(key) => self.key.push_str(key),
            None => {
                self.key.push_str(&engine.environment_key);
                self.key.push('_');
                self.key.push_str(chunk.identifier(row));
            }
        }
        self.segments.clear();
        self.segments.resize(engine.segments.len(), Memo::Unknown);
        for (_, verdict) in &mut self.by_identity {
            *verdict = Memo::Unknown;
        }
        self.overridden.clear();
        if engine.identities.slot.is_some() {
            let identifier = Seen::of_text(chunk.identifier(row));
            let sets = engine.identities.sets_of(&identifier, &mut self.text);
            engine.identities.note_winners(sets, &mut self.overridden);
        }
    }
}

/// Where the verdict on a row's value stands, for a condition whose verdicts begin at `start`.
#[inline(always)]
fn verdict_place(column: &Column, row: usize, start: u32) -> usize {
    let code = column.codes()[row];
    // That of an unset value stands behind the others.
    let place = if code == UNSET {
        column.values().len()
    } else {
        code as usize
    };
    start as usize + place
}

/// One row of a chunk.
struct Row<'e, 'c> {
    engine: &'e Engine,
    chunk: &'c Chunk,
    row: usize,
    memory: RowMemory,
}

impl<'e> Row<'e, '_> {
    /// Looks at whatever can fail the evaluation, in the reference's order.
    fn meet_clashes(&mut self, clashing: &[u32]) -> Result<(), Raise> {
        self.meet_hazards()?;
        for flag in clashing {
            self.decide(*flag)?;
        }
        Ok(())
    }

    fn decide_flags(&mut self, flags: &[u32], outcomes: &mut Vec<Outcome>) -> Result<(), Raise> {
        let engine = self.engine;
        outcomes.clear();
        self.memory.hashing.reset();
        for (place, flag) in flags.iter().enumerate() {
            let (outcome, splits) = self.decide_outcome(*flag)?;
            outcomes.push(outcome);
            if let Some(decider) = splits {
                let memory = &mut self.memory;
                memory
                    .hashing
                    .choose(engine, &memory.key, place, (*flag, decider), outcomes);
            }
        }
        self.memory.hashing.finish(engine, &self.memory.key, outcomes);
        Ok(())
    }

    /// Asks a condition about a value.
    fn ask(&mut self, index: u32, seen: &Seen<'_>) -> Result<bool, Raise> {
        if *seen == Seen::TooManyDigits {
            return Err(Raise::from(FailureCause::TooManyDigits).in_condition(index));
        }
        let condition = &self.engine.conditions[index as usize];
        condition
            .test
            .holds(seen, &mut self.memory.text)
            .map_err(|cause| Raise::from(cause).in_condition(index))
    }

    /// Asks a condition about the identity's key or identifier.
    fn ask_about_name(&mut self, index: u32) -> Result<bool, Raise> {
        let key = mem::take(&mut self.memory.key);
        let verdict = match &self.engine.conditions[index as usize].property {
            Property::IdentityKey => self.ask(index, &Seen::Text(Cow::Borrowed(&key))),
            Property::Path {
                target: Target::Key, ..
            } => self.ask(index, &Seen::of_text(&key)),
            _ => self.ask(index, &Seen::of_text(self.chunk.identifier(self.row))),
        };
        self.memory.key = key;
        verdict
    }

    /// What a condition that does not look at a column sees: the same for every row.
    fn constant(&self, condition: &'e Condition) -> Seen<'e> {
        match &condition.property {
            Property::Path { target, .. } => match target {
                Target::EnvironmentKey => Seen::of_text(&self.engine.environment_key),
                Target::EnvironmentName => Seen::of(&self.engine.environment_name),
                _ => Seen::Unset,
            },
            _ => Seen::Unset,
        }
    }
}

impl<'e> Subject<'e> for Row<'e, '_> {
    fn engine(&self) -> &'e Engine {
        self.engine
    }

    #[inline(always)]
    fn known_condition(&mut self, index: u32) -> Option<bool> {
        let verdict = match self.memory.ways[index as usize] {
            Way::Column { column, verdicts } => {
                let column = &self.chunk.columns()[column as usize];
                self.memory.verdicts[verdict_place(column, self.row, verdicts)]
            }
            Way::Constant { verdict } => self.memory.verdicts[verdict as usize],
            Way::Identity { place } => self.memory.by_identity[place as usize].1,
        };
        verdict.verdict()
    }

    fn ask_condition(&mut self, index: u32) -> Result<bool, Raise> {
        let chunk = self.chunk;
        match self.memory.ways[index as usize] {
            Way::Column { column, verdicts } => {
                let column = &chunk.columns()[column as usize];
                let seen = column.value(self.row).map_or(Seen::Unset, Seen::of);
                let verdict = self.ask(index, &seen)?;
                self.memory.verdicts[verdict_place(column, self.row, verdicts)] = Memo::of(verdict);
                Ok(verdict)
            }
            Way::Constant { verdict: place } => {
                let seen = self.constant(&self.engine.conditions[index as usize]);
                let verdict = self.ask(index, &seen)?;
                self.memory.verdicts[place as usize] = Memo::of(verdict);
                Ok(verdict)
            }
            Way::Identity { place } => {
                let verdict = self.ask_about_name(index)?;
                self.memory.by_identity[place as usize].1 = Memo::of(verdict);
                Ok(verdict)
            }
        }
    }

    #[inline(always)]
    fn segment_memos(&mut self) -> &mut [Memo] {
        &mut self.memory.segments
    }

    fn has_hazard(&self) -> bool {
        false
    }

    #[inline(always)]
    fn identity_override_of(&self, feature: u32) -> Option<Decider> {
        let own = &self.memory.overridden;
        own.iter()
            .find(|(known, _)| *known == feature)
            .map(|(_, decider)| *decider)
    }
}

#[cfg(test)]
mod tests;
