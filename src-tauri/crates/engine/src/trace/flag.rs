//! How a flag came to its result: everyone who could have decided, in order.

use std::borrow::Cow;

use serde_json::Value;

use crate::bucket::{bucket, percent};
use crate::condition::operand_text;
use crate::engine::{Feature, Override, Rule, State};
use crate::error::FailureCause;
use crate::outcome::{Chosen, Decided, Decider};
use crate::property::{Property, Target};
use crate::result::FlagResult;
use crate::source::Priority;
use crate::trace::{AskedCondition, Caveat, ConditionTrace, SegmentStanding, SegmentTrace, Trace, caveat};

/// One flag's part of a trace. Cheap to copy; everything is worked out when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct FlagTrace<'t> {
    pub(super) trace: &'t Trace<'t>,
    pub(super) feature: usize,
}

/// Someone who could have decided a flag.
#[derive(Clone, Debug)]
pub struct Candidate<'t> {
    /// Who.
    pub source: CandidateSource<'t>,
    /// What it would make of the flag; `None` for an identity override that this identity does not have.
    pub state: Option<CandidateState<'t>>,
    /// What became of it.
    pub standing: Standing,
    trace: &'t Trace<'t>,
}

/// Who could decide a flag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CandidateSource<'t> {
    /// The identity's own override.
    IdentityOverride,
    /// A segment's override.
    Segment {
        /// Position of the segment in the document, from 0.
        index: usize,
        /// The segment's id as text.
        key: &'t str,
        /// The segment's name.
        name: &'t str,
        /// Lower is stronger; `None` when the document has none or null.
        priority: Option<f64>,
    },
    /// The environment's default.
    EnvironmentDefault {
        /// Some segment or identity overrides this flag, if not this identity.
        is_overridden_for_others: bool,
    },
}

/// What a candidate makes of the flag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CandidateState<'t> {
    /// On or off.
    pub enabled: bool,
    /// The value, unless a variant takes its place.
    pub value: &'t Value,
    /// How many variants it chooses among.
    pub variants: usize,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It supplied the flag's state.
    Decides,
    /// It applies, but something stronger decided.
    Outranked {
        /// Position of what decided among the candidates.
        by: usize,
    },
    /// The identity is not in the segment; see [`Candidate::decisive_conditions`].
    DidNotMatch,
    /// The segment has no rules, and so matches nobody.
    NoRules,
    /// The segment's verdict rests on a flag in a dependency cycle.
    CyclicDependency,
    /// The identity has no override of this flag.
    Absent,
    /// The reference raises here.
    Fails(FailureCause),
    /// It applies, but the evaluation failed elsewhere, so nothing was decided.
    NotConsulted,
}

/// How a variant was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitTrace<'t> {
    /// The text that was hashed: the bucketing seed and the identity's key.
    pub hashed: String,
    /// Percent, from 0 up to but excluding 100.
    pub bucket: f64,
    /// The variants in the order in which they were tried. Past the last one lies the control value.
    pub ranges: Vec<RangeTrace<'t>>,
    /// Position in `ranges` of the chosen one; `None` when the control value stayed.
    pub chosen: Option<usize>,
}

/// A variant and the buckets that get it.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeTrace<'t> {
    /// The variant's key, or its value printed where it has none.
    pub label: Cow<'t, str>,
    /// The variant's value.
    pub value: &'t Value,
    /// Share in percent.
    pub weight: f64,
    /// Percent; the first bucket that gets it.
    pub from: f64,
    /// Percent; the first bucket past it.
    pub until: f64,
}

/// A flag that a segment of this flag's candidates reads (dialect 11.1.1 only).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependency<'t> {
    /// The flag that is read.
    pub flag: &'t str,
    /// The segment that reads it.
    pub segment: &'t str,
    /// The condition that does, with what it read.
    pub condition: &'t ConditionTrace<'t>,
}

impl<'t> FlagTrace<'t> {
    pub(super) fn new(trace: &'t Trace<'t>, feature: usize) -> Self {
        Self { trace, feature }
    }

