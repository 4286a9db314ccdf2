//! How fresh each surface is, what is wrong, how much is used.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::FreshnessStateView;
use crate::error::WireError;

/// What a remedy's button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum RemedyActionView {
    /// Opens the form where the key is typed again.
    TypeKeyAgain,
    /// Opens the connection's settings: addresses, proxies, certificates.
    EditConnection,
    /// Asks again.
    TryAgain,
    /// Refreshes the environment.
    Refresh,
    /// Runs the connection doctor on [`RemedyView::surface`].
    RunDoctor,
    /// Opens Activity with [`RemedyView::search`].
    ShowRequests,
    /// Opens [`RemedyView::link`] in the browser.
    OpenLink,
    /// Copies [`RemedyView::text`].
    Copy,
    /// Opens the open edits with their conflict.
    ResolveConflict,
}

/// The next step as a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RemedyView {
    /// What it does.
    pub action: RemedyActionView,
    /// What is written on it.
    pub label: String,
    /// The surface it is about.
    pub surface: Option<SurfaceNameView>,
    /// What to search for in Activity.
    pub search: Option<String>,
    /// The page to open.
    pub link: Option<String>,
    /// The text to copy; holds no key.
    pub text: Option<String>,
}

/// The kind of a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SurfaceKindView {
    /// The mirror on this computer.
    Mirror,
    /// Flagsmith's admin API, EdgeFlags' management routes.
    Admin,
    /// Flagsmith's Flags API, EdgeFlags' evaluation.
    FlagsApi,
    /// An Edge Proxy.
    EdgeProxy,
}

/// A surface by kind and address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
pub struct SurfaceNameView {
    /// Its kind.
    pub kind: SurfaceKindView,
    /// Its base address; empty for the mirror.
    pub address: String,
    /// What people call it, such as `Edge Proxy flags-fra2.acme.example`.
    pub name: String,
}

/// How fresh one surface is for one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SurfaceFreshnessView {
    /// The surface.
    pub surface: SurfaceNameView,
    /// The environment's key; `null` where it is about all of them.
    pub environment: Option<String>,
    /// The environment's name.
    pub environment_name: Option<String>,
    /// The moment up to which what it serves is known to be current; the age counts from here.
    pub as_of: Option<u32>,
    /// When it was last asked.
    pub checked_at: Option<u32>,
    /// Stale from this age on; `null` where it never is by its own rule.
    pub stale_after_seconds: Option<u32>,
    /// The state when this was asked.
    pub state: FreshnessStateView,
    /// The rule in a sentence, such as `Stale after poll 10 s + 30 s × 4 key pairs = 2 min 10 s`.
    pub rule: String,
    /// What is the matter, in a sentence; `null` when nothing is.
    pub sentence: Option<String>,
    /// The likely cause.
    pub cause: Option<String>,
    /// The next step.
    pub next_step: Option<String>,
    /// The next step as a button.
    pub remedy: Option<RemedyView>,
}

/// How grave something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum GravityView {
    /// Good to know.
    Note,
    /// Look at it.
    Warning,
    /// Users are affected, or soon will be.
    Danger,
}

/// Something that is wrong, with cause and remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WarningView {
    /// Names it from one answer to the next.
    pub id: String,
    /// How grave it is.
    pub gravity: GravityView,
    /// What happens.
    pub sentence: String,
    /// The likely cause, with its evidence.
    pub cause: Option<String>,
    /// The next step.
    pub next_step: Option<String>,
    /// The next step as a button.
    pub remedy: Option<RemedyView>,
    /// Since when.
    pub since: Option<u32>,
}

/// An incident of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IncidentView {
    /// The feed's identifier.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How grave it is.
    pub gravity: GravityView,
    /// In a sentence: who investigates since when, what was seen here that
    /// matches, which surfaces are not affected.
    pub sentence: String,
    /// Requests seen here that match.
    pub matching: u32,
    /// Opens Activity with them; `null` when there are none.
    pub remedy: Option<RemedyView>,
    /// The page for people.
    pub link: Option<String>,
}

/// The provider's status feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct StatusFeedView {
    /// It is read.
    pub enabled: bool,
    /// Where; `null` where none is known for the service.
    pub url: Option<String>,
    /// When it was last read.
    pub checked_at: Option<u32>,
    /// Why the last reading failed; what is shown is then the last copy.
    pub failure: Option<String>,
    /// Incidents going on, the gravest first.
    pub incidents: Vec<IncidentView>,
}

