//! The connection doctor against the sandbox, from its answers to the words.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use halyard_console::{
    Console, ConsoleParts, Credential, DemoService, SystemClock, Traffic, secret::SessionKeys,
};
use halyard_mirror::Mirror;
use halyard_model::{
    Connection, ConnectionId, EdgeProxy, Endpoint, Environment, EnvironmentKey, FlagsmithAuth,
    FlagsmithEndpoint, Service,
};
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider, Resolver};
use halyard_sandbox::{Config, Effect, ErrorBody, Fault, MayaEdit, Running, Sandbox, Surface as Struck};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::doctor::examine;
use crate::{
    app::Halyard,
    convert::{doctor::choices, health},
    error::{ErrorCode, WireError},
    view::*,
};

const FLAGSMITH: &str = "flagsmith";
const EDGEFLAGS: &str = "edgeflags";

/// A console in front of a sandbox whose names nobody can resolve.
struct Bench {
    app: Halyard,
    sandbox: Running,
    mirror: Mirror,
    environment: Environment,
    connection: ConnectionId,
    _folder: tempfile::TempDir,
}

fn settings() -> HttpSettings {
    HttpSettings {
        retry_pause: Duration::from_millis(2),
        limited_repeats: 0,
        patience: Duration::from_secs(4),
        resolver: Some(Resolver::new(|_| Err(io::ErrorKind::NotFound.into()))),
        ..HttpSettings::default()
    }
}

fn services(sandbox: &Running) -> Vec<DemoService> {
    let told = sandbox.announcement();
    vec![
        DemoService {
            id: FLAGSMITH,
            name: "Acme Store".into(),
            endpoint: Endpoint::Flagsmith(FlagsmithEndpoint {
                admin_base: told.flagsmith_text("url").to_owned(),
                flags_base: None,
                edge_proxies: vec![EdgeProxy::at(&told.edge_proxy.url)],
                ca_bundle: None,
                auth: FlagsmithAuth::OrganisationKey,
            }),
            credential: Credential::new(told.flagsmith_text("api_key")),
            organisation: None,
        },
        DemoService {
            id: EDGEFLAGS,
            name: "Acme Edge".into(),
            endpoint: Endpoint::EdgeFlags {
                base: told.edgeflags.url.clone(),
                ca_bundle: None,
            },
            credential: Credential::new(&told.edgeflags.token),
            organisation: None,
        },
    ]
}

impl Bench {
    /// The production environment of a service, read into the mirror.
    async fn new(service: Service) -> Bench {
        Bench::with(service, Config::default()).await
    }

    async fn with(service: Service, config: Config) -> Bench {
        let sandbox = Sandbox::start(config).await.unwrap();
        let flagsmith: Arc<dyn Provider> = Arc::new(Flagsmith::new(settings()).unwrap());
        let edgeflags: Arc<dyn Provider> = Arc::new(EdgeFlags::new(settings()).unwrap());
        let mirror = Mirror::in_memory().await.unwrap();
        let console = Console::new(ConsoleParts {
            mirror: mirror.clone(),
            keys: Arc::new(SessionKeys::default()),
            clock: Arc::new(SystemClock),
            providers: Arc::new(move |endpoint| match endpoint.service() {
                Service::Flagsmith => flagsmith.clone(),
                Service::EdgeFlags => edgeflags.clone(),
            }),
            traffic: Traffic::default(),
        });
        console.connect_demo(services(&sandbox)).await.unwrap();
        let connection = ConnectionId(
            match service {
                Service::Flagsmith => FLAGSMITH,
                Service::EdgeFlags => EDGEFLAGS,
            }
            .into(),
        );
        let environments = console.environments(&connection).await.unwrap();
        let environment = environments
            .into_iter()
            .map(|facts| facts.environment)
            .find(|one| one.name.eq_ignore_ascii_case("production"))
            .unwrap();
        console.refresh(&connection, &environment.key).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let app = Halyard::new(
            console,
            Vec::new(),
            folder.path().to_owned(),
            CancellationToken::new(),
        );
        let bench = Bench {
            app,
            sandbox,
            mirror,
            environment,
            connection,
            _folder: folder,
        };
        bench.proxy_answers(200).await;
        bench
    }

