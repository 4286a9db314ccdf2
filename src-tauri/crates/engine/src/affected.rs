//! Which flags a change of the document can reach.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::{Engine, Feature, Rule, Segment, State, Variant};
use crate::property::{Property, Target};

impl Engine {
    /// Positions, in `after`, of the flags whose result can be another there than here, for whatever identity. Every
    /// other flag has the same result in both, for every identity that both evaluate without failing. Errs on the side
    /// of naming too many.
    ///
    /// A flag that only one of the two has counts as reached; one that `after` lacks cannot be named.
    pub fn affected(&self, after: &Engine) -> Vec<usize> {
        let all = || (0..after.features.len()).collect();
        if !self.is_comparable(after) {
            return all();
        }
        let segments = Counterparts::new(self, after);
        if segments.can_fail_otherwise {
            return all();
        }
        let same_identities = same_identities(self, after);
        let is_reached = |(index, feature): &(usize, &Arc<Feature>)| {
            let Some(before) = self.feature_index(&feature.name) else {
                return true;
            };
            let has_own = !self.identities.states_of(before as usize).is_empty()
                || !after.identities.states_of(*index).is_empty();
            let known = &self.features[before as usize];
            (has_own && !same_identities)
                || !same_feature(known, feature, &segments)
                || feature
                    .overrides
                    .iter()
                    .any(|one| segments.is_changed(one.segment))
        };
        let reached = after.features.iter().enumerate().filter(is_reached);
        let reached: Vec<usize> = reached.map(|(index, _)| index).collect();
        // A clash of null priorities in one flag fails the evaluation of all.
        let clashes = |feature: &&Arc<Feature>| feature.has_null_priority;
        let has_clash = |index: &usize| {
            let known = self.feature_index(&after.features[*index].name);
            let known = known.map(|known| &self.features[known as usize]);
            after.features[*index].has_null_priority || known.as_ref().is_some_and(clashes)
        };
        let removes_clash = self
            .features
            .iter()
            .filter(clashes)
            .any(|feature| after.feature_index(&feature.name).is_none());
        if removes_clash || reached.iter().any(has_clash) {
            return all();
        }
        reached
    }

    /// Whether flags can be compared one by one: nothing looks at the document as a whole or at other flags.
    fn is_comparable(&self, after: &Engine) -> bool {
        let looks_around = |engine: &Engine| {
            engine.has_dependencies
                || engine.conditions.iter().any(|condition| {
                    matches!(
                        &condition.property,
                        Property::Path {
                            target: Target::General(_),
                            ..
                        }
                    )
                })
        };
        self.dialect == after.dialect
            && self.environment_key == after.environment_key
            && self.environment_name == after.environment_name
            && !looks_around(self)
            && !looks_around(after)
    }
}

/// The segments of one engine as the other has them.
struct Counterparts {
    /// The position in the earlier engine, per segment of the later one; `None` where it is not the same.
    before: Vec<Option<u32>>,
    /// Some segment that differs can fail the evaluation, and so concerns every flag.
    can_fail_otherwise: bool,
}

impl Counterparts {
    fn new(before: &Engine, after: &Engine) -> Self {
        let positions: HashMap<&str, u32> = before
            .segments
            .iter()
            .enumerate()
            .map(|(index, segment)| (segment.key.as_str(), index as u32))
            .collect();
        let same = |segment: &Arc<Segment>| {
            let index = *positions.get(segment.key.as_str())?;
            same_segment(before, &before.segments[index as usize], after, segment).then_some(index)
        };
        let counterparts: Vec<Option<u32>> = after.segments.iter().map(same).collect();
        let kept_hazards = before
            .hazards
            .iter()
            .filter(|index| counterparts.contains(&Some(**index)))
            .count();
        let changed = |index: &u32| counterparts[*index as usize].is_none();
        Self {
            can_fail_otherwise: kept_hazards != before.hazards.len() || after.hazards.iter().any(changed),
            before: counterparts,
        }
    }

    fn is_changed(&self, segment: u32) -> bool {
        self.before[segment as usize].is_none()
    }
}

fn same_segment(before: &Engine, one: &Arc<Segment>, after: &Engine, other: &Arc<Segment>) -> bool {
    Arc::ptr_eq(one, other) || (one.name == other.name && same_rules(before, &one.rules, after, &other.rules))
}

fn same_rules(before: &Engine, one: &[Rule], after: &Engine, other: &[Rule]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.kind == other.kind
                && one.conditions.len() == other.conditions.len()
                && one.conditions.iter().zip(&other.conditions).all(|(left, right)| {
                    let (left, right) = (
                        &before.conditions[*left as usize],
                        &after.conditions[*right as usize],
                    );
                    left.source == right.source && left.seed == right.seed
                })
                && same_rules(before, &one.rules, after, &other.rules)
        })
}

fn same_identities(before: &Engine, after: &Engine) -> bool {
    let (one, other) = (&before.identities.sources, &after.identities.sources);
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Arc::ptr_eq(one, other))
}

fn same_feature(one: &Arc<Feature>, other: &Arc<Feature>, segments: &Counterparts) -> bool {
    Arc::ptr_eq(one, other)
        || (one.id == other.id
            && same_state(&one.default, &other.default)
            && one.overrides.len() == other.overrides.len()
            && one.document_order == other.document_order
            && one.overrides.iter().zip(&other.overrides).all(|(one, other)| {
                segments.before[other.segment as usize] == Some(one.segment)
                    && one.priority == other.priority
                    && same_state(&one.state, &other.state)
            }))
}

fn same_state(one: &State, other: &State) -> bool {
    let same_variant = |(one, other): (&Variant, &Variant)| {
        (one.from, one.until) == (other.from, other.until)
            && one.key == other.key
            && one.value == other.value
            && one.weight == other.weight
    };
    one.key == other.key
        && one.enabled == other.enabled
        && one.value == other.value
        && one.metadata == other.metadata
        && one.variants.len() == other.variants.len()
        && one.variants.iter().zip(&other.variants).all(same_variant)
}