/// How much of a limit is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LimitView {
    /// Names it, such as `segment_overrides`.
    pub id: String,
    /// For people, such as `Segment overrides`.
    pub name: String,
    /// How much is used; `null` when unknown.
    pub used: Option<u32>,
    /// The limit; `null` when unknown or none.
    pub limit: Option<u32>,
    /// How to write both.
    pub unit: LimitUnitView,
    /// Where the limit comes from: `Read from the API`, `Documented default`.
    pub source: String,
    /// Past the point where one should look.
    pub gravity: Option<GravityView>,
    /// In a sentence, such as `12 more than a week ago`.
    pub trend: Option<String>,
    /// The heaviest contributors, or what to do; `null` when there is nothing to say.
    pub note: Option<String>,
}

/// How an amount is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnitView {
    /// A plain number.
    Count,
    /// Bytes.
    Bytes,
    /// Requests per minute.
    PerMinute,
    /// Calls per month.
    PerMonth,
}

/// Where a queue is heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum QueueTrendView {
    /// Fewer and fewer.
    Draining,
    /// About as many.
    Steady,
    /// More and more.
    Growing,
}

/// A self-hosted server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ServerView {
    /// Its host, such as `flags.acme.example`.
    pub host: String,
    /// `/health` passes; `null` when unknown.
    pub healthy: Option<bool>,
    /// In a word or a sentence: `Passing`, or what fails.
    pub health: String,
    /// Its version.
    pub version: Option<String>,
    /// When the version was last seen to change, within the last hour.
    pub version_changed_at: Option<u32>,
    /// Tasks waiting; `null` when unknown, which [`ServerView::queue_note`] explains.
    pub queue: Option<u32>,
    /// Where the queue is heading; `null` before the second reading.
    pub queue_trend: Option<QueueTrendView>,
    /// Why the queue is not known.
    pub queue_note: Option<String>,
    /// When this was read.
    pub checked_at: Option<u32>,
}

/// Everything that Health shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct HealthView {
    /// What is wrong, the gravest first.
    pub warnings: Vec<WarningView>,
    /// The provider's own words.
    pub status_feed: StatusFeedView,
    /// Each surface, the mirror first.
    pub surfaces: Vec<SurfaceFreshnessView>,
    /// Limits and use.
    pub limits: Vec<LimitView>,
    /// The server, where it is self-hosted.
    pub server: Option<ServerView>,
    /// What the doctor can look at.
    pub doctor: Vec<DoctorChoiceView>,
    /// Propagation checks, the newest first.
    pub propagations: Vec<PropagationView>,
}

/// A surface that the doctor can look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorChoiceView {
    /// The surface.
    pub surface: SurfaceNameView,
    /// The environment's key.
    pub environment: String,
    /// For people, such as `Edge Proxy fra-2, Staging`.
    pub name: String,
}

/// How a step of the doctor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum StepStateView {
    /// It is going on.
    Running,
    /// As it should be.
    Passed,
    /// Works, and is worth a look.
    Noted,
    /// Found what is wrong.
    Failed,
    /// Not tried, since a step above failed.
    Waits,
    /// Does not apply here.
    Skipped,
}

/// A step of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorStepView {
    /// Names it, such as `certificate`.
    pub id: String,
    /// For people, such as `TLS certificate`. Of a failed step what should be: `Staging document is up to date`.
    pub title: String,
    /// How it ended.
    pub state: StepStateView,
    /// What was found, in a few words, such as `valid, 61 days left`.
    pub detail: Option<String>,
    /// The cause, with its evidence.
    pub cause: Option<String>,
    /// The next step.
    pub next_step: Option<String>,
    /// The next step as a button.
    pub remedy: Option<RemedyView>,
    /// Request and beginning of the answer, without keys.
    pub raw: Option<String>,
}

/// What the doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorView {
    /// The steps, in order.
    pub steps: Vec<DoctorStepView>,
    /// When it began.
    pub at: u32,
    /// It was stopped before its end.
    pub stopped: bool,
    /// The whole of it as text to copy, without keys and personal data.
    pub report: String,
}

/// Asks the doctor to look at a surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorRequest {
    /// Names the run, chosen by the window.
    pub run: String,
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The surface.
    pub surface: SurfaceNameView,
}

/// How far a change has come on one surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LaneStateView {
    /// Not yet, and it may still be on its way.
    Waiting,
    /// It serves the change.
    Served,
    /// Later than it should be.
    Late,
    /// It does not answer.
    Unreachable,
    /// Something newer is served by now.
    Overtaken,
}