    fn feature(&self) -> &'t Feature {
        &self.trace.engine.features[self.feature]
    }

    fn outcome(&self) -> Option<&'t Decided> {
        self.trace.outcome(self.feature)
    }

    /// The flag's name.
    pub fn name(&self) -> &'t str {
        &self.feature().name
    }

    /// What the identity gets; `None` when the evaluation failed.
    pub fn result(&self) -> Option<FlagResult<'t>> {
        Some(self.trace.engine.render(self.feature, self.outcome()?))
    }

    /// The flag depends on itself, so only its default can decide.
    pub fn is_cyclic(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.cyclic)
    }

    /// Everyone who could decide, strongest first: the identity's own override, the segments by precedence, the
    /// environment's default.
    ///
    /// Where flags depend on each other in a cycle (dialect 11.1.1), the reference may cut it at another place for a
    /// flag that is read than for the list of segments: then a segment can decide that does not match by itself.
    pub fn candidates(&self) -> Vec<Candidate<'t>> {
        (0..self.feature().overrides.len() + 2)
            .filter_map(|position| self.candidate(position))
            .collect()
    }

    /// Who decided; `None` when the evaluation failed.
    pub fn decided_by(&self) -> Option<Candidate<'t>> {
        self.candidate(self.decided_position()?)
    }

    fn candidate(&self, position: usize) -> Option<Candidate<'t>> {
        let feature = self.feature();
        let (source, state, standing) = if position == 0 {
            let own = self.own_state();
            let standing = match own {
                None => Standing::Absent,
                Some(_) => self.applied(position),
            };
            (CandidateSource::IdentityOverride, own, standing)
        } else if let Some(one) = feature.overrides.get(position - 1) {
            let segment = &self.trace.engine.segments[one.segment as usize];
            let source = CandidateSource::Segment {
                index: one.segment as usize,
                key: &segment.key,
                name: &segment.name,
                priority: one.priority.as_number(),
            };
            (source, Some(&one.state), self.segment_standing(one, position))
        } else if position == feature.overrides.len() + 1 {
            let source = CandidateSource::EnvironmentDefault {
                is_overridden_for_others: self.trace.engine.is_targeted(self.feature),
            };
            (source, Some(&feature.default), self.applied(position))
        } else {
            return None;
        };
        Some(Candidate {
            source,
            state: state.map(|state| CandidateState {
                enabled: state.enabled,
                value: &state.value,
                variants: state.variants.len(),
            }),
            standing,
            trace: self.trace,
        })
    }

    fn own_state(&self) -> Option<&'t State> {
        let trace = self.trace;
        let (_, decider) = trace
            .own
            .iter()
            .find(|(feature, _)| *feature as usize == self.feature)?;
        let Decider::Identity { set, state } = *decider else {
            return None;
        };
        Some(&trace.engine.identities.sets[set as usize].states[state as usize].state)
    }

    /// Position among the candidates of the one that decided.
    fn decided_position(&self) -> Option<usize> {
        Some(match self.outcome()?.decider {
            Decider::Identity { .. } => 0,
            Decider::Override(position) => position as usize + 1,
            Decider::Default => self.feature().overrides.len() + 1,
        })
    }

    /// The standing of a candidate that applies.
    fn applied(&self, position: usize) -> Standing {
        match self.decided_position() {
            None => Standing::NotConsulted,
            Some(decided) if decided == position => Standing::Decides,
            // Something stronger than what decided can apply only where a cut cycle forbids it to.
            Some(decided) if decided > position => Standing::CyclicDependency,
            Some(by) => Standing::Outranked { by },
        }
    }

    fn segment_standing(&self, one: &Override, position: usize) -> Standing {
        if self.decided_position() == Some(position) {
            return Standing::Decides;
        }
        let engine = self.trace.engine;
        let index = one.segment as usize;
        match self.trace.matches(index) {
            Some(true) => return self.applied(position),
            Some(false) if engine.segments[index].rules.is_empty() => return Standing::NoRules,
            Some(false) if !engine.has_dependencies => return Standing::DidNotMatch,
            _ => {}
        }
        let segment = SegmentTrace::new(self.trace, index, &engine.segments[index]);
        match segment.standing {
            SegmentStanding::Matches if one.priority == Priority::Null && self.fails_here() => {
                Standing::Fails(FailureCause::NullPriority)
            }
            SegmentStanding::Matches => self.applied(position),
            SegmentStanding::DoesNotMatch => Standing::DidNotMatch,
            SegmentStanding::NoRules => Standing::NoRules,
            SegmentStanding::CyclicDependency => Standing::CyclicDependency,
            SegmentStanding::Fails(cause) => Standing::Fails(cause),
        }
    }

    /// The evaluation failed while this flag's overrides were compared.
    fn fails_here(&self) -> bool {
        self.trace
            .failure()
            .is_some_and(|failure| failure.flag.as_deref() == Some(self.name()))
    }

    /// Who supplied the state.
    pub(crate) fn decider(&self) -> Option<Decider> {
        Some(self.outcome()?.decider)
    }

    /// How the variant was chosen; `None` without variants or without an identity to choose for.
    pub fn split(&self) -> Option<SplitTrace<'t>> {
        let outcome = self.outcome()?;
        let state = self.trace.engine.state(self.feature, outcome.decider);
        if self.trace.identity.is_none() || state.variants.is_empty() {
            return None;
        }
        let key = self.trace.identity_key();
        let ranges = state.variants.iter().map(|variant| RangeTrace {
            label: match &variant.key {
                Some(key) => Cow::Borrowed(key.as_str()),
                None => Cow::Owned(operand_text(&variant.value)),
            },
            value: &variant.value,
            weight: variant.weight.as_f64().unwrap_or_default(),
            from: variant.range.0,
            until: variant.range.1,
        });
        Some(SplitTrace {
            hashed: format!("{},{key}", state.key),
            bucket: percent(bucket(&state.key, key)),
            ranges: ranges.collect(),
            chosen: match outcome.chosen {
                Chosen::Variant(position) => Some(position as usize),
                Chosen::Plain | Chosen::Control => None,
            },
        })
    }

    /// The other flags that this flag's segments read, with what they read.
    pub fn dependencies(&self) -> Vec<Dependency<'t>> {
        let engine = self.trace.engine;
        let mut found = Vec::new();
        if !engine.has_dependencies {
            return found;
        }
        for one in &self.feature().overrides {
            let segment = &engine.segments[one.segment as usize];
            each_condition(&segment.rules, &mut |index| {
                let Property::Path {
                    target: Target::Flag { name, .. },
                    ..
                } = &engine.conditions[index as usize].property
                else {
                    return;
                };
                let dependency = Dependency {
                    flag: name,
                    segment: &segment.name,
                    condition: &self.trace.conditions[index as usize],
                };
                if !found.contains(&dependency) {
                    found.push(dependency);
                }
            });
        }
        found
    }

    /// What may make a server answer differently for this flag; [`Trace::caveats`] has what concerns all flags.
    pub fn caveats(&self) -> Vec<Caveat> {
        caveat::of_flag(self)
    }

    /// Whether a variant or some candidate's segment depends on the bucket of the identity's key.
    pub(super) fn rests_on_identity_bucket(&self) -> bool {
        let engine = self.trace.engine;
        let mut found = self.split().is_some();
        for one in &self.feature().overrides {
            each_condition(&engine.segments[one.segment as usize].rules, &mut |index| {
                let condition = &self.trace.conditions[index as usize];
                found |= condition.bucket.is_some() && matches!(condition.property, "" | "$.identity.key");
            });
        }
        found
    }

    /// The flag's default has variants, and this identity's own override, which cannot carry any, decides.
    pub(super) fn overrides_variants(&self) -> bool {
        self.decided_position() == Some(0) && !self.feature().default.variants.is_empty()
    }

    pub(super) fn trace(&self) -> &'t Trace<'t> {
        self.trace
    }
}

impl<'t> Candidate<'t> {
    /// The segment with all its rules; `None` for an identity override and the default.
    pub fn segment(&self) -> Option<SegmentTrace<'t>> {
        match self.source {
            CandidateSource::Segment { index, .. } => self.trace.segment(index),
            _ => None,
        }
    }

    /// Of a segment the conditions on which its verdict rests; see [`SegmentTrace::decisive`].
    pub fn decisive_conditions(&self) -> Vec<AskedCondition<'t>> {
        self.segment()
            .map(|segment| segment.decisive())
            .unwrap_or_default()
    }
}

/// Visits the conditions of rules and their sub-rules.
fn each_condition(rules: &[Rule], visit: &mut impl FnMut(u32)) {
    for rule in rules {
        rule.conditions.iter().for_each(|index| visit(*index));
        each_condition(&rule.rules, visit);
    }
}
