//! The search for trait changes: repair what stands in the way, cheapest change first, and look again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use serde_json::Value;

use crate::bound::Session;
use crate::counterfactual::values::{last_resorts, values_for};
use crate::engine::{Condition, Engine, Rule, RuleKind};
use crate::error::Raise;
use crate::identity::Identity;
use crate::property::{Property, Target};
use crate::subject::Subject;
use crate::value::Seen;

/// More traits than this are not changed at once: nobody would try it.
const MOST_TRAITS: usize = 3;

/// This many different values are tried for one condition.
const MOST_VALUES: usize = 6;

/// This many changed identities are looked at for one goal.
const MOST_STEPS: usize = 400;

/// Traits by slot with the value to set; `None` takes the trait away.
pub(super) type Changes = BTreeMap<u32, Option<Value>>;

/// A single one of these.
type Repair = (u32, Option<Value>);

/// Looks for trait changes that let one flag be decided by someone else.
pub(super) struct Search<'e> {
    engine: &'e Engine,
    identity: &'e Identity,
    feature: u32,
    /// Values that some condition on the flag's segments suggests, by slot.
    pool: HashMap<u32, Vec<Value>>,
}

impl<'e> Search<'e> {
    pub(super) fn new(engine: &'e Engine, identity: &'e Identity, feature: u32) -> Self {
        let mut search = Self {
            engine,
            identity,
            feature,
            pool: HashMap::new(),
        };
        for one in &engine.features[feature as usize].overrides {
            search.fill_pool(&engine.segments[one.segment as usize].rules);
        }
        search
    }

    fn fill_pool(&mut self, rules: &[Rule]) {
        for rule in rules {
            for index in &rule.conditions {
                let condition = &self.engine.conditions[*index as usize];
                let Some(slot) = trait_of(condition) else {
                    continue;
                };
                let values = values_for(condition, self.current(slot));
                let pool = self.pool.entry(slot).or_default();
                for value in values {
                    if !pool.contains(&value) {
                        pool.push(value);
                    }
                }
            }
            self.fill_pool(&rule.rules);
        }
    }

