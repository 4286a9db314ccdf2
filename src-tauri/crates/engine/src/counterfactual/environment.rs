//! Changes of the environment: thresholds, weights and identity overrides, each tried on a compiled copy.

use crate::condition::Test;
use crate::counterfactual::items::{Difference, flag_item, identity_item, segment_item};
use crate::counterfactual::{Change, Counterfactual, OtherResult, Reached, WeightChange};
use crate::engine::{Engine, Rule};
use crate::identity::Identity;
use crate::outcome::Decider;
use crate::revise::Revision;
use crate::trace::{FlagTrace, Trace};

/// Costs, all above those of three traits: whoever previews can change traits, but not always the environment.
const THRESHOLD_COST: u32 = 40;
const WEIGHTS_COST: u32 = 50;
const OVERRIDE_COST: u32 = 60;

/// No more splits than this are tried for one flag.
const MOST_SPLITS: usize = 12;

/// A flag of an identity, whose environment is changed in thought.
pub(super) struct Environment<'e> {
    pub(super) engine: &'e Engine,
    pub(super) identity: &'e Identity,
    pub(super) feature: u32,
}

impl Environment<'_> {
    /// Adds to each result the changes of the environment that lead to it.
    pub(super) fn add_ways(&self, trace: &Trace<'_>, others: &mut [OtherResult]) {
        let mut found = self.thresholds(trace);
        if let Some(flag) = trace.flag(&self.engine.features[self.feature as usize].name) {
            found.extend(self.weights(&flag));
        }
        found.sort_by_key(|way| way.cost);
        for other in others {
            // Of each kind the first that leads there.
            for way in &found {
                let same_kind = |known: &Counterfactual| {
                    std::mem::discriminant(&known.change) == std::mem::discriminant(&way.change)
                };
                if other.is_reached_by(&way.leads_to) && !other.ways.iter().any(same_kind) {
                    other.ways.push(way.clone());
                }
            }
            other.ways.extend(self.own_override(other));
        }
    }

    /// What the identity gets after a revision; `None` when that fails.
    fn after(&self, revision: Revision<'_>) -> Option<Reached> {
        let changed = self.engine.revised(&[revision]).ok()?;
        let evaluation = changed.evaluate(self.identity).ok()?;
        let flag = evaluation.flag(&self.engine.features[self.feature as usize].name)?;
        Some(Reached::of(&flag))
    }

    /// Every split in the flag's segments, moved to the other side of the identity's bucket.
    fn thresholds(&self, trace: &Trace<'_>) -> Vec<Counterfactual> {
        let mut found = Vec::new();
        let mut tried = 0;
        for one in &self.engine.features[self.feature as usize].overrides {
            let segment = &self.engine.segments[one.segment as usize];
            let mut splits = Vec::new();
            collect_splits(self.engine, &segment.rules, &mut splits);
            for condition in &splits {
                let occurrences = splits.iter().filter(|other| *other == condition).count();
                let traced = &trace.conditions()[*condition as usize];
                let Some(bucket) = traced.bucket.as_ref().filter(|_| occurrences == 1) else {
                    continue;
                };
                let Some(to) = across(bucket.bucket, traced.holds()) else {
                    continue;
                };
                tried += 1;
                if tried > MOST_SPLITS {
                    return found;
                }
                let operand = to.to_string();
                let difference = Difference::Operand {
                    condition: *condition,
                    operand: &operand,
                };
                let item = segment_item(self.engine, one.segment as usize, difference);
                let Some(leads_to) = self.after(Revision::Segment(&item)) else {
                    continue;
                };
                found.push(Counterfactual {
                    change: Change::SplitThreshold {
                        segment: segment.name.clone(),
                        property: traced.property.to_owned(),
                        from: bucket.threshold,
                        to: f64::from(to),
                    },
                    leads_to,
                    cost: THRESHOLD_COST,
                });
            }
        }
        found
    }

    /// For every variant, and for the control value, weights that put the identity's bucket there.
    fn weights(&self, flag: &FlagTrace<'_>) -> Vec<Counterfactual> {
        let (Some(split), Some(decider)) = (flag.split(), flag.decider()) else {
            return Vec::new();
        };
        let before: Vec<f64> = split.ranges.iter().map(|range| range.weight).collect();
        let mut found = Vec::new();
        for goal in (0..before.len())
            .map(Some)
            .chain([None])
            .filter(|goal| *goal != split.chosen)
        {
            let after = reweighed(&before, goal, split.bucket);
            let difference = Difference::Weights {
                feature: self.feature,
                decider,
                weights: &after,
            };
            let (item, segment) = match decider {
                Decider::Override(position) => {
                    let one = &self.engine.features[self.feature as usize].overrides[position as usize];
                    let index = one.segment as usize;
                    let name = self.engine.segments[index].name.clone();
                    (segment_item(self.engine, index, difference), Some(name))
                }
                _ => (flag_item(self.engine, self.feature, difference), None),
            };
            let revision = if segment.is_some() {
                Revision::Segment(&item)
            } else {
                Revision::Flag(&item)
            };
            let Some(leads_to) = self.after(revision) else {
                continue;
            };
            let changes = split.ranges.iter().zip(&after).map(|(range, to)| WeightChange {
                label: range.label.clone().into_owned(),
                from: range.weight,
                to: *to,
            });
            found.push(Counterfactual {
                change: Change::VariantWeights {
                    segment,
                    weights: changes.collect(),
                },
                leads_to,
                cost: WEIGHTS_COST,
            });
        }
        found
    }

    /// The result as the identity's own override. The document's overrides carry no variants, so only state and value
    /// are reached.
    fn own_override(&self, goal: &OtherResult) -> Option<Counterfactual> {
        let item = identity_item(
            self.engine,
            self.identity,
            self.feature,
            goal.enabled,
            &goal.value,
        );
        let leads_to = self.after(Revision::Identity(&item))?;
        let is_reached = leads_to.enabled == goal.enabled && leads_to.value == goal.value;
        is_reached.then_some(Counterfactual {
            change: Change::IdentityOverride,
            leads_to,
            cost: OVERRIDE_COST,
        })
    }
}

