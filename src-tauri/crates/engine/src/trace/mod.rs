//! The trace: one identity evaluated without stopping early, every question with its answer.
//!
//! Results and memberships are those of the ordinary evaluation, which runs first. After it every distinct condition
//! is asked once, and what rules, segments and flags made of the answers is worked out when it is looked at.

mod caveat;
mod condition;
mod flag;
mod segment;

pub use caveat::Caveat;
pub use condition::{BucketTrace, Cause, ConditionTrace, SeenType, TraceVerdict};
pub use flag::{
    Candidate, CandidateSource, CandidateState, Dependency, FlagTrace, RangeTrace, SplitTrace, Standing,
};
pub use segment::{AskedCondition, RuleJoin, RuleTrace, SegmentStanding, SegmentTrace};

use crate::bound::Session;
use crate::engine::Engine;
use crate::error::EvaluationError;
use crate::identity::Identity;
use crate::outcome::{Decided, Decider};
use crate::subject::Subject;

/// One identity's evaluation with everything that was asked on the way. Borrows from the engine and the identity.
#[derive(Debug)]
pub struct Trace<'t> {
    engine: &'t Engine,
    identity: Option<&'t Identity>,
    key: String,
    answer: Result<Answer, EvaluationError>,
    /// One per distinct condition, in the engine's order.
    conditions: Vec<ConditionTrace<'t>>,
    /// The identity's own override of each flag that has one.
    own: Vec<(u32, Decider)>,
}

/// What the ordinary evaluation said.
#[derive(Debug)]
struct Answer {
    outcomes: Vec<Decided>,
    /// Per segment.
    matches: Vec<bool>,
}

impl Engine {
    /// Evaluates an identity and keeps every answer on the way. Where the reference raises, the trace says where; see
    /// [`Trace::failure`].
    pub fn trace<'t>(&'t self, identity: &'t Identity) -> Trace<'t> {
        Trace::of(self, Some(identity))
    }

    /// The trace of [`Engine::evaluate_anonymous`].
    pub fn trace_anonymous(&self) -> Trace<'_> {
        Trace::of(self, None)
    }
}

impl<'t> Trace<'t> {
    fn of(engine: &'t Engine, identity: Option<&'t Identity>) -> Self {
        let mut session = Session::new(engine, identity);
        let answer = session.all_segments().and_then(|matched| {
            let flags = 0..engine.features.len() as u32;
            let outcomes = flags.map(|flag| session.flag(flag)).collect::<Result<_, _>>()?;
            let mut matches = vec![false; engine.segments.len()];
            for segment in matched {
                matches[segment as usize] = true;
            }
            Ok(Answer { outcomes, matches })
        });
        // Asked after the evaluation, so that conditions on other flags read what those came out as.
        let conditions = condition::ask_all(&mut session);
        let own = (0..engine.features.len() as u32)
            .filter_map(|feature| Some((feature, session.identity_override_of(feature)?)))
            .collect();
        Self {
            engine,
            identity,
            key: session.key().to_owned(),
            answer: engine.finish(answer),
            conditions,
            own,
        }
    }

    /// Where and why the reference raises for this identity: a server would answer with an error for all flags, and
    /// no flag of this trace has a result.
    pub fn failure(&self) -> Option<&EvaluationError> {
        self.answer.as_ref().err()
    }

    /// What splits and variants hash for this identity; empty without one.
    pub fn identity_key(&self) -> &str {
        &self.key
    }

    /// Whose trace this is.
    pub fn identity(&self) -> Option<&'t Identity> {
        self.identity
    }

    /// All flags in document order.
    pub fn flags(&self) -> impl Iterator<Item = FlagTrace<'_>> {
        (0..self.engine.features.len()).map(|feature| FlagTrace::new(self, feature))
    }

    /// One flag by name.
    pub fn flag(&self, name: &str) -> Option<FlagTrace<'_>> {
        let feature = self.engine.feature_index(name)?;
        Some(FlagTrace::new(self, feature as usize))
    }

    /// All segments in document order.
    pub fn segments(&self) -> impl Iterator<Item = SegmentTrace<'_>> {
        (0..self.engine.segments.len()).filter_map(|index| self.segment(index))
    }

    /// One segment by its position in the document, from 0.
    pub fn segment(&self, index: usize) -> Option<SegmentTrace<'_>> {
        let segment = self.engine.segments.get(index)?;
        Some(SegmentTrace::new(self, index, segment))
    }

    /// Every distinct condition once, splits of different segments being distinct. A revised engine still knows those
    /// that its document no longer asks.
    pub fn conditions(&self) -> &[ConditionTrace<'_>] {
        &self.conditions
    }

    /// What may make a server answer differently, whatever the flag.
    pub fn caveats(&self) -> Vec<Caveat> {
        caveat::of_environment(self.engine)
    }

    /// Whether the ordinary evaluation put the identity into a segment; `None` when it failed.
    fn matches(&self, segment: usize) -> Option<bool> {
        let answer = self.answer.as_ref().ok()?;
        Some(answer.matches.get(segment).copied().unwrap_or_default())
    }

    fn outcome(&self, feature: usize) -> Option<&Decided> {
        self.answer.as_ref().ok()?.outcomes.get(feature)
    }
}
