//! A request in the shape in which the mirror keeps it.

use std::time::Duration;

use halyard_mirror::{KeptExchange, NewExchange};
use halyard_model::Timestamp;
use halyard_provider::{BudgetClass, Exchange, Failure, FailureKind, Stage, Urgency};
use serde::{Deserialize, Serialize};

use super::{ExchangeFacts, ExchangeId, ExchangeOutcome};

/// What is written down. Members are only ever added, with a default: older
/// rows are in people's files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    class: String,
    origin: String,
    method: String,
    path: String,
    at: Timestamp,
    background: bool,
    waited_millis: u64,
    took_millis: u64,
    attempt: u32,
    status: Option<u16>,
    bytes: u64,
    failure: Option<KeptFailure>,
    budget_left: Option<u32>,
    request_id: Option<String>,
    server_version: Option<String>,
    clock_ahead_millis: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeptFailure {
    kind: KeptKind,
    sentence: String,
    cause: Option<String>,
    next_step: Option<String>,
    request: Option<String>,
    status: Option<u16>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum KeptKind {
    Unauthorised,
    Forbidden,
    NotFound,
    RateLimited { retry_at: Option<Timestamp> },
    Refused { detail: String },
    Unreachable { stage: KeptStage },
    ServerFault,
    Malformed { place: String },
    BadAddress { detail: String },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptStage {
    Name,
    Connect,
    Tls,
    Timeout,
    Cut,
    Other,
}

/// The name under which a budget's class is kept, searched and exported.
pub(super) fn class_name(class: BudgetClass) -> &'static str {
    match class {
        BudgetClass::Admin => "admin_api",
        BudgetClass::FlagsApi => "flags_api",
        BudgetClass::EdgeProxy => "edge_proxy",
        BudgetClass::Management => "management",
        BudgetClass::Evaluation => "evaluation",
        BudgetClass::StatusFeed => "status_feed",
    }
}

fn class_of(name: &str) -> BudgetClass {
    match name {
        "flags_api" => BudgetClass::FlagsApi,
        "edge_proxy" => BudgetClass::EdgeProxy,
        "management" => BudgetClass::Management,
        "evaluation" => BudgetClass::Evaluation,
        "status_feed" => BudgetClass::StatusFeed,
        _ => BudgetClass::Admin,
    }
}

impl ExchangeOutcome {
    /// The name under which it is kept and exported.
    pub fn name(self) -> &'static str {
        match self {
            ExchangeOutcome::Done => "done",
            ExchangeOutcome::Unchanged => "unchanged",
            ExchangeOutcome::Throttled => "throttled",
            ExchangeOutcome::Refused => "refused",
            ExchangeOutcome::ServerFault => "server_fault",
            ExchangeOutcome::Broken => "broken",
        }
    }

    /// How a request ended that was answered with this status, or with none.
    pub fn of(status: Option<u16>, failure: Option<&FailureKind>) -> ExchangeOutcome {
        match status {
            None => ExchangeOutcome::Broken,
            Some(304) => ExchangeOutcome::Unchanged,
            Some(429) => ExchangeOutcome::Throttled,
            Some(500..) => ExchangeOutcome::ServerFault,
            Some(300..500) => ExchangeOutcome::Refused,
            // An answer that ended too early, or was not what it should be.
            Some(_) if matches!(failure, Some(FailureKind::Unreachable(_))) => ExchangeOutcome::Broken,
            Some(_) => ExchangeOutcome::Done,
        }
    }
}

/// What the mirror keeps of a request. It has been redacted before.
pub(super) fn to_keep(exchange: Exchange) -> NewExchange<Record> {
    let class = class_name(exchange.class);
    let kind = exchange.failure.as_ref().map(|failure| &failure.kind);
    let outcome = ExchangeOutcome::of(exchange.status, kind).name();
    let search = [
        &exchange.method,
        &exchange.origin,
        &exchange.path,
        // As people write it: `flags api`.
        &class.replace('_', " "),
        outcome,
        &exchange
            .status
            .map(|status| status.to_string())
            .unwrap_or_default(),
        exchange.request_id.as_deref().unwrap_or_default(),
    ]
    .join(" ")
    .to_lowercase();
    NewExchange {
        connection: exchange.account,
        at: exchange.at,
        class,
        outcome,
        search,
        record: Record {
            class: class.to_owned(),
            origin: exchange.origin,
            method: exchange.method,
            path: exchange.path,
            at: exchange.at,
            background: exchange.urgency == Urgency::Background,
            waited_millis: millis(exchange.waited),
            took_millis: millis(exchange.took),
            attempt: exchange.attempt,
            status: exchange.status,
            bytes: exchange.bytes,
            failure: exchange.failure.map(|failure| keep_failure(*failure)),
            budget_left: exchange.budget_left,
            request_id: exchange.request_id,
            server_version: exchange.server_version,
            clock_ahead_millis: exchange.clock_ahead_millis,
        },
    }
}

