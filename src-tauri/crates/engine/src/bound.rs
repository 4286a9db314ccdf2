//! One identity bound to a compiled environment: slots filled, verdicts remembered.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::bucket::bucket;
use crate::compile::is_scalar;
use crate::dependencies::Dependencies;
use crate::engine::{Condition, Engine, Rule, RuleKind, State};
use crate::error::{FailureCause, Raise};
use crate::identity::Identity;
use crate::precedence::{stronger, strongest};
use crate::property::{Property, Target, first_scalar};
use crate::value::Seen;

/// Who supplied a flag's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decider {
    Default,
    /// Position in the feature's overrides.
    Override(u32),
    /// Positions of the set and of the state in it.
    Identity {
        set: u32,
        state: u32,
    },
}

/// What the variants made of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// No variants, or nobody to choose for.
    Plain,
    /// Variants, and the identity's bucket lies past all of them.
    Control,
    /// Position in the state's variants.
    Variant(u16),
}

/// A flag's result as indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) decider: Decider,
    pub(crate) chosen: Chosen,
    pub(crate) cyclic: bool,
}

/// A remembered verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memo {
    Unknown,
    Yes,
    No,
}

/// An evaluation under way.
pub(crate) struct Session<'e, 'i> {
    pub(crate) engine: &'e Engine,
    pub(crate) identity: Option<&'i Identity>,
    /// What is hashed; empty without an identity.
    key: Cow<'i, str>,
    slots: Vec<Seen<'i>>,
    /// Some trait is a list or an object, which a trait prints and a path does not see.
    has_nested_traits: bool,
    /// Some value can fail a sound condition, so nothing may be skipped.
    has_hazard: bool,
    conditions: Vec<Memo>,
    segments: Vec<Memo>,
    /// State and position of the winning identity override per feature.
    overridden: Vec<(u32, Decider)>,
    pub(crate) dependencies: Dependencies,
    /// Built when an unusual path is read.
    context: Option<Value>,
}

impl<'e, 'i> Session<'e, 'i> {
    pub(crate) fn new(engine: &'e Engine, identity: Option<&'i Identity>) -> Self {
        let mut session = Self {
            engine,
            identity,
            key: Cow::Borrowed(""),
            slots: vec![Seen::Unset; engine.slot_names.len()],
            has_nested_traits: false,
            has_hazard: false,
            conditions: vec![Memo::Unknown; engine.conditions.len()],
            segments: vec![Memo::Unknown; engine.segments.len()],
            overridden: Vec::new(),
            dependencies: Dependencies::new(engine),
            context: None,
        };
        if let Some(identity) = identity {
            session.bind(identity);
        }
        session
    }

    fn bind(&mut self, identity: &'i Identity) {
        self.key = match identity.key.as_deref() {
            Some(key) if !key.is_empty() => Cow::Borrowed(key),
            _ => Cow::Owned(format!("{}_{}", self.engine.environment_key, identity.identifier)),
        };
        self.has_hazard =
            Seen::of_text(&identity.identifier).is_hazard() || Seen::of_text(&self.key).is_hazard();
        for (name, value) in &identity.traits {
            let Some(slot) = self.engine.slots.get(name) else {
                continue;
            };
            let seen = Seen::of(value);
            self.has_hazard |= seen.is_hazard();
            self.has_nested_traits |= !is_scalar(value);
            self.slots[*slot as usize] = seen;
        }
        self.find_identity_overrides(identity);
    }

    /// The first set that names a feature wins, as equal priorities go by order.
    fn find_identity_overrides(&mut self, identity: &'i Identity) {
        let Some(slot) = self.engine.identifier_slot else {
            return;
        };
        let by_trait = &self.slots[slot as usize];
        let sets = if *by_trait == Seen::Unset {
            self.engine.override_sets_of(&Seen::of_text(&identity.identifier))
        } else {
            self.engine.override_sets_of(by_trait)
        };
        for set in sets {
            for (position, (feature, _)) in self.engine.override_sets[*set as usize].states.iter().enumerate()
            {
                if !self.overridden.iter().any(|(known, _)| known == feature) {
                    let decider = Decider::Identity {
                        set: *set,
                        state: position as u32,
                    };
                    self.overridden.push((*feature, decider));
                }
            }
        }
    }

