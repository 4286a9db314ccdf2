//! How a flag came to its value: plain facts for sentences and traces made elsewhere.

use serde_json::Value;

use crate::bound::{Chosen, Decider, Outcome, Session};
use crate::bucket::{bucket, percent};
use crate::condition::Test;
use crate::engine::{Engine, Rule, RuleKind};
use crate::error::Raise;
use crate::operator::Operator;
use crate::property::Property;
use crate::value::Seen;

/// How a flag came to its value for one identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The flag's name.
    pub flag: String,
    /// On or off.
    pub enabled: bool,
    /// The value the identity gets.
    pub value: Value,
    /// `control`, the chosen variant's key, or `None`.
    pub variant: Option<String>,
    /// The reference's reason text.
    pub reason: String,
    /// Who supplied the state, before variants were chosen from it.
    pub decided_by: Decision,
    /// Who could have decided and did not, strongest first. Identity overrides of other identities are not candidates.
    pub lost: Vec<LostCandidate>,
    /// How a variant was chosen, where the state has variants.
    pub split: Option<SplitFact>,
    /// The flag depends on itself; its state is the one it has without the segments that read it.
    pub is_cyclic: bool,
}

/// Who supplied a flag's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The identity's own override.
    IdentityOverride {
        /// Whose it is.
        identifier: String,
    },
    /// A segment's override.
    Segment(SegmentMatch),
    /// The environment's default.
    EnvironmentDefault {
        /// Some segment or identity overrides this flag, if not this identity.
        is_overridden_for_others: bool,
    },
}

/// The segment that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMatch {
    /// Position in the document, from 0.
    pub index: usize,
    /// The segment's id as text.
    pub key: String,
    /// The segment's name.
    pub name: String,
    /// Its override's priority; lower is stronger, `None` is weakest.
    pub priority: Option<f64>,
    /// The conditions that made it match: of an ALL rule all, of an ANY rule the first that held, of a NONE rule all,
    /// none of which held.
    pub conditions: Vec<ConditionFact>,
}

/// A segment that overrides the flag, but not for this identity.
#[derive(Clone, Debug, PartialEq)]
pub struct LostCandidate {
    /// Position in the document, from 0.
    pub index: usize,
    /// The segment's id as text.
    pub key: String,
    /// The segment's name.
    pub name: String,
    /// Its override's priority; lower is stronger, `None` is weakest.
    pub priority: Option<f64>,
    /// What kept it from deciding.
    pub cause: LossCause,
}

/// What kept a segment from deciding.
#[derive(Clone, Debug, PartialEq)]
pub enum LossCause {
    /// It matches, but something stronger decided.
    Outranked,
    /// It has no rules, and so matches nobody.
    NoRules,
    /// A rule failed.
    RuleFailed(FailedRule),
    /// Its verdict rests on a flag in a dependency cycle.
    CyclicDependency,
}

/// The first rule that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRule {
    /// How the rule joins its conditions.
    pub joins: RuleJoin,
    /// Of an ALL rule the first condition that failed, of an ANY rule all of them, of a NONE rule the one that held.
    pub conditions: Vec<ConditionFact>,
}

impl FailedRule {
    /// The condition to name when only one can be named.
    pub fn first(&self) -> Option<&ConditionFact> {
        self.conditions.first()
    }
}

/// How a rule joins its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleJoin {
    /// All must hold.
    All,
    /// At least one must hold.
    Any,
    /// None may hold.
    None,
}

/// One condition, as asked of this identity.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionFact {
    /// Trait name or JSONPath; empty for a split on the identity itself.
    pub property: String,
    /// What was asked.
    pub operator: Operator,
    /// The operator's name in the document, also when it is unknown.
    pub operator_name: String,
    /// The operand as the document has it: text or null, in contexts also a list.
    pub operand: Value,
    /// The rule the condition stands in.
    pub joins: RuleJoin,
    /// What was seen, before coercion; `None` when unset.
    pub seen: Option<Value>,
    /// The type the comparison took place in; `None` when unset.
    pub seen_as: Option<SeenType>,
    /// Whether the condition itself held.
    pub held: bool,
    /// Why it did not hold, where the values themselves do not say.
    pub obstacle: Option<Obstacle>,
    /// The bucket, for percentage splits of something that is set.
    pub bucket: Option<BucketFact>,
}