    fn current(&self, slot: u32) -> Option<&'e Value> {
        let name = self.engine.slot_name(slot);
        self.identity.traits.get(name).filter(|value| !value.is_null())
    }

    /// The cheapest changes found that let a candidate decide: the override at a position, or the default for `None`.
    /// `accepts` has the last word on a changed identity. Only changes that cost less than `limit` count.
    pub(super) fn reach(
        &self,
        candidate: Option<usize>,
        limit: u32,
        accepts: impl Fn(&Identity) -> bool,
    ) -> Option<(u32, Changes)> {
        let mut queue = BinaryHeap::new();
        let mut paths: Vec<Changes> = vec![Changes::new()];
        let mut known: HashSet<String> = HashSet::new();
        queue.push(Reverse((0_u32, 0_usize)));
        for _ in 0..MOST_STEPS {
            let Reverse((cost, path)) = queue.pop().filter(|next| next.0.0 < limit)?;
            let changes = paths[path].clone();
            let changed = self.changed(&changes);
            let mut session = Session::new(self.engine, Some(&changed));
            let Ok(obstacle) = self.obstacle(&mut session, candidate) else {
                // The reference would fail on the way.
                continue;
            };
            let Some(repairs) = obstacle else {
                if !changes.is_empty() && accepts(&changed) {
                    return Some((cost, changes));
                }
                continue;
            };
            for (slot, value) in repairs {
                let mut next = changes.clone();
                next.insert(slot, value);
                // A trait set back to what it was is not changed.
                next.retain(|slot, value| value.as_ref() != self.current(*slot));
                if next.len() > MOST_TRAITS || !known.insert(format!("{next:?}")) {
                    continue;
                }
                paths.push(next);
                let last = paths.len() - 1;
                queue.push(Reverse((self.cost(&paths[last]), last)));
            }
        }
        None
    }

    /// The identity with some traits changed.
    pub(super) fn changed(&self, changes: &Changes) -> Identity {
        let mut identity = self.identity.clone();
        for (slot, value) in changes {
            let name = self.engine.slot_name(*slot);
            match value {
                Some(value) => {
                    identity.traits.insert(name.to_owned(), value.clone());
                }
                None => {
                    identity.traits.remove(name);
                }
            }
        }
        identity
    }

    /// Ten for every trait; a little more for giving up what is known than for adding to it, and for another type.
    fn cost(&self, changes: &Changes) -> u32 {
        let each = |(slot, value): (&u32, &Option<Value>)| match (self.current(*slot), value) {
            (None, _) => 10,
            (Some(current), Some(value)) if is_alike(current, value) => 11,
            (Some(_), Some(_)) => 12,
            (Some(_), None) => 13,
        };
        changes.iter().map(each).sum()
    }

    /// Ways to repair the first thing that keeps a candidate from deciding; `None` when nothing does.
    fn obstacle(
        &self,
        session: &mut Session<'e, '_>,
        candidate: Option<usize>,
    ) -> Result<Option<Vec<Repair>>, Raise> {
        let overrides = &self.engine.features[self.feature as usize].overrides;
        let mut repairs = Vec::new();
        if let Some(own) = candidate.and_then(|position| overrides.get(position))
            && !session.segment(own.segment)?
        {
            for rule in &self.engine.segments[own.segment as usize].rules {
                if !session.rule(rule)? {
                    self.repair(session, rule, true, &mut repairs)?;
                    break;
                }
            }
            return Ok(Some(repairs));
        }
        for stronger in overrides.iter().take(candidate.unwrap_or(overrides.len())) {
            if session.segment(stronger.segment)? {
                for rule in &self.engine.segments[stronger.segment as usize].rules {
                    self.repair(session, rule, false, &mut repairs)?;
                }
                return Ok(Some(repairs));
            }
        }
        Ok(None)
    }

    /// Single changes of which at least one is needed to bring a rule to hold, or not to.
    fn repair(
        &self,
        session: &mut Session<'e, '_>,
        rule: &'e Rule,
        wanted: bool,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Raise> {
        let conditions_hold = session.join_conditions(rule)?;
        let rules_hold = session.join_rules(rule)?;
        // What the parts have to become, and whether one changed part is enough.
        let part = wanted != (rule.kind == RuleKind::None);
        let one_is_enough = wanted == (rule.kind == RuleKind::Any);
        if wanted != conditions_hold || (!wanted && !rule.conditions.is_empty()) {
            for index in &rule.conditions {
                if session.condition(*index)? != part {
                    self.propose(&self.engine.conditions[*index as usize], part, repairs);
                    if !one_is_enough {
                        break;
                    }
                }
            }
            if wanted {
                return Ok(());
            }
        }
        if wanted != rules_hold || (!wanted && !rule.rules.is_empty()) {
            for inner in &rule.rules {
                if session.rule(inner)? != part {
                    self.repair(session, inner, part, repairs)?;
                    if !one_is_enough {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Values of its trait for which a condition does as wanted, those like the present value first.
    fn propose(&self, condition: &Condition, wanted: bool, repairs: &mut Vec<Repair>) {
        let Some(slot) = trait_of(condition) else {
            return;
        };
        let current = self.current(slot);
        let mut values = values_for(condition, current);
        values.extend(self.pool.get(&slot).into_iter().flatten().cloned());
        values.extend(last_resorts(condition));
        let mut suited: Vec<Option<Value>> = Vec::new();
        for value in values {
            let does = condition.answers(&Seen::of(&value)) == Ok(wanted);
            if does && !suited.contains(&Some(value.clone())) {
                suited.push(Some(value));
            }
        }
        if let Some(current) = current {
            suited.sort_by_key(|value| !value.as_ref().is_some_and(|value| is_alike(current, value)));
            suited.truncate(MOST_VALUES);
            if condition.answers(&Seen::Unset) == Ok(wanted) {
                suited.push(None);
            }
        }
        suited.truncate(MOST_VALUES + 1);
        repairs.extend(suited.into_iter().map(|value| (slot, value)));
    }
}

/// The trait that a condition reads, if it reads one.
fn trait_of(condition: &Condition) -> Option<u32> {
    match &condition.property {
        Property::Trait(slot)
        | Property::Path {
            target: Target::Trait(slot),
            ..
        } => Some(*slot),
        _ => None,
    }
}

/// Whether two values are of one JSON type.
fn is_alike(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
