//! What may be wrong with the server as a whole, and what an operator or a plan sets for it.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::call::{Answer, Call, Dress, Payload};

/// How long a worker keeps an environment's row without asking the database.
pub(super) const ROW_KEPT: Duration = Duration::from_secs(60);

/// A server that runs and cannot do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The database cannot be reached.
    DatabaseDown,
    /// The database's migrations failed half way.
    FailedMigrations {
        /// Parts of the paths that break.
        broken: Vec<String>,
    },
}

impl Trouble {
    /// What a request gets under this trouble; nothing where it is answered as ever.
    pub(super) fn answer(&self, call: &Call) -> Option<Answer> {
        let path = call.path.as_str();
        if path == "/health/liveness/" {
            return None;
        }
        if matches!(path, "/health" | "/health/readiness/") {
            return Some(self.health(call));
        }
        match self {
            // A conditional request may be answered from the worker's cache, which the caller looks into.
            Self::DatabaseDown if asks_for_document(call) => None,
            Self::DatabaseDown => Some(Answer::server_error()),
            Self::FailedMigrations { broken } => broken
                .iter()
                .any(|part| path.contains(part.as_str()))
                .then(Answer::server_error),
        }
    }

    fn health(&self, call: &Call) -> Answer {
        let (database, migrations) = match self {
            Self::DatabaseDown => (
                "unavailable: Database error",
                "unavailable: Database is not ready",
            ),
            Self::FailedMigrations { .. } => ("working", "unavailable: There are migrations to apply"),
        };
        let checks = json!({"DatabaseBackend": database, "MigrationsHealthCheck": migrations});
        if wants_checks(call) {
            return Answer::json(500, checks).plain();
        }
        Answer {
            status: 500,
            headers: Vec::new(),
            dress: Dress::Plain,
            ..Answer::browsable()
        }
        .varying("Origin")
    }
}

/// Whether a health request asks for data and not for a page.
pub(super) fn wants_checks(call: &Call) -> bool {
    call.query("format") == Some("json")
        || call
            .header("accept")
            .is_some_and(|accept| accept.contains("application/json"))
}

/// Whether a request is for an environment document with an environment key.
pub(super) fn asks_for_document(call: &Call) -> bool {
    call.path == "/api/v1/environment-document/"
}

/// While the database is down only a 304 can be given, and only for a row that the worker still has.
pub(super) fn without_database(answer: Answer) -> Answer {
    match (answer.status, &answer.payload) {
        (304, Payload::Nothing) => answer,
        _ => Answer::server_error(),
    }
}

/// How many tasks wait, and how that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// At the beginning.
    pub waiting: u64,
    /// How many more after each second; fewer where negative.
    pub per_second: i64,
}

/// A backlog since it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queue {
    backlog: Backlog,
    since: Instant,
}

impl Queue {
    pub(super) fn begin(backlog: Backlog) -> Self {
        Self {
            backlog,
            since: Instant::now(),
        }
    }

    /// How many tasks wait now.
    pub(crate) fn waiting(&self) -> u64 {
        let ms = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        let moved = self.backlog.per_second.saturating_mul(ms) / 1_000;
        self.backlog.waiting.saturating_add_signed(moved)
    }
}

/// What the server tells of a month's usage and of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Calls of the last 30 days, where usage is known.
    pub calls: Option<u64>,
    /// The plan's calls in a month, where the plan says.
    pub allowance: Option<u64>,
    /// The plan's name; without one the organisation has no subscription.
    pub plan: Option<String>,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            calls: None,
            allowance: Some(50_000),
            plan: Some("free".to_owned()),
        }
    }
}

impl Usage {
    /// Whether a billing period runs: not on the free plan.
    pub(crate) fn is_billed(&self) -> bool {
        self.plan.as_deref().is_some_and(|plan| plan != "free")
    }

    /// A row for each of the last 30 days, which together hold every call.
    pub(crate) fn days(&self, now: Timestamp) -> Vec<Value> {
        const DAYS: u64 = 30;
        let Some(calls) = self.calls else {
            return Vec::new();
        };
        let row = |ago: u64| {
            let share = calls / DAYS + u64::from(ago < calls % DAYS);
            let (identities, documents) = (share / 3, share / 5);
            let hours = i64::try_from(ago).unwrap_or(0).saturating_mul(24);
            let day = now
                .saturating_sub(SignedDuration::from_hours(hours))
                .unwrap_or(now);
            json!({
                "flags": share - identities - documents, "identities": identities, "traits": 0,
                "environment_document": documents, "day": day.strftime("%Y-%m-%d").to_string(), "labels": {},
            })
        };
        (0..DAYS).rev().map(row).collect()
    }
}

/// What a project may hold. A number that is absent is not told either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectLimits {
    /// Flags.
    pub features: Option<u64>,
    /// Segments.
    pub segments: Option<u64>,
    /// Segment overrides in one environment.
    pub segment_overrides: Option<u64>,
}

impl Default for ProjectLimits {
    fn default() -> Self {
        Self {
            features: Some(1_000),
            segments: Some(500),
            segment_overrides: Some(2_000),
        }
    }
}

/// What the store keeps of all this, because answers are made from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) usage: Usage,
    pub(crate) limits: ProjectLimits,
    /// Whether new rows are held against the limits. Seeds may hold more than any of them.
    pub(crate) enforces_limits: bool,
    pub(crate) is_blocked: bool,
    pub(crate) queue: Option<Queue>,
    /// What callers may do; without it everybody is an administrator.
    pub(crate) granted: Option<Vec<String>>,
}

impl Account {
    /// How many tasks wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.queue.as_ref().map_or(0, Queue::waiting)
    }

    /// Refuses one row more than a limit allows, as the server does.
    pub(crate) fn admit(
        &self,
        limit: Option<u64>,
        held: usize,
        field: &str,
        sentence: &str,
    ) -> Result<(), Answer> {
        let full = limit.is_some_and(|limit| u64::try_from(held).unwrap_or(u64::MAX) >= limit);
        if !self.enforces_limits || !full {
            return Ok(());
        }
        Err(Answer::bad(json!({field: sentence})))
    }
}