    /// Waits until the Edge Proxy's own health has this status.
    async fn proxy_answers(&self, status: u16) {
        let url = self
            .sandbox
            .announcement()
            .edge_proxy
            .url
            .replace("/api/v1/", "/proxy/health");
        let asked = async {
            while reqwest::get(&url).await.unwrap().status() != status {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), asked)
            .await
            .unwrap();
    }

    async fn stored(&self) -> Connection {
        self.mirror.connection(&self.connection).await.unwrap().unwrap()
    }

    /// Changes where the connection leads, past what the settings allow.
    async fn lead(&self, change: impl FnOnce(&mut FlagsmithEndpoint)) {
        let mut connection = self.stored().await;
        if let Endpoint::Flagsmith(endpoint) = &mut connection.endpoint {
            change(endpoint);
        }
        let environments = self.mirror.environments(&self.connection).await.unwrap();
        self.mirror
            .save_connection(&connection, &environments)
            .await
            .unwrap();
    }

    async fn surface(&self, kind: SurfaceKindView) -> SurfaceNameView {
        let connection = self.app.console.connection(&self.connection).await.unwrap();
        let environments = self.app.console.environments(&self.connection).await.unwrap();
        let found = choices(&connection, &environments, &self.environment.key);
        found
            .into_iter()
            .find(|one| one.surface.kind == kind)
            .unwrap()
            .surface
    }

    async fn request(&self, kind: SurfaceKindView) -> DoctorRequest {
        DoctorRequest {
            run: "run".into(),
            connection: self.connection.0.clone(),
            environment: self.environment.key.0.clone(),
            surface: self.surface(kind).await,
        }
    }

    /// What a run finds. Its events must tell the same.
    async fn examine(&self, kind: SurfaceKindView) -> DoctorView {
        let told = Mutex::new(Vec::new());
        let request = self.request(kind).await;
        let view = examine(&self.app, request, &|step| told.lock().unwrap().push(step))
            .await
            .unwrap();
        let told = told.into_inner().unwrap();
        for step in view
            .steps
            .iter()
            .filter(|step| step.state != StepStateView::Waits)
        {
            let last = told.iter().rev().find(|one| one.id == step.id).unwrap();
            assert_eq!((last.state, &last.title), (step.state, &step.title));
        }
        assert_eq!(view.steps.len(), 13);
        view
    }

    fn fault(&self, fault: Fault) {
        self.sandbox.faults().add(fault);
    }
}

fn step<'a>(view: &'a DoctorView, id: &str) -> &'a DoctorStepView {
    view.steps.iter().find(|step| step.id == id).unwrap()
}

fn detail<'a>(view: &'a DoctorView, id: &str) -> &'a str {
    step(view, id).detail.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn every_surface_of_a_healthy_service_passes() {
    for service in [Service::Flagsmith, Service::EdgeFlags] {
        let bench = Bench::new(service).await;
        let connection = bench.stored().await;
        let environments = bench.app.console.environments(&bench.connection).await.unwrap();
        let listed = choices(&connection, &environments, &bench.environment.key);
        let per_environment = if service == Service::Flagsmith { 3 } else { 2 };
        assert_eq!(listed.len(), environments.len() * per_environment);
        assert!(
            listed[..per_environment]
                .iter()
                .all(|one| one.environment == bench.environment.key.0),
            "those of the environment in view come first"
        );
        for choice in &listed[..per_environment] {
            let view = bench.examine(choice.surface.kind).await;
            let wrong: Vec<_> = view
                .steps
                .iter()
                .filter(|step| !matches!(step.state, StepStateView::Passed | StepStateView::Skipped))
                .collect();
            assert!(wrong.is_empty(), "{} {wrong:#?}", choice.name);
            for one in &view.steps {
                assert!(one.detail.is_some(), "{} {one:?}", choice.name);
                assert!(
                    one.cause.is_none() && one.next_step.is_none() && one.remedy.is_none(),
                    "{one:?}"
                );
                assert!(view.report.contains(&one.title), "{}", one.title);
            }
        }
    }
}

