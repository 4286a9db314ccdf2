//! The console itself: what its use cases share.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use halyard_mirror::Mirror;
use halyard_model::{
    ChangeSetId, Connection, ConnectionId, EditId, Endpoint, Environment, EnvironmentKey, Subject, Timestamp,
};
use halyard_provider::{Answer, Credential, Governor, HttpSettings, Leftover, Provider, RateLimit};
use tokio::sync::{broadcast, watch};

use crate::{
    Beginning, Clock, ConsoleError, Event, Lock, Traffic,
    activity::Activity,
    batch::Jobs,
    cohort::Cohorts,
    connect::{Draft, DraftId},
    engines::Engines,
    files::ChosenFiles,
    history::{AuthorSearch, HistoryCare},
    incidents::Feeds,
    notices::{NoticeBook, NoticeSubject},
    propagation::Follows,
    publish::{Owner, Run},
    secret::{KeyStore, KeyStoreState, SessionKeys},
    sides::OpenedMoments,
    subject::{Documents, Held},
    watch::{Checks, Looks},
};

/// Finds the client for an endpoint.
pub type Providers = Arc<dyn Fn(&Endpoint) -> Arc<dyn Provider> + Send + Sync>;

/// What a console is made of.
pub struct ConsoleParts {
    /// The local copy.
    pub mirror: Mirror,
    /// Where keys are kept.
    pub keys: Arc<dyn KeyStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The clients.
    pub providers: Providers,
    /// What the clients share about requests.
    pub traffic: Traffic,
}

/// An environment of a connection.
pub(crate) type Site = (ConnectionId, EnvironmentKey);

/// The use cases. Cheap to clone; all clones are the same console.
#[derive(Clone)]
pub struct Console {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) mirror: Mirror,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) session: SessionKeys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) providers: Providers,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) activity: Activity,
    pub(crate) governor: Governor,
    pub(crate) status_feeds: Option<HttpSettings>,
    pub(crate) volatile: Mutex<Volatile>,
    /// One question to the keychain at a time: a locked one asks a person, who
    /// should be asked once.
    pub(crate) key_turn: tokio::sync::Mutex<()>,
    /// One draft is saved at a time, so that a second click finds it gone.
    pub(crate) save_turn: tokio::sync::Mutex<()>,
    /// One file comes in at a time, so that the same one is found there.
    pub(crate) import_turn: tokio::sync::Mutex<()>,
    /// How far a propagation check has come is written down in turn.
    pub(crate) follow_turn: tokio::sync::Mutex<()>,
    /// What changes a change set, and what decides which of its edits is sent,
    /// in turn. Taken after a subject's turn, never before.
    pub(crate) change_turn: tokio::sync::Mutex<()>,
    /// Who publishes from the mirror's folder.
    pub(crate) outbox: Owner,
    /// The local copy is converted, opened or set aside in turn.
    pub(crate) encryption_turn: tokio::sync::Mutex<()>,
    /// Why the local copy is not open.
    pub(crate) lock: watch::Sender<Option<Lock>>,
    /// A change is to be followed.
    pub(crate) follow_wake: tokio::sync::Notify,
}

