//! What is told of every request, for people to look at afterwards.

use std::time::Duration;

use halyard_model::{ConnectionId, Timestamp};

use crate::{BudgetClass, Failure, Urgency};

/// One request and what became of it. Holds no credential, no query value and
/// no body: it is kept, shown and exported.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Whom it was made for.
    pub account: Option<ConnectionId>,
    /// The kind of budget it is counted against, which also names the surface.
    pub class: BudgetClass,
    /// Scheme, host and port, such as `https://api.flagsmith.com`.
    pub origin: String,
    /// The verb.
    pub method: String,
    /// The path with its identifiers, and of the query only the names:
    /// `/api/v1/flags/dark_mode?context=…`. Environment keys that are part of
    /// a path are kept, since client-side keys are public; a `ser.` key is not.
    pub path: String,
    /// When it left.
    pub at: Timestamp,
    /// How urgent it was.
    pub urgency: Urgency,
    /// How long it waited for its turn before it left.
    pub waited: Duration,
    /// From leaving to the end of the answer.
    pub took: Duration,
    /// 1 for the first attempt; a repetition counts on.
    pub attempt: u32,
    /// The answer's status; `None` where there was no whole answer.
    pub status: Option<u16>,
    /// Size of the answer's body, in bytes after decompression.
    pub bytes: u64,
    /// What went wrong, as the request itself could tell; `None` after a
    /// success, also after a 304.
    pub failure: Option<Box<Failure>>,
    /// Requests left in the window afterwards, as told or as counted.
    pub budget_left: Option<u32>,
    /// The service's name for the request, such as `cf-ray` or `x-request-id`.
    pub request_id: Option<String>,
    /// The server's version, where the answer tells it.
    pub server_version: Option<String>,
    /// How far the server's clock is ahead of this computer's, in milliseconds,
    /// from the `Date` header; its resolution is a second.
    pub clock_ahead_millis: Option<i64>,
}

/// Is told of requests and of budgets. Called on the way of a request: it must
/// return at once.
pub trait Observer: Send + Sync {
    /// A request has ended.
    fn exchanged(&self, exchange: Exchange);

    /// What [`Governor::budgets`](crate::Governor::budgets) says has changed.
    fn budget_changed(&self, account: Option<&ConnectionId>);
}
