//! What the console asks of a flag service.

use async_trait::async_trait;
use halyard_model::{
    ConnectionId, Endpoint, Environment, Flag, FlagKey, IdentityRecord, IdentityRef, Named, RemoteFlag,
    Snapshot, Subject, SubjectState, Surface, Timestamp,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{Allowances, Audit, Confirm, Door, Failure, ProxyHealth, Reach, ServerHealth, SurfaceReading};

/// A key or token, kept out of every `Debug` output and wiped when dropped.
#[derive(Clone)]
pub struct Credential(SecretString);

impl Credential {
    /// Wraps a key, without the blanks that pasting leaves around it.
    pub fn new(secret: &str) -> Credential {
        Credential(SecretString::from(secret.trim().to_owned()))
    }

    /// The key itself, for a request header or the keychain and nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credential(redacted)")
    }
}

/// What an answer said about the requests that are left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests allowed per window.
    pub limit: Option<u32>,
    /// Requests left in the window.
    pub remaining: Option<u32>,
    /// When the window ends.
    pub resets_at: Option<Timestamp>,
}

/// A value with what its answers said beside it.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The value.
    pub value: T,
    /// The newest statement about limits, where the service makes any.
    pub limits: Option<RateLimit>,
    /// How many requests it took.
    pub requests: u32,
}

/// Something found at a connection, with the projects below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The organisation; EdgeFlags has none and gives its project's name.
    pub organisation: Named,
    /// Its projects, sorted by name.
    pub projects: Vec<Named>,
}

/// Whether a credential may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A request of this kind succeeded.
    Granted,
    /// A request of this kind was refused.
    Denied,
    /// Cannot be known without side effects; the first attempt will tell.
    Unknown,
}

/// One thing a credential may or may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// In the service's words, such as `read:flags`.
    pub name: String,
    /// Whether it is granted.
    pub standing: Standing,
}

/// What a credential opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The server's own version, where it tells.
    pub server_version: Option<String>,
    /// Organisations and their projects.
    pub organisations: Vec<Listing>,
    /// What the credential may do, where probing reads tell.
    pub permissions: Vec<Permission>,
}

/// Who goes first where a budget is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// Somebody waits for it.
    #[default]
    Interactive,
    /// Nobody waits for it: it yields, and leaves a reserve.
    Background,
}

/// A service within reach: where it is, the key for it, and on whose behalf
/// and how urgently it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Where the service is.
    pub endpoint: &'a Endpoint,
    /// The key for it.
    pub credential: &'a Credential,
    /// Whom the requests are recorded for; `None` before there is a connection.
    pub account: Option<&'a ConnectionId>,
    /// Who goes first.
    pub urgency: Urgency,
}

impl<'a> Access<'a> {
    /// An interactive access that is recorded for no connection.
    pub fn new(endpoint: &'a Endpoint, credential: &'a Credential) -> Access<'a> {
        Access {
            endpoint,
            credential,
            account: None,
            urgency: Urgency::Interactive,
        }
    }

    /// Recorded for a connection.
    pub fn of(mut self, account: &'a ConnectionId) -> Access<'a> {
        self.account = Some(account);
        self
    }

    /// With an urgency.
    pub fn with(mut self, urgency: Urgency) -> Access<'a> {
        self.urgency = urgency;
        self
    }
}

/// One environment with everything a call needs to reach it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The service.
    pub access: Access<'a>,
    /// The project.
    pub project: &'a Named,
    /// The environment.
    pub environment: &'a Environment,
}

/// How far a collection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being read, such as `flags`.
    pub what: &'static str,
    /// How many are read.
    pub done: u32,
    /// Out of how many, where known.
    pub total: Option<u32>,
}

/// A step of a write. Whoever writes is told before it is taken, and nothing is
/// sent where writing it down failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteStep {
    /// Something was made for the write that counts for nobody yet, such as
    /// the draft of a version, by its identifier.
    Prepared {
        /// The identifier.
        handle: String,
    },
    /// The request that counts is about to leave.
    Sending,
    /// Its answer came.
    Answered,
}

/// Where the steps of a write are written down.
#[async_trait]
pub trait Steps: Send + Sync {
    /// Writes a step down before it is taken. After a failure nothing is sent.
    async fn reached(&self, step: WriteStep) -> Result<(), Failure>;
}

/// Steps that nobody keeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSteps;

#[async_trait]
impl Steps for NoSteps {
    async fn reached(&self, _step: WriteStep) -> Result<(), Failure> {
        Ok(())
    }
}

/// A change to be written under a precondition.
#[derive(Clone, Copy)]
pub struct Write<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// The state it rests on, which is the precondition; `None` where the
    /// subject must not exist yet.
    pub base: Option<&'a SubjectState>,
    /// The state it leads to; `None` to delete.
    pub wish: Option<&'a SubjectState>,
    /// The flag as last seen, where the subject concerns one that exists.
    pub known: Option<&'a Flag>,
    /// Where its steps are written down.
    pub steps: &'a dyn Steps,
}

/// A subject as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its state; `None` where the service has none.
    pub state: Option<SubjectState>,
    /// The whole flag as the environment has it, where the subject is a flag's
    /// state, and on EdgeFlags where it is the flag.
    pub flag: Option<Box<Flag>>,
}

impl From<Box<Flag>> for Found {
    fn from(flag: Box<Flag>) -> Found {
        Found {
            state: Some(SubjectState::FlagState(flag.state.clone())),
            flag: Some(flag),
        }
    }
}

