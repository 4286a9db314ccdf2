//! The classes of incidents that a console can tell from what it sees anyway:
//! its own requests, the surfaces, the server's word about itself and what the
//! mirror holds. Pure: what was seen goes in, warnings come out. Each class
//! is explained in `docs/health.md`, and so is why the others are not here.

mod held;
mod requests;
mod speed;
#[cfg(test)]
mod tests;

use halyard_model::Timestamp;

use crate::{ExchangeFacts, ExchangeOutcome, SurfaceKind};

/// How far back requests are looked at.
pub(super) const BACK_MILLIS: i64 = 3_600_000;

/// What lies within this time is recent; the rest is what it is compared with.
const RECENT_MILLIS: i64 = 600_000;

/// What was seen of a connection, by the time of `now`.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The moment at which it is judged.
    pub(super) now: Timestamp,
    /// The provider runs it, so that there is a plan.
    pub(super) hosted: bool,
    /// Requests of the last hour, the newest first.
    pub(super) requests: Vec<ExchangeFacts>,
    /// Flags APIs that serve what is no longer current.
    pub(super) behind: Vec<Behind>,
    /// Size of the environment's document in bytes.
    pub(super) document_bytes: Option<u64>,
    /// Names of personas that have an empty text as a trait.
    pub(super) empty_traits: Vec<String>,
    /// The server's task queue.
    pub(super) queue: Option<QueueSeen>,
    /// The server's health endpoint says that all is well.
    pub(super) healthy: Option<bool>,
    /// Whether the provider told the plan and its allowance; `None` where it
    /// was not asked.
    pub(super) plan_told: Option<bool>,
}

/// An environment whose Flags API serves what is no longer current.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    /// Since when at the latest.
    pub(super) since: Timestamp,
}

/// A server's task queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueueSeen {
    /// Tasks that wait.
    pub(super) waiting: u64,
    /// They become fewer; `None` where that is not known yet.
    pub(super) draining: Option<bool>,
}

/// How grave a warning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Good to know.
    Note,
    /// Look at it.
    Warning,
    /// Users are affected, or soon will be.
    Danger,
}

/// A class of incident that is seen to happen. The shell puts it into words.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentWarning {
    /// How grave it is.
    pub gravity: Gravity,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// What is seen.
    pub sign: IncidentSign,
}

/// What is seen of a class of incident.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentSign {
    /// Changes reach several environments late, or a queue holds them back.
    PropagationDelayed {
        /// How many environments are behind.
        environments: u32,
        /// Tasks that wait, where the server tells.
        waiting: Option<u64>,
    },
    /// The document is as large as one page of it may be, or nearly.
    DocumentOversized {
        /// Its size in bytes.
        bytes: u64,
        /// The size of a page in bytes.
        limit: u64,
        /// Requests for it that ended without an answer in time.
        failed: u32,
    },
    /// Identities have an empty text as a trait, which some servers cannot store.
    EmptyTrait {
        /// The personas that stand for them, by name.
        personas: Vec<String>,
    },
    /// The admin API fails while flags are served.
    AdminFailsServingWell {
        /// Requests that failed inside the server, of the last ten minutes.
        faults: u32,
        /// Out of how many.
        requests: u32,
    },
    /// The server's version changed within the last hour.
    VersionChanged {
        /// The version before.
        before: String,
        /// The version now.
        now: String,
        /// How often it changed: more than once where two versions answer in turn.
        times: u32,
        /// Requests that failed inside the server since.
        faults: u32,
    },
    /// The health endpoint says that all is well while requests fail.
    HealthLies {
        /// Requests that failed inside the server, of the last ten minutes.
        faults: u32,
    },
    /// One route of the admin API became much slower than the hour before.
    RouteSlower {
        /// Verb and path, identifiers left out.
        route: String,
        /// The median before, in milliseconds.
        before_millis: u64,
        /// The median of the last ten minutes, in milliseconds.
        now_millis: u64,
    },
    /// One address is out of reach while others of the connection answer.
    PartlyUnreachable {
        /// The address.
        origin: String,
        /// The others.
        answering: Vec<String>,
    },
    /// A name is not found while others are.
    NameNotFound {
        /// The address.
        origin: String,
        /// It was found before, within the last hour.
        known_before: bool,
    },
    /// A small part of all requests fails inside the server.
    SporadicFaults {
        /// The kind of surface.
        surface: SurfaceKind,
        /// Requests that failed, of the last hour.
        faults: u32,
        /// Out of how many.
        requests: u32,
    },
    /// Flags are served much more slowly than the hour before.
    ServingSlower {
        /// What 95 of 100 answers took at most before, in milliseconds.
        before_millis: u64,
        /// The same of the last ten minutes.
        now_millis: u64,
    },
    /// What was allowed within the last hour is refused.
    PermissionLost {
        /// How many kinds of request.
        routes: u32,
    },
    /// The provider tells neither plan nor allowance.
    PlanUntold,
    /// The admin API is slow or silent while flags are served well.
    AdminSlowServingWell {
        /// The median of the last ten minutes, in milliseconds; `None` where
        /// nothing was answered.
        millis: Option<u64>,
    },
    /// Tasks wait and do not become fewer.
    TasksStuck {
        /// How many wait.
        waiting: u64,
    },
}

