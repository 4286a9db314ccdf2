//! One identity bound to a compiled environment: slots filled, verdicts remembered.

use std::borrow::Cow;
use std::mem;

use serde_json::{Value, json};

use crate::bucket::bucket;
use crate::compile::is_scalar;
use crate::dependencies::Dependencies;
use crate::engine::{Condition, Engine, State};
use crate::error::{FailureCause, Raise};
use crate::identity::Identity;
use crate::outcome::{Chosen, Decided, Decider};
use crate::property::{Property, Target, first_scalar};
use crate::scratch::Memory;
use crate::subject::{Memo, Subject};
use crate::value::Seen;

/// An evaluation under way.
pub(crate) struct Session<'e, 'i> {
    pub(crate) engine: &'e Engine,
    pub(crate) identity: Option<&'i Identity>,
    pub(crate) memory: Memory<'i>,
    /// Some trait is a list or an object, which a trait prints and a path does not see.
    has_nested_traits: bool,
    has_hazard: bool,
    /// Identity overrides ask for an identifier that the reference cannot read.
    is_unreadable: bool,
    pub(crate) dependencies: Dependencies,
    /// Built when an unusual path is read.
    context: Option<Value>,
}

impl<'e, 'i> Session<'e, 'i> {
    pub(crate) fn new(engine: &'e Engine, identity: Option<&'i Identity>) -> Self {
        Self::within(engine, identity, Memory::default())
    }

    /// A session that uses memory of an earlier one.
    pub(crate) fn within(engine: &'e Engine, identity: Option<&'i Identity>, memory: Memory<'i>) -> Self {
        let mut session = Self {
            engine,
            identity,
            memory,
            has_nested_traits: false,
            has_hazard: false,
            is_unreadable: false,
            dependencies: Dependencies::new(engine),
            context: None,
        };
        session.memory.prepare(engine);
        if let Some(identity) = identity {
            session.bind(identity);
        }
        session
    }

    fn bind(&mut self, identity: &'i Identity) {
        let key = &mut self.memory.key;
        match identity.key.as_deref() {
            Some(given) if !given.is_empty() => key.push_str(given),
            _ => {
                key.push_str(&self.engine.environment_key);
                key.push('_');
                key.push_str(&identity.identifier);
            }
        }
        self.has_hazard = Seen::of_text(&identity.identifier).is_hazard() || Seen::of_text(key).is_hazard();
        // Both are sorted by name.
        let mut slots = self.engine.slots.sorted();
        let mut slot = slots.next();
        for (name, value) in &identity.traits {
            while slot.is_some_and(|(known, _)| known < name.as_str()) {
                slot = slots.next();
            }
            let Some((known, index)) = slot else {
                break;
            };
            if known != name {
                continue;
            }
            let seen = Seen::of(value);
            self.has_hazard |= seen.is_hazard();
            self.has_nested_traits |= !is_scalar(value);
            self.memory.in_short[index as usize] = self.engine.conditions.quicks.see(index, &seen);
            self.memory.slots[index as usize] = seen;
        }
        self.find_identity_overrides(identity);
    }