#[tokio::test]
async fn a_healthy_edge_proxy_is_told_step_by_step() {
    let bench = Bench::new(Service::Flagsmith).await;
    let view = bench.examine(SurfaceKindView::EdgeProxy).await;
    let address = bench.sandbox.announcement().edge_proxy.url.clone();
    let origin = address.trim_end_matches("/api/v1/");
    let rows: Vec<(&str, &str)> = view
        .steps
        .iter()
        .map(|step| (step.title.as_str(), step.detail.as_deref().unwrap_or_default()))
        .collect();
    for expected in [
        ("Address is well formed", origin),
        ("Path ends in /api/v1/", "/api/v1/"),
        ("Name resolves, no proxy in the way", "127.0.0.1"),
        ("TLS certificate", "plain http, not encrypted"),
        ("Key sent in the right header", "X-Environment-Key"),
        ("Key type", "client-side, as needed"),
        ("Key is accepted", "accepted"),
        ("Production is known there", "Production"),
        ("Evaluates like the mirror", "128 of 128 flags agree"),
    ] {
        assert!(rows.contains(&expected), "{expected:?} is not in {rows:#?}");
    }
    assert!(
        detail(&view, "clock").ends_with(" s apart"),
        "{}",
        detail(&view, "clock")
    );
    assert!(detail(&view, "answers").ends_with(" ms"));
    assert!(
        detail(&view, "up_to_date").ends_with(" s old"),
        "{}",
        detail(&view, "up_to_date")
    );
    assert_eq!(
        step(&view, "up_to_date").title,
        "Production document is up to date"
    );
    assert!(
        view.report
            .contains(&format!("Edge Proxy {}, {address}", &origin["http://".len()..]))
    );
    assert!(
        view.report.contains("[passed] Key is accepted: accepted"),
        "{}",
        view.report
    );
    assert!(!view.stopped && view.at > 1_700_000_000);
}