/// A change on its way to one surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LaneView {
    /// The surface.
    pub surface: SurfaceNameView,
    /// How far it has come.
    pub state: LaneStateView,
    /// How long it took from publishing, in milliseconds, as seen from this computer; `null` until it is served.
    pub took_millis: Option<u32>,
    /// Why it is late.
    pub cause: Option<String>,
    /// What to do.
    pub remedy: Option<RemedyView>,
}

/// A change followed to each surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PropagationView {
    /// Names it.
    pub id: String,
    /// The flag's key.
    pub flag: String,
    /// The environment's key.
    pub environment: String,
    /// When it was published, or the check begun.
    pub published_at: u32,
    /// It is still followed.
    pub running: bool,
    /// Each surface, in the order of Health.
    pub lanes: Vec<LaneView>,
    /// In a sentence: `5 of 6 surfaces serve the change. …`, always with `seen from this computer`.
    pub sentence: String,
    /// What to do about the slowest.
    pub remedy: Option<RemedyView>,
}

/// A switch of the demo's fault board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DemoFaultView {
    /// Names it.
    pub id: String,
    /// For people, such as `Answer 429`.
    pub title: String,
    /// What will be seen, in a sentence.
    pub effect: String,
    /// It is on.
    pub on: bool,
}

/// What can be set about a connection's surfaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SurfaceSettingsView {
    /// An own Flags API address; `null` where it is the admin API's.
    pub flags_address: Option<String>,
    /// The Edge Proxies.
    pub edge_proxies: Vec<EdgeProxyView>,
    /// Certificates accepted beside the system's, PEM text; `null` for none.
    pub ca_bundle: Option<String>,
    /// The provider's status feed is read.
    pub status_feed: bool,
    /// Another address of it; `null` for the provider's own.
    pub status_feed_url: Option<String>,
}

/// An Edge Proxy and its configuration, which only its operator knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EdgeProxyView {
    /// Its address.
    pub address: String,
    /// Its poll interval in seconds.
    pub poll_seconds: u32,
    /// Its grace in seconds; `null` where it is set to never call itself stale.
    pub grace_seconds: Option<u32>,
    /// How many pairs of keys it has.
    pub key_pairs: u32,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeOutcomeView {
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

/// Which requests to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ActivityRequest {
    /// Of this connection; `null` for all.
    pub connection: Option<String>,
    /// Words that must occur in method, path, surface, status or request id.
    pub search: String,
    /// Only of these outcomes; empty for all.
    pub outcomes: Vec<ExchangeOutcomeView>,
    /// Only of this surface kind.
    pub surface: Option<SurfaceKindView>,
    /// Only before this row; `null` for the newest.
    pub before: Option<String>,
    /// At most so many.
    pub most: u32,
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ExchangeView {
    /// Names it.
    pub id: String,
    /// When it left, in seconds …
    pub at: u32,
    /// … and milliseconds, 0 to 999.
    pub at_millis: u32,
    /// The connection's name; `null` before there was one.
    pub connection: Option<String>,
    /// The surface, such as `Admin API`.
    pub surface: String,
    /// Its kind; `null` for the status feed.
    pub kind: Option<SurfaceKindView>,
    /// The verb.
    pub method: String,
    /// The path; query values are left out.
    pub path: String,
    /// The answer's status.
    pub status: Option<u32>,
    /// How it ended.
    pub outcome: ExchangeOutcomeView,
    /// From leaving to the end of the answer, in milliseconds.
    pub took_millis: u32,
    /// How long it waited for its turn, in milliseconds.
    pub waited_millis: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Nobody waited for it.
    pub background: bool,
    /// Bytes of the answer.
    pub bytes: u32,
    /// Requests left afterwards.
    pub budget_left: Option<u32>,
}

/// The list of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ActivityView {
    /// The rows, the newest first.
    pub rows: Vec<ExchangeView>,
    /// How many there are of this kind.
    pub total: u32,
    /// How many are kept at most; older ones are dropped.
    pub kept: u32,
}

/// One request in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ExchangeDetailView {
    /// The row.
    pub row: ExchangeView,
    /// Scheme, host and port.
    pub origin: String,
    /// The service's name for it.
    pub request_id: Option<String>,
    /// The server's version.
    pub server_version: Option<String>,
    /// How far the server's clock was ahead, in seconds; about a second of it is uncertain.
    pub clock_ahead_seconds: Option<i32>,
    /// What went wrong, sorted.
    pub error: Option<WireError>,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ActivityFormatView {
    /// For a spreadsheet.
    Csv,
    /// For a program: one JSON object per line.
    JsonLines,
}
