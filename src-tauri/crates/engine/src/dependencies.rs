//! Flags that read other flags (dialect 11.1.1).
//!
//! A flag is resolved when a condition first reads it. A flag met again while it is being resolved is a cycle: it
//! stays unresolved, and no segment whose verdict rests on that may match.

use std::borrow::Cow;

use crate::bound::Session;
use crate::compile::is_scalar;
use crate::engine::Engine;
use crate::error::{FailureCause, Raise};
use crate::outcome::{Decided, Decider};
use crate::precedence::{stronger, strongest};
use crate::property::FlagField;
use crate::subject::{Memo, Subject};
use crate::value::Seen;

/// How many flags may be in the middle of being resolved. The reference fails when its stack ends, which is after 40
/// to 56 flags, depending on how their rules nest.
const DEEPEST: usize = 50;

/// What is known about flags that conditions have read. Empty where no condition reads any.
pub(crate) struct Dependencies {
    resolved: Vec<Option<Decided>>,
    /// Verdicts on segments, apart from the main ones: those count cut cycles differently.
    segments: Vec<Memo>,
    resolving: Vec<u32>,
    cyclic: Vec<bool>,
    /// How often a cycle has been cut.
    pub(crate) cycle_hits: usize,
}

impl Dependencies {
    pub(crate) fn new(engine: &Engine) -> Self {
        let (features, segments) = if engine.has_dependencies {
            (engine.features.len(), engine.segments.len())
        } else {
            (0, 0)
        };
        Self {
            resolved: vec![None; features],
            segments: vec![Memo::Unknown; segments],
            resolving: Vec::new(),
            cyclic: vec![false; features],
            cycle_hits: 0,
        }
    }

    pub(crate) fn resolved(&self, feature: u32) -> Option<Decided> {
        self.resolved
            .get(feature as usize)
            .copied()
            .flatten()
            .map(|mut decided| {
                decided.cyclic = self.is_cyclic(feature);
                decided
            })
    }

    pub(crate) fn is_cyclic(&self, feature: u32) -> bool {
        self.cyclic.get(feature as usize).copied().unwrap_or_default()
    }
}

impl<'e> Session<'e, '_> {
    /// What a condition sees of another flag. An unknown or unresolvable flag is unset.
    pub(crate) fn read_flag(&mut self, name: &str, field: FlagField) -> Result<Seen<'e>, Raise> {
        let engine = self.engine;
        let Some(feature) = engine.feature_index(name) else {
            return Ok(Seen::Unset);
        };
        if self.dependencies.resolved(feature).is_none() {
            match self.resolve(feature) {
                Ok(()) => {}
                Err(raise) if raise.is_swallowed_by_paths() => return Ok(Seen::Unset),
                Err(raise) => return Err(raise),
            }
        }
        let Some(decided) = self.dependencies.resolved(feature) else {
            return Ok(Seen::Unset);
        };
        let flag = engine.render(feature as usize, &decided);
        Ok(match field {
            FlagField::Enabled => Seen::Boolean(flag.enabled),
            FlagField::Value if is_scalar(flag.value) => Seen::of(flag.value),
            FlagField::Variant => flag.variant.map_or(Seen::Unset, Seen::of_text),
            FlagField::Name => Seen::of_text(flag.name),
            FlagField::Reason => Seen::Text(Cow::Owned(flag.reason.to_string())),
            FlagField::Value | FlagField::Other => Seen::Unset,
        })
    }

    fn resolve(&mut self, feature: u32) -> Result<(), Raise> {
        if let Some(start) = self.dependencies.resolving.iter().position(|one| *one == feature) {
            for index in start..self.dependencies.resolving.len() {
                let member = self.dependencies.resolving[index];
                self.dependencies.cyclic[member as usize] = true;
            }
            self.dependencies.cycle_hits += 1;
            return Ok(());
        }
        if self.dependencies.resolving.len() >= DEEPEST {
            return Err(FailureCause::TooDeep.into());
        }
        self.dependencies.resolving.push(feature);
        let decider = self.decide_dependency(feature);
        self.dependencies.resolving.pop();
        let decider = decider?;
        if !self.dependencies.is_cyclic(feature) {
            self.dependencies.resolved[feature as usize] = Some(self.outcome(feature, decider));
        }
        Ok(())
    }

    /// Who wins a feature that another one reads. Every segment is asked, in document order.
    fn decide_dependency(&mut self, index: u32) -> Result<Decider, Raise> {
        let feature = &self.engine.features[index as usize];
        let mut winner = None;
        for position in &feature.document_order {
            if self.dependency_segment(feature.overrides[*position as usize].segment)? {
                winner = Some(stronger(self.engine, index, winner, *position)?);
            }
        }
        let own = self.identity_override_of(index);
        strongest(self.engine, index, winner, own)
    }

    fn dependency_segment(&mut self, index: u32) -> Result<bool, Raise> {
        if let Some(known) = self.dependencies.segments[index as usize].verdict() {
            return Ok(known);
        }
        let hits = self.dependencies.cycle_hits;
        let verdict = self.is_in_segment(index)?;
        if self.dependencies.cycle_hits != hits {
            // Not remembered: outside the cycle the verdict may be another.
            return Ok(false);
        }
        self.dependencies.segments[index as usize] = Memo::of(verdict);
        Ok(verdict)
    }
}