impl IncidentSign {
    /// The number of the class, as `docs/health.md` counts them.
    pub fn class(&self) -> u8 {
        match self {
            IncidentSign::PropagationDelayed { .. } => 1,
            IncidentSign::DocumentOversized { .. } => 2,
            IncidentSign::EmptyTrait { .. } => 4,
            IncidentSign::AdminFailsServingWell { .. } => 6,
            IncidentSign::VersionChanged { .. } => 7,
            IncidentSign::HealthLies { .. } => 8,
            IncidentSign::RouteSlower { .. } => 11,
            IncidentSign::PartlyUnreachable { .. } => 12,
            IncidentSign::NameNotFound { .. } => 13,
            IncidentSign::SporadicFaults { .. } => 14,
            IncidentSign::ServingSlower { .. } => 15,
            IncidentSign::PermissionLost { .. } => 17,
            IncidentSign::PlanUntold => 18,
            IncidentSign::AdminSlowServingWell { .. } => 19,
            IncidentSign::TasksStuck { .. } => 20,
        }
    }
}

type Rule = fn(&Seen) -> Option<IncidentWarning>;

const RULES: [Rule; 15] = [
    held::propagation_delayed,
    held::document_oversized,
    held::empty_trait,
    requests::admin_fails_serving_well,
    requests::version_changed,
    requests::health_lies,
    speed::route_slower,
    requests::partly_unreachable,
    requests::name_not_found,
    requests::sporadic_faults,
    speed::serving_slower,
    requests::permission_lost,
    held::plan_untold,
    speed::admin_slow_serving_well,
    held::tasks_stuck,
];

/// What is seen to happen, the gravest first.
pub(super) fn warnings(seen: &Seen) -> Vec<IncidentWarning> {
    let mut found: Vec<IncidentWarning> = RULES.iter().filter_map(|rule| rule(seen)).collect();
    found.sort_by_key(|warning| std::cmp::Reverse(warning.gravity));
    found
}

impl Seen {
    fn is_recent(&self, row: &ExchangeFacts) -> bool {
        self.now.millis_since(row.at) < RECENT_MILLIS
    }

    /// Requests of the last ten minutes to a kind of surface, the newest first.
    fn recent(&self, kind: SurfaceKind) -> Vec<&ExchangeFacts> {
        let of_kind = self.requests.iter().filter(|row| is_to(row, kind));
        of_kind.filter(|row| self.is_recent(row)).collect()
    }
}

fn is_to(row: &ExchangeFacts, kind: SurfaceKind) -> bool {
    SurfaceKind::of(row.class) == Some(kind)
}

fn is_well(row: &ExchangeFacts) -> bool {
    matches!(row.outcome, ExchangeOutcome::Done | ExchangeOutcome::Unchanged)
}

fn is_fault(row: &ExchangeFacts) -> bool {
    row.outcome == ExchangeOutcome::ServerFault
}

fn count<'a>(rows: impl IntoIterator<Item = &'a ExchangeFacts>) -> u32 {
    u32::try_from(rows.into_iter().count()).unwrap_or(u32::MAX)
}

/// Verb and path of a request with its identifiers left out, so that requests
/// of one kind are one route.
fn route(row: &ExchangeFacts) -> String {
    let path = row.path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| {
        let is_number = !part.is_empty() && part.chars().all(|one| one.is_ascii_digit());
        if is_number || part.len() >= 16 {
            "…"
        } else {
            part
        }
    });
    format!("{} {}", row.method, parts.collect::<Vec<_>>().join("/"))
}
