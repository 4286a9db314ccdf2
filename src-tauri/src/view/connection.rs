//! Connections, environments and how fresh they are.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{ChosenFileView, WarningView};

/// A flag service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ServiceView {
    /// Flagsmith.
    Flagsmith,
    /// EdgeFlags.
    EdgeFlags,
}

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ThemeView {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Where the user was last, to start there again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PlaceView {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
}

/// Whether keys can be kept in the system keychain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum KeyStoreStateView {
    /// A round trip succeeded.
    Ready,
    /// No keychain answers.
    Absent,
    /// A keychain answers and is locked or refuses.
    Locked,
}

/// The keychain, in words a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct KeyStoreView {
    /// Whether keys can be kept.
    pub state: KeyStoreStateView,
    /// What is the matter, in a sentence; empty when ready.
    pub sentence: String,
    /// What to do, in a sentence; empty when ready.
    pub next_step: String,
}

/// Something the user should know once, such as a damaged mirror set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct NoticeView {
    /// What happened.
    pub sentence: String,
    /// What it means and what to do.
    pub next_step: String,
}

/// Everything the window needs to draw its frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct AppView {
    /// Halyard's version.
    pub version: String,
    /// The connections, in the order they were made.
    pub connections: Vec<ConnectionView>,
    /// The keychain.
    pub key_store: KeyStoreView,
    /// What happened at start.
    pub notices: Vec<NoticeView>,
    /// Where the user was last.
    pub last_place: Option<PlaceView>,
    /// Light or dark.
    pub theme: ThemeView,
    /// A snapshot file that was double-clicked or dropped on the program and
    /// waits to be opened.
    pub waiting_file: Option<ChosenFileView>,
    /// The local copy is encrypted and its key is missing or wrong: nothing can
    /// be shown. What happened and what to do.
    pub locked: Option<NoticeView>,
    /// The desktop tells of trouble in protected environments.
    pub desktop_notices: bool,
}

/// Where a connection's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum KeyHomeView {
    /// In the system keychain.
    Keychain,
    /// In memory until Halyard is closed.
    Session,
    /// Nowhere: it must be typed again. The mirror can still be read.
    Missing,
}

/// The file that a read-only connection was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FileOriginView {
    /// Its name, without its folder.
    pub name: String,
    /// When it was written.
    pub made_at: u32,
}

/// A connection with its environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ConnectionView {
    /// Its name within Halyard.
    pub id: String,
    /// What the switcher shows.
    pub name: String,
    /// The service.
    pub service: ServiceView,
    /// The service's address.
    pub address: String,
    /// The organisation, where the service has them.
    pub organisation: Option<String>,
    /// The project's name.
    pub project: String,
    /// It leads to the sandbox inside the app.
    pub demo: bool,
    /// A snapshot file that was opened: read-only, of the past, without a key.
    pub file: Option<FileOriginView>,
    /// Where its key is.
    pub key: KeyHomeView,
    /// Its environments, in the service's order.
    pub environments: Vec<EnvironmentView>,
}

/// How much a write asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionView {
    /// Sent at once, can be undone.
    None,
    /// A sheet shows before and after.
    Confirm,
    /// The environment's name must be typed.
    TypeName,
    /// Nothing is written from here.
    ReadOnly,
}

/// The shape of an environment's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum MarkView {
    /// Outlined.
    Development,
    /// Half filled.
    Staging,
    /// Filled.
    Production,
    /// Striped: a further production.
    SecondProduction,
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct EnvironmentView {
    /// Its key within the connection.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its mark.
    pub mark: MarkView,
    /// How much a write asks first.
    pub protection: ProtectionView,
    /// Writes publish versions, so a publish in between is detected.
    pub versioned: bool,
    /// Why nothing can be written here, in a sentence; `null` when it can.
    pub read_only: Option<String>,
    /// How fresh the mirror's copy is.
    pub freshness: FreshnessView,
    /// Flags in the mirror.
    pub flag_count: u32,
    /// Segments in the mirror.
    pub segment_count: u32,
    /// Edits whose outcome is open: unsent, unknown.
    pub open_edits: u32,
    /// Edits waiting for a decision.
    pub conflicts: u32,
    /// The gravest of what is the matter with a surface that serves this
    /// environment, such as a stale Edge Proxy; `null` when nothing is.
    pub warning: Option<WarningView>,
}

/// How far what is shown can be trusted to be current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum FreshnessStateView {
    /// Nothing was ever fetched.
    Never,
    /// Confirmed recently.
    Fresh,
    /// Past half the limit.
    Ageing,
    /// Past the limit.
    Stale,
    /// The service cannot be reached.
    Offline,
}