/// The type in which a value is compared, after coercion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenType {
    /// true or false.
    Boolean,
    /// An integer, also written as text.
    Integer,
    /// A number with a fraction, also written as text.
    Float,
    /// Text.
    Text,
    /// Text compared as a semantic version.
    Version,
}

/// Why a condition cannot hold, apart from the values being different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no value.
    Unset,
    /// The operator never holds for values of this type.
    WrongType,
    /// The operand cannot be read as the value's type.
    UnreadableOperand,
    /// The reference does not know the operator.
    UnknownOperator,
}

/// Where a percentage split put the value.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketFact {
    /// The text that was hashed.
    pub hashed: String,
    /// Percent, from 0 up to but excluding 100.
    pub bucket: f64,
    /// Percent; buckets up to and including it are in. `None` when the operand is no number.
    pub threshold: Option<f64>,
}

/// How a variant was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitFact {
    /// The text that was hashed: the bucketing seed and the identity's key.
    pub hashed: String,
    /// Percent, from 0 up to but excluding 100.
    pub bucket: f64,
    /// The variants in the order in which they were tried.
    pub ranges: Vec<VariantRange>,
    /// Position in `ranges` of the chosen one; `None` when the control value stayed.
    pub chosen: Option<usize>,
}

/// A variant and the buckets that get it.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantRange {
    /// The variant's key, or its value printed where it has none.
    pub label: String,
    /// The variant's value.
    pub value: Value,
    /// Share in percent.
    pub weight: f64,
    /// Percent; the first bucket that gets it.
    pub from: f64,
    /// Percent; the first bucket past it.
    pub until: f64,
}

impl Explanation {
    /// Evaluates everything, then looks closely at one feature.
    pub(crate) fn of(mut session: Session<'_, '_>, feature: u32) -> Result<Self, Raise> {
        let matched = session.all_segments()?;
        let outcomes = session.all_flags()?;
        let engine = session.engine;
        let outcome = outcomes[feature as usize];
        let flag = engine.render(feature as usize, &outcome);
        let decided_by = session.decision(feature, &outcome)?;
        let lost = session.losers(feature, &outcome, &matched)?;
        Ok(Self {
            flag: flag.name.to_owned(),
            enabled: flag.enabled,
            value: flag.value.clone(),
            variant: flag.variant.map(str::to_owned),
            reason: flag.reason.to_string(),
            decided_by,
            lost,
            split: split_of(engine, &session, feature, &outcome),
            is_cyclic: outcome.cyclic,
        })
    }
}

fn split_of(
    engine: &Engine,
    session: &Session<'_, '_>,
    feature: u32,
    outcome: &Outcome,
) -> Option<SplitFact> {
    let state = engine.state_of(feature as usize, outcome);
    let bucket = session.variant_bucket(state)?;
    let ranges = state.variants.iter().map(|variant| VariantRange {
        label: variant
            .key
            .clone()
            .unwrap_or_else(|| crate::condition::operand_text(&variant.value)),
        value: variant.value.clone(),
        weight: variant.weight.as_f64().unwrap_or_default(),
        from: variant.range.0,
        until: variant.range.1,
    });
    Some(SplitFact {
        hashed: format!("{},{}", state.key, session.key()),
        bucket: percent(bucket),
        ranges: ranges.collect(),
        chosen: match outcome.chosen {
            Chosen::Variant(position) => Some(usize::from(position)),
            Chosen::Plain | Chosen::Control => None,
        },
    })
}

