//! Finding the facts of an explanation.

use serde_json::Value;

use crate::bound::Session;
use crate::bucket::{bucket, percent};
use crate::condition::Test;
use crate::engine::{Engine, Rule, RuleKind};
use crate::error::Raise;
use crate::explanation::{
    BucketFact, ConditionFact, Decision, Explanation, FailedRule, LossCause, LostCandidate, Obstacle,
    RuleJoin, SeenType, SegmentMatch, SplitFact, VariantRange,
};
use crate::operator::Operator;
use crate::outcome::{Chosen, Decided, Decider};
use crate::property::Property;
use crate::subject::Subject;
use crate::value::Seen;

impl Explanation {
    /// Evaluates everything, then looks closely at one feature.
    pub(crate) fn of(mut session: Session<'_, '_>, feature: u32) -> Result<Self, Raise> {
        let matched = session.all_segments()?;
        let engine = session.engine;
        let mut outcomes = Vec::with_capacity(engine.features.len());
        for index in 0..engine.features.len() {
            outcomes.push(session.flag(index as u32)?);
        }
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
    outcome: &Decided,
) -> Option<SplitFact> {
    let state = engine.state(feature as usize, outcome.decider);
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
    fn decision(&mut self, index: u32, outcome: &Decided) -> Result<Decision, Raise> {
        let feature = &self.engine.features[index as usize];
        match outcome.decider {
            Decider::Identity { .. } => Ok(Decision::IdentityOverride {
                identifier: self
                    .identity
                    .map(|identity| identity.identifier.clone())
                    .unwrap_or_default(),
            }),
            Decider::Default => Ok(Decision::EnvironmentDefault {
                is_overridden_for_others: self.engine.is_targeted(index as usize),
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
        outcome: &Decided,
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
        self.identity?.traits.get(self.engine.slots.name(*slot)).cloned()
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
