//! A sandbox, a console in front of it, and an eye on what the service holds.

use std::{sync::Arc, time::Duration};

use halyard_console::{
    ActivityRecorder, AuthKind, ChangeSetFacts, Clock, ConnectInput, Console, ConsoleError, ConsoleParts,
    Credential, DraftFacts, EditInput, FlagFacts, KeepKey, Outcome, SaveDraft, StageInput, Traffic, revision,
};
use halyard_mirror::Mirror;
use halyard_model::{
    At, Change, ChangeSetId, ChangeSetState, Connection, ConnectionId, Edit, EditId, Environment,
    EnvironmentKey, Flag, FlagKey, FlagValue, MomentId, Service, Subject,
};
use halyard_provider::{Access, EdgeFlags, Flagsmith, HttpSettings, Provider, Target};
use halyard_sandbox::{Config, Exchange, Fault, MayaEdit, Running, Sandbox, Seed};
use serde_json::Value;

use crate::fakes::{Keychain, SteppedClock};
pub use crate::path::Path;

pub struct Bench {
    pub path: Path,
    pub sandbox: Running,
    pub console: Console,
    pub mirror: Mirror,
    pub clock: Arc<SteppedClock>,
    pub keys: Arc<Keychain>,
    provider: Arc<dyn Provider>,
}

/// A connected environment.
#[derive(Clone, Debug)]
pub struct Place {
    pub connection: ConnectionId,
    pub environment: EnvironmentKey,
}

impl Place {
    /// What it is now.
    pub fn now(&self) -> At {
        self.at(None)
    }

    /// What it is now, or was at a moment.
    pub fn at(&self, moment: Option<MomentId>) -> At {
        At {
            connection: self.connection.clone(),
            environment: self.environment.clone(),
            moment,
        }
    }
}

/// Short pauses, and the console's own clock: what a client says of the age of a
/// thing is compared with it.
fn settings(clock: &Arc<SteppedClock>) -> HttpSettings {
    let clock = clock.clone();
    HttpSettings {
        retry_pause: Duration::from_millis(2),
        limited_repeats: 0,
        patience: Duration::from_secs(4),
        settling_reads: 3,
        settling_pause: Duration::from_millis(10),
        now: Arc::new(move || clock.now()),
        ..HttpSettings::default()
    }
}

impl Bench {
    pub async fn new(path: Path) -> Bench {
        Bench::with_seed(path, Seed::Acme).await
    }

    pub async fn with_seed(path: Path, seed: Seed) -> Bench {
        let config = Config {
            seed,
            ..Config::default()
        };
        Bench::with_config(path, config).await
    }

    pub async fn with_config(path: Path, config: Config) -> Bench {
        Bench::on(path, config, Mirror::in_memory().await.unwrap()).await
    }

    /// On a mirror of the test's own.
    pub async fn on(path: Path, config: Config, mirror: Mirror) -> Bench {
        let sandbox = Sandbox::start(config).await.unwrap();
        let clock = Arc::new(SteppedClock::default());
        let provider: Arc<dyn Provider> = match path.service() {
            Service::Flagsmith => Arc::new(Flagsmith::new(settings(&clock)).unwrap()),
            Service::EdgeFlags => Arc::new(EdgeFlags::new(settings(&clock)).unwrap()),
        };
        let keys = Arc::new(Keychain::default());
        let shared = provider.clone();
        let console = Console::new(ConsoleParts {
            mirror: mirror.clone(),
            keys: keys.clone(),
            clock: clock.clone(),
            providers: Arc::new(move |_| shared.clone()),
            traffic: Traffic::default(),
        });
        Bench {
            path,
            sandbox,
            console,
            mirror,
            clock,
            keys,
            provider,
        }
    }

    /// A bench whose console records requests and reads status feeds, all of
    /// it by the console's clock.
    pub async fn recording(path: Path) -> Bench {
        let bench = Bench::new(path).await;
        let (recorder, intake) = ActivityRecorder::new();
        let settings = HttpSettings {
            observer: Some(recorder),
            ..settings(&bench.clock)
        };
        let provider: Arc<dyn Provider> = match path.service() {
            Service::Flagsmith => Arc::new(Flagsmith::new(settings.clone()).unwrap()),
            Service::EdgeFlags => Arc::new(EdgeFlags::new(settings.clone()).unwrap()),
        };
        let shared = provider.clone();
        let console = Console::new(ConsoleParts {
            mirror: bench.mirror.clone(),
            keys: bench.keys.clone(),
            clock: bench.clock.clone(),
            providers: Arc::new(move |_| shared.clone()),
            traffic: Traffic {
                governor: settings.governor.clone(),
                intake: Some(intake),
                status_feeds: Some(settings),
            },
        });
        Bench {
            console,
            provider,
            ..bench
        }
    }

