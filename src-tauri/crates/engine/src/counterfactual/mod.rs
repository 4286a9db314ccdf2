//! Counterfactuals: the smallest changes that lead to another result.
//!
//! Changes are found by looking at what stands in the way and repairing it. Nothing is returned that has not been
//! evaluated: a changed identity by the same engine, a changed environment by an engine compiled from it.

mod environment;
mod items;
mod search;
mod values;

use serde_json::Value;

use crate::bound::Session;
use crate::counterfactual::environment::Environment;
use crate::counterfactual::search::{Changes, Search};
use crate::engine::Engine;
use crate::error::EvaluationError;
use crate::identity::Identity;
use crate::outcome::Decider;
use crate::result::FlagResult;
use crate::subject::Subject;

/// A result that a flag does not have for an identity but could have, and what would lead to it.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherResult {
    /// On or off.
    pub enabled: bool,
    /// The value.
    pub value: Value,
    /// The variant: a key, `control`, or `None` as in [`FlagResult::variant`].
    pub variant: Option<String>,
    /// What leads there, cheapest first: the cheapest of each kind. Without an entry of the kind
    /// [`Change::Traits`] no change of up to three traits was found.
    pub ways: Vec<Counterfactual>,
}

/// A change and what it was seen to lead to.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterfactual {
    /// The change.
    pub change: Change,
    /// What the identity gets after it.
    pub leads_to: Reached,
    /// For ordering: about ten for every trait, more for changes of the environment.
    pub cost: u32,
}

/// A change of the identity or of the environment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Other traits.
    Traits(Vec<TraitChange>),
    /// Another percentage for a split in a segment.
    SplitThreshold {
        /// The segment's name.
        segment: String,
        /// The property that is hashed; empty for the identity's key.
        property: String,
        /// Percent, as it is.
        from: f64,
        /// Percent, as it would have to be.
        to: f64,
    },
    /// Other weights for the variants among which the flag chooses.
    VariantWeights {
        /// The segment whose override has the variants; `None` for the environment's default.
        segment: Option<String>,
        /// All variants in the order in which they are tried.
        weights: Vec<WeightChange>,
    },
    /// An override for this identity with the result's state and value.
    IdentityOverride,
}

/// A trait to set or to take away.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitChange {
    /// The trait's name.
    pub name: String,
    /// What it is; `None` when unset.
    pub from: Option<Value>,
    /// What to set it to; `None` to take it away.
    pub to: Option<Value>,
}

/// A variant's weight before and after, in percent.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightChange {
    /// The variant's key, or its value printed where it has none.
    pub label: String,
    /// As it is.
    pub from: f64,
    /// As it would have to be.
    pub to: f64,
}

/// A result that a change was seen to lead to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// On or off.
    pub enabled: bool,
    /// The value.
    pub value: Value,
    /// As in [`FlagResult::variant`]. An identity override carries no variants, so it gives `None`.
    pub variant: Option<String>,
    /// The reference's reason text.
    pub reason: String,
    /// The segment whose override supplied the state.
    pub segment: Option<String>,
}

impl Reached {
    fn of(flag: &FlagResult<'_>) -> Self {
        Self {
            enabled: flag.enabled,
            value: flag.value.clone(),
            variant: flag.variant.map(str::to_owned),
            reason: flag.reason.to_string(),
            segment: flag.segment.map(str::to_owned),
        }
    }
}

impl OtherResult {
    /// The trait changes that lead there, if any were found.
    pub fn by_traits(&self) -> Option<&[TraitChange]> {
        self.ways.iter().find_map(|way| match &way.change {
            Change::Traits(changes) => Some(changes.as_slice()),
            _ => None,
        })
    }

    /// What a flag must be to be this result.
    fn is(&self, flag: &FlagResult<'_>) -> bool {
        self.enabled == flag.enabled && self.value == *flag.value && self.variant.as_deref() == flag.variant
    }
}

