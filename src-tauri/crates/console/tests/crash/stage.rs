//! What the parent and its children share: a service, a folder, a clock.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use halyard_console::{
    AuthKind, Clock, ConnectInput, Console, ConsoleParts, Credential, KeepKey, SaveDraft, SystemClock,
    Traffic, secret::SessionKeys,
};
use halyard_mirror::{Mirror, Opened};
use halyard_model::{ChangeSetId, ConnectionId, EditState, EnvironmentKey, Service, Timestamp};
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider};
use halyard_sandbox::{Config, Exchange, Running, Sandbox, Surface};
use serde::{Deserialize, Serialize};

/// The system's clock, some way ahead; children are told how far, so that time never goes back.
#[derive(Default)]
pub struct AheadClock(AtomicI64);

impl AheadClock {
    pub fn ahead_by(millis: i64) -> AheadClock {
        AheadClock(AtomicI64::new(millis))
    }

    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn ahead(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_millis(self.ahead())
    }
}

/// A clock at one of whose readings the process ends as if it were killed: whatever is written down has been timed
/// before, so that the readings name every step between two writes into the mirror or two requests.
pub struct LastClock {
    clock: AheadClock,
    left: AtomicI64,
}

impl LastClock {
    pub fn ahead_by(millis: i64) -> LastClock {
        LastClock {
            clock: AheadClock::ahead_by(millis),
            left: AtomicI64::new(i64::MAX),
        }
    }

    pub fn die_at(&self, reading: u64) {
        self.left.store(reading as i64, Ordering::SeqCst);
    }
}

impl Clock for LastClock {
    fn now(&self) -> Timestamp {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 1 {
            std::process::abort();
        }
        self.clock.now()
    }
}

/// An environment and how it is written to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Site {
    pub connection: ConnectionId,
    pub environment: EnvironmentKey,
    pub name: String,
    pub service: Service,
    pub versioned: bool,
}

impl Site {
    pub fn surface(&self) -> Surface {
        match self.service {
            Service::Flagsmith => Surface::Flagsmith,
            Service::EdgeFlags => Surface::EdgeFlags,
        }
    }

    /// Whether a request makes a write real here.
    pub fn is_write(&self, one: &Exchange) -> bool {
        let (method, part) = match (self.service, self.versioned) {
            (Service::EdgeFlags, _) => ("PUT", "/flags/"),
            (Service::Flagsmith, true) => ("POST", "/publish/"),
            (Service::Flagsmith, false) => ("PATCH", "/features/"),
        };
        one.surface == self.surface() && one.method == method && one.target.contains(part)
    }
}

/// What a child is to do, on its standard input.
#[derive(Serialize, Deserialize)]
pub struct Job {
    pub work: Work,
    pub folder: PathBuf,
    pub sites: Vec<Site>,
    /// Keys by connection.
    pub keys: Vec<(ConnectionId, String)>,
    pub flags: Vec<String>,
    pub ahead: i64,
    /// After how many edits it rests; it goes on for ever where there is no number.
    pub edits: Option<u32>,
    /// The change set to be published.
    #[serde(default)]
    pub set: Option<ChangeSetId>,
    /// At which reading of the clock, from the beginning of publishing on, it ends in an instant.
    #[serde(default)]
    pub die_at: Option<u64>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Work {
    Refresh,
    Toggle,
    Publish,
}

/// A console on a folder with its mirror in reach.
pub async fn open(
    folder: &std::path::Path,
    keys: &[(ConnectionId, String)],
    clock: Arc<dyn Clock>,
) -> (Console, Mirror) {
    let (mirror, opened) = Mirror::open(folder, None).await.unwrap();
    assert_eq!(opened, Opened::Ready);
    let session = SessionKeys::default();
    for (connection, key) in keys {
        session.set(connection, Credential::new(key));
    }
    // What a client says of the age of a thing is compared with the console's clock.
    let told = clock.clone();
    let settings = HttpSettings {
        settling_pause: Duration::from_millis(20),
        now: Arc::new(move || told.now()),
        ..HttpSettings::default()
    };
    let flagsmith: Arc<dyn Provider> = Arc::new(Flagsmith::new(settings.clone()).unwrap());
    let edgeflags: Arc<dyn Provider> = Arc::new(EdgeFlags::new(settings).unwrap());
    let console = Console::new(ConsoleParts {
        mirror: mirror.clone(),
        keys: Arc::new(session),
        clock,
        providers: Arc::new(move |endpoint| match endpoint.service() {
            Service::Flagsmith => flagsmith.clone(),
            Service::EdgeFlags => edgeflags.clone(),
        }),
        traffic: Traffic::default(),
    });
    (console, mirror)
}

/// The parent's side.
pub struct Stage {
    pub sandbox: Running,
    pub folder: tempfile::TempDir,
    pub sites: Vec<Site>,
    pub keys: Vec<(ConnectionId, String)>,
    pub clock: Arc<AheadClock>,
    pub dice: Dice,
}

impl Stage {
    /// Both services connected, their three kinds of environments refreshed once.
    pub async fn new() -> Stage {
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let announcement = sandbox.announcement();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AheadClock::default());
        let (console, mirror) = open(folder.path(), &[], clock.clone()).await;
        let (mut sites, mut keys) = (Vec::new(), Vec::new());
        for (service, address, key, names) in [
            (
                Service::Flagsmith,
                announcement.flagsmith_text("url"),
                announcement.flagsmith_text("api_key"),
                &["Development", "Staging"][..],
            ),
            (
                Service::EdgeFlags,
                &announcement.edgeflags.url,
                &announcement.edgeflags.token,
                &["staging"],
            ),
        ] {
            let input = ConnectInput {
                service,
                address: address.to_owned(),
                credential: Credential::new(key),
                auth: AuthKind::OrganisationKey,
                connection: None,
            };
            let draft = console.connect(input).await.unwrap();
            let project = draft.discovery.organisations[0].projects[0].id.clone();
            let environments = console.draft_environments(&draft.id, &project).await.unwrap();
            let chosen = environments
                .into_iter()
                .filter(|one| names.contains(&one.name.as_str()));
            let chosen: Vec<_> = chosen.collect();
            let choice = SaveDraft {
                draft: draft.id,
                project,
                environments: chosen.iter().map(|one| one.key.0.clone()).collect(),
                flags_address: None,
                edge_proxies: Vec::new(),
                keep: KeepKey::Session,
            };
            let connection = console.save_draft(choice).await.unwrap();
            keys.push((connection.clone(), key.to_owned()));
            for one in chosen {
                console.refresh(&connection, &one.key).await.unwrap();
                sites.push(Site {
                    connection: connection.clone(),
                    environment: one.key,
                    name: one.name,
                    service,
                    versioned: one.versioned,
                });
            }
        }
        mirror.close().await;
        Stage {
            sandbox,
            folder,
            sites,
            keys,
            clock,
            dice: Dice::thrown(),
        }
    }