/// What is known of a request that was kept.
pub(super) fn facts(kept: KeptExchange<Record>) -> ExchangeFacts {
    let record = kept.record;
    let failure = record.failure.map(failure_of);
    ExchangeFacts {
        id: ExchangeId(kept.id),
        connection: kept.connection,
        class: class_of(&record.class),
        outcome: ExchangeOutcome::of(record.status, failure.as_ref().map(|failure| &failure.kind)),
        origin: record.origin,
        method: record.method,
        path: record.path,
        at: record.at,
        urgency: if record.background {
            Urgency::Background
        } else {
            Urgency::Interactive
        },
        waited_millis: record.waited_millis,
        took_millis: record.took_millis,
        attempt: record.attempt,
        status: record.status,
        bytes: record.bytes,
        failure,
        budget_left: record.budget_left,
        request_id: record.request_id,
        server_version: record.server_version,
        clock_ahead_millis: record.clock_ahead_millis,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn keep_failure(failure: Failure) -> KeptFailure {
    KeptFailure {
        kind: match failure.kind {
            FailureKind::Unauthorised => KeptKind::Unauthorised,
            FailureKind::Forbidden => KeptKind::Forbidden,
            FailureKind::NotFound => KeptKind::NotFound,
            FailureKind::RateLimited { retry_at } => KeptKind::RateLimited { retry_at },
            FailureKind::Refused { detail } => KeptKind::Refused { detail },
            FailureKind::Unreachable(stage) => KeptKind::Unreachable {
                stage: match stage {
                    Stage::Name => KeptStage::Name,
                    Stage::Connect => KeptStage::Connect,
                    Stage::Tls => KeptStage::Tls,
                    Stage::Timeout => KeptStage::Timeout,
                    Stage::Cut => KeptStage::Cut,
                    Stage::Other => KeptStage::Other,
                },
            },
            FailureKind::ServerFault => KeptKind::ServerFault,
            FailureKind::Malformed { place } => KeptKind::Malformed { place },
            FailureKind::BadAddress { detail } => KeptKind::BadAddress { detail },
        },
        sentence: failure.sentence,
        cause: failure.cause,
        next_step: failure.next_step,
        request: failure.request,
        status: failure.status,
    }
}

fn failure_of(kept: KeptFailure) -> Failure {
    let kind = match kept.kind {
        KeptKind::Unauthorised => FailureKind::Unauthorised,
        KeptKind::Forbidden => FailureKind::Forbidden,
        KeptKind::NotFound => FailureKind::NotFound,
        KeptKind::RateLimited { retry_at } => FailureKind::RateLimited { retry_at },
        KeptKind::Refused { detail } => FailureKind::Refused { detail },
        KeptKind::Unreachable { stage } => FailureKind::Unreachable(match stage {
            KeptStage::Name => Stage::Name,
            KeptStage::Connect => Stage::Connect,
            KeptStage::Tls => Stage::Tls,
            KeptStage::Timeout => Stage::Timeout,
            KeptStage::Cut => Stage::Cut,
            KeptStage::Other => Stage::Other,
        }),
        KeptKind::ServerFault => FailureKind::ServerFault,
        KeptKind::Malformed { place } => FailureKind::Malformed { place },
        KeptKind::BadAddress { detail } => FailureKind::BadAddress { detail },
    };
    let mut failure = Failure::new(kind, kept.sentence);
    failure.cause = kept.cause;
    failure.next_step = kept.next_step;
    failure.request = kept.request;
    failure.status = kept.status;
    failure
}
