//! A console in front of a sandbox, and what it is asked.

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
    Connection, ConnectionId, EdgeProxy, Endpoint, Environment, FlagsmithAuth, FlagsmithEndpoint, Service,
};
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider, Resolver};
use halyard_sandbox::{Config, Fault, Running, Sandbox};
use tokio_util::sync::CancellationToken;

use super::super::doctor::examine;
use crate::{app::Halyard, convert::doctor::choices, view::*};

pub(super) const FLAGSMITH: &str = "flagsmith";
pub(super) const EDGEFLAGS: &str = "edgeflags";

/// A console in front of a sandbox whose names nobody can resolve.
pub(super) struct Bench {
    pub(super) app: Halyard,
    pub(super) sandbox: Running,
    pub(super) mirror: Mirror,
    pub(super) environment: Environment,
    pub(super) connection: ConnectionId,
    pub(super) _folder: tempfile::TempDir,
}

pub(super) fn settings() -> HttpSettings {
    HttpSettings {
        retry_pause: Duration::from_millis(2),
        limited_repeats: 0,
        patience: Duration::from_secs(4),
        resolver: Some(Resolver::new(|_| Err(io::ErrorKind::NotFound.into()))),
        ..HttpSettings::default()
    }
}

pub(super) fn services(sandbox: &Running) -> Vec<DemoService> {
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
    pub(super) async fn new(service: Service) -> Bench {
        Bench::with(service, Config::default()).await
    }

    pub(super) async fn with(service: Service, config: Config) -> Bench {
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
    pub(super) async fn proxy_answers(&self, status: u16) {
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

    pub(super) async fn stored(&self) -> Connection {
        self.mirror.connection(&self.connection).await.unwrap().unwrap()
    }

    /// Changes where the connection leads, past what the settings allow.
    pub(super) async fn lead(&self, change: impl FnOnce(&mut FlagsmithEndpoint)) {
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

    pub(super) async fn surface(&self, kind: SurfaceKindView) -> SurfaceNameView {
        let connection = self.app.console.connection(&self.connection).await.unwrap();
        let environments = self.app.console.environments(&self.connection).await.unwrap();
        let found = choices(&connection, &environments, &self.environment.key);
        found
            .into_iter()
            .find(|one| one.surface.kind == kind)
            .unwrap()
            .surface
    }

    pub(super) async fn request(&self, kind: SurfaceKindView) -> DoctorRequest {
        DoctorRequest {
            run: "run".into(),
            connection: self.connection.0.clone(),
            environment: self.environment.key.0.clone(),
            surface: self.surface(kind).await,
        }
    }

    /// What a run finds. Its events must tell the same.
    pub(super) async fn examine(&self, kind: SurfaceKindView) -> DoctorView {
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

    pub(super) fn fault(&self, fault: Fault) {
        self.sandbox.faults().add(fault);
    }
}

pub(super) fn step<'a>(view: &'a DoctorView, id: &str) -> &'a DoctorStepView {
    view.steps.iter().find(|step| step.id == id).unwrap()
}

pub(super) fn detail<'a>(view: &'a DoctorView, id: &str) -> &'a str {
    step(view, id).detail.as_deref().unwrap_or_default()
}

/// What a fault looks like.
pub(super) struct Expected {
    pub(super) step: &'static str,
    pub(super) state: StepStateView,
    /// The beginning of the detail.
    pub(super) detail: &'static str,
    /// Part of the cause.
    pub(super) cause: &'static str,
    /// The button's action and label.
    pub(super) button: Option<(RemedyActionView, &'static str)>,
}

pub(super) fn check(view: &DoctorView, expected: &Expected, what: &str) {
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
