//! What an edit is about.

use serde::{Deserialize, Serialize};

use crate::FlagKey;

/// What stands before the name of a segment that is not made yet, in the place
/// of the service's identifier.
const NEW: &str = "new:";

/// Names a segment: the service's identifier, or the name of one that an edit
/// is about to make. Written as text, so that an override can name either.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentKey(pub String);

impl SegmentKey {
    /// A segment that an edit makes.
    pub fn to_be_made(name: &str) -> SegmentKey {
        SegmentKey(format!("{NEW}{name}"))
    }

    /// The name of a segment that is not made yet.
    pub fn name_to_be(&self) -> Option<&str> {
        self.0.strip_prefix(NEW)
    }
}

/// Where a subject's state holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In one environment.
    Environment,
    /// In every environment of the project.
    Project,
}

/// What an edit is about. A change set holds one edit for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// A flag's state in the environment: on or off, value, weights, segment
    /// overrides; on EdgeFlags what the environment sets of its own.
    FlagState {
        /// The flag.
        flag: FlagKey,
    },
    /// What one identity gets of a flag, whatever its segments.
    IdentityOverride {
        /// The flag.
        flag: FlagKey,
        /// The identifier the application uses.
        identity: String,
    },
    /// What a flag is in every environment: description, tags, options; on
    /// EdgeFlags its base state, rules and window.
    Flag {
        /// The flag.
        flag: FlagKey,
    },
    /// A segment's name and rules.
    Segment {
        /// The segment.
        segment: SegmentKey,
    },
    /// The traits the service keeps for an identity.
    Traits {
        /// The identifier the application uses.
        identity: String,
    },
    /// An EdgeFlags config: a value without targeting.
    Config {
        /// Its key.
        key: String,
    },
}

impl Subject {
    /// A flag's state in the environment.
    pub fn state_of(flag: &FlagKey) -> Subject {
        Subject::FlagState { flag: flag.clone() }
    }

    /// The flag it concerns, where it concerns one.
    pub fn flag(&self) -> Option<&FlagKey> {
        match self {
            Subject::FlagState { flag } | Subject::IdentityOverride { flag, .. } | Subject::Flag { flag } => {
                Some(flag)
            }
            Subject::Segment { .. } | Subject::Traits { .. } | Subject::Config { .. } => None,
        }
    }

    /// Where its state holds.
    pub fn scope(&self) -> Scope {
        match self {
            Subject::FlagState { .. } | Subject::IdentityOverride { .. } | Subject::Traits { .. } => {
                Scope::Environment
            }
            Subject::Flag { .. } | Subject::Segment { .. } | Subject::Config { .. } => Scope::Project,
        }
    }
}