/// What became of a write. In no case was a state replaced that the client
/// could have seen to differ from the base.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOutcome {
    /// A read after the write shows what was sent.
    Confirmed {
        /// The subject as read back.
        now: Found,
    },
    /// Somebody had made the same change; nothing was sent.
    AlreadyThere {
        /// The subject as read.
        now: Found,
    },
    /// Somebody had changed the subject since the base; nothing was sent.
    Conflict {
        /// The subject as the service holds it.
        theirs: Found,
    },
    /// Somebody published between the last check and this write; both states
    /// are in the service's history, ours is live.
    Replaced {
        /// The subject as the service holds it now.
        now: Found,
        /// The state that was replaced, as far as the service can show it.
        replaced: Box<SubjectState>,
    },
    /// The write succeeded and a read after it shows something else: somebody
    /// changed the subject right afterwards, or the service dropped a part.
    Overtaken {
        /// The subject as the service holds it now.
        now: Found,
    },
    /// It was sent, and no answer can tell what became of it.
    Unknown {
        /// Why, in a sentence.
        reason: String,
        /// The subject as re-read, where that succeeded and did not settle it.
        now: Option<Found>,
    },
}

/// What a write that was cut off may have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftoverKind {
    /// A draft of a version that nobody published.
    Draft,
    /// A second override of a segment, or a second identity or segment, that a
    /// late write added.
    Duplicate,
}

/// Something left behind, which can be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// The service's identifier of it.
    pub handle: String,
    /// What it holds, as a person knows it, such as a segment's name.
    pub name: String,
}

/// A flag service. Implementations are stateless apart from a connection pool.
///
/// Every method returns [`Failure`] sorted by what can be done about it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Checks a credential and lists what it opens.
    async fn discover(&self, access: Access<'_>) -> Result<Answer<Discovery>, Failure>;

    /// Lists the environments of a project, in the service's order.
    /// [`Environment::protection`] is as suggested by the name.
    async fn environments(
        &self,
        access: Access<'_>,
        project: &Named,
    ) -> Result<Answer<Vec<Environment>>, Failure>;

    /// Collects one environment's whole state. A change while it is collected
    /// is noticed and leads to a second reading, so that the parts agree.
    /// `now` is the time the collection begins.
    async fn collect(
        &self,
        target: Target<'_>,
        now: Timestamp,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Answer<Snapshot>, Failure>;

    /// Reads one flag afresh, past every cache. `known` is the flag as last seen.
    async fn flag(&self, target: Target<'_>, known: &Flag) -> Result<Answer<Flag>, Failure>;

    /// Reads a subject afresh, past every cache. `known` is the flag as last
    /// seen, where the subject concerns one that exists.
    async fn read(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
    ) -> Result<Answer<Found>, Failure>;

    /// Writes under a precondition: never over a state that could be seen to
    /// differ from the base. An `Err` means that nothing was changed.
    async fn write(&self, target: Target<'_>, write: Write<'_>) -> Result<Answer<WriteOutcome>, Failure>;

    /// What a write that was cut off may have left behind; `handle` as in
    /// [`WriteStep::Prepared`].
    async fn leftovers(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
        handle: Option<&str>,
    ) -> Result<Answer<Vec<Leftover>>, Failure>;

    /// Removes what was left behind.
    async fn remove_leftover(
        &self,
        target: Target<'_>,
        subject: &Subject,
        known: Option<&Flag>,
        leftover: &Leftover,
    ) -> Result<Answer<()>, Failure>;

    /// Finds identities whose identifier contains (hosted: starts with) `search`.
    async fn identities(
        &self,
        target: Target<'_>,
        search: &str,
    ) -> Result<Answer<Vec<IdentityRecord>>, Failure>;

    /// The traits the service stores for an identity. Empty where it stores none.
    async fn traits(
        &self,
        target: Target<'_>,
        identity: &IdentityRecord,
    ) -> Result<Answer<Vec<(String, serde_json::Value)>>, Failure>;

    /// Asks the service itself what an identity gets. Never persists the
    /// identity or its traits. [`Surface::Admin`] evaluates nothing and is
    /// [`FailureKind::BadAddress`](crate::FailureKind::BadAddress).
    async fn evaluate(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        surface: &Surface,
    ) -> Result<Answer<Vec<RemoteFlag>>, Failure>;

    /// Asks the service for one flag with its reason.
    async fn evaluate_flag(
        &self,
        target: Target<'_>,
        identity: &IdentityRef,
        flag: &FlagKey,
    ) -> Result<Answer<RemoteFlag>, Failure>;

    /// Tries to reach a surface, step by step: name, encryption, answer. The
    /// failure at which it ended is in the result.
    async fn reach(&self, target: Target<'_>, door: &Door) -> Answer<Reach>;

    /// Reads what a surface serves for an environment: the document where it
    /// serves one, else the flags. [`Surface::Admin`] gives the document by
    /// the connection's own key.
    async fn read_surface(
        &self,
        target: Target<'_>,
        surface: &Surface,
        confirm: &Confirm,
    ) -> Result<Answer<SurfaceReading>, Failure>;

    /// Asks an Edge Proxy how it is. A 503 is an answer, not a failure.
    async fn proxy_health(&self, access: Access<'_>, base: &str) -> Result<Answer<ProxyHealth>, Failure>;

    /// Asks a server how it is. What could not be read is in the result.
    async fn server_health(&self, access: Access<'_>) -> Answer<ServerHealth>;

    /// What the service's audit log says about an environment since a time, a
    /// bounded number of pages. A log that gives nothing is no failure, and is
    /// not asked again for a day.
    async fn audit(&self, target: Target<'_>, since: Timestamp) -> Result<Answer<Audit>, Failure>;

    /// The provider's own limits, and the usage it counts.
    async fn allowances(&self, target: Target<'_>) -> Result<Answer<Allowances>, Failure>;
}