    /// A new console on the same mirror, keychain and service, as after a restart.
    pub fn restarted(self) -> Bench {
        let shared = self.provider.clone();
        let console = Console::new(ConsoleParts {
            mirror: self.mirror.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            providers: Arc::new(move |_| shared.clone()),
            traffic: Traffic::default(),
        });
        Bench { console, ..self }
    }

    /// The same console, with the service started anew at other ports.
    pub async fn moved(self) -> Bench {
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        Bench { sandbox, ..self }
    }

    /// With its environment connected and refreshed.
    pub async fn connected(path: Path) -> (Bench, Place) {
        let bench = Bench::new(path).await;
        let place = bench.connect().await;
        bench
            .console
            .refresh(&place.connection, &place.environment)
            .await
            .unwrap();
        (bench, place)
    }

    pub fn address(&self) -> String {
        let announcement = self.sandbox.announcement();
        match self.path.service() {
            Service::Flagsmith => announcement.flagsmith_text("url").to_owned(),
            Service::EdgeFlags => announcement.edgeflags.url.clone(),
        }
    }

    pub fn key(&self) -> String {
        let announcement = self.sandbox.announcement();
        match self.path.service() {
            Service::Flagsmith => announcement.flagsmith_text("api_key").to_owned(),
            Service::EdgeFlags => announcement.edgeflags.token.clone(),
        }
    }

    pub fn input(&self, address: &str, key: &str) -> ConnectInput {
        ConnectInput {
            service: self.path.service(),
            address: address.to_owned(),
            credential: Credential::new(key),
            auth: match self.path.service() {
                Service::Flagsmith => AuthKind::OrganisationKey,
                Service::EdgeFlags => AuthKind::AccessToken,
            },
            connection: None,
        }
    }

    pub async fn draft(&self) -> Result<DraftFacts, ConsoleError> {
        self.console
            .connect(self.input(&self.address(), &self.key()))
            .await
    }

    /// What a person chooses who wants all of a draft's first project.
    pub async fn choice(&self, draft: &DraftFacts, keep: KeepKey) -> SaveDraft {
        let project = draft.discovery.organisations[0].projects[0].id.clone();
        let environments = self
            .console
            .draft_environments(&draft.id, &project)
            .await
            .unwrap();
        SaveDraft {
            draft: draft.id.clone(),
            project,
            environments: environments.into_iter().map(|one| one.key.0).collect(),
            flags_address: None,
            edge_proxies: Vec::new(),
            keep,
        }
    }

    pub async fn connect(&self) -> Place {
        let draft = self.draft().await.unwrap();
        let choice = self.choice(&draft, KeepKey::Keychain).await;
        let connection = self.console.save_draft(choice).await.unwrap();
        self.place(&connection, self.path.environment()).await
    }

    pub async fn place(&self, connection: &ConnectionId, name: &str) -> Place {
        let environments = self.console.environments(connection).await.unwrap();
        let found = environments
            .into_iter()
            .find(|one| one.environment.name == name)
            .unwrap();
        Place {
            connection: connection.clone(),
            environment: found.environment.key,
        }
    }

    pub async fn refresh(&self, place: &Place) -> Result<(), ConsoleError> {
        self.console.refresh(&place.connection, &place.environment).await
    }

    /// A flag as the window would show it.
    pub async fn shown(&self, place: &Place, flag: &str) -> FlagFacts {
        let key = FlagKey(flag.into());
        self.console
            .flag(&place.connection, &place.environment, &key)
            .await
            .unwrap()
    }

    async fn target(&self, place: &Place) -> (Connection, Environment) {
        let connection = self.console.connection(&place.connection).await.unwrap();
        let facts = self
            .console
            .environment(&place.connection, &place.environment)
            .await
            .unwrap();
        (connection, facts.environment)
    }

    /// A flag as the service holds it, past the console.
    pub async fn held(&self, place: &Place, flag: &str) -> Flag {
        let known = self.shown(place, flag).await.flag;
        let (connection, environment) = self.target(place).await;
        let credential = Credential::new(&self.key());
        let target = Target {
            access: Access::new(&connection.endpoint, &credential),
            project: &connection.project,
            environment: &environment,
        };
        self.provider.flag(target, &known).await.unwrap().value
    }

    /// What the service itself answers for an identity, past the console.
    pub async fn evaluated(
        &self,
        place: &Place,
        who: &halyard_model::IdentityRef,
    ) -> Vec<halyard_model::RemoteFlag> {
        let (connection, environment) = self.target(place).await;
        let credential = Credential::new(&self.key());
        let target = Target {
            access: Access::new(&connection.endpoint, &credential),
            project: &connection.project,
            environment: &environment,
        };
        let surface = halyard_model::Surface::FlagsApi;
        self.provider.evaluate(target, who, &surface).await.unwrap().value
    }

