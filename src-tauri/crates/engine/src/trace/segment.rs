//! What rules and segments made of the answers.

use crate::engine::{Rule, RuleKind, Segment};
use crate::error::FailureCause;
use crate::trace::{ConditionTrace, Trace, TraceVerdict};

/// One segment, asked of this identity.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentTrace<'t> {
    /// Position in the document, from 0.
    pub index: usize,
    /// The segment's id as text.
    pub key: &'t str,
    /// The segment's name.
    pub name: &'t str,
    /// Whether the identity is in it.
    pub standing: SegmentStanding,
    /// The rules; all of them must hold.
    pub rules: Vec<RuleTrace<'t>>,
}

/// Whether an identity is in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentStanding {
    /// It is.
    Matches,
    /// Some rule does not hold.
    DoesNotMatch,
    /// Without rules a segment matches nobody.
    NoRules,
    /// The rules hold, but only because a flag in a dependency cycle could not be read.
    CyclicDependency,
    /// The reference raises while it evaluates this segment.
    Fails(FailureCause),
}

/// How a rule joins its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleJoin {
    /// All must hold.
    All,
    /// At least one must hold.
    Any,
    /// None may hold.
    None,
}

/// One rule with its parts. Conditions and sub-rules are joined each for themselves, and both must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTrace<'t> {
    /// How it joins its parts; `None` when the reference does not know the rule's type.
    pub joins: Option<RuleJoin>,
    /// Whether it holds.
    pub verdict: TraceVerdict,
    /// The reference comes to ask it; it skips what can no longer change the segment's verdict.
    pub is_reached: bool,
    /// Its conditions in document order.
    pub conditions: Vec<AskedCondition<'t>>,
    /// Its sub-rules in document order.
    pub rules: Vec<RuleTrace<'t>>,
}

/// A condition in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AskedCondition<'t> {
    /// Question and answer; places with equal conditions share them.
    pub condition: &'t ConditionTrace<'t>,
    /// How the rule it stands in joins its conditions; ALL for a rule of an unknown type.
    pub joins: RuleJoin,
    /// The reference comes to ask it.
    pub is_reached: bool,
}

impl<'t> SegmentTrace<'t> {
    pub(super) fn new(trace: &'t Trace<'t>, index: usize, segment: &'t Segment) -> Self {
        let mut is_reached = true;
        let rules: Vec<RuleTrace<'t>> = segment
            .rules
            .iter()
            .map(|rule| {
                let traced = RuleTrace::new(trace, rule, is_reached);
                is_reached &= traced.verdict == TraceVerdict::Holds;
                traced
            })
            .collect();
        let undone = rules.iter().find(|rule| rule.verdict != TraceVerdict::Holds);
        let standing = match undone.map(|rule| &rule.verdict) {
            _ if rules.is_empty() => SegmentStanding::NoRules,
            Some(TraceVerdict::Fails(cause)) => SegmentStanding::Fails(cause.clone()),
            Some(_) => SegmentStanding::DoesNotMatch,
            None if trace.matches(index) == Some(false) => SegmentStanding::CyclicDependency,
            None => SegmentStanding::Matches,
        };
        Self {
            index,
            key: &segment.key,
            name: &segment.name,
            standing,
            rules,
        }
    }

    /// The conditions on which the verdict rests: of a segment that matches those that made it match, else those that
    /// kept it from matching, of all failing rules.
    pub fn decisive(&self) -> Vec<AskedCondition<'t>> {
        let matches = matches!(
            self.standing,
            SegmentStanding::Matches | SegmentStanding::CyclicDependency
        );
        self.rules
            .iter()
            .filter(|rule| matches || rule.verdict != TraceVerdict::Holds)
            .flat_map(RuleTrace::decisive)
            .collect()
    }
}

impl<'t> RuleTrace<'t> {
    fn new(trace: &'t Trace<'t>, rule: &'t Rule, is_reached: bool) -> Self {
        let joins = match rule.kind {
            RuleKind::All => Some(RuleJoin::All),
            RuleKind::Any => Some(RuleJoin::Any),
            RuleKind::None => Some(RuleJoin::None),
            RuleKind::Unknown(_) => None,
        };
        // A rule of an unknown type raises before it asks anything.
        let mut by_conditions = Joined::new(joins, is_reached && joins.is_some());
        let mut conditions = Vec::with_capacity(rule.conditions.len());
        for index in &rule.conditions {
            let condition = &trace.conditions[*index as usize];
            conditions.push(AskedCondition {
                condition,
                joins: joins.unwrap_or(RuleJoin::All),
                is_reached: by_conditions.is_open,
            });
            by_conditions.add(&condition.verdict);
        }
        let by_conditions = by_conditions.verdict(rule);
        let asks_rules = is_reached && joins.is_some() && !matches!(by_conditions, TraceVerdict::Fails(_));
        let mut by_rules = Joined::new(joins, asks_rules);
        let mut rules = Vec::with_capacity(rule.rules.len());
        for inner in &rule.rules {
            let inner = Self::new(trace, inner, by_rules.is_open);
            by_rules.add(&inner.verdict);
            rules.push(inner);
        }
        let verdict = match (by_conditions, by_rules.verdict(rule)) {
            (TraceVerdict::Fails(cause), _) | (_, TraceVerdict::Fails(cause)) => TraceVerdict::Fails(cause),
            (TraceVerdict::Holds, TraceVerdict::Holds) => TraceVerdict::Holds,
            _ => TraceVerdict::DoesNotHold,
        };
        Self {
            joins,
            verdict,
            is_reached,
            conditions,
            rules,
        }
    }