    fn find_identity_overrides(&mut self, identity: &'i Identity) {
        let identities = &self.engine.identities;
        let Some(slot) = identities.slot else {
            return;
        };
        let memory = &mut self.memory;
        let by_name = Seen::of_text(&identity.identifier);
        let by_trait = &memory.slots[slot as usize];
        let seen = if matches!(by_trait, Seen::Unset) {
            &by_name
        } else {
            by_trait
        };
        self.is_unreadable = matches!(seen, Seen::TooManyDigits);
        let sets = identities.sets_of(seen, &mut memory.text);
        identities.note_winners(sets, &mut memory.overridden);
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
                self.memory.segments[index as usize] = Memo::No;
            }
            if verdict {
                matched.push(index);
            }
        }
        self.meet_identifier()?;
        Ok(matched)
    }

    /// Fails where the reference, which looks for identity overrides after all segments, cannot read the identifier.
    pub(crate) fn meet_identifier(&self) -> Result<(), Raise> {
        if self.is_unreadable {
            return Err(FailureCause::TooManyDigits.into());
        }
        Ok(())
    }

    /// Evaluates one flag. All segments that can fail or read flags have been evaluated.
    pub(crate) fn flag(&mut self, feature: u32) -> Result<Decided, Raise> {
        if let Some(known) = self.dependencies.resolved(feature) {
            return Ok(known);
        }
        let decider = self.decide(feature)?;
        let mut decided = self.outcome(feature, decider);
        decided.cyclic = self.dependencies.is_cyclic(feature);
        Ok(decided)
    }

    /// Chooses the variant.
    pub(crate) fn outcome(&self, feature: u32, decider: Decider) -> Decided {
        let state = self.engine.state(feature as usize, decider);
        Decided {
            decider,
            chosen: self
                .variant_bucket(state)
                .map_or(Chosen::Plain, |bucket| state.choose(bucket)),
            cyclic: false,
        }
    }

    /// The bucket that chooses among a state's variants, if there is anything to choose and anyone to choose for.
    pub(crate) fn variant_bucket(&self, state: &State) -> Option<u16> {
        (self.identity.is_some() && !state.variants.is_empty()).then(|| bucket(&state.key, &self.memory.key))
    }

    /// What is hashed for this identity; empty without one.
    pub(crate) fn key(&self) -> &str {
        &self.memory.key
    }

    /// Hands over what a condition sees.
    pub(crate) fn with_seen<T>(
        &mut self,
        condition: &'e Condition,
        then: impl FnOnce(&Seen<'_>) -> T,
    ) -> Result<T, Raise> {
        let (literal, target) = match &condition.property {
            Property::Trait(slot) => return sound(&self.memory.slots[*slot as usize]).map(then),
            Property::IdentityKey => {
                let key = self
                    .identity
                    .map(|_| Seen::Text(Cow::Borrowed(self.memory.key.as_str())));
                return Ok(then(&key.unwrap_or(Seen::Unset)));
            }
            Property::Path { literal, target } => (*literal, target),
        };
        // The reference refuses an ill-typed path before it looks for a trait of that name.
        if let Target::Raises(message) = target {
            return Err(FailureCause::InvalidPath(message.clone()).into());
        }
        let by_trait = &self.memory.slots[literal as usize];
        if !matches!(by_trait, Seen::Unset) {
            return sound(by_trait).map(then);
        }
        let engine = self.engine;
        let seen = match target {
            Target::Identifier => self
                .identity
                .map_or(Seen::Unset, |identity| Seen::of_text(&identity.identifier)),
            Target::Key if self.identity.is_some() => Seen::of_text(&self.memory.key),
            Target::Trait(slot) if !self.is_nested(*slot) => {
                return sound(&self.memory.slots[*slot as usize]).map(then);
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
                .and_then(|identity| identity.traits.get(self.engine.slots.name(slot)))
                .is_some_and(|value| !is_scalar(value))
    }

    /// The context with the identity in it, for unusual paths.
    fn whole_context(&mut self) -> &Value {
        let (engine, identity, key) = (self.engine, self.identity, &self.memory.key);
        self.context.get_or_insert_with(|| {
            let mut context = engine.context().clone();
            if let (Some(fields), Some(identity)) = (context.as_object_mut(), identity) {
                let value =
                    json!({ "identifier": identity.identifier, "traits": identity.traits, "key": key });
                fields.insert("identity".to_owned(), value);
            }
            context
        })
    }
}

impl<'e> Subject<'e> for Session<'e, '_> {
    fn engine(&self) -> &'e Engine {
        self.engine
    }

    #[inline(always)]
    fn known_condition(&mut self, index: u32) -> Option<bool> {
        let memo = self.memory.conditions[index as usize].verdict();
        if memo.is_some() {
            return memo;
        }
        let verdict = self
            .engine
            .conditions
            .quicks
            .verdict(index, &self.memory.in_short)?;
        self.memory.conditions[index as usize] = Memo::of(verdict);
        Some(verdict)
    }

    fn ask_condition(&mut self, index: u32) -> Result<bool, Raise> {
        let engine = self.engine;
        let condition = &engine.conditions[index as usize];
        let mut text = mem::take(&mut self.memory.text);
        let verdict = self
            .with_seen(condition, |seen| condition.test.holds(seen, &mut text))
            .and_then(|verdict| verdict.map_err(Raise::from))
            .map_err(|raise| raise.in_condition(index));
        self.memory.text = text;
        let verdict = verdict?;
        if condition.is_memoisable {
            self.memory.conditions[index as usize] = Memo::of(verdict);
        }
        Ok(verdict)
    }

    #[inline(always)]
    fn segment_memos(&mut self) -> &mut [Memo] {
        &mut self.memory.segments
    }

    fn has_hazard(&self) -> bool {
        self.has_hazard
    }

    #[inline(always)]
    fn identity_override_of(&self, feature: u32) -> Option<Decider> {
        self.memory
            .overridden
            .iter()
            .find(|(known, _)| *known == feature)
            .map(|(_, decider)| *decider)
    }
}

/// Refuses a value that the reference cannot read.
fn sound<'s, 'v>(seen: &'s Seen<'v>) -> Result<&'s Seen<'v>, Raise> {
    if matches!(seen, Seen::TooManyDigits) {
        Err(FailureCause::TooManyDigits.into())
    } else {
        Ok(seen)
    }
}