    pub async fn input_for(&self, place: &Place, flag: &str, change: Change) -> EditInput {
        EditInput {
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            subject: Subject::state_of(&FlagKey(flag.into())),
            revision: revision(&self.shown(place, flag).await.flag.state),
            changes: change.fields(),
            confirmed: None,
        }
    }

    pub async fn edit(&self, place: &Place, flag: &str, change: Change) -> Result<Outcome, ConsoleError> {
        let input = self.input_for(place, flag, change).await;
        self.console.edit(input).await
    }

    /// Maya's change to a flag's value in the environment at hand.
    pub fn maya(&self, flag: &str, value: Value) -> MayaEdit {
        MayaEdit {
            environment: self.path.environment().into(),
            flag: flag.into(),
            enabled: None,
            value: Some(value),
            ..MayaEdit::default()
        }
    }

    pub fn maya_edits(&self, flag: &str, value: Value) {
        let edit = self.maya(flag, value);
        self.sandbox
            .faults()
            .edit_as_maya(self.path.surface(), &edit)
            .unwrap();
    }

    pub fn fault(&self, fault: Fault) {
        self.sandbox.faults().add(fault);
    }

    /// A request to the service with the connection's key.
    pub async fn send(&self, method: reqwest::Method, path: &str) -> reqwest::StatusCode {
        let base = self.address();
        let (url, authorisation) = match self.path.service() {
            Service::Flagsmith => (format!("{base}{path}"), format!("Api-Key {}", self.key())),
            Service::EdgeFlags => (format!("{base}/api/v1/{path}"), format!("Bearer {}", self.key())),
        };
        let request = reqwest::Client::new().request(method, url);
        let sent = request.header("Authorization", authorisation).send().await;
        sent.unwrap().status()
    }

    /// The requests that could have changed something, since the journal was cleared.
    pub fn writes(&self) -> Vec<Exchange> {
        let asks = |one: &Exchange| {
            one.method == "GET" || one.target.contains("evaluate") || one.target.contains("identities")
        };
        self.sandbox
            .journal()
            .into_iter()
            .filter(|one| !asks(one))
            .collect()
    }
}

/// Turns a flag on or off, whatever it was.
pub fn flipped(facts: &FlagFacts) -> Change {
    Change::toggle(!facts.flag.state.enabled)
}

pub fn value(value: Value) -> Change {
    Change {
        enabled: None,
        value: Some(FlagValue(value)),
    }
}

pub fn edit_of(outcome: &Outcome) -> &Edit {
    match outcome {
        Outcome::Confirmed { edit }
        | Outcome::AlreadyThere { edit }
        | Outcome::Conflict { edit }
        | Outcome::Unknown { edit }
        | Outcome::NotDone { edit }
        | Outcome::Staged { edit } => edit,
    }
}

/// Tries until something is so. Whoever waits in vain fails after a minute.
pub async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect("it became so within a minute")
}

/// Change sets: staging and publishing at the bench.
impl Bench {
    pub async fn stage_into(
        &self,
        place: &Place,
        flag: &str,
        change: &Change,
        set: Option<&ChangeSetId>,
    ) -> Result<Edit, ConsoleError> {
        let subject = Subject::state_of(&FlagKey(flag.into()));
        let facts = self
            .console
            .subject(&place.connection, &place.environment, &subject)
            .await?;
        let input = StageInput {
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            subject,
            revision: facts.revision,
            changes: change.fields(),
            change_set: set.cloned(),
        };
        self.console.stage(input).await
    }

    pub async fn stage(&self, place: &Place, flag: &str, change: &Change) -> Edit {
        self.stage_into(place, flag, change, None).await.unwrap()
    }

    /// Publishes as somebody does who confirms whatever is asked.
    pub async fn publish(&self, set: &ChangeSetId) {
        let connection = self.set(set).await.set.connection;
        let environments = self.console.environments(&connection).await.unwrap();
        let confirmed = environments
            .into_iter()
            .map(|facts| (facts.environment.key, facts.environment.name))
            .collect();
        self.console.publish(set, &confirmed).await.unwrap();
    }

    pub async fn set(&self, id: &ChangeSetId) -> ChangeSetFacts {
        self.console.change_set(id).await.unwrap()
    }

    /// Waits until publishing a set has come to rest.
    pub async fn at_rest(&self, id: &ChangeSetId) -> ChangeSetFacts {
        until(async || {
            let facts = self.set(id).await;
            (facts.set.state != ChangeSetState::Publishing).then_some(facts)
        })
        .await
    }

    pub async fn row(&self, id: &EditId) -> Edit {
        self.mirror.edit(id).await.unwrap().unwrap()
    }
}
