//! Activity: every request that was made, for people to look at afterwards.

mod export;
mod kept;
mod recorder;
mod redact;

use halyard_mirror::{EXCHANGES_KEPT, ExchangeFilter};
use halyard_model::{ConnectionId, Timestamp};
use halyard_provider::{BudgetClass, Failure, Urgency};

pub use export::ActivityFormat;
pub(crate) use recorder::Activity;
pub use recorder::{ActivityIntake, ActivityRecorder, Traffic};
pub(crate) use redact::without_secrets;

use self::kept::{Record, class_name, facts};
use crate::{Console, ConsoleError};

/// Names a request that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub i64);

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeOutcome {
    /// 2xx.
    Done,
    /// 304.
    Unchanged,
    /// 429.
    Throttled,
    /// Another 3xx or 4xx.
    Refused,
    /// 5xx.
    ServerFault,
    /// No whole answer.
    Broken,
}

/// The kind of a surface, without its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SurfaceKind {
    /// Flagsmith's admin API, EdgeFlags' management routes.
    Admin,
    /// Flagsmith's Flags API, EdgeFlags' evaluation routes.
    FlagsApi,
    /// An Edge Proxy.
    EdgeProxy,
}

impl SurfaceKind {
    /// The kind of surface that a budget is for; none for a status feed.
    pub fn of(class: BudgetClass) -> Option<SurfaceKind> {
        match class {
            BudgetClass::Admin | BudgetClass::Management => Some(SurfaceKind::Admin),
            BudgetClass::FlagsApi | BudgetClass::Evaluation => Some(SurfaceKind::FlagsApi),
            BudgetClass::EdgeProxy => Some(SurfaceKind::EdgeProxy),
            BudgetClass::StatusFeed => None,
        }
    }

    fn classes(self) -> &'static [BudgetClass] {
        match self {
            SurfaceKind::Admin => &[BudgetClass::Admin, BudgetClass::Management],
            SurfaceKind::FlagsApi => &[BudgetClass::FlagsApi, BudgetClass::Evaluation],
            SurfaceKind::EdgeProxy => &[BudgetClass::EdgeProxy],
        }
    }
}

/// A request that was made, as it is kept: without credential, query values,
/// body, and the words of an answer that may name a person.
#[derive(Clone, Debug, PartialEq)]
pub struct ExchangeFacts {
    /// Names it.
    pub id: ExchangeId,
    /// Whom it was made for; `None` before there was a connection.
    pub connection: Option<ConnectionId>,
    /// The kind of budget, which also names the surface.
    pub class: BudgetClass,
    /// Scheme, host and port.
    pub origin: String,
    /// The verb.
    pub method: String,
    /// The path, and of the query only the names.
    pub path: String,
    /// When it left.
    pub at: Timestamp,
    /// How urgent it was.
    pub urgency: Urgency,
    /// How long it waited for its turn, in milliseconds.
    pub waited_millis: u64,
    /// From leaving to the end of the answer, in milliseconds.
    pub took_millis: u64,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The answer's status.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: ExchangeOutcome,
    /// Size of the answer's body, in bytes.
    pub bytes: u64,
    /// What went wrong. Without an excerpt of the answer.
    pub failure: Option<Failure>,
    /// Requests left in the window afterwards.
    pub budget_left: Option<u32>,
    /// The service's name for the request.
    pub request_id: Option<String>,
    /// The server's version.
    pub server_version: Option<String>,
    /// How far the server's clock was ahead, in milliseconds; about a second
    /// of it is uncertain.
    pub clock_ahead_millis: Option<i64>,
}

/// Which requests to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Of this connection; `None` for all.
    pub connection: Option<ConnectionId>,
    /// Words that must occur in method, origin, path, surface, status or request id.
    pub search: String,
    /// Only of these outcomes; empty for all.
    pub outcomes: Vec<ExchangeOutcome>,
    /// Only of this kind of surface.
    pub surface: Option<SurfaceKind>,
    /// Only those that left at this moment or later.
    pub since: Option<Timestamp>,
}

impl ActivityFilter {
    fn in_mirror(&self) -> ExchangeFilter {
        ExchangeFilter {
            connection: self.connection.clone(),
            classes: self
                .surface
                .iter()
                .flat_map(|surface| surface.classes())
                .map(|class| class_name(*class))
                .collect(),
            outcomes: self.outcomes.iter().map(|outcome| outcome.name()).collect(),
            words: self.search.split_whitespace().map(str::to_lowercase).collect(),
            since: self.since,
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityPage {
    /// The requests, the newest first.
    pub rows: Vec<ExchangeFacts>,
    /// How many there are of this kind.
    pub total: u64,
    /// How many are kept at most.
    pub kept: u32,
    /// How many could not be written down since the console began, because
    /// they came faster than they could be written.
    pub lost: u64,
}

/// The longest page that is given.
const LONGEST_PAGE: u32 = 500;

impl Console {
    /// Requests that were made, the newest first, all that have ended by now:
    /// at most `most` (500 at the longest), and only those before `before`.
    pub async fn activity(
        &self,
        filter: &ActivityFilter,
        before: Option<ExchangeId>,
        most: u32,
    ) -> Result<ActivityPage, ConsoleError> {
        self.inner.activity.written().await;
        self.page(filter, before, most.clamp(1, LONGEST_PAGE)).await
    }

    /// As [`Console::activity`] for what Halyard itself concludes from
    /// requests: does not wait for those that have just ended, and takes as
    /// many as asked for.
    pub(crate) async fn exchanges_kept(
        &self,
        filter: &ActivityFilter,
        most: u32,
    ) -> Result<ActivityPage, ConsoleError> {
        self.page(filter, None, most).await
    }

    async fn page(
        &self,
        filter: &ActivityFilter,
        before: Option<ExchangeId>,
        most: u32,
    ) -> Result<ActivityPage, ConsoleError> {
        let before = before.map(|id| id.0);
        let (rows, total) = self
            .inner
            .mirror
            .exchanges::<Record>(&filter.in_mirror(), before, most)
            .await?;
        Ok(ActivityPage {
            rows: rows.into_iter().map(facts).collect(),
            total,
            kept: EXCHANGES_KEPT,
            lost: self.inner.activity.lost(),
        })
    }

    /// One request in full.
    pub async fn exchange(&self, id: ExchangeId) -> Result<ExchangeFacts, ConsoleError> {
        let found = self.inner.mirror.exchange::<Record>(id.0).await?;
        found.map(facts).ok_or(ConsoleError::Gone { what: "the request" })
    }

    /// All requests of a kind as text, the newest first.
    pub async fn export_activity(
        &self,
        filter: &ActivityFilter,
        format: ActivityFormat,
    ) -> Result<String, ConsoleError> {
        self.inner.activity.written().await;
        let page = self.page(filter, None, EXCHANGES_KEPT).await?;
        let names = self.connection_names().await?;
        Ok(export::write(&page.rows, &names, format))
    }

    /// Forgets the requests of a connection, or all.
    pub async fn clear_activity(&self, connection: Option<&ConnectionId>) -> Result<(), ConsoleError> {
        // What is still on its way belongs to what is cleared.
        self.inner.activity.written().await;
        self.inner.mirror.clear_exchanges(connection).await?;
        self.tell(crate::Event::Activity);
        Ok(())
    }

    async fn connection_names(&self) -> Result<Vec<(ConnectionId, String)>, ConsoleError> {
        let connections = self.inner.mirror.connections().await?;
        Ok(connections
            .into_iter()
            .map(|connection| (connection.id, connection.name))
            .collect())
    }
}
