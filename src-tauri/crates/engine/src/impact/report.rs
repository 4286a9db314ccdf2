//! What a run over a cohort found.

use serde_json::Value;

use crate::identity::Identity;
use crate::result::{FlagResult, Reason};

/// Who gets what, flag by flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Identities evaluated, without those in `failures`.
    pub identities: u64,
    /// One entry for each flag, in document order.
    pub flags: Vec<FlagDistribution>,
    /// Identities for which the reference raises.
    pub failures: Failures,
}

/// Who gets what of one flag.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagDistribution {
    /// The flag's name.
    pub name: String,
    /// Largest first.
    pub shares: Vec<Share>,
}

/// Identities that get the same of a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// What they get.
    pub state: FlagState,
    /// How many they are.
    pub count: u64,
    /// What gave it to how many of them, most first.
    pub deciders: Vec<(DecidingRule, u64)>,
}

/// What an identity gets of a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagState {
    /// On or off.
    pub enabled: bool,
    /// Text, number, boolean or null.
    pub value: Value,
    /// `control` or the variant's key, as [`FlagResult::variant`].
    pub variant: Option<String>,
}

/// What decided a flag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecidingRule {
    /// The identity's own override.
    IdentityOverride,
    /// The override of the segment with this name.
    Segment(String),
    /// A variant was drawn.
    Split {
        /// Name of the segment whose override has the variants; `None` for the environment default's.
        segment: Option<String>,
    },
    /// The environment default.
    Default,
    /// The flag depends on itself (dialect 11.1.1 only).
    CircularDependency,
}

/// A flag's state and what decided it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The state.
    pub state: FlagState,
    /// What decided it.
    pub rule: DecidingRule,
}

/// Identities for which the reference raises. A server would answer them with an error for all flags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failures {
    /// How many they are.
    pub count: u64,
    /// Those of the lowest rows.
    pub examples: Vec<FailureExample>,
}

/// An identity for which the reference raises.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureExample {
    /// Its row in the cohort, counted from 0.
    pub row: u64,
    /// The identity.
    pub identity: Identity,
    /// Where and why it raises, in a sentence.
    pub problem: String,
}

/// What an edit does to a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// Identities that both documents could evaluate. All other counts are of these.
    pub identities: u64,
    /// Those for which at least one flag has another state, value or variant.
    pub changed: u64,
    /// The flags that were compared: in order of the document after, then those it no longer has.
    pub flags: Vec<FlagImpact>,
    /// How many flags were not compared since nothing that decides them differs.
    pub untouched: usize,
    /// Identities for which the reference raises on the document before.
    pub failures_before: Failures,
    /// Identities for which the reference raises on the document after.
    pub failures_after: Failures,
}

/// What an edit does to one flag.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagImpact {
    /// The flag's name.
    pub name: String,
    /// The edit names it.
    pub edited: bool,
    /// Identities with another state, value or variant; also all of them when the flag came or went.
    pub changed: u64,
    /// Of these, with another state (on or off).
    pub state_flips: u64,
    /// Of these, with another value.
    pub value_flips: u64,
    /// Of these, with another variant.
    pub variant_flips: u64,
    /// Identities that get the same, decided by another rule.
    pub decided_otherwise: u64,
    /// Who got what, largest first; empty when the flag did not exist.
    pub before: Vec<Share>,
    /// Who gets what, largest first; empty when the flag is gone.
    pub after: Vec<Share>,
    /// From what to what, most frequent first.
    pub moves: Vec<Move>,
}

/// Identities that go from one state to another, decided by the same rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// What they got; `None` when the flag did not exist.
    pub before: Option<Decided>,
    /// What they get; `None` when the flag is gone.
    pub after: Option<Decided>,
    /// How many they are.
    pub count: u64,
    /// Those of the lowest rows.
    pub examples: Vec<CohortExample>,
}

/// An identity out of a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortExample {
    /// Its row in the cohort, counted from 0.
    pub row: u64,
    /// The identity.
    pub identity: Identity,
}

impl Impact {
    /// Flags that the edit does not name and that change all the same.
    pub fn surprises(&self) -> impl Iterator<Item = &FlagImpact> {
        self.flags.iter().filter(|flag| flag.is_surprise())
    }

    /// One flag by name; `None` for a flag that was not compared.
    pub fn flag(&self, name: &str) -> Option<&FlagImpact> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

impl FlagImpact {
    /// Whether the flag changes for somebody without being named by the edit.
    pub fn is_surprise(&self) -> bool {
        !self.edited && self.changed > 0
    }
}

impl Distribution {
    /// One flag by name.
    pub fn flag(&self, name: &str) -> Option<&FlagDistribution> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

impl From<FlagResult<'_>> for Decided {
    fn from(result: FlagResult<'_>) -> Self {
        let rule = match result.reason {
            Reason::Default | Reason::Static => DecidingRule::Default,
            Reason::TargetingMatch { segment } => DecidingRule::Segment(segment.to_owned()),
            Reason::Split { .. } => DecidingRule::Split {
                segment: result.segment.map(str::to_owned),
            },
            Reason::IdentityOverride => DecidingRule::IdentityOverride,
            Reason::CircularDependency => DecidingRule::CircularDependency,
        };
        let state = FlagState {
            enabled: result.enabled,
            value: result.value.clone(),
            variant: result.variant.map(str::to_owned),
        };
        Self { state, rule }
    }
}