fn collect_splits(engine: &Engine, rules: &[Rule], splits: &mut Vec<u32>) {
    for rule in rules {
        let is_split = |index: &&u32| matches!(engine.conditions[**index as usize].test, Test::Split { .. });
        splits.extend(rule.conditions.iter().filter(is_split));
        collect_splits(engine, &rule.rules, splits);
    }
}

/// The whole percentage nearest to a bucket on its other side; `None` when there is none from 0 to 100.
fn across(bucket: f64, is_in: bool) -> Option<u32> {
    let below = bucket.floor() as u32;
    match is_in {
        // A bucket at the threshold is in.
        false if f64::from(below) >= bucket => Some(below),
        false => Some(below + 1),
        true if f64::from(below) < bucket => Some(below),
        true => below.checked_sub(1),
    }
}

/// Weights that put a bucket into a variant's range, or past all ranges for `None`. Limits between ranges move no
/// further than to the whole percentages around the bucket, and only those in the way move.
fn reweighed(before: &[f64], goal: Option<usize>, bucket: f64) -> Vec<f64> {
    let (below, above) = (bucket.floor(), bucket.floor() + 1.0);
    let (mut limit_before, mut limit_after) = (0.0, 0.0);
    let mut after = Vec::with_capacity(before.len());
    for (position, weight) in before.iter().enumerate() {
        limit_before += weight;
        let is_past = goal.is_some_and(|goal| position >= goal);
        let limit: f64 = if is_past {
            f64::max(limit_before, above)
        } else {
            f64::min(limit_before, below)
        };
        after.push(((limit - limit_after) * 100.0).round() / 100.0);
        limit_after = limit;
    }
    after
}

impl OtherResult {
    fn is_reached_by(&self, reached: &Reached) -> bool {
        self.enabled == reached.enabled && self.value == reached.value && self.variant == reached.variant
    }
}

#[cfg(test)]
mod tests {
    use super::{across, reweighed};

    #[test]
    fn thresholds_move_to_the_nearest_whole_percentage() {
        assert_eq!(across(23.19, false), Some(24));
        assert_eq!(across(23.19, true), Some(23));
        assert_eq!(across(50.0, false), Some(50));
        assert_eq!(across(50.0, true), Some(49));
        assert_eq!(across(0.0, true), None);
        assert_eq!(across(99.99, false), Some(100));
    }

    #[test]
    fn weights_move_no_further_than_they_must() {
        let before = [30.0, 30.0];
        assert_eq!(reweighed(&before, Some(0), 45.5), [46.0, 14.0]);
        assert_eq!(reweighed(&before, None, 45.5), [30.0, 15.0]);
        assert_eq!(reweighed(&before, Some(1), 20.0), [20.0, 40.0]);
        assert_eq!(reweighed(&before, Some(1), 75.2), [30.0, 46.0]);
        assert_eq!(reweighed(&before, None, 20.0), [20.0, 0.0]);
        assert_eq!(reweighed(&[33.3, 0.0], Some(1), 10.0), [10.0, 23.3]);
    }
}
