//! What is told about budgets.

use std::time::Duration;

use halyard_model::Timestamp;

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