impl<'e> Session<'e, '_> {
    fn decision(&mut self, index: u32, outcome: &Outcome) -> Result<Decision, Raise> {
        let feature = &self.engine.features[index as usize];
        match outcome.decider {
            Decider::Identity { .. } => Ok(Decision::IdentityOverride {
                identifier: self
                    .identity
                    .map(|identity| identity.identifier.clone())
                    .unwrap_or_default(),
            }),
            Decider::Default => Ok(Decision::EnvironmentDefault {
                is_overridden_for_others: feature.is_targeted,
            }),
            Decider::Override(position) => {
                let one = &feature.overrides[position as usize];
                let segment = &self.engine.segments[one.segment as usize];
                let mut conditions = Vec::new();
                for rule in &segment.rules {
                    self.collect_held(rule, &mut conditions)?;
                }
                Ok(Decision::Segment(SegmentMatch {
                    index: one.segment as usize,
                    key: segment.key.clone(),
                    name: segment.name.clone(),
                    priority: one.priority.as_number(),
                    conditions,
                }))
            }
        }
    }

    fn losers(
        &mut self,
        index: u32,
        outcome: &Outcome,
        matched: &[u32],
    ) -> Result<Vec<LostCandidate>, Raise> {
        let feature = &self.engine.features[index as usize];
        let mut lost = Vec::new();
        for (position, one) in feature.overrides.iter().enumerate() {
            if outcome.decider == Decider::Override(position as u32) {
                continue;
            }
            let segment = &self.engine.segments[one.segment as usize];
            let cause = if matched.contains(&one.segment) {
                LossCause::Outranked
            } else if segment.rules.is_empty() {
                LossCause::NoRules
            } else {
                self.failure(&segment.rules)?
                    .map_or(LossCause::CyclicDependency, LossCause::RuleFailed)
            };
            lost.push(LostCandidate {
                index: one.segment as usize,
                key: segment.key.clone(),
                name: segment.name.clone(),
                priority: one.priority.as_number(),
                cause,
            });
        }
        Ok(lost)
    }

    /// The first failing one of rules that must all hold.
    fn failure(&mut self, rules: &'e [Rule]) -> Result<Option<FailedRule>, Raise> {
        for rule in rules {
            if !self.rule(rule)? {
                return self.failure_in(rule).map(Some);
            }
        }
        Ok(None)
    }

    /// Why a rule failed.
    fn failure_in(&mut self, rule: &'e Rule) -> Result<FailedRule, Raise> {
        let joins = join_of(rule);
        let mut conditions = Vec::new();
        if !self.join_conditions(rule)? {
            for index in &rule.conditions {
                let held = self.condition(*index)?;
                if joins == RuleJoin::Any || held == (joins == RuleJoin::None) {
                    conditions.push(self.fact(*index, joins)?);
                }
                if joins != RuleJoin::Any && !conditions.is_empty() {
                    break;
                }
            }
            return Ok(FailedRule { joins, conditions });
        }
        for inner in &rule.rules {
            let held = self.rule(inner)?;
            match joins {
                RuleJoin::All if !held => return self.failure_in(inner),
                RuleJoin::None if held => {
                    self.collect_held(inner, &mut conditions)?;
                    break;
                }
                RuleJoin::Any => conditions.extend(self.failure_in(inner)?.conditions),
                RuleJoin::All | RuleJoin::None => {}
            }
        }
        Ok(FailedRule { joins, conditions })
    }

    /// Collects the conditions on which a rule that held rests.
    fn collect_held(&mut self, rule: &'e Rule, facts: &mut Vec<ConditionFact>) -> Result<(), Raise> {
        let joins = join_of(rule);
        for index in &rule.conditions {
            let held = self.condition(*index)?;
            if joins != RuleJoin::Any || held {
                facts.push(self.fact(*index, joins)?);
            }
            if joins == RuleJoin::Any && held {
                break;
            }
        }
        for inner in &rule.rules {
            let held = self.rule(inner)?;
            match joins {
                RuleJoin::All => self.collect_held(inner, facts)?,
                RuleJoin::Any if held => return self.collect_held(inner, facts),
                RuleJoin::None => facts.extend(self.failure_in(inner)?.conditions),
                RuleJoin::Any => {}
            }
        }
        Ok(())
    }

    fn fact(&mut self, index: u32, joins: RuleJoin) -> Result<ConditionFact, Raise> {
        let engine = self.engine;
        let condition = &engine.conditions[index as usize];
        let held = self.condition(index)?;
        let raw = self.raw_trait(&condition.property);
        let mut fact = ConditionFact {
            property: condition.source.property.clone(),
            operator: condition.operator,
            operator_name: condition.source.operator.clone(),
            operand: condition.source.operand.clone(),
            joins,
            seen: None,
            seen_as: None,
            held,
            obstacle: None,
            bucket: None,
        };
        self.with_seen(condition, |seen| {
            fact.seen = raw.or_else(|| plain(seen)).filter(|_| *seen != Seen::Unset);
            fact.seen_as = seen_type(seen, &condition.test);
            if !held {
                fact.obstacle = obstacle(seen, condition.operator, &condition.test);
            }
            fact.bucket = bucket_of(seen, &condition.test);
        })?;
        Ok(fact)
    }

    /// A trait as given, before coercion.
    fn raw_trait(&self, property: &Property) -> Option<Value> {
        let Property::Trait(slot) = property else {
            return None;
        };
        self.identity?
            .traits
            .get(&self.engine.slot_names[*slot as usize])
            .cloned()
    }
}

