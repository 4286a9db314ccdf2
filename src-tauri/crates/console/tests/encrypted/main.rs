//! With encryption on, no file of the data folder holds a word of what the
//! local copy holds: not while it is turned on, not while there is work, not
//! afterwards, and in no encoding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and says what it saw"
)]

mod killed;
mod words;

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use halyard_console::{
    AuthKind, ConnectInput, Console, Credential, EditInput, Encryption, KeepKey, PersonaInput, PreviewInput,
    SaveDraft, SystemClock, revision, secret::SessionKeys,
};
use halyard_mirror::Mirror;
use halyard_model::{
    Change, ConnectionId, EnvironmentKey, FlagKey, FlagValue, IdentityRef, Service, Subject,
};
use halyard_sandbox::{Config, Effect, ErrorBody, Fault, Running, Sandbox};
use serde_json::json;
use tracing_subscriber::EnvFilter;
use words::Words;

/// Typed by the user: a person, a trait and a value that no service holds.
const PERSON: &str = "lena.private.4711@example.test";
const TRAIT: &str = "loyalty_tier_of_lena";
const VALUE: &str = "Grüße \"an alle\" 4711/Zq7Wm3Kd";
const PERSONA: &str = "Persona Wilhelmine";
const FLAG: &str = "guest_checkout";

type Place = (ConnectionId, EnvironmentKey);

async fn open(folder: &Path, keys: &Arc<SessionKeys>) -> Console {
    let opened = Console::open(folder, keys.clone(), Arc::new(SystemClock)).await;
    opened.unwrap().0
}

async fn connect(console: &Console, sandbox: &Running) -> Place {
    let announcement = sandbox.announcement();
    let input = ConnectInput {
        service: Service::Flagsmith,
        address: announcement.flagsmith_text("url").to_owned(),
        credential: Credential::new(announcement.flagsmith_text("api_key")),
        auth: AuthKind::OrganisationKey,
        connection: None,
    };
    let draft = console.connect(input).await.unwrap();
    let project = draft.discovery.organisations[0].projects[0].id.clone();
    let environments = console.draft_environments(&draft.id, &project).await.unwrap();
    let choice = SaveDraft {
        draft: draft.id,
        project,
        environments: environments.iter().map(|one| one.key.0.clone()).collect(),
        flags_address: None,
        edge_proxies: Vec::new(),
        keep: KeepKey::Keychain,
    };
    let saved = console.save_draft(choice).await.unwrap();
    (saved, environments[0].key.clone())
}

/// What a user does, also with a service that fails.
async fn work(console: &Console, (connection, environment): &Place, sandbox: &Running, round: usize) {
    console.refresh(connection, environment).await.unwrap();
    let persona = PersonaInput {
        id: None,
        name: format!("{PERSONA} {round}"),
        identity: lena(),
    };
    console.save_persona(connection, persona).await.unwrap();
    let _answer = console
        .preview(PreviewInput {
            at: None,
            change_set: None,
            connection: connection.clone(),
            environment: environment.clone(),
            identity: lena(),
            edits: Vec::new(),
        })
        .await;
    edit(
        console,
        connection,
        environment,
        json!(format!("{VALUE} {round}")),
    )
    .await;
    for effect in [
        Effect::Refuse,
        Effect::WrongShape,
        Effect::CutBody,
        Effect::ServerError {
            status: 500,
            body: ErrorBody::Json,
        },
    ] {
        sandbox.faults().add(Fault::of(effect));
        edit(
            console,
            connection,
            environment,
            json!(format!("{VALUE} in vain")),
        )
        .await;
        let _failed = console.refresh(connection, environment).await;
        let _failed = console.find_identities(connection, environment, PERSON).await;
        sandbox.faults().clear();
    }
}

fn lena() -> IdentityRef {
    IdentityRef {
        identifier: PERSON.into(),
        traits: vec![(TRAIT.into(), json!(VALUE))],
    }
}

async fn edit(
    console: &Console,
    connection: &ConnectionId,
    environment: &EnvironmentKey,
    value: serde_json::Value,
) {
    let key = FlagKey(FLAG.into());
    let shown = console.flag(connection, environment, &key).await.unwrap();
    let change = Change {
        enabled: None,
        value: Some(FlagValue(value)),
    };
    let _outcome = console
        .edit(EditInput {
            connection: connection.clone(),
            environment: environment.clone(),
            subject: Subject::state_of(&key),
            revision: revision(&shown.flag.state),
            changes: change.fields(),
            confirmed: None,
        })
        .await;
}