/// What is true only while the console runs.
#[derive(Default)]
pub(crate) struct Volatile {
    pub(crate) drafts: HashMap<DraftId, Draft>,
    pub(crate) key_store: Option<KeyStoreState>,
    /// Keys found in the keychain, so that it is asked once per connection.
    pub(crate) unlocked: HashMap<ConnectionId, Credential>,
    /// Connections whose key was asked for in vain, so that what runs by
    /// itself does not ask again.
    pub(crate) keyless: HashSet<ConnectionId>,
    pub(crate) refreshing: HashSet<Site>,
    /// How many writes have begun and ended: a snapshot collected across one
    /// may be older than what the write read back.
    pub(crate) writes: HashMap<Site, u64>,
    pub(crate) writes_open: HashMap<ConnectionId, u32>,
    /// Edits whose write is on its way.
    pub(crate) sending: HashSet<EditId>,
    pub(crate) subject_locks: HashMap<(Site, Subject), Arc<tokio::sync::Mutex<()>>>,
    pub(crate) limits: HashMap<ConnectionId, RateLimit>,
    pub(crate) server_versions: HashMap<ConnectionId, String>,
    pub(crate) engines: Engines,
    /// What looking after the history has come to.
    pub(crate) history: HistoryCare,
    /// What looking for the authors of changes has come to.
    pub(crate) authors: AuthorSearch,
    /// Documents taken apart.
    pub(crate) documents: Documents,
    /// Moments that were opened to be compared.
    pub(crate) opened: OpenedMoments,
    /// What the mirror does not hold, as it was last asked for: traits of
    /// identities, and what a Flagsmith flag begins with.
    pub(crate) asked: HashMap<(Site, Subject), Held>,
    /// Sets that are being published.
    pub(crate) runs: HashMap<ChangeSetId, Run>,
    /// Sets whose rest is to be staged again once the write on its way is over.
    pub(crate) cancelled: HashSet<ChangeSetId>,
    /// What writes were seen to have left behind.
    pub(crate) leftovers: HashMap<EditId, Vec<Leftover>>,
    /// Environments that are about to be refreshed.
    pub(crate) refresh_soon: HashSet<Site>,
    pub(crate) chosen_files: ChosenFiles,
    pub(crate) cohorts: Cohorts,
    /// Runs over cohorts that are going on.
    pub(crate) jobs: Jobs,
    /// When each connection's environments were last read.
    pub(crate) environments_known_at: HashMap<ConnectionId, Timestamp>,
    pub(crate) in_view: Option<Site>,
    /// What looking at surfaces has come to.
    pub(crate) looks: Looks,
    /// What reading status feeds has come to.
    pub(crate) feeds: Feeds,
    /// Changes that are followed.
    pub(crate) follows: Follows,
    /// What reading servers and limits has come to.
    pub(crate) checks: Checks,
    /// What was found when a locked local copy was opened.
    pub(crate) found_later: Option<Beginning>,
    /// What was told of trouble.
    pub(crate) notices: NoticeBook<NoticeSubject>,
}

impl Console {
    /// A console of these parts.
    pub fn new(parts: ConsoleParts) -> Console {
        let (events, _) = broadcast::channel(256);
        Console {
            inner: Arc::new_cyclic(|inner| Inner {
                activity: Activity::begin(
                    parts.traffic.intake,
                    parts.mirror.clone(),
                    events.clone(),
                    inner.clone(),
                ),
                governor: parts.traffic.governor,
                status_feeds: parts.traffic.status_feeds,
                mirror: parts.mirror,
                keys: parts.keys,
                session: SessionKeys::default(),
                clock: parts.clock,
                providers: parts.providers,
                events,
                volatile: Mutex::new(Volatile::default()),
                key_turn: tokio::sync::Mutex::default(),
                save_turn: tokio::sync::Mutex::default(),
                import_turn: tokio::sync::Mutex::default(),
                follow_turn: tokio::sync::Mutex::default(),
                change_turn: tokio::sync::Mutex::default(),
                outbox: Owner::default(),
                encryption_turn: tokio::sync::Mutex::default(),
                lock: watch::Sender::new(None),
                follow_wake: tokio::sync::Notify::new(),
            }),
        }
    }

    /// What the console tells from now on. A slow listener may miss events and
    /// is then told how many; asking for everything again makes up for them.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listening is no failure.
        let _unheard = self.inner.events.send(event);
    }

    pub(crate) fn volatile(&self) -> MutexGuard<'_, Volatile> {
        // Held only for map operations, none of which leaves a half-made state.
        self.inner.volatile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn known_connection(&self, id: &ConnectionId) -> Result<Connection, ConsoleError> {
        let found = self.inner.mirror.connection(id).await?;
        found.ok_or(ConsoleError::Gone {
            what: "the connection",
        })
    }

    pub(crate) async fn known_environment(
        &self,
        connection: &ConnectionId,
        key: &EnvironmentKey,
    ) -> Result<Environment, ConsoleError> {
        let environments = self.inner.mirror.environments(connection).await?;
        let found = environments
            .into_iter()
            .find(|environment| environment.key == *key);
        found.ok_or(ConsoleError::Gone {
            what: "the environment",
        })
    }

    /// Keeps what an answer says about limits, and returns its value.
    pub(crate) fn heard<T>(&self, connection: &ConnectionId, answer: Answer<T>) -> T {
        if let Some(limits) = answer.limits {
            self.volatile().limits.insert(connection.clone(), limits);
            self.tell(Event::Status {
                connection: connection.clone(),
            });
        }
        answer.value
    }
}
