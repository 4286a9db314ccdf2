//! Asking a server for the same identity, and finding out why it says
//! something else.

mod ask;
mod case;
mod guess;
#[cfg(test)]
mod guess_tests;

use std::time::Duration;

use halyard_engine::EvaluationError;
use halyard_model::{FlagKey, FlagValue, Surface, Timestamp};
use serde_json::Value;

use crate::PreviewInput;

/// A server that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceFacts {
    /// Which.
    pub surface: Surface,
    /// Its base address.
    pub address: String,
}

/// Asks a server for the identity of a preview.
#[derive(Clone, Debug)]
pub struct CompareInput {
    /// What is previewed, with the drafts laid over it.
    pub preview: PreviewInput,
    /// Whom to ask.
    pub surface: Surface,
}

/// What came of a comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Who answered.
    pub answered_by: SurfaceFacts,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// How long the answer took.
    pub took: Duration,
    /// How many flags were compared: those of the document and those the server
    /// knows beyond it.
    pub compared: u32,
    /// Those that differ, by name.
    pub differences: Vec<Difference>,
    /// Where the preview itself fails for this identity, although the server
    /// answers; every flag differs then.
    pub failure: Option<EvaluationError>,
    /// The traits the server has stored for the identity; empty where it does
    /// not know the identity, `None` where it was not asked, because nothing
    /// called for it, or did not tell. An Edge Proxy has none.
    pub stored_traits: Option<Vec<(String, Value)>>,
    /// When the mirror last made sure of what it holds.
    pub mirror_checked_at: Option<Timestamp>,
}

/// One side's word on a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// On or off.
    pub enabled: bool,
    /// The value.
    pub value: FlagValue,
}

/// A flag for which the server says something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The flag.
    pub flag: FlagKey,
    /// What the preview says; `None` where the document does not have the flag,
    /// or cannot be evaluated for this identity.
    pub here: Option<Said>,
    /// What the server says; `None` where its answer leaves the flag out.
    pub there: Option<Said>,
    /// The likely cause.
    pub cause: DifferenceCause,
    /// Evaluating under the assumption gave the server's answer; of a server
    /// that is behind, another server says what the preview says.
    pub verified: bool,
    /// What would make both agree.
    pub remedy: Option<CompareRemedy>,
}

/// Why a server says something else.
#[derive(Clone, Debug, PartialEq)]
pub enum DifferenceCause {
    /// The server has traits stored for the identity and adds them to those of
    /// the request.
    StoredTraits {
        /// Those that make the difference.
        traits: Vec<(String, Value)>,
    },
    /// Only server-side keys receive the flag, and the server was asked with a
    /// client-side one.
    ServerOnly,
    /// The environment leaves flags out of answers that are off.
    HiddenWhenOff,
    /// The identity's own override pins an option, which the document does not
    /// show.
    PinnedOption,
    /// Two overrides of the flag have the same priority; the Flags API takes
    /// the last, the preview the first.
    TiedPriorities {
        /// The segment whose override the server takes.
        segment: String,
    },
    /// The server buckets identities by its own record numbers.
    BucketByRecord,
    /// The server takes the blanks off the identifier, and so hashes another one.
    Blanks {
        /// What is left.
        identifier: String,
    },
    /// The environment keeps identity overrides out of its document.
    OverridesNotInDocument,
    /// The flag changed on the server since the mirror was refreshed.
    StaleMirror,
    /// The server answers from an older document: an Edge Proxy that has not
    /// taken the newest one.
    StaleServer,
    /// A draft is laid over the mirror, which the server does not have.
    Drafts,
    /// A segment that no override uses cannot be evaluated; the Flags API does
    /// not look at it, local evaluation and an Edge Proxy fail.
    UnusedSegment {
        /// Its name.
        segment: String,
    },
    /// None of these.
    Unknown,
}

/// What would make a server and the preview agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareRemedy {
    /// Refresh the environment: the mirror may be behind.
    Refresh,
    /// Preview with the traits that the server has stored.
    UseStoredTraits,
}