    pub async fn open(&self) -> (Console, Mirror) {
        open(self.folder.path(), &self.keys, self.clock.clone()).await
    }

    /// Starts a child on some of the sites.
    pub fn child(&self, work: Work, sites: Vec<Site>, flags: &[&str], edits: Option<u32>) -> Victim {
        self.begin(&Job {
            set: None,
            die_at: None,
            edits,
            work,
            folder: self.folder.path().to_owned(),
            sites,
            keys: self.keys.clone(),
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            ahead: self.clock.ahead(),
        })
    }

    /// Starts a child that publishes a set, and ends at one of its readings of the clock where that is named.
    pub fn publisher(&self, site: &Site, set: &ChangeSetId, die_at: Option<u64>) -> Victim {
        self.begin(&Job {
            set: Some(set.clone()),
            die_at,
            edits: None,
            work: Work::Publish,
            folder: self.folder.path().to_owned(),
            sites: vec![site.clone()],
            keys: self.keys.clone(),
            flags: Vec::new(),
            ahead: self.clock.ahead(),
        })
    }

    fn begin(&self, job: &Job) -> Victim {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child::child", "--exact", "--nocapture", "--ignored"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        serde_json::to_writer(child.stdin.take().unwrap(), job).unwrap();
        Victim(child)
    }

    /// Waits until the journal holds a moment, while a child works.
    pub async fn wait_for(&self, victim: &mut Victim, is_there: impl Fn(&[Exchange]) -> bool) {
        let waiting = async {
            while !is_there(&self.sandbox.journal()) {
                let ended = victim.0.try_wait().unwrap();
                assert!(ended.is_none(), "the child ended by itself: {ended:?}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .expect("the child comes so far within a minute");
    }

    /// As [`Stage::wait_for`], of a child that may come to its end before.
    pub async fn wait_for_or_end(&self, victim: &mut Victim, is_there: impl Fn(&[Exchange]) -> bool) {
        let waiting = async {
            while !is_there(&self.sandbox.journal()) && victim.0.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .expect("the child comes so far within a minute");
    }

    /// Waits until a child's mirror says that nothing is open there any more, and that something was confirmed.
    pub async fn until_settled(&self, victim: &mut Victim, site: &Site, confirmed: usize) {
        let waiting = async {
            let (_, mirror) = self.open().await;
            loop {
                let ended = victim.0.try_wait().unwrap();
                assert!(ended.is_none(), "the child ended by itself: {ended:?}");
                let mut found = 0;
                for flag in crate::writing::FLAGS {
                    let made = crate::writing::edits(&mirror, site, flag).await;
                    found += made
                        .iter()
                        .filter(|edit| edit.state == EditState::Confirmed)
                        .count();
                }
                if found >= confirmed {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            mirror.close().await;
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .expect("the child comes so far within a minute");
    }

    /// Waits until the service has carried out everything that arrived, whoever sent it.
    pub async fn until_quiet(&self) {
        let waiting = async {
            while self.sandbox.journal().iter().any(|one| one.status.is_none()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .expect("the service comes to rest within a minute");
    }
}

/// Says something that is read also where the test passes, whose output is otherwise kept back.
pub fn say(text: &str) {
    use std::io::Write;
    let _unheard = writeln!(std::io::stderr(), "{text}");
}

/// A child that is killed, at the latest when the test ends.
pub struct Victim(Child);

impl Victim {
    /// Waits until it has ended by itself. Whether it came to the end of its work.
    pub async fn ended(mut self) -> bool {
        let waiting = async {
            loop {
                if let Some(status) = self.0.try_wait().unwrap() {
                    return status.success();
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .expect("the child ends within a minute")
    }

    /// SIGKILL, and the wait until nothing of it is left.
    pub fn kill(mut self) {
        // One that has ended already cannot be killed, and need not.
        let _ended = self.0.kill();
        self.0.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Chance (xorshift64*), with its seed printed.
pub struct Dice(u64);

impl Dice {
    fn thrown() -> Dice {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = since.as_nanos() as u64 | 1;
        say(&format!("seed of the instants: {seed}"));
        Dice(seed)
    }

    /// A number below another.
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most
    }

    /// Some microseconds, so that the instant also falls between two requests.
    pub fn linger(&mut self, most_micros: u64) {
        std::thread::sleep(Duration::from_micros(self.below(most_micros)));
    }
}
