//! Who gets what: one flag over many identities.

use halyard_model::{FlagKey, FlagValue, IdentityRef};

/// What an identity gets of a flag.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gets {
    /// On or off.
    pub enabled: bool,
    /// The value.
    pub value: FlagValue,
    /// Of a flag with options: `control`, or the key of the option. `None`
    /// also for an option without a key.
    pub variant: Option<String>,
}

/// Who supplied a flag's state. A choice among options comes after it; see
/// [`Gets::variant`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DecidedBy {
    /// The identity's own override.
    IdentityOverride,
    /// The override of the segment of this name.
    Segment(String),
    /// The environment's default.
    Default,
    /// The flag is not there.
    Nobody,
}

/// A share of the identities.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// What they get.
    pub gets: Gets,
    /// How many.
    pub count: u64,
    /// Who supplied it to how many of them, most first.
    pub deciders: Vec<(DecidedBy, u64)>,
}

/// Identities that go from one result to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// What they get now.
    pub from: Gets,
    /// What decides now.
    pub from_rule: DecidedBy,
    /// What they get after.
    pub to: Gets,
    /// What decides after.
    pub to_rule: DecidedBy,
    /// How many.
    pub count: u64,
    /// The first few of them, with the traits they were evaluated with.
    pub examples: Vec<IdentityRef>,
}

/// One flag over a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagShares {
    /// The flag.
    pub flag: FlagKey,
    /// A draft concerns it.
    pub edited: bool,
    /// No draft concerns it, and yet somebody's result changes.
    pub surprise: bool,
    /// Who gets what now, largest first.
    pub now: Vec<Share>,
    /// Who gets what after the drafts, largest first; `None` without drafts.
    pub after: Option<Vec<Share>>,
    /// Identities whose result changes.
    pub flips: u64,
    /// From what to what, most frequent first. A change of the deciding rule
    /// alone is no move.
    pub moves: Vec<Move>,
}
