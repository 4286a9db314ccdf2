//! Memory that evaluations use again, so that the second one allocates nothing.

use std::mem;

use crate::bound::Session;
use crate::bucket::bucket;
use crate::engine::Engine;
use crate::error::{EvaluationError, Raise};
use crate::identity::Identity;
use crate::lanes::Lanes;
use crate::outcome::{Decided, Decider, Outcome};
use crate::quick::QuickSeen;
use crate::subject::{Memo, Subject};
use crate::value::Seen;

/// Memory for evaluations, one per thread. It grows to the largest engine it is used with and is then used again.
#[derive(Debug, Default)]
pub struct Scratch(Memory<'static>);

/// What a session writes down.
#[derive(Debug, Default)]
pub(crate) struct Memory<'i> {
    /// What is hashed.
    pub(crate) key: String,
    /// Trait values by slot.
    pub(crate) slots: Vec<Seen<'i>>,
    /// The same in short.
    pub(crate) in_short: Vec<QuickSeen>,
    pub(crate) conditions: Vec<Memo>,
    pub(crate) segments: Vec<Memo>,
    /// The winning identity override per feature that has one.
    pub(crate) overridden: Vec<(u32, Decider)>,
    /// Numbers printed for hashes and patterns.
    pub(crate) text: String,
    outcomes: Vec<Outcome>,
    hashing: Hashing,
}

impl Memory<'_> {
    /// Forgets what an earlier session wrote, and makes room for an engine's.
    pub(crate) fn prepare(&mut self, engine: &Engine) {
        self.key.clear();
        self.overridden.clear();
        self.outcomes.clear();
        self.slots.clear();
        self.slots.resize(engine.slots.len(), Seen::Unset);
        self.in_short.clear();
        self.in_short.resize(engine.slots.len(), QuickSeen::Unset);
        self.conditions.clear();
        self.conditions.resize(engine.conditions.len(), Memo::Unknown);
        self.segments.clear();
        self.segments.resize(engine.segments.len(), Memo::Unknown);
    }

    /// The same memory for another identity, whose texts live at another time.
    fn emptied<'o>(mut self) -> Memory<'o> {
        self.slots.clear();
        Memory {
            key: self.key,
            // Collecting an emptied list in place keeps its room.
            slots: self.slots.into_iter().map(|_| Seen::Unset).collect(),
            in_short: self.in_short,
            conditions: self.conditions,
            segments: self.segments,
            overridden: self.overridden,
            text: self.text,
            outcomes: self.outcomes,
            hashing: self.hashing,
        }
    }
}

/// Flags whose variants are still to be chosen, hashed several at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hashing {
    lanes: Lanes,
    /// Where the outcome goes, the feature and who decided, per lane.
    waiting: Vec<(usize, u32, Decider)>,
}

impl Hashing {
    /// Puts a flag's variant on the list; what comes out goes to `outcomes` in time.
    #[inline]
    pub(crate) fn choose(
        &mut self,
        engine: &Engine,
        key: &str,
        place: usize,
        (feature, decider): (u32, Decider),
        outcomes: &mut [Outcome],
    ) {
        let state = engine.state(feature as usize, decider);
        if !self.lanes.add(&state.key, key) {
            settle(
                engine,
                outcomes,
                (place, feature, decider),
                bucket(&state.key, key),
            );
            return;
        }
        self.waiting.push((place, feature, decider));
        if self.lanes.is_full() {
            self.finish(engine, key, outcomes);
        }
    }

    /// Chooses what is still waiting.
    pub(crate) fn finish(&mut self, engine: &Engine, key: &str, outcomes: &mut [Outcome]) {
        if self.waiting.is_empty() {
            return;
        }
        let buckets = self.lanes.finish();
        for (one, found) in self.waiting.iter().zip(buckets) {
            let found = found.unwrap_or_else(|| bucket(&engine.state(one.1 as usize, one.2).key, key));
            settle(engine, outcomes, *one, found);
        }
        self.waiting.clear();
    }

    pub(crate) fn reset(&mut self) {
        self.waiting.clear();
        self.lanes = Lanes::default();
    }
}

fn settle(
    engine: &Engine,
    outcomes: &mut [Outcome],
    (place, feature, decider): (usize, u32, Decider),
    bucket: u16,
) {
    let decided = Decided {
        decider,
        chosen: engine.state(feature as usize, decider).choose(bucket),
        cyclic: false,
    };
    if let Some(outcome) = outcomes.get_mut(place) {
        *outcome = engine.outcome_of(feature as usize, &decided);
    }
}

impl Engine {
    /// Memory for [`Engine::decide`].
    pub fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    /// Evaluates all flags for an identity; one outcome per flag, in document order. Segments that no flag needs are
    /// not looked at, unless looking could fail.
    ///
    /// The first call with a [`Scratch`] allocates what later calls use again. Fails where the reference raises.
    pub fn decide<'s>(
        &self,
        identity: &Identity,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [Outcome], EvaluationError> {
        let memory = mem::take(&mut scratch.0).emptied();
        let mut session = Session::within(self, Some(identity), memory);
        let ended = session.decide_all();
        scratch.0 = session.memory.emptied();
        self.finish(ended)?;
        Ok(&scratch.0.outcomes)
    }
}

impl Session<'_, '_> {
    /// Evaluates all flags into the memory's outcomes.
    fn decide_all(&mut self) -> Result<(), Raise> {
        let engine = self.engine;
        if engine.has_dependencies {
            self.all_segments()?;
            for feature in 0..engine.features.len() {
                let decided = self.flag(feature as u32)?;
                self.memory.outcomes.push(engine.outcome_of(feature, &decided));
            }
            return Ok(());
        }
        self.meet_hazards()?;
        self.meet_identifier()?;
        self.memory.hashing.reset();
        for feature in 0..engine.features.len() {
            let (outcome, splits) = self.decide_outcome(feature as u32)?;
            let memory = &mut self.memory;
            memory.outcomes.push(outcome);
            if let Some(decider) = splits {
                let one = (feature as u32, decider);
                memory
                    .hashing
                    .choose(engine, &memory.key, feature, one, &mut memory.outcomes);
            }
        }
        let memory = &mut self.memory;
        memory.hashing.finish(engine, &memory.key, &mut memory.outcomes);
        Ok(())
    }
}
