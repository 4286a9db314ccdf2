//! Walking segments and overrides, whoever is evaluated.

use crate::engine::{Engine, Rule, RuleKind};
use crate::error::Raise;
use crate::layout::SegmentWay;
use crate::outcome::{Chosen, Decided, Decider, Outcome};
use crate::precedence::{stronger, strongest};

/// A remembered verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memo {
    Unknown,
    Yes,
    No,
}

impl Memo {
    pub(crate) fn of(verdict: bool) -> Self {
        if verdict { Self::Yes } else { Self::No }
    }

    pub(crate) fn verdict(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Yes => Some(true),
            Self::No => Some(false),
        }
    }
}

/// Somebody who can be asked conditions: an identity on its own, or one of many.
pub(crate) trait Subject<'e> {
    fn engine(&self) -> &'e Engine;

    /// Whether a condition holds, where that has been found out.
    fn known_condition(&mut self, index: u32) -> Option<bool>;

    /// Finds out whether a condition holds, and remembers it where that is sound.
    fn ask_condition(&mut self, index: u32) -> Result<bool, Raise>;

    /// What is known about segments, by position.
    fn segment_memos(&mut self) -> &mut [Memo];

    /// Some value can fail a sound condition, so nothing that the reference looks at may be skipped.
    fn has_hazard(&self) -> bool;

    /// The override that the identity itself has.
    fn identity_override_of(&self, feature: u32) -> Option<Decider>;

    /// Whether a condition holds; found out once where that is sound.
    #[inline(always)]
    fn condition(&mut self, index: u32) -> Result<bool, Raise> {
        match self.known_condition(index) {
            Some(known) => Ok(known),
            None => self.ask_condition(index),
        }
    }

    /// Whether the identity is in a segment; found out once.
    #[inline(always)]
    fn segment(&mut self, index: u32) -> Result<bool, Raise> {
        match self.segment_memos()[index as usize].verdict() {
            Some(known) => Ok(known),
            None => self.find_segment(index),
        }
    }

    /// Finds out whether the identity is in a segment, and remembers it.
    fn find_segment(&mut self, index: u32) -> Result<bool, Raise> {
        let verdict = self.is_in_segment(index)?;
        self.segment_memos()[index as usize] = Memo::of(verdict);
        Ok(verdict)
    }

    /// Whether the identity is in a segment, found out anew.
    fn is_in_segment(&mut self, index: u32) -> Result<bool, Raise> {
        let engine = self.engine();
        let (way, conditions) = engine.layout.segment(index);
        if way == SegmentWay::Nobody {
            return Ok(false);
        }
        if way == SegmentWay::Rules || self.has_hazard() {
            return self.rules(index, &engine.segments[index as usize].rules);
        }
        let (stops_at, then) = match way {
            SegmentWay::All => (false, false),
            SegmentWay::Any => (true, true),
            _ => (true, false),
        };
        for condition in conditions {
            if self
                .condition(*condition)
                .map_err(|raise| raise.in_segment(index))?
                == stops_at
            {
                return Ok(then);
            }
        }
        Ok(!then)
    }

    /// Whether all rules of a segment hold.
    fn rules(&mut self, segment: u32, rules: &'e [Rule]) -> Result<bool, Raise> {
        for rule in rules {
            if !self.rule(rule).map_err(|raise| raise.in_segment(segment))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A rule joins its conditions and, separately, its sub-rules; both must hold.
    fn rule(&mut self, rule: &'e Rule) -> Result<bool, Raise> {
        let by_conditions = self.join_conditions(rule)?;
        // The reference evaluates the sub-rules in any case; that shows only where they can fail.
        if !by_conditions && !rule.has_hazard_below && !self.has_hazard() {
            return Ok(false);
        }
        let by_rules = self.join_rules(rule)?;
        Ok(by_conditions && by_rules)
    }

    #[inline]
    fn join_conditions(&mut self, rule: &'e Rule) -> Result<bool, Raise> {
        if rule.conditions.is_empty() {
            return Ok(true);
        }
        if let Some(cause) = rule.unknown_kind() {
            return Err(cause.into());
        }
        let stops_at = rule.kind != RuleKind::All;
        for condition in &rule.conditions {
            if self.condition(*condition)? == stops_at {
                return Ok(rule.kind == RuleKind::Any);
            }
        }
        Ok(rule.kind != RuleKind::Any)
    }

    #[inline]
    fn join_rules(&mut self, rule: &'e Rule) -> Result<bool, Raise> {
        if rule.rules.is_empty() {
            return Ok(true);
        }
        if let Some(cause) = rule.unknown_kind() {
            return Err(cause.into());
        }
        let stops_at = rule.kind != RuleKind::All;
        for inner in &rule.rules {
            if self.rule(inner)? == stops_at {
                return Ok(rule.kind == RuleKind::Any);
            }
        }
        Ok(rule.kind != RuleKind::Any)
    }

    /// Evaluates the segments that can fail the evaluation, in the reference's order. The others are evaluated when a
    /// flag first needs them, or never.
    fn meet_hazards(&mut self) -> Result<(), Raise> {
        let engine = self.engine();
        if self.has_hazard() {
            for index in 0..engine.segments.len() as u32 {
                self.segment(index)?;
            }
            return Ok(());
        }
        for index in &engine.hazards {
            self.segment(*index)?;
        }
        Ok(())
    }

    /// Who wins a feature, by the verdicts on whole segments.
    #[inline]
    fn decide(&mut self, index: u32) -> Result<Decider, Raise> {
        let engine = self.engine();
        let feature = &engine.features[index as usize];
        let own = self.identity_override_of(index);
        if feature.has_null_priority {
            let mut winner = None;
            for position in &feature.document_order {
                if self.segment(feature.overrides[*position as usize].segment)? {
                    winner = Some(stronger(engine, index, winner, *position)?);
                }
            }
            return strongest(engine, index, winner, own);
        }
        if let Some(own) = own {
            return Ok(own);
        }
        for (position, one) in feature.overrides.iter().enumerate() {
            if self.segment(one.segment)? {
                return Ok(Decider::Override(position as u32));
            }
        }
        Ok(Decider::Default)
    }

    /// The outcome of a flag before variants are chosen, and who decided where there are some to choose from.
    #[inline]
    fn decide_outcome(&mut self, index: u32) -> Result<(Outcome, Option<Decider>), Raise> {
        let engine = self.engine();
        let (flag, steps) = engine.layout.flag(index);
        if flag.has_null_priority || self.identity_override_of(index).is_some() {
            let decider = self.decide(index)?;
            let decided = Decided {
                decider,
                chosen: Chosen::Plain,
                cyclic: false,
            };
            let has_variants = !engine.state(index as usize, decider).variants.is_empty();
            let outcome = engine.outcome_of(index as usize, &decided);
            return Ok((outcome, has_variants.then_some(decider)));
        }
        for (position, step) in steps.iter().enumerate() {
            if self.segment(step.segment)? {
                let decider = Decider::Override(position as u32);
                return Ok((Outcome::new(step.first), step.has_variants.then_some(decider)));
            }
        }
        let decider = flag.has_variants.then_some(Decider::Default);
        Ok((Outcome::new(flag.first), decider))
    }
}
