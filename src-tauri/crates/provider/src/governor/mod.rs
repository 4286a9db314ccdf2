//! The rate governor: who may send when, so that no budget is overrun and
//! somebody who waits goes first.

use std::time::Duration;

use halyard_model::{ConnectionId, Timestamp};

/// What a request is counted against. Budgets are per credential and class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BudgetClass {
    /// Flagsmith's admin API.
    Admin,
    /// Flagsmith's Flags API, which counts no rate.
    FlagsApi,
    /// An Edge Proxy, which counts nothing.
    EdgeProxy,
    /// EdgeFlags' management routes.
    Management,
    /// EdgeFlags' evaluation routes.
    Evaluation,
    /// A provider's status feed.
    StatusFeed,
}

/// How a budget's size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The service tells with every answer.
    Told,
    /// From the documentation; the requests are counted here, and others that
    /// share the key are not seen.
    Counted,
    /// Learned from a refusal.
    Learned,
    /// Not at all.
    Unknown,
}

/// One budget as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What it is counted for.
    pub class: BudgetClass,
    /// How its size is known.
    pub known: Known,
    /// Requests per window.
    pub limit: Option<u32>,
    /// Requests left in the window.
    pub remaining: Option<u32>,
    /// When the window ends.
    pub resets_at: Option<Timestamp>,
    /// The service asked for a pause until then.
    pub paused_until: Option<Timestamp>,
    /// Requests that wait and somebody waits for.
    pub interactive_waiting: u32,
    /// Requests that wait and nobody waits for.
    pub background_waiting: u32,
    /// How long the waiting ones will take, at the pace that is allowed.
    pub expected: Option<Duration>,
}

/// Decides who may send when. Cheap to clone; clones share their budgets, so
/// that all clients of one process keep one account per credential.
#[derive(Clone, Debug, Default)]
pub struct Governor {}

impl Governor {
    /// The budgets of a connection, sorted by class; empty before its first request.
    pub fn budgets(&self, _account: &ConnectionId) -> Vec<Budget> {
        Vec::new()
    }

    /// Gives up what waits for a connection's budgets: each such call ends as
    /// [`FailureKind::RateLimited`](crate::FailureKind::RateLimited) with
    /// nothing sent. Returns how many there were.
    pub fn give_up(&self, _account: &ConnectionId) -> u32 {
        0
    }
}
