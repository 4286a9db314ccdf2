//! A key goes in once and is found nowhere: no file, log line, event, error or debug output.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod echo;
mod search;

use std::{
    fmt::Write as _,
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use echo::Echo;
use halyard_console::{
    AuthKind, ConnectInput, Console, ConsoleError, ConsoleParts, Credential, EditInput, KeepKey,
    PreviewInput, SaveDraft, SystemClock, Traffic, revision, secret::SessionKeys,
};
use halyard_mirror::Mirror;
use halyard_model::{Change, ConnectionId, EnvironmentKey, FlagKey, IdentityRef, Service, Subject};
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider};
use halyard_sandbox::{Config, Effect, ErrorBody, Fault, Sandbox, Surface};
use search::{find, search_files};
use serde_json::json;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// A trait of the previewed identity, which is a secret of a person.
const PERSON: &str = "lena.private.4711@example.test";

/// Everything that leaves the console, as text.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn add(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn error(&self, error: &ConsoleError) {
        let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
        if let ConsoleError::Service(failure) = error {
            // What "copy" in the window puts together.
            writeln!(
                text,
                "{} {:?} {:?}",
                failure.in_full(),
                failure.cause,
                failure.next_step
            )
            .unwrap();
            writeln!(
                text,
                "{:?} {:?} {:?}",
                failure.request, failure.status, failure.excerpt
            )
            .unwrap();
        }
        self.add(&text);
    }

    fn result<T: std::fmt::Debug>(&self, result: Result<T, ConsoleError>) -> Option<T> {
        match result {
            Ok(value) => {
                self.add(&format!("{value:?}\n"));
                Some(value)
            }
            Err(error) => {
                self.error(&error);
                None
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Heard {
    type Writer = Heard;

    fn make_writer(&'a self) -> Heard {
        self.clone()
    }
}

/// A console on a real folder, with everything it says written down.
struct Stage {
    console: Console,
    heard: Heard,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn new(heard: Heard) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let (mirror, _) = Mirror::open(folder.path(), None).await.unwrap();
        let settings = HttpSettings {
            retry_pause: Duration::from_millis(2),
            limited_repeats: 0,
            patience: Duration::from_secs(4),
            settling_reads: 2,
            settling_pause: Duration::from_millis(5),
            ..HttpSettings::default()
        };
        let flagsmith: Arc<dyn Provider> = Arc::new(Flagsmith::new(settings.clone()).unwrap());
        let edgeflags: Arc<dyn Provider> = Arc::new(EdgeFlags::new(settings).unwrap());
        let console = Console::new(ConsoleParts {
            mirror,
            keys: Arc::new(SessionKeys::default()),
            clock: Arc::new(SystemClock),
            providers: Arc::new(move |endpoint| match endpoint.service() {
                Service::Flagsmith => flagsmith.clone(),
                Service::EdgeFlags => edgeflags.clone(),
            }),
            traffic: Traffic::default(),
        });
        Stage {
            console,
            heard,
            folder,
        }
    }

    fn input(&self, service: Service, address: &str, key: &str) -> ConnectInput {
        let input = ConnectInput {
            service,
            address: address.to_owned(),
            credential: Credential::new(key),
            auth: match service {
                Service::Flagsmith => AuthKind::OrganisationKey,
                Service::EdgeFlags => AuthKind::AccessToken,
            },
            connection: None,
        };
        self.heard.add(&format!("{input:?} {input:#?}"));
        input
    }

    async fn connect(&self, service: Service, address: &str, key: &str) -> (ConnectionId, EnvironmentKey) {
        let draft = self.console.connect(self.input(service, address, key)).await;
        let draft = self.heard.result(draft).unwrap();
        let project = draft.discovery.organisations[0].projects[0].id.clone();
        let environments = self.console.draft_environments(&draft.id, &project).await;
        let environments = self.heard.result(environments).unwrap();
        let choice = SaveDraft {
            draft: draft.id,
            project,
            environments: environments.iter().map(|one| one.key.0.clone()).collect(),
            flags_address: None,
            edge_proxies: Vec::new(),
            keep: KeepKey::Keychain,
        };
        self.heard.add(&format!("{choice:?}"));
        let saved = self.heard.result(self.console.save_draft(choice).await).unwrap();
        (saved, environments[0].key.clone())
    }

    /// Everything a window does, whatever comes of it.
    async fn use_everything(&self, connection: &ConnectionId, environment: &EnvironmentKey) {
        let (console, heard) = (&self.console, &self.heard);
        heard.result(console.refresh(connection, environment).await);
        heard.result(console.environments(connection).await);
        heard.result(console.connections().await);
        heard.add(&format!("{:?}", console.limits(connection)));
        let key = FlagKey("guest_checkout".into());
        if let Some(flag) = heard.result(console.flag(connection, environment, &key).await) {
            let input = EditInput {
                connection: connection.clone(),
                environment: environment.clone(),
                subject: Subject::state_of(&key),
                revision: revision(&flag.flag.state),
                changes: Change::toggle(!flag.flag.state.enabled).fields(),
                confirmed: None,
            };
            heard.result(console.edit(input).await);
        }
        for edit in heard
            .result(console.open_edits(connection).await)
            .unwrap_or_default()
        {
            heard.result(console.settle(&edit.id).await);
        }
        let identity = IdentityRef {
            identifier: "u_48213".into(),
            traits: vec![
                ("email".into(), json!(PERSON)),
                ("phone_private".into(), json!(PERSON)),
            ],
        };
        let input = PreviewInput {
            at: None,
            change_set: None,
            connection: connection.clone(),
            environment: environment.clone(),
            identity,
            edits: Vec::new(),
        };
        if let Err(error) = console.preview(input).await {
            heard.error(&error);
        }
        heard.result(console.find_identities(connection, environment, "u_").await);
    }
}

fn faults() -> Vec<Effect> {
    let server_error = |status, body| Effect::ServerError { status, body };
    vec![
        Effect::Throttle { retry_after: Some(3) },
        server_error(500, ErrorBody::Html),
        server_error(503, ErrorBody::Json),
        Effect::CutBody,
        Effect::CommitThenCut,
        Effect::Refuse,
        Effect::WrongShape,
        Effect::MalformedJson,
    ]
}

/// All in one test: the log is the process's.
#[tokio::test]
async fn a_key_is_found_nowhere() {
    let heard = Heard::default();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(
            "halyard_console=trace,halyard_provider=trace,halyard_mirror=trace,halyard_model=trace,\
             halyard_engine=trace,reqwest=trace,sqlx=debug",
        ))
        .with_writer(heard.clone())
        .init();
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let announcement = sandbox.announcement();
    let organisation_key = announcement.flagsmith_text("api_key").to_owned();
    let token = announcement.edgeflags.token.clone();
    // A key of a service that repeats in its answers whatever it is sent.
    let repeated = "Zq7Wm3Kd.9fT2uXh8sRb4LpVc6NyGj1Ea5Qo0Iw";
    let password = "hunter2-Tq9/x+";
    let secrets = [
        organisation_key.as_str(),
        token.as_str(),
        repeated,
        password,
        PERSON,
    ];

    let stage = Stage::new(heard.clone()).await;
    let mut events = stage.console.events();
    let with_password = |address: &str| address.replace("http://", "http://admin:hunter2-Tq9%2Fx+@");
    let mut connected = Vec::new();
    for (service, address, key, surface) in [
        (
            Service::Flagsmith,
            announcement.flagsmith_text("url"),
            &organisation_key,
            Surface::Flagsmith,
        ),
        (
            Service::EdgeFlags,
            &announcement.edgeflags.url,
            &token,
            Surface::EdgeFlags,
        ),
    ] {
        let (connection, environment) = stage.connect(service, &with_password(address), key).await;
        stage.use_everything(&connection, &environment).await;
        for effect in faults() {
            sandbox.faults().add(Fault::of(effect).on(surface));
            stage.use_everything(&connection, &environment).await;
            heard.result(stage.console.connect(stage.input(service, address, key)).await);
            sandbox.faults().clear();
        }
        connected.push((connection, environment));
    }
    // The Flags API address is the user's, too.
    let refused = stage
        .console
        .connect(stage.input(
            Service::Flagsmith,
            &format!("ftp://me:{password}@host/"),
            repeated,
        ))
        .await;
    heard.result(refused);

    let echo = Echo::start().await;
    for service in [Service::Flagsmith, Service::EdgeFlags] {
        for status in [200, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
            for json in [true, false] {
                echo.answer_with(status, json);
                let typed = stage.input(service, &echo.address, repeated);
                heard.result(stage.console.connect(typed).await);
            }
        }
    }
    assert!(echo.saw(repeated), "the key did arrive there");

    drop(sandbox);
    for (connection, environment) in &connected {
        stage.use_everything(connection, environment).await;
    }
    while let Ok(event) = events.try_recv() {
        heard.add(&format!("{event:?}"));
    }
    // First with the write-ahead log beside the file, then with all in one.
    let open = search_files(stage.folder.path(), &secrets);
    stage.console.close().await;
    let closed = search_files(stage.folder.path(), &secrets);
    assert!(open >= 2 && closed >= 1, "{open} and {closed} files");
    let said = heard.bytes();
    let text = String::from_utf8_lossy(&said);
    for part in [
        "refresh failed",
        "RateLimited",
        "Unreachable",
        "Malformed",
        "Unauthorised",
        "context=",
    ] {
        assert_eq!(text.contains(part), part != "context=", "{part}");
    }
    find("what was said", &said, &secrets);
}