/// Freshness as a fact and a rule, so that the window can let the age tick by
/// itself between two answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FreshnessView {
    /// The state when this was asked.
    pub state: FreshnessStateView,
    /// When the service last confirmed what is shown.
    pub checked_at: Option<u32>,
    /// When the content was last found changed.
    pub changed_at: Option<u32>,
    /// Stale from this age on, in seconds; ageing from half of it.
    pub stale_after_seconds: u32,
    /// The last failure since the last success, in a sentence.
    pub failure: Option<String>,
    /// Not asked again before this moment, as the service wishes.
    pub retry_at: Option<u32>,
    /// It is being refreshed now.
    pub refreshing: bool,
}

/// What is known about the requests left to one kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BudgetView {
    /// For people, such as `Admin` or `Evaluation`.
    pub name: String,
    /// Requests left; `null` when unknown.
    pub remaining: Option<u32>,
    /// Out of how many; `null` when unknown.
    pub limit: Option<u32>,
    /// When the window ends.
    pub resets_at: Option<u32>,
    /// The service asked for a pause until then.
    pub paused_until: Option<u32>,
    /// How the numbers are known, in a sentence.
    pub known: String,
    /// Requests waiting for their turn, somebody's and nobody's.
    pub waiting: u32,
    /// How long those will take, in seconds; `null` when unknown.
    pub waiting_seconds: Option<u32>,
}

/// What the status bar shows for one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct StatusView {
    /// The service answered the last request.
    pub connected: bool,
    /// In a few words, such as `Connected, Flagsmith 2.265.0` or `Snapshot file of Flagsmith, read on this computer`.
    pub sentence: String,
    /// Something was asked since Halyard began; before, nothing is known.
    pub tried: bool,
    /// Requests left, the scarcest first; empty before the first request.
    pub budgets: Vec<BudgetView>,
    /// Writes waiting or on their way.
    pub writes: u32,
    /// Titles of the provider's incidents going on, the gravest first.
    pub incidents: Vec<String>,
    /// Warnings in Health.
    pub warnings: u32,
}

/// Which of Flagsmith's admin credentials was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum KeyKindView {
    /// An organisation key.
    OrganisationKey,
    /// A user's token.
    UserToken,
    /// An EdgeFlags token.
    AccessToken,
}

/// The one call that carries a key in.
#[derive(Clone, Deserialize, Type)]
pub struct ConnectRequest {
    /// The service.
    pub service: ServiceView,
    /// The address as typed or pasted; empty for the hosted service.
    pub address: String,
    /// The key. Kept in memory until the connection is saved or given up.
    pub key: String,
    /// Its kind.
    pub key_kind: KeyKindView,
    /// The connection whose key is typed again, instead of a new one.
    pub connection: Option<String>,
}

impl std::fmt::Debug for ConnectRequest {
    /// Leaves the key out.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ConnectRequest")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Something with an identifier and a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct NamedView {
    /// The service's identifier.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// An organisation and its projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ListingView {
    /// The organisation.
    pub organisation: NamedView,
    /// Its projects.
    pub projects: Vec<NamedView>,
}

/// Whether a key may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum StandingView {
    /// Yes.
    Granted,
    /// No.
    Denied,
    /// The first attempt will tell.
    Unknown,
}

/// One thing a key may or may not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PermissionView {
    /// In the service's words.
    pub name: String,
    /// Whether it is granted.
    pub standing: StandingView,
}

/// A checked key and what it opens, before anything is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DraftView {
    /// Names the draft in the calls that follow.
    pub draft: String,
    /// The address that was used.
    pub address: String,
    /// The Flags API's address where it differs.
    pub flags_address: Option<String>,
    /// What was corrected in the address, in sentences.
    pub corrections: Vec<String>,
    /// The server's version, where it tells.
    pub server_version: Option<String>,
    /// Organisations and projects.
    pub organisations: Vec<ListingView>,
    /// What the key may do, where known.
    pub permissions: Vec<PermissionView>,
}

/// An environment that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EnvironmentChoiceView {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its mark.
    pub mark: MarkView,
    /// The protection it will start with.
    pub protection: ProtectionView,
    /// It publishes versions.
    pub versioned: bool,
}

/// Where to keep the key of a saved connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum KeepKeyView {
    /// In the system keychain.
    Keychain,
    /// In memory until Halyard is closed.
    Session,
}

/// Turns a draft into a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SaveConnectionRequest {
    /// The draft.
    pub draft: String,
    /// The project's identifier.
    pub project: String,
    /// Keys of the environments to mirror.
    pub environments: Vec<String>,
    /// An own Flags API address; `null` for the draft's.
    pub flags_address: Option<String>,
    /// Addresses of Edge Proxies.
    pub edge_proxies: Vec<String>,
    /// Where to keep the key.
    pub keep_key: KeepKeyView,
}