impl Engine {
    /// Every other result that a flag could have for an identity, in order of cost, each with what would lead to it.
    /// Empty for an unknown flag and for one that can only be what it is.
    ///
    /// Fails where the reference raises for the identity as it is.
    pub fn counterfactuals(
        &self,
        identity: &Identity,
        flag: &str,
    ) -> Result<Vec<OtherResult>, EvaluationError> {
        let Some(feature) = self.feature_index(flag) else {
            return Ok(Vec::new());
        };
        let evaluation = self.evaluate(identity)?;
        let Some(now) = evaluation.flag(flag) else {
            return Ok(Vec::new());
        };
        let candidates = Candidates::of(self, identity, feature);
        let mut others = candidates.other_results(&now);
        for other in &mut others {
            other
                .ways
                .extend(traits_to(self, identity, feature, &candidates, other));
        }
        let environment = Environment {
            engine: self,
            identity,
            feature,
        };
        environment.add_ways(&self.trace(identity), &mut others);
        for other in &mut others {
            other.ways.sort_by_key(|way| way.cost);
        }
        others.sort_by_key(|other| other.ways.first().map_or(u32::MAX, |way| way.cost));
        Ok(others)
    }

    pub(crate) fn slot_name(&self, slot: u32) -> &str {
        self.slots.name(slot)
    }
}

/// Everyone but the identity's own override, with what each would give this identity. Its key decides about variants,
/// and no trait changes that.
struct Candidates<'e> {
    own: bool,
    /// The overrides by precedence, then the default.
    gives: Vec<FlagResult<'e>>,
    /// All variants of all of them, whoever gets them.
    all: Vec<OtherResult>,
}

impl<'e> Candidates<'e> {
    fn of(engine: &'e Engine, identity: &Identity, feature: u32) -> Self {
        let session = Session::new(engine, Some(identity));
        let overrides = &engine.features[feature as usize].overrides;
        let deciders = (0..overrides.len() as u32)
            .map(Decider::Override)
            .chain([Decider::Default]);
        let mut gives = Vec::new();
        let mut all = Vec::new();
        for decider in deciders {
            let outcome = session.outcome(feature, decider);
            let state = engine.state(feature as usize, decider);
            gives.push(engine.render(feature as usize, &outcome));
            let result = |value: &Value, variant: Option<&str>| OtherResult {
                enabled: state.enabled,
                value: value.clone(),
                variant: variant.map(str::to_owned),
                ways: Vec::new(),
            };
            if state.variants.is_empty() {
                all.push(result(&state.value, None));
                continue;
            }
            let variants = state.variants.iter();
            all.extend(variants.map(|one| result(&one.value, one.key.as_deref())));
            all.push(result(&state.value, Some("control")));
        }
        Self {
            own: session.identity_override_of(feature).is_some(),
            gives,
            all,
        }
    }

    /// Every result but the present one, each once.
    fn other_results(&self, now: &FlagResult<'_>) -> Vec<OtherResult> {
        let mut others: Vec<OtherResult> = Vec::new();
        for one in &self.all {
            if !one.is(now) && !others.contains(one) {
                others.push(one.clone());
            }
        }
        others
    }
}

/// The cheapest trait changes that lead to a result.
fn traits_to(
    engine: &Engine,
    identity: &Identity,
    feature: u32,
    candidates: &Candidates<'_>,
    goal: &OtherResult,
) -> Option<Counterfactual> {
    if candidates.own {
        // No trait stands above the identity's own override.
        return None;
    }
    let search = Search::new(engine, identity, feature);
    let mut best: Option<(u32, Changes)> = None;
    for (position, _) in candidates
        .gives
        .iter()
        .enumerate()
        .filter(|(_, gives)| goal.is(gives))
    {
        let is_default = position + 1 == candidates.gives.len();
        let accepts = |changed: &Identity| {
            let evaluation = engine.evaluate(changed);
            evaluation.is_ok_and(|evaluation| {
                let name = &engine.features[feature as usize].name;
                evaluation.flag(name).is_some_and(|flag| goal.is(&flag))
            })
        };
        let limit = best.as_ref().map_or(u32::MAX, |best| best.0);
        let found = search.reach((!is_default).then_some(position), limit, accepts);
        best = found.or(best);
    }
    let (cost, changes) = best?;
    let changed = search.changed(&changes);
    let evaluation = engine.evaluate(&changed).ok()?;
    let leads_to = Reached::of(&evaluation.flag(&engine.features[feature as usize].name)?);
    let changes = changes.into_iter().map(|(slot, to)| {
        let name = engine.slot_name(slot).to_owned();
        TraitChange {
            from: identity
                .traits
                .get(&name)
                .filter(|value| !value.is_null())
                .cloned(),
            name,
            to,
        }
    });
    Some(Counterfactual {
        change: Change::Traits(changes.collect()),
        leads_to,
        cost,
    })
}
