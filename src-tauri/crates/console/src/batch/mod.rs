//! Evaluating a cohort: who gets what, and what drafts would change.

mod job;
mod run;

pub(crate) use job::{Jobs, UnderWay};
pub(crate) use run::{flag_shares, of_distribution};

use std::{sync::Arc, time::Duration};

use halyard_model::{ChangeSetId, ConnectionId, EnvironmentKey, IdentityRef, MomentId};

use crate::{CohortChoice, Draft, DraftNotes, FlagShares};

/// Asks who of a cohort gets what; with drafts, before and after them.
#[derive(Clone, Debug)]
pub struct BatchInput {
    /// Names the run for cancelling; chosen by the caller.
    pub job: String,
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// At a moment of its history; none for what the mirror holds now. Drafts
    /// and the change set are laid over that moment: what they would have done
    /// then.
    pub at: Option<MomentId>,
    /// Whom.
    pub cohort: CohortChoice,
    /// A change set whose ticked edits that are not sent are laid over first.
    pub change_set: Option<ChangeSetId>,
    /// What is laid over the mirror's document for the after.
    pub edits: Vec<Draft>,
}

/// How far a run is, in identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchProgress {
    /// Evaluated.
    pub done: u64,
    /// Out of how many.
    pub total: u64,
}

/// A cohort's results.
#[derive(Clone, Debug, Default)]
pub struct BatchFacts {
    /// How many were evaluated.
    pub identities: u64,
    /// How many the cohort has.
    pub cohort: u64,
    /// It was cancelled: counts are of those evaluated until then, or nothing
    /// where it had to be cut off.
    pub stopped: bool,
    /// How long evaluating took.
    pub took: Duration,
    /// Identities for which a server would fail, before or after the drafts.
    /// They count nowhere else.
    pub failed: u64,
    /// The first few of them.
    pub failures: Vec<FailedIdentity>,
    /// Identities with at least one flag that changes; `None` without drafts.
    pub changed: Option<u64>,
    /// The flags: those that change first, most flips first, then by name.
    pub flags: Vec<FlagShares>,
    /// What to know of the drafts that were laid over.
    pub notes: Arc<DraftNotes>,
}

/// An identity for which a server would fail.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedIdentity {
    /// It, with the traits it was evaluated with.
    pub identity: IdentityRef,
    /// Where and why, in the engine's words.
    pub problem: String,
}
