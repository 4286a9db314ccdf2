//! What an evaluation says.

use std::fmt;

use serde_json::{Number, Value};

use crate::bound::Session;
use crate::engine::{Dialect, Engine, State};
use crate::outcome::{Chosen, Decided, Decider, Outcome};
use crate::printing::print_number;

/// What the server's remote answers add to an evaluation of the document. The reference engines leave these to the
/// caller, so a preview must apply them itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRules {
    /// Disabled flags are left out of remote answers. The environment's own setting goes before the project's.
    pub hide_disabled: bool,
    /// Names of flags that only server-side keys receive, in document order.
    pub server_only_flags: Vec<String>,
    /// Remote evaluation hashes the composite key, as local evaluation always does. When off it hashes the
    /// identity's database id, and remote buckets may differ from the ones here.
    pub composite_key_hashing: bool,
    /// Identity overrides are part of the document. When off, overrides may exist that the document does not show.
    pub local_identity_overrides: bool,
}

impl Default for RemoteRules {
    fn default() -> Self {
        Self {
            hide_disabled: false,
            server_only_flags: Vec::new(),
            composite_key_hashing: true,
            local_identity_overrides: true,
        }
    }
}

/// The results for one identity. Results are indices into the engine; each is rendered when asked for.
#[derive(Clone, Debug)]
pub struct Evaluation<'e> {
    engine: &'e Engine,
    outcomes: Box<[Outcome]>,
    matched: Box<[u32]>,
}

impl<'e> Evaluation<'e> {
    /// Evaluates everything: all segments, then all flags.
    pub(crate) fn of(mut session: Session<'e, '_>) -> Result<Self, crate::error::Raise> {
        let matched = session.all_segments()?;
        let engine = session.engine;
        let mut outcomes = Vec::with_capacity(engine.features.len());
        for feature in 0..engine.features.len() {
            outcomes.push(engine.outcome_of(feature, &session.flag(feature as u32)?));
        }
        Ok(Self {
            engine,
            outcomes: outcomes.into(),
            matched: matched.into(),
        })
    }

    /// All flags in document order, disabled and server-only ones included.
    pub fn flags(&self) -> impl Iterator<Item = FlagResult<'_>> {
        self.outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| self.engine.result(index, *outcome))
    }

    /// One flag by name.
    pub fn flag(&self, name: &str) -> Option<FlagResult<'_>> {
        let index = self.engine.feature_index(name)? as usize;
        self.engine.result(index, *self.outcomes.get(index)?)
    }

    /// The outcomes of all flags, in document order.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Names of the segments the identity is in, in document order. Identity overrides are not segments here.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.matched_segments().map(|segment| segment.name)
    }

    /// The segments the identity is in, with their keys and metadata, in document order.
    pub fn matched_segments(&self) -> impl Iterator<Item = SegmentResult<'_>> {
        self.matched.iter().filter_map(|index| {
            let segment = self.engine.segments.get(*index as usize)?;
            Some(SegmentResult {
                key: &segment.key,
                name: &segment.name,
                metadata: segment.metadata.as_ref(),
            })
        })
    }
}

/// A segment an identity is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentResult<'a> {
    /// The segment's id as text.
    pub key: &'a str,
    /// The segment's name.
    pub name: &'a str,
    /// A context's metadata; documents have none.
    pub metadata: Option<&'a Value>,
}

/// One flag as an identity gets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlagResult<'a> {
    /// The flag's name.
    pub name: &'a str,
    /// The feature's id; only documents have one.
    pub feature_id: Option<i64>,
    /// On or off.
    pub enabled: bool,
    /// Text, number, boolean or null.
    pub value: &'a Value,
    /// `control`, or the chosen variant's key. `None` without variants, without an identity, and for a chosen variant
    /// that has no key.
    pub variant: Option<&'a str>,
    /// Why.
    pub reason: Reason<'a>,
    /// The segment whose override supplied the state, also when a variant was chosen from it.
    pub segment: Option<&'a str>,
    /// A context's metadata; documents have none.
    pub metadata: Option<&'a Value>,
}

/// Why a flag has its value. Displays as the reference's reason text.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason<'a> {
    /// The environment default.
    Default,
    /// The environment default, and no override of this flag exists (dialect 11.1.1 only).
    Static,
    /// A segment's override.
    TargetingMatch {
        /// The segment's name.
        segment: &'a str,
    },
    /// A variant was chosen; this hides whatever chose the state.
    Split {
        /// The variant's weight in percent, as the document writes it.
        weight: &'a Number,
    },
    /// The identity's own override. The reference calls it a match of a segment named `identity_overrides`.
    IdentityOverride,
    /// The flag depends on itself (dialect 11.1.1 only).
    CircularDependency,
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("DEFAULT"),
            Self::Static => out.write_str("STATIC"),
            Self::TargetingMatch { segment } => write!(out, "TARGETING_MATCH; segment={segment}"),
            Self::Split { weight } => write!(out, "SPLIT; weight={}", print_number(weight)),
            Self::IdentityOverride => out.write_str("TARGETING_MATCH; segment=identity_overrides"),
            Self::CircularDependency => out.write_str("ERROR; code=CIRCULAR_DEPENDENCY"),
        }
    }
}

impl Engine {
    /// The state a decider gives a flag.
    pub(crate) fn state(&self, feature: usize, decider: Decider) -> &State {
        let feature = &self.features[feature];
        match decider {
            Decider::Default => &feature.default,
            Decider::Override(index) => &feature.overrides[index as usize].state,
            Decider::Identity { set, state } => {
                &self.identities.sets[set as usize].states[state as usize].state
            }
        }
    }

    /// What an outcome means; `None` past the last flag.
    pub fn result(&self, flag: usize, outcome: Outcome) -> Option<FlagResult<'_>> {
        (flag < self.features.len()).then(|| self.render(flag, &self.decided(flag, outcome)))
    }

    /// Turns positions into a result.
    pub(crate) fn render(&self, index: usize, decided: &Decided) -> FlagResult<'_> {
        let feature = &self.features[index];
        let state = self.state(index, decided.decider);
        let segment = match decided.decider {
            Decider::Override(chosen) => {
                let segment = feature.overrides[chosen as usize].segment as usize;
                Some(self.segments[segment].name.as_str())
            }
            Decider::Default | Decider::Identity { .. } => None,
        };
        let (value, variant, weight) = match decided.chosen {
            Chosen::Plain => (&state.value, None, None),
            Chosen::Control => (&state.value, Some("control"), None),
            Chosen::Variant(chosen) => {
                let variant = &state.variants[chosen as usize];
                (&variant.value, variant.key.as_deref(), Some(&variant.weight))
            }
        };
        let reason = match (decided.cyclic, weight, segment, decided.decider) {
            (true, ..) => Reason::CircularDependency,
            (_, Some(weight), ..) => Reason::Split { weight },
            (_, _, Some(segment), _) => Reason::TargetingMatch { segment },
            (_, _, _, Decider::Identity { .. }) => Reason::IdentityOverride,
            _ if self.dialect == Dialect::Sdk11_1 && !self.is_targeted(index) => Reason::Static,
            _ => Reason::Default,
        };
        FlagResult {
            name: &feature.name,
            feature_id: feature.id,
            enabled: state.enabled,
            value,
            variant,
            reason,
            segment,
            metadata: state.metadata.as_ref(),
        }
    }
}
