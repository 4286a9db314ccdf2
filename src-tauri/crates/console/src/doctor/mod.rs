//! The connection doctor: one step after the other, each tried for real.

mod redact;
mod run;

use std::time::Duration;

use halyard_model::{ConnectionId, EnvironmentKey, Surface, Timestamp};
use halyard_provider::Failure;

/// What the doctor looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoctorInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The surface.
    pub surface: Surface,
}

/// The steps, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DoctorStep {
    /// The address is well formed.
    Address,
    /// Its path ends in `/api/v1/`.
    Path,
    /// Its name is found.
    Name,
    /// Its certificate is accepted.
    Certificate,
    /// Both clocks agree.
    Clock,
    /// It answers where no key is needed.
    Answers,
    /// Its version is told.
    Version,
    /// The key goes into the header that this surface reads.
    Header,
    /// The key is of the kind that this surface takes.
    KeyType,
    /// The key is accepted.
    KeyAccepted,
    /// The environment is known there.
    Environment,
    /// It serves what the admin API holds.
    UpToDate,
    /// It evaluates like the mirror.
    Evaluates,
}

impl DoctorStep {
    /// All of them, in order.
    pub const ALL: [DoctorStep; 13] = [
        DoctorStep::Address,
        DoctorStep::Path,
        DoctorStep::Name,
        DoctorStep::Certificate,
        DoctorStep::Clock,
        DoctorStep::Answers,
        DoctorStep::Version,
        DoctorStep::Header,
        DoctorStep::KeyType,
        DoctorStep::KeyAccepted,
        DoctorStep::Environment,
        DoctorStep::UpToDate,
        DoctorStep::Evaluates,
    ];

    /// A stable name, such as `certificate`.
    pub fn name(self) -> &'static str {
        match self {
            DoctorStep::Address => "address",
            DoctorStep::Path => "path",
            DoctorStep::Name => "name",
            DoctorStep::Certificate => "certificate",
            DoctorStep::Clock => "clock",
            DoctorStep::Answers => "answers",
            DoctorStep::Version => "version",
            DoctorStep::Header => "header",
            DoctorStep::KeyType => "key_type",
            DoctorStep::KeyAccepted => "key_accepted",
            DoctorStep::Environment => "environment",
            DoctorStep::UpToDate => "up_to_date",
            DoctorStep::Evaluates => "evaluates",
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It is going on.
    Running,
    /// As it should be.
    Passed,
    /// Works, and is worth a look.
    Noted,
    /// Found what is wrong.
    Failed,
    /// Not tried, since a step above failed or the run was stopped.
    Waits,
    /// Does not apply here, or cannot be known.
    Skipped,
}

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Flagsmith's organisation key.
    Organisation,
    /// A Flagsmith user's token.
    User,
    /// A client-side environment key, which is public.
    ClientSide,
    /// A server-side environment key, which is secret.
    ServerSide,
    /// An EdgeFlags token.
    AccessToken,
}

/// Something that a step found. Holds no key and nothing of a person.
#[derive(Clone, Debug, PartialEq)]
pub enum StepFact {
    /// The base address.
    Address(String),
    /// The request that was made, such as `GET https://host/health/liveness/`.
    Request(String),
    /// The path of it.
    Path(String),
    /// The addresses of the name; none through a proxy, which finds them.
    Addresses(Vec<String>),
    /// The HTTP proxy in the way.
    Proxy(String),
    /// When the certificate ends.
    Expires {
        /// The moment.
        at: Timestamp,
        /// Whole days from now; negative where it has ended.
        days: i64,
    },
    /// Who issued the certificate.
    Issuer(String),
    /// How far the server's clock is ahead, in milliseconds.
    ClockAhead(i64),
    /// How long the answer took.
    Took(Duration),
    /// The status of the answer.
    Status(u16),
    /// The server's version.
    Version(String),
    /// The header in which the key is sent.
    Header(&'static str),
    /// The kind of the key.
    Key(KeyKind),
    /// The environment's name.
    Environment(String),
    /// When the document served says that it last changed.
    DocumentUpdatedAt(Timestamp),
    /// When an Edge Proxy last fetched everything; `None`: never.
    LastUpdate(Option<Timestamp>),
    /// An Edge Proxy's own word on why it is not ready.
    ProxyReason(String),
    /// What is served differs from what the admin API holds.
    ContentDiffers,
    /// So many flags differ.
    FlagsDiffer(u32),
    /// So many flags were compared.
    FlagsCompared(u32),
    /// The mirror has to be refreshed first.
    MirrorNotReady,
}

/// A step and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DoctorFinding {
    /// The step.
    pub step: DoctorStep,
    /// How it ended.
    pub state: StepState,
    /// What was found.
    pub facts: Vec<StepFact>,
    /// Why it failed, where a request did.
    pub failure: Option<Failure>,
}

/// What the doctor found.
#[derive(Clone, Debug, PartialEq)]
pub struct DoctorFacts {
    /// When it began.
    pub at: Timestamp,
    /// All steps, in order.
    pub findings: Vec<DoctorFinding>,
    /// It was stopped before its end.
    pub stopped: bool,
}

impl DoctorFacts {
    /// When it began, in UTC: `2026-11-21 16:05:00 UTC`.
    pub fn began(&self) -> String {
        jiff::Timestamp::from_millisecond(self.at.0).map_or_else(
            |_| "unknown".to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        )
    }
}