fn join_of(rule: &Rule) -> RuleJoin {
    match rule.kind {
        RuleKind::Any => RuleJoin::Any,
        RuleKind::None => RuleJoin::None,
        RuleKind::All | RuleKind::Unknown(_) => RuleJoin::All,
    }
}

/// What was seen as JSON, where it was no trait.
fn plain(seen: &Seen<'_>) -> Option<Value> {
    match seen {
        Seen::Unset | Seen::TooManyDigits => None,
        Seen::Boolean(boolean) => Some(Value::Bool(*boolean)),
        Seen::Float(float) => Some(Value::from(*float)),
        Seen::Integer(_) | Seen::Text(_) => seen.print().map(|text| Value::from(text.into_owned())),
    }
}

fn seen_type(seen: &Seen<'_>, test: &Test) -> Option<SeenType> {
    match seen {
        Seen::Unset | Seen::TooManyDigits => None,
        Seen::Boolean(_) => Some(SeenType::Boolean),
        Seen::Integer(_) => Some(SeenType::Integer),
        Seen::Float(_) => Some(SeenType::Float),
        Seen::Text(_) if test.compares_versions() => Some(SeenType::Version),
        Seen::Text(_) => Some(SeenType::Text),
    }
}

fn obstacle(seen: &Seen<'_>, operator: Operator, test: &Test) -> Option<Obstacle> {
    if operator == Operator::Unknown {
        return Some(Obstacle::UnknownOperator);
    }
    if operator == Operator::IsSet || operator == Operator::IsNotSet {
        return None;
    }
    if *seen == Seen::Unset {
        return Some(Obstacle::Unset);
    }
    if test.excludes_type_of(seen) {
        return Some(Obstacle::WrongType);
    }
    test.cannot_compare(seen).then_some(Obstacle::UnreadableOperand)
}

fn bucket_of(seen: &Seen<'_>, test: &Test) -> Option<BucketFact> {
    let Test::Split { seed, threshold, .. } = test else {
        return None;
    };
    let text = seen.print()?;
    Some(BucketFact {
        hashed: format!("{seed},{text}"),
        bucket: percent(bucket(seed, &text)),
        threshold: Some(*threshold),
    })
}
