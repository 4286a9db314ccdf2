//! How fresh each surface is, what is wrong, how much is used.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DoctorChoiceView, FreshnessStateView, PropagationView};

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
    /// Opens the limits of Health.
    ShowLimits,
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