/// The words that the local copy of a place holds, taken from itself.
async fn held_words(folder: &Path, (connection, environment): &Place) -> Words {
    let (mirror, _) = Mirror::open(folder, None).await.unwrap();
    let mut words = vec![
        PERSON.to_owned(),
        TRAIT.to_owned(),
        VALUE.to_owned(),
        PERSONA.to_owned(),
    ];
    for flag in mirror.flags(connection, environment).await.unwrap() {
        words.push(flag.key.0.clone());
        words.extend(flag.state.value.0.as_str().map(str::to_owned));
    }
    for segment in mirror.segments(connection, environment).await.unwrap() {
        words.push(segment.name);
    }
    mirror.close().await;
    // A shorter one may be in anything.
    words.retain(|word| word.len() >= 10);
    words.sort();
    words.dedup();
    Words::new(words)
}

/// The log as the shell writes it, and more of it.
fn log_into(folder: &Path) {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("halyard.log"))
        .unwrap();
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::new(
            "warn,halyard_console=trace,halyard_provider=trace,halyard_mirror=trace,halyard_model=trace,\
             halyard_engine=trace,reqwest=info,sqlx=info",
        ))
        .with_writer(Mutex::new(file))
        .init();
}

/// Looks into the files of a folder again and again, until told to stop.
struct Watch {
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicUsize>,
    found: thread::JoinHandle<Vec<String>>,
}

impl Watch {
    fn over(folder: &Path, words: &Words, which: fn(&str) -> bool) -> Watch {
        let (stop, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (folder, words) = (folder.to_owned(), words.clone());
        let (stopped, counted) = (stop.clone(), looks.clone());
        let found = thread::spawn(move || {
            let mut found = Vec::new();
            while !stopped.load(Ordering::SeqCst) {
                for path in files(&folder) {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    if which(&name)
                        && let Ok(bytes) = fs::read(&path)
                    {
                        let words = words.found_in(&bytes);
                        found.extend(words.iter().map(|word| format!("{word} in {name}")));
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
            found
        });
        Watch { stop, looks, found }
    }

    /// How many files were looked into; each must have been clean.
    fn end(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        assert_eq!(self.found.join().unwrap(), Vec::<String>::new());
        self.looks.load(Ordering::SeqCst)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn expect_clean(folder: &Path, words: &Words, when: &str) {
    let files = files(folder);
    for path in &files {
        let bytes = fs::read(path).unwrap();
        assert_eq!(
            words.found_in(&bytes),
            Vec::<&str>::new(),
            "{when}: {}",
            path.display()
        );
    }
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap()).collect();
    println!("{when}: clean: {names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_word_of_the_local_copy_is_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    log_into(folder.path());
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let keys = Arc::new(SessionKeys::default());

    let console = open(folder.path(), &keys).await;
    let place = connect(&console, &sandbox).await;
    work(&console, &place, &sandbox, 0).await;
    console.close().await;
    let words = held_words(folder.path(), &place).await;
    let plain = fs::read(folder.path().join("mirror.sqlite")).unwrap();
    let seen = words.found_in(&plain).len();
    assert!(
        seen > 20,
        "the search finds what is there: {seen} of {}",
        words.len()
    );
    let log = fs::read(folder.path().join("halyard.log")).unwrap();
    assert_eq!(
        words.found_in(&log),
        Vec::<&str>::new(),
        "the log never holds any"
    );
    assert!(
        String::from_utf8_lossy(&log).contains("refresh failed"),
        "it tells of failures"
    );

    let console = open(folder.path(), &keys).await;
    let beside = Watch::over(folder.path(), &words, |name| {
        !matches!(name, "mirror.sqlite" | "mirror.sqlite-wal" | "mirror.sqlite-shm")
    });
    console.set_encryption(Encryption::On).await.unwrap();
    assert!(beside.end() > 0);
    expect_clean(folder.path(), &words, "turned on");

    let during = Watch::over(folder.path(), &words, |_| true);
    work(&console, &place, &sandbox, 1).await;
    assert!(during.end() > 0);
    assert!(folder.path().join("mirror.sqlite-wal").metadata().unwrap().len() > 0);
    expect_clean(folder.path(), &words, "after work, still open");
    console.close().await;
    expect_clean(folder.path(), &words, "closed");

    let console = open(folder.path(), &keys).await;
    assert_eq!(console.lock(), None);
    work(&console, &place, &sandbox, 2).await;
    expect_clean(folder.path(), &words, "opened again");
    console.close().await;
}