/// What a fault looks like.
struct Expected {
    step: &'static str,
    state: StepStateView,
    /// The beginning of the detail.
    detail: &'static str,
    /// Part of the cause.
    cause: &'static str,
    /// The button's action and label.
    button: Option<(RemedyActionView, &'static str)>,
}

fn check(view: &DoctorView, expected: &Expected, what: &str) {
    let found = step(view, expected.step);
    assert_eq!(found.state, expected.state, "{what}: {:#?}", view.steps);
    assert!(
        detail(view, expected.step).starts_with(expected.detail),
        "{what}: {found:#?}"
    );
    assert!(
        found
            .cause
            .as_deref()
            .unwrap_or_default()
            .contains(expected.cause),
        "{what}: {found:#?}"
    );
    assert!(found.next_step.is_some(), "{what}: {found:#?}");
    let button = found.remedy.as_ref().map(|one| (one.action, one.label.as_str()));
    assert_eq!(button, expected.button, "{what}: {found:#?}");
    assert!(
        view.report.contains(found.cause.as_deref().unwrap()),
        "{what}: {}",
        view.report
    );
    if expected.state == StepStateView::Failed
        && expected.step != "evaluates"
        && expected.step != "up_to_date"
    {
        assert_eq!(step(view, "evaluates").state, StepStateView::Waits, "{what}");
        assert_eq!(detail(view, "evaluates"), "Waits for the step above");
    }
}

#[tokio::test]
async fn a_wrong_address_or_certificate_is_found_at_its_step() {
    let config = Config {
        https: true,
        ..Config::default()
    };
    let bench = Bench::with(Service::Flagsmith, config).await;
    let right = bench.sandbox.announcement().flagsmith_text("url").to_owned();
    let https = bench.sandbox.announcement().https.clone().unwrap();
    let trusted = Some(https.ca_pem.clone());
    let edit = (RemedyActionView::EditConnection, "Edit the connection");
    let cases = [
        (
            "a path without /api/v1/",
            right.replace("api/v1/", "api/"),
            None,
            Expected {
                step: "path",
                state: StepStateView::Failed,
                detail: "/api/",
                cause: "below /api/v1/",
                button: Some(edit),
            },
        ),
        (
            "an unknown name",
            "http://flags.test:8000/api/v1/".to_owned(),
            None,
            Expected {
                step: "name",
                state: StepStateView::Failed,
                detail: "not found",
                cause: "flags.test",
                button: Some((RemedyActionView::TryAgain, "Run again")),
            },
        ),
        (
            "a private authority",
            https.url.clone(),
            None,
            Expected {
                step: "certificate",
                state: StepStateView::Failed,
                detail: "not accepted",
                cause: "certificate",
                button: Some((RemedyActionView::EditConnection, "Add a certificate")),
            },
        ),
        (
            "a certificate whose time is over",
            https.expired_url.clone(),
            trusted.clone(),
            Expected {
                step: "certificate",
                state: StepStateView::Failed,
                detail: "not accepted",
                cause: "expired",
                button: Some((RemedyActionView::TryAgain, "Run again")),
            },
        ),
    ];
    for (what, address, ca_bundle, expected) in cases {
        bench
            .lead(|endpoint| {
                endpoint.admin_base = address;
                endpoint.ca_bundle = ca_bundle;
            })
            .await;
        check(&bench.examine(SurfaceKindView::Admin).await, &expected, what);
    }
    bench
        .lead(|endpoint| {
            endpoint.admin_base = https.url.clone();
            endpoint.ca_bundle = trusted;
        })
        .await;
    let view = bench.examine(SurfaceKindView::Admin).await;
    let certificate = step(&view, "certificate");
    assert_eq!(certificate.state, StepStateView::Passed, "{certificate:?}");
    assert!(
        detail(&view, "certificate").starts_with("valid, ")
            && detail(&view, "certificate").ends_with(" days left"),
        "{certificate:?}"
    );
}

#[tokio::test]
async fn a_wrong_key_is_found_at_its_step() {
    let bench = Bench::new(Service::Flagsmith).await;
    bench
        .lead(|endpoint| endpoint.auth = FlagsmithAuth::UserToken)
        .await;
    let wrong_kind = Expected {
        step: "key_accepted",
        state: StepStateView::Failed,
        detail: "status 401",
        cause: "organisation",
        button: Some((RemedyActionView::TypeKeyAgain, "Use it as an organisation key")),
    };
    check(
        &bench.examine(SurfaceKindView::Admin).await,
        &wrong_kind,
        "a wrong kind of key",
    );

    let mut bench = Bench::new(Service::Flagsmith).await;
    let unknown = Environment {
        key: EnvironmentKey("Unk2nownKeyOfNobody0000".into()),
        ..bench.environment.clone()
    };
    let environments = bench.mirror.environments(&bench.connection).await.unwrap();
    let all: Vec<_> = environments.into_iter().chain([unknown.clone()]).collect();
    bench
        .mirror
        .save_connection(&bench.stored().await, &all)
        .await
        .unwrap();
    bench.environment = unknown;
    for (kind, cause, button) in [
        (
            SurfaceKindView::FlagsApi,
            "does not know this environment's key",
            (RemedyActionView::EditConnection, "Edit the connection"),
        ),
        (
            SurfaceKindView::EdgeProxy,
            "environment_key_pairs",
            (RemedyActionView::Copy, "Copy config without key"),
        ),
    ] {
        let expected = Expected {
            step: "key_accepted",
            state: StepStateView::Failed,
            detail: "status 40",
            cause,
            button: Some(button),
        };
        check(
            &bench.examine(kind).await,
            &expected,
            "an unknown environment key",
        );
    }
    let admin = bench.examine(SurfaceKindView::Admin).await;
    assert_eq!(step(&admin, "key_accepted").state, StepStateView::Passed);
    let expected = Expected {
        step: "environment",
        state: StepStateView::Failed,
        detail: "not listed",
        cause: "deleted or moved",
        button: Some((RemedyActionView::Refresh, "Sync now")),
    };
    check(&admin, &expected, "an environment that is gone");
}

#[tokio::test]
async fn a_service_in_trouble_is_found_at_its_step() {
    let run_again = Some((RemedyActionView::TryAgain, "Run again"));
    let page = |status| Effect::ServerError {
        status,
        body: ErrorBody::Html,
    };
    let cases = [
        (
            "a clock that is ahead",
            Service::Flagsmith,
            SurfaceKindView::FlagsApi,
            Fault::of(Effect::ClockSkew { seconds: 320 }),
            Expected {
                step: "clock",
                state: StepStateView::Noted,
                detail: "5 min",
                cause: "ahead of this computer's",
                button: None,
            },
        ),
        (
            "a gateway without a service behind it",
            Service::Flagsmith,
            SurfaceKindView::FlagsApi,
            Fault::of(page(502)).path("/flags/"),
            Expected {
                step: "key_accepted",
                state: StepStateView::Failed,
                detail: "status 502",
                cause: "502",
                button: run_again,
            },
        ),
        (
            "EdgeFlags in trouble",
            Service::EdgeFlags,
            SurfaceKindView::FlagsApi,
            Fault::of(page(503)).path("/api/v1/flags"),
            Expected {
                step: "key_accepted",
                state: StepStateView::Failed,
                detail: "status 503",
                cause: "503",
                button: run_again,
            },
        ),
        (
            "a proxy without any document",
            Service::Flagsmith,
            SurfaceKindView::EdgeProxy,
            Fault::of(Effect::ColdProxy),
            Expected {
                step: "key_accepted",
                state: StepStateView::Failed,
                detail: "status 40",
                cause: "no document of this environment yet",
                button: run_again,
            },
        ),
    ];
    for (what, service, kind, fault, expected) in cases {
        let bench = Bench::new(service).await;
        bench.fault(fault);
        check(&bench.examine(kind).await, &expected, what);
    }
}

#[tokio::test]
async fn a_frozen_proxy_serves_older_content() {
    let bench = Bench::new(Service::Flagsmith).await;
    bench.fault(Fault::of(Effect::FrozenProxy));
    let edit = MayaEdit {
        environment: bench.environment.name.clone(),
        flag: "free_shipping_threshold".into(),
        enabled: None,
        value: Some(json!("4900")),
        ..MayaEdit::default()
    };
    bench
        .sandbox
        .faults()
        .edit_as_maya(Struck::Flagsmith, &edit)
        .unwrap();
    let expected = Expected {
        step: "up_to_date",
        state: StepStateView::Failed,
        detail: "serves older content",
        cause: "healthy by its own account",
        button: Some((RemedyActionView::TryAgain, "Run again")),
    };
    let view = bench.examine(SurfaceKindView::EdgeProxy).await;
    check(&view, &expected, "a frozen proxy");
    let next_step = step(&view, "up_to_date").next_step.as_deref().unwrap();
    assert!(next_step.contains("10 s at most"), "{next_step}");
}

#[tokio::test]
async fn a_stale_proxy_names_its_age_and_its_configuration() {
    let config = Config {
        proxy_poll: Duration::from_millis(40),
        proxy_grace: Duration::from_millis(40),
        ..Config::default()
    };
    let bench = Bench::with(Service::Flagsmith, config).await;
    let environment = bench.environment.name.clone();
    bench.fault(Fault::of(Effect::BadKeyPair { environment }));
    bench.proxy_answers(503).await;
    let expected = Expected {
        step: "up_to_date",
        state: StepStateView::Failed,
        detail: "",
        cause: "its last whole fetch was",
        button: Some((RemedyActionView::Copy, "Copy config without key")),
    };
    let view = bench.examine(SurfaceKindView::EdgeProxy).await;
    check(&view, &expected, "a stale proxy");
    let found = step(&view, "up_to_date");
    assert!(detail(&view, "up_to_date").ends_with(" old"), "{found:?}");
    let config = found.remedy.as_ref().unwrap().text.as_deref().unwrap();
    assert!(config.contains(&bench.environment.key.0), "{config}");
    assert!(
        config.contains("<server-side key>") && !config.contains("ser."),
        "{config}"
    );
}

#[tokio::test]
async fn no_key_and_nobody_is_in_what_is_told() {
    for service in [Service::Flagsmith, Service::EdgeFlags] {
        let bench = Bench::new(service).await;
        let told = bench.sandbox.announcement();
        let key = match service {
            Service::Flagsmith => told.flagsmith_text("api_key").to_owned(),
            Service::EdgeFlags => told.edgeflags.token.clone(),
        };
        assert!(key.len() > 8);
        let echo = format!("it broke on {key}, ser.Pl4ntedSecret and lena@example.test");
        let path = match service {
            Service::Flagsmith => "/projects/",
            Service::EdgeFlags => "/api/v1/flags",
        };
        bench.fault(
            Fault::of(Effect::Answer {
                status: 400,
                content_type: "application/json".into(),
                body: json!({"detail": echo, "error": echo, "message": echo}).to_string(),
                headers: [
                    ("Server".to_owned(), echo.clone()),
                    ("X-Request-Id".to_owned(), key.clone()),
                ]
                .into(),
            })
            .path(path),
        );
        let events = Mutex::new(Vec::new());
        let request = bench.request(SurfaceKindView::Admin).await;
        let view = examine(&bench.app, request, &|step| {
            events.lock().unwrap().push(serde_json::to_string(&step).unwrap());
        })
        .await
        .unwrap();
        let failed = step(&view, "key_accepted");
        assert!(
            failed.raw.as_deref().unwrap().contains("it broke on"),
            "the answer is shown: {failed:?}"
        );
        let mut all = events.into_inner().unwrap();
        all.push(serde_json::to_string(&view).unwrap());
        for secret in [key.as_str(), "Pl4ntedSecret", "lena@example.test"] {
            for text in &all {
                assert!(!text.contains(secret), "{service:?}: {secret} is in {text}");
            }
        }
        assert!(
            view.report.contains("[failed] Key is accepted"),
            "{}",
            view.report
        );
    }
}

#[tokio::test]
async fn a_run_is_stopped_by_its_name() {
    let bench = Bench::new(Service::Flagsmith).await;
    let app = &bench.app;
    let request = bench.request(SurfaceKindView::FlagsApi).await;
    let twice = Mutex::new(None);
    let view = examine(app, request.clone(), &|step| {
        if step.id == "name" {
            app.examinations.stop("another");
            *twice.lock().unwrap() = app.examinations.begin("run").err();
            app.examinations.stop("run");
        }
    })
    .await
    .unwrap();
    assert_eq!(
        twice
            .into_inner()
            .unwrap()
            .and_then(|error: WireError| error.field)
            .as_deref(),
        Some("run"),
        "a name is taken while its run goes on"
    );
    assert!(view.stopped);
    assert_eq!(step(&view, "address").state, StepStateView::Passed);
    assert_eq!(
        detail(&view, "key_accepted"),
        "Not tried, since the run was stopped"
    );
    assert!(view.report.contains("Stopped before its end"), "{}", view.report);
    // Its name is free again.
    assert!(!bench.examine(SurfaceKindView::FlagsApi).await.stopped);
}

#[tokio::test]
async fn an_address_of_somebody_else_is_not_sent_a_key() {
    let bench = Bench::new(Service::Flagsmith).await;
    let mut request = bench.request(SurfaceKindView::EdgeProxy).await;
    request.surface.address = "https://elsewhere.example/api/v1/".into();
    let refused = examine(&bench.app, request, &|_| ()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Gone);
}

#[tokio::test]
async fn a_surface_in_trouble_leads_to_the_doctor() {
    let bench = Bench::new(Service::Flagsmith).await;
    bench.fault(
        Fault::of(Effect::ServerError {
            status: 503,
            body: ErrorBody::Html,
        })
        .on(Struck::EdgeProxy),
    );
    let (console, key) = (&bench.app.console, &bench.environment.key);
    console.check_surfaces(&bench.connection, key).await.unwrap();
    let connection = bench.stored().await;
    let watched = console.watched_surfaces(&bench.connection, key).await.unwrap();
    let shown: Vec<SurfaceFreshnessView> = watched
        .iter()
        .map(|one| health::surface(one, &connection, &bench.environment.name))
        .collect();
    let proxy = shown
        .iter()
        .find(|one| one.surface.kind == SurfaceKindView::EdgeProxy)
        .unwrap();
    let remedy = proxy.remedy.as_ref().unwrap_or_else(|| panic!("{proxy:?}"));
    assert_eq!(remedy.action, RemedyActionView::RunDoctor);
    let environments = console.environments(&bench.connection).await.unwrap();
    assert!(
        choices(&connection, &environments, key)
            .iter()
            .any(|choice| Some(&choice.surface) == remedy.surface.as_ref()),
        "the button names a surface that the doctor can look at"
    );
}