    pub(crate) fn identity_override_of(&self, feature: u32) -> Option<Decider> {
        self.overridden
            .iter()
            .find(|(known, _)| *known == feature)
            .map(|(_, decider)| *decider)
    }

    /// Evaluates every segment; the positions of those that match.
    pub(crate) fn all_segments(&mut self) -> Result<Vec<u32>, Raise> {
        let mut matched = Vec::new();
        for index in 0..self.engine.segments.len() as u32 {
            let hits = self.dependencies.cycle_hits;
            let mut verdict = self.segment(index)?;
            if self.dependencies.cycle_hits != hits {
                // The verdict rests on a flag that could not be resolved.
                verdict = false;
                self.segments[index as usize] = Memo::No;
            }
            if verdict {
                matched.push(index);
            }
        }
        Ok(matched)
    }

    /// Evaluates every flag. All segments have been evaluated.
    pub(crate) fn all_flags(&mut self) -> Result<Vec<Outcome>, Raise> {
        let mut outcomes = Vec::with_capacity(self.engine.features.len());
        for feature in 0..self.engine.features.len() as u32 {
            let outcome = match self.dependencies.resolved(feature) {
                Some(outcome) => outcome,
                None => {
                    let decider = self.decide(feature)?;
                    let mut outcome = self.outcome(feature, decider);
                    outcome.cyclic = self.dependencies.is_cyclic(feature);
                    outcome
                }
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Who wins a feature, by the verdicts on whole segments.
    fn decide(&mut self, index: u32) -> Result<Decider, Raise> {
        let feature = &self.engine.features[index as usize];
        let own = self.identity_override_of(index);
        if feature.has_null_priority {
            let mut winner = None;
            for position in &feature.document_order {
                if self.segment(feature.overrides[*position as usize].segment)? {
                    winner = Some(stronger(self.engine, index, winner, *position)?);
                }
            }
            return strongest(self.engine, index, winner, own);
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

    /// Chooses the variant.
    pub(crate) fn outcome(&self, feature: u32, decider: Decider) -> Outcome {
        let mut outcome = Outcome {
            decider,
            chosen: Chosen::Plain,
            cyclic: false,
        };
        let state = self.engine.state_of(feature as usize, &outcome);
        if let Some(bucket) = self.variant_bucket(state) {
            let found = state
                .variants
                .iter()
                .position(|one| (one.from..one.until).contains(&bucket));
            outcome.chosen = found.map_or(Chosen::Control, |position| Chosen::Variant(position as u16));
        }
        outcome
    }

    /// The bucket that chooses among a state's variants, if there is anything to choose and anyone to choose for.
    pub(crate) fn variant_bucket(&self, state: &State) -> Option<u16> {
        (self.identity.is_some() && !state.variants.is_empty()).then(|| bucket(&state.key, &self.key))
    }

    /// What is hashed for this identity.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the identity is in a segment; found out once.
    pub(crate) fn segment(&mut self, index: u32) -> Result<bool, Raise> {
        match self.segments[index as usize] {
            Memo::Yes => return Ok(true),
            Memo::No => return Ok(false),
            Memo::Unknown => {}
        }
        let verdict = self.is_in_segment(index)?;
        self.segments[index as usize] = if verdict { Memo::Yes } else { Memo::No };
        Ok(verdict)
    }

    /// Whether the identity is in a segment, found out anew.
    pub(crate) fn is_in_segment(&mut self, index: u32) -> Result<bool, Raise> {
        let rules = &self.engine.segments[index as usize].rules;
        if rules.is_empty() {
            return Ok(false);
        }
        for rule in rules {
            if !self.rule(rule).map_err(|raise| raise.in_segment(index))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A rule joins its conditions and, separately, its sub-rules; both must hold.
    pub(crate) fn rule(&mut self, rule: &'e Rule) -> Result<bool, Raise> {
        let by_conditions = self.join_conditions(rule)?;
        // The reference evaluates the sub-rules in any case; that shows only where they can fail.
        if !by_conditions && !rule.has_hazard_below && !self.has_hazard {
            return Ok(false);
        }
        let by_rules = self.join_rules(rule)?;
        Ok(by_conditions && by_rules)
    }

    pub(crate) fn join_conditions(&mut self, rule: &'e Rule) -> Result<bool, Raise> {
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

    pub(crate) fn join_rules(&mut self, rule: &'e Rule) -> Result<bool, Raise> {
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

    /// Whether a condition holds; found out once where that is sound.
    pub(crate) fn condition(&mut self, index: u32) -> Result<bool, Raise> {
        match self.conditions[index as usize] {
            Memo::Yes => return Ok(true),
            Memo::No => return Ok(false),
            Memo::Unknown => {}
        }
        let engine = self.engine;
        let condition = &engine.conditions[index as usize];
        let verdict = self
            .with_seen(condition, |seen| condition.test.holds(seen))
            .and_then(|verdict| verdict.map_err(Raise::from))
            .map_err(|raise| raise.in_condition(index))?;
        if condition.is_memoisable {
            self.conditions[index as usize] = if verdict { Memo::Yes } else { Memo::No };
        }
        Ok(verdict)
    }

    /// Hands over what a condition sees.
    pub(crate) fn with_seen<T>(
        &mut self,
        condition: &'e Condition,
        then: impl FnOnce(&Seen<'_>) -> T,
    ) -> Result<T, Raise> {
        let (literal, target) = match &condition.property {
            Property::Trait(slot) => return sound(&self.slots[*slot as usize]).map(then),
            Property::IdentityKey => {
                let key = self
                    .identity
                    .map(|_| Seen::Text(Cow::Borrowed(self.key.as_ref())));
                return Ok(then(&key.unwrap_or(Seen::Unset)));
            }
            Property::Path { literal, target } => (*literal, target),
        };
        // The reference refuses an ill-typed path before it looks for a trait of that name.
        if let Target::Raises(message) = target {
            return Err(FailureCause::InvalidPath(message.clone()).into());
        }
        let by_trait = &self.slots[literal as usize];
        if *by_trait != Seen::Unset {
            return sound(by_trait).map(then);
        }
        let engine = self.engine;
        let seen = match target {
            Target::Identifier => self
                .identity
                .map_or(Seen::Unset, |identity| Seen::of_text(&identity.identifier)),
            Target::Key if self.identity.is_some() => Seen::of_text(&self.key),
            Target::Trait(slot) if !self.is_nested(*slot) => {
                return sound(&self.slots[*slot as usize]).map(then);
            }
            Target::EnvironmentKey => Seen::of_text(&engine.environment_key),
            Target::EnvironmentName => Seen::of(&engine.environment_name),
            Target::Flag { name, field } => self.read_flag(name, *field)?,
            Target::General(path) => first_scalar(path, self.whole_context()).map_or(Seen::Unset, Seen::of),
            Target::Key | Target::Trait(_) | Target::Nothing | Target::Raises(_) => Seen::Unset,
        };
        sound(&seen).map(then)
    }

    /// Whether a trait is a list or an object.
    fn is_nested(&self, slot: u32) -> bool {
        self.has_nested_traits
            && self
                .identity
                .and_then(|identity| identity.traits.get(&self.engine.slot_names[slot as usize]))
                .is_some_and(|value| !is_scalar(value))
    }

    /// The context with the identity in it, for unusual paths.
    fn whole_context(&mut self) -> &Value {
        let (engine, identity, key) = (self.engine, self.identity, &self.key);
        self.context.get_or_insert_with(|| {
            let mut context = engine.context.clone();
            if let (Some(fields), Some(identity)) = (context.as_object_mut(), identity) {
                let value =
                    json!({ "identifier": identity.identifier, "traits": identity.traits, "key": key });
                fields.insert("identity".to_owned(), value);
            }
            context
        })
    }
}

/// Refuses a value that the reference cannot read.
fn sound<'s, 'v>(seen: &'s Seen<'v>) -> Result<&'s Seen<'v>, Raise> {
    if *seen == Seen::TooManyDigits {
        Err(FailureCause::TooManyDigits.into())
    } else {
        Ok(seen)
    }
}
