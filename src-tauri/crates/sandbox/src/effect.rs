//! What a fault does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ErrorBody, MayaEdit, Moment, status::Oddity};

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a board holds a handful of faults, and tests write them out by hand"
)]
pub enum Effect {
    /// The request is carried out after a wait, even if the client has gone by then.
    Latency {
        /// Milliseconds.
        ms: u64,
    },
    /// 429 in the service's own shape. The request is not carried out.
    Throttle {
        /// Seconds in `Retry-After`; without a number the header is absent.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// A 5xx. The request is not carried out.
    ServerError {
        /// 500, 502, 503 or 504.
        #[serde(default = "internal_server_error")]
        status: u16,
        /// What the body is.
        #[serde(default)]
        body: ErrorBody,
    },
    /// Exactly this is answered. The request is not carried out. [`crate::staged`] holds the answers that
    /// are known from services and from what stands before them.
    Answer {
        /// 200 to 599.
        status: u16,
        /// The `Content-Type` header; a page unless given, and none where it is empty.
        #[serde(default = "page")]
        content_type: String,
        /// The body as it is.
        #[serde(default)]
        body: String,
        /// Further headers by name.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The `Date` header is off by so many seconds, to the future where positive. The request is carried out.
    ClockSkew {
        /// Seconds.
        seconds: i64,
    },
    /// The request is carried out, and the connection closes in the middle of the answer's body.
    CutBody,
    /// The request is carried out, and the connection closes without an answer.
    CommitThenCut,
    /// The connection closes without an answer, and the request is carried out later.
    LateCommit {
        /// How much later, in milliseconds.
        ms: u64,
    },
    /// The connection closes without an answer. The request is not carried out.
    Refuse,
    /// The request is carried out, and the answer is 200 with valid JSON of another shape.
    WrongShape,
    /// The request is carried out, and the answer's JSON breaks off although its length is as promised.
    MalformedJson,
    /// 200 with JSON of this size in place of the answer. The request is not carried out.
    HugeBody {
        /// At least this many bytes.
        bytes: u64,
    },
    /// Every page of a list says that there is another one, and there always is.
    EndlessPaging,
    /// Reads keep answering from the data of the moment the fault was set: Flagsmith's environment
    /// documents, EdgeFlags' lists and evaluations.
    StaleDocument,
    /// The Edge Proxy takes no new documents.
    FrozenProxy,
    /// The Edge Proxy is as if it had been started while its upstream was down: it has no document and gets
    /// none, so that it calls every key unknown.
    ColdProxy,
    /// The Edge Proxy's server-side key of one environment is refused upstream, so that its shared time of
    /// success stands still while the documents of the other environments stay fresh.
    BadKeyPair {
        /// The environment's name or client-side key.
        environment: String,
    },
    /// Flagsmith's database is down: pages with status 500, except where nothing has to be looked up.
    DatabaseDown,
    /// Flagsmith runs on a database whose migrations failed half way: its health says so, and some routes
    /// break while others work.
    FailedMigrations {
        /// Parts of the paths that break.
        #[serde(default = "broken_routes")]
        broken: Vec<String>,
    },
    /// Flagsmith tells the time of the last change so much too late, as its cached row does by up to a minute.
    DocumentLag {
        /// Milliseconds.
        ms: u64,
    },
    /// Flagsmith's task queue holds tasks. Environment documents stand still until it is empty.
    Queue {
        /// How many wait when the fault is set.
        waiting: u64,
        /// How many more wait after each second; fewer where negative.
        #[serde(default)]
        per_second: i64,
    },
    /// Flagsmith limits each credential on its administration routes, as an operator may.
    ThrottleWindow {
        /// Requests in a window.
        requests: u32,
        /// The length of the sliding window in milliseconds.
        window_ms: u64,
    },
    /// What Flagsmith tells of the month's usage and of the plan.
    Usage {
        /// Calls of the last 30 days; without a number, usage stays unknown.
        #[serde(default)]
        calls: Option<u64>,
        /// The plan's calls in a month; without a number the plan does not say.
        #[serde(default)]
        allowance: Option<u64>,
        /// The plan's name; without one the organisation's subscription is missing.
        #[serde(default)]
        plan: Option<String>,
    },
    /// What Flagsmith allows in a project. A number that is left out is absent from its answers, as on older
    /// servers, and limits nothing.
    ProjectLimits {
        /// Flags.
        #[serde(default)]
        features: Option<u64>,
        /// Segments.
        #[serde(default)]
        segments: Option<u64>,
        /// Segment overrides in one environment.
        #[serde(default)]
        segment_overrides: Option<u64>,
    },
    /// Whoever calls Flagsmith is no administrator and may do only this.
    Permissions {
        /// By the server's names, such as `UPDATE_FEATURE_STATE`.
        granted: Vec<String>,
    },
    /// An environment of Flagsmith can be changed by change requests only.
    ChangeRequests {
        /// Its name or client-side key.
        environment: String,
        /// How many have to approve one.
        #[serde(default = "one")]
        approvals: u64,
    },
    /// Flagsmith shows nothing of its audit log, as a build without a licence does.
    UnlicensedAudit,
    /// Flagsmith keeps identities in the hosted service's separate store.
    HostedIdentities,
    /// Flagsmith serves no flags to the organisation, because its plan's allowance is used up.
    ServingBlocked,
    /// The forward proxy asks for a name and a password: 407 without them.
    TunnelAuthentication {
        /// The name.
        #[serde(default = "tunnel_user")]
        user: String,
        /// The password.
        #[serde(default = "tunnel_user")]
        password: String,
    },
    /// The forward proxy lets nobody through.
    TunnelRefusal {
        /// What it answers.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// The status feed tells of an open incident.
    Incident {
        /// The incident's title.
        #[serde(default = "incident_title")]
        title: String,
        /// `minor`, `major` or `critical`.
        #[serde(default = "incident_impact")]
        impact: String,
        /// The component that is degraded.
        #[serde(default = "incident_component")]
        component: String,
    },
    /// The status feed tells of scheduled maintenance.
    Maintenance {
        /// Its title.
        #[serde(default = "maintenance_title")]
        title: String,
        /// The component concerned.
        #[serde(default = "incident_component")]
        component: String,
        /// Seconds until it begins; it is under way where this is not positive.
        #[serde(default = "hour")]
        starts_in: i64,
        /// How many seconds it takes.
        #[serde(default = "hour")]
        lasts: i64,
    },
    /// The status feed says what it says in a way that a lenient reader has to bear.
    OddFeed {
        /// What is odd.
        oddity: Oddity,
    },
    /// A colleague edits just before or just after a request is handled.
    Maya {
        /// What she changes.
        edit: MayaEdit,
        /// Before or after the request.
        #[serde(default)]
        when: Moment,
        /// Which matching request, from 1.
        #[serde(default = "first")]
        nth: u32,
    },
}

impl Effect {
    /// The name in the control route.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Throttle { .. } => "throttle",
            Self::ServerError { .. } => "server_error",
            Self::Answer { .. } => "answer",
            Self::ClockSkew { .. } => "clock_skew",
            Self::CutBody => "cut_body",
            Self::CommitThenCut => "commit_then_cut",
            Self::LateCommit { .. } => "late_commit",
            Self::Refuse => "refuse",
            Self::WrongShape => "wrong_shape",
            Self::MalformedJson => "malformed_json",
            Self::HugeBody { .. } => "huge_body",
            Self::EndlessPaging => "endless_paging",
            Self::StaleDocument => "stale_document",
            Self::FrozenProxy => "frozen_proxy",
            Self::ColdProxy => "cold_proxy",
            Self::BadKeyPair { .. } => "bad_key_pair",
            Self::DatabaseDown => "database_down",
            Self::FailedMigrations { .. } => "failed_migrations",
            Self::DocumentLag { .. } => "document_lag",
            Self::Queue { .. } => "queue",
            Self::ThrottleWindow { .. } => "throttle_window",
            Self::Usage { .. } => "usage",
            Self::ProjectLimits { .. } => "project_limits",
            Self::Permissions { .. } => "permissions",
            Self::ChangeRequests { .. } => "change_requests",
            Self::UnlicensedAudit => "unlicensed_audit",
            Self::HostedIdentities => "hosted_identities",
            Self::ServingBlocked => "serving_blocked",
            Self::TunnelAuthentication { .. } => "tunnel_authentication",
            Self::TunnelRefusal { .. } => "tunnel_refusal",
            Self::Incident { .. } => "incident",
            Self::Maintenance { .. } => "maintenance",
            Self::OddFeed { .. } => "odd_feed",
            Self::Maya { .. } => "maya",
        }
    }

    /// Whether the fault is a state of a service, which holds until cleared, rather than something that
    /// befalls single requests.
    pub(crate) fn is_state(&self) -> bool {
        matches!(
            self,
            Self::StaleDocument
                | Self::FrozenProxy
                | Self::ColdProxy
                | Self::BadKeyPair { .. }
                | Self::DatabaseDown
                | Self::FailedMigrations { .. }
                | Self::DocumentLag { .. }
                | Self::Queue { .. }
                | Self::ThrottleWindow { .. }
                | Self::Usage { .. }
                | Self::ProjectLimits { .. }
                | Self::Permissions { .. }
                | Self::ChangeRequests { .. }
                | Self::UnlicensedAudit
                | Self::HostedIdentities
                | Self::ServingBlocked
                | Self::TunnelAuthentication { .. }
                | Self::TunnelRefusal { .. }
                | Self::Incident { .. }
                | Self::Maintenance { .. }
                | Self::OddFeed { .. }
        )
    }

    /// Whether it decides what a request is answered with. Of several that do, the first does.
    pub(crate) fn decides_answer(&self) -> bool {
        !self.is_state()
            && !matches!(
                self,
                Self::Latency { .. } | Self::ClockSkew { .. } | Self::Maya { .. }
            )
    }
}

fn internal_server_error() -> u16 {
    500
}

pub(crate) fn bad_gateway() -> u16 {
    502
}

pub(crate) fn tunnel_user() -> String {
    "sandbox".to_owned()
}

fn one() -> u64 {
    1
}

fn first() -> u32 {
    1
}

fn hour() -> i64 {
    3_600
}

pub(crate) fn page() -> String {
    "text/html; charset=utf-8".to_owned()
}

pub(crate) fn broken_routes() -> Vec<String> {
    vec!["/featurestates/".to_owned(), "/segments/".to_owned()]
}

pub(crate) fn incident_title() -> String {
    "Edge API latency".to_owned()
}

pub(crate) fn incident_impact() -> String {
    "minor".to_owned()
}

pub(crate) fn incident_component() -> String {
    "Edge API".to_owned()
}

pub(crate) fn maintenance_title() -> String {
    "Database upgrade".to_owned()
}