    /// The conditions on which the verdict rests. Where it holds: of ALL all, of ANY the first that held, of NONE all.
    /// Where it does not: of ALL those that failed, of ANY all, of NONE those that held. Where the reference raises:
    /// the condition that does.
    pub fn decisive(&self) -> Vec<AskedCondition<'t>> {
        let mut found = Vec::new();
        match self.verdict {
            TraceVerdict::Holds => self.collect_grounds(&mut found),
            TraceVerdict::DoesNotHold => self.collect_failures(&mut found),
            TraceVerdict::Fails(_) => self.collect_raises(&mut found),
        }
        found
    }

    fn collect_grounds(&self, found: &mut Vec<AskedCondition<'t>>) {
        let mut holding = self.conditions.iter().filter(|one| one.condition.holds());
        match self.joins {
            Some(RuleJoin::Any) => found.extend(holding.next()),
            _ => found.extend(&self.conditions),
        }
        match self.joins {
            Some(RuleJoin::Any) => {
                if let Some(inner) = self.rules.iter().find(|rule| rule.verdict == TraceVerdict::Holds) {
                    inner.collect_grounds(found);
                }
            }
            Some(RuleJoin::None) => self.rules.iter().for_each(|rule| rule.collect_failures(found)),
            _ => self.rules.iter().for_each(|rule| rule.collect_grounds(found)),
        }
    }

    fn collect_failures(&self, found: &mut Vec<AskedCondition<'t>>) {
        let held = |one: &&AskedCondition<'t>| one.condition.holds();
        let forbids = self.joins == Some(RuleJoin::None);
        let is_any = self.joins == Some(RuleJoin::Any);
        // An ANY of which one condition held failed because of its sub-rules.
        if !is_any || !self.conditions.iter().any(|one| one.condition.holds()) {
            found.extend(self.conditions.iter().filter(|one| held(one) == forbids));
        }
        if is_any && self.rules.iter().any(|rule| rule.verdict == TraceVerdict::Holds) {
            return;
        }
        for rule in &self.rules {
            match (forbids, &rule.verdict) {
                (true, TraceVerdict::Holds) => rule.collect_grounds(found),
                (false, TraceVerdict::DoesNotHold) => rule.collect_failures(found),
                _ => {}
            }
        }
    }

    fn collect_raises(&self, found: &mut Vec<AskedCondition<'t>>) {
        let raises = |one: &&AskedCondition<'t>| {
            one.is_reached && matches!(one.condition.verdict, TraceVerdict::Fails(_))
        };
        found.extend(self.conditions.iter().find(raises));
        if found.is_empty() {
            let inner = |rule: &&Self| rule.is_reached && matches!(rule.verdict, TraceVerdict::Fails(_));
            if let Some(inner) = self.rules.iter().find(inner) {
                inner.collect_raises(found);
            }
        }
    }
}

/// Verdicts on their way to one, as the reference joins them: in order, and no further than needed.
struct Joined {
    joins: Option<RuleJoin>,
    /// The reference asks the next one.
    is_open: bool,
    is_empty: bool,
    /// What ended the joining before the last part.
    decided: Option<TraceVerdict>,
}

impl Joined {
    fn new(joins: Option<RuleJoin>, is_open: bool) -> Self {
        Self {
            joins,
            is_open,
            is_empty: true,
            decided: None,
        }
    }

    fn add(&mut self, verdict: &TraceVerdict) {
        self.is_empty = false;
        if self.decided.is_some() {
            return;
        }
        let held = match verdict {
            TraceVerdict::Fails(cause) => {
                self.decided = Some(TraceVerdict::Fails(cause.clone()));
                self.is_open = false;
                return;
            }
            TraceVerdict::Holds => true,
            TraceVerdict::DoesNotHold => false,
        };
        if held != (self.joins == Some(RuleJoin::All)) {
            self.decided = Some(if self.joins == Some(RuleJoin::Any) {
                TraceVerdict::Holds
            } else {
                TraceVerdict::DoesNotHold
            });
            self.is_open = false;
        }
    }

    fn verdict(self, rule: &Rule) -> TraceVerdict {
        if self.is_empty {
            return TraceVerdict::Holds;
        }
        if let Some(cause) = rule.unknown_kind() {
            return TraceVerdict::Fails(cause);
        }
        self.decided.unwrap_or(if self.joins == Some(RuleJoin::Any) {
            TraceVerdict::DoesNotHold
        } else {
            TraceVerdict::Holds
        })
    }
}
