//! Segments that nobody, or everybody, is in: proofs only.

use super::sets::{Demand, can_be_met, only_texts_meet};
use crate::bucket::BUCKETS;
use crate::condition::Test;
use crate::engine::{Condition, Engine, Rule, RuleKind, Segment};
use crate::property::{Property, Target};

/// How deep rules are followed; deeper ones are taken for possible.
const DEEPEST: usize = 64;

/// Who is in which segment, as far as it can be proved; by the segment's number.
pub(super) struct Reach {
    pub(super) nobody: Vec<bool>,
    pub(super) everybody: Vec<bool>,
}

impl Reach {
    pub(super) fn of(engine: &Engine) -> Self {
        let prover = Prover { engine };
        let segments = || engine.segments.iter();
        Self {
            nobody: segments().map(|segment| prover.never_matches(segment)).collect(),
            everybody: segments().map(|segment| prover.always_matches(segment)).collect(),
        }
    }
}

/// Proofs about a compiled environment.
#[derive(Clone, Copy)]
pub(super) struct Prover<'e> {
    pub(super) engine: &'e Engine,
}

impl<'e> Prover<'e> {
    fn condition(&self, index: u32) -> &'e Condition {
        &self.engine.conditions[index as usize]
    }

    fn conditions(&self, rule: &'e Rule) -> impl Iterator<Item = &'e Condition> + use<'e> {
        let engine = self.engine;
        rule.conditions
            .iter()
            .map(move |index| &engine.conditions[*index as usize])
    }

    /// No identity can be in the segment.
    pub(super) fn never_matches(&self, segment: &'e Segment) -> bool {
        segment.rules.is_empty()
            || segment.rules.iter().any(|rule| self.rule_never(rule, 0))
            || !self.contradictions(segment.rules.iter()).is_empty()
    }

    /// Every identity is in the segment.
    pub(super) fn always_matches(&self, segment: &'e Segment) -> bool {
        !segment.rules.is_empty() && segment.rules.iter().all(|rule| self.rule_always(rule, 0))
    }

    /// Whoever is in one segment is in the other, because the other asks for nothing more.
    pub(super) fn implies(&self, one: &'e Segment, other: &'e Segment) -> bool {
        // While flags are being found out, equal conditions may have different verdicts.
        let is_steady = |segment| !self.all_conditions(segment).into_iter().any(reads_flag);
        let is_asked = |rule: &Rule| one.rules.iter().any(|own| same_rule(own, rule));
        !other.rules.is_empty()
            && other
                .rules
                .iter()
                .all(|rule| is_asked(rule) || self.rule_always(rule, 0))
            && is_steady(one)
            && is_steady(other)
    }

    /// Groups of conditions on one property that must hold together and cannot, each as small as two where possible.
    pub(super) fn contradictions(&self, rules: impl Iterator<Item = &'e Rule>) -> Vec<Vec<&'e Condition>> {
        let mut groups = self.demands(rules);
        groups.retain(|group| !can_be_met(group));
        groups
            .into_iter()
            .map(|group| smallest(&group, |demands| !can_be_met(demands)))
            .collect()
    }

    /// Groups of comparisons with numbers that only text can satisfy.
    pub(super) fn numberless(&self, rules: impl Iterator<Item = &'e Rule>) -> Vec<Vec<&'e Condition>> {
        let mut groups = self.demands(rules);
        groups.retain(|group| can_be_met(group) && only_texts_meet(group));
        groups
            .into_iter()
            .map(|group| smallest(&group, only_texts_meet))
            .collect()
    }

    /// What rules demand together, by property.
    fn demands(&self, rules: impl Iterator<Item = &'e Rule>) -> Vec<Vec<Demand<'e>>> {
        let mut demands = Vec::new();
        for rule in rules {
            self.collect(rule, &mut demands, 0);
        }
        let mut groups: Vec<Vec<Demand<'e>>> = Vec::new();
        for demand in demands {
            let Some(first) = demand.conditions().first().copied() else {
                continue;
            };
            let is_alike =
                |known: &Demand<'e>| known.conditions().iter().any(|one| same_property(one, first));
            match groups.iter_mut().find(|group| group.iter().any(is_alike)) {
                Some(group) => group.push(demand),
                None => groups.push(vec![demand]),
            }
        }
        groups
    }

    /// What a rule surely demands, by condition.
    fn collect(&self, rule: &'e Rule, demands: &mut Vec<Demand<'e>>, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let readable = |condition: &&'e Condition| !reads_flag(condition);
        match rule.kind {
            RuleKind::All => {
                demands.extend(self.conditions(rule).filter(readable).map(Demand::Holds));
                for inner in &rule.rules {
                    self.collect(inner, demands, depth + 1);
                }
            }
            RuleKind::Any => {
                let all: Vec<&Condition> = self.conditions(rule).collect();
                if let Some((first, others)) = all.split_first()
                    && all.iter().all(readable)
                    && others.iter().all(|other| same_property(first, other))
                {
                    demands.push(match others {
                        [] => Demand::Holds(first),
                        _ => Demand::AnyOf(all),
                    });
                }
                if let [inner] = rule.rules.as_slice() {
                    self.collect(inner, demands, depth + 1);
                }
            }
            RuleKind::None => demands.extend(self.conditions(rule).filter(readable).map(Demand::Fails)),
            RuleKind::Unknown(_) => {}
        }
    }

    fn rule_never(&self, rule: &'e Rule, depth: usize) -> bool {
        if depth > DEEPEST {
            return false;
        }
        if !self.contradictions(std::iter::once(rule)).is_empty() {
            return true;
        }
        let below = depth + 1;
        match rule.kind {
            RuleKind::All => {
                self.conditions(rule).any(never_holds)
                    || rule.rules.iter().any(|inner| self.rule_never(inner, below))
            }
            RuleKind::Any => {
                (!rule.conditions.is_empty() && self.conditions(rule).all(never_holds))
                    || (!rule.rules.is_empty()
                        && rule.rules.iter().all(|inner| self.rule_never(inner, below)))
            }
            RuleKind::None => {
                self.conditions(rule).any(always_holds)
                    || rule.rules.iter().any(|inner| self.rule_always(inner, below))
            }
            RuleKind::Unknown(_) => false,
        }
    }

    fn rule_always(&self, rule: &'e Rule, depth: usize) -> bool {
        if depth > DEEPEST {
            return false;
        }
        let below = depth + 1;
        match rule.kind {
            RuleKind::All => {
                self.conditions(rule).all(always_holds)
                    && rule.rules.iter().all(|inner| self.rule_always(inner, below))
            }
            RuleKind::Any => {
                (rule.conditions.is_empty() || self.some_always_holds(rule))
                    && (rule.rules.is_empty()
                        || rule.rules.iter().any(|inner| self.rule_always(inner, below)))
            }
            RuleKind::None => {
                self.conditions(rule).all(never_holds_without_failing)
                    && rule.rules.iter().all(|inner| self.rule_never(inner, below))
            }
            RuleKind::Unknown(_) => false,
        }
    }

    /// One of the conditions holds for everybody, or two of them complement each other.
    fn some_always_holds(&self, rule: &'e Rule) -> bool {
        let is_complemented = |one: &Condition| {
            matches!(one.test, Test::IsSet)
                && !reads_flag(one)
                && self
                    .conditions(rule)
                    .any(|other| matches!(other.test, Test::IsNotSet) && same_property(one, other))
        };
        self.conditions(rule)
            .any(|one| always_holds(one) || is_complemented(one))
    }

    /// The rules of a segment, nested ones included.
    pub(super) fn all_rules(&self, segment: &'e Segment) -> Vec<&'e Rule> {
        let mut found: Vec<&Rule> = segment.rules.iter().collect();
        let mut next = 0;
        while let Some(rule) = found.get(next) {
            found.extend(rule.rules.iter());
            next += 1;
        }
        found
    }

    /// The conditions of a segment, each position once.
    pub(super) fn all_conditions(&self, segment: &'e Segment) -> Vec<&'e Condition> {
        let mut indices: Vec<u32> = Vec::new();
        for rule in self.all_rules(segment) {
            for index in &rule.conditions {
                if !indices.contains(index) {
                    indices.push(*index);
                }
            }
        }
        indices.into_iter().map(|index| self.condition(index)).collect()
    }
}

/// One or two of the demands that are at fault by themselves, or all of them.
fn smallest<'e>(group: &[Demand<'e>], is_at_fault: impl Fn(&[Demand<'e>]) -> bool) -> Vec<&'e Condition> {
    let conditions = |demands: &[Demand<'e>]| {
        let mut all: Vec<&Condition> = Vec::new();
        for condition in demands.iter().flat_map(Demand::conditions) {
            if !all.iter().any(|known| std::ptr::eq(*known, condition)) {
                all.push(condition);
            }
        }
        all
    };
    for one in group {
        if is_at_fault(std::slice::from_ref(one)) {
            return conditions(std::slice::from_ref(one));
        }
    }
    for (position, one) in group.iter().enumerate() {
        for other in &group[position + 1..] {
            let pair = [one.clone(), other.clone()];
            if is_at_fault(&pair) {
                return conditions(&pair);
            }
        }
    }
    conditions(group)
}

/// No value satisfies the condition.
pub(super) fn never_holds(condition: &Condition) -> bool {
    !reads_flag(condition) && !can_be_met(&[Demand::Holds(condition)])
}

/// As [`never_holds`], and without failing the evaluation.
fn never_holds_without_failing(condition: &Condition) -> bool {
    never_holds(condition) && !condition.test.is_hazard()
}

/// The condition holds for every identity.
fn always_holds(condition: &Condition) -> bool {
    match (&condition.property, &condition.test) {
        (Property::IdentityKey, Test::Split { bound, .. }) => *bound >= BUCKETS,
        (
            Property::Path {
                target: Target::Identifier | Target::Key,
                ..
            },
            Test::IsSet,
        ) => true,
        _ => false,
    }
}

/// A flag's result can change while it is being found out, so nothing is proved about it.
fn reads_flag(condition: &Condition) -> bool {
    matches!(
        condition.property,
        Property::Path {
            target: Target::Flag { .. },
            ..
        }
    )
}

fn same_property(one: &Condition, other: &Condition) -> bool {
    let is_key = |condition: &Condition| matches!(condition.property, Property::IdentityKey);
    one.source.property == other.source.property && is_key(one) == is_key(other)
}

fn same_rule(one: &Rule, other: &Rule) -> bool {
    one.kind == other.kind
        && one.conditions == other.conditions
        && one.rules.len() == other.rules.len()
        && one
            .rules
            .iter()
            .zip(&other.rules)
            .all(|(one, other)| same_rule(one, other))
}
