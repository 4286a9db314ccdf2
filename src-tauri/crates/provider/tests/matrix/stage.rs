//! The place where causes are made to happen: a sandbox with every door open.

use std::net::IpAddr;
use std::time::Duration;

use halyard_model::{
    Change, Endpoint, Environment, Flag, FlagKey, FlagValue, FlagsmithAuth, IdentityRef, Named, Surface,
};
use halyard_provider::diagnosis::{Context, in_context};
use halyard_provider::{
    Access, Confirm, Credential, EdgeFlags, Failure, Flagsmith, HttpSettings, Provider, ProxyRule, Resolver,
    Target,
};
use halyard_sandbox::{Config, Effect, Fault, Gate, MayaEdit, Running, Sandbox, Surface as Struck};
use serde_json::Value;
use url::Url;

use crate::support::{NOW, change_flag, flagsmith_endpoint, settings};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The organisations of the admin API.
    List,
    /// The environment document, by the connection's own key.
    Document,
    /// What the Flags API gives an identity.
    Identity,
    /// What the Edge Proxy gives an identity.
    ProxyIdentity,
    /// A toggle in an environment without versions.
    Toggle,
    /// A toggle in an environment with versions.
    Version,
    /// EdgeFlags' project.
    EdgeFlagsList,
    /// A toggle at EdgeFlags.
    EdgeFlagsToggle,
}

/// How a cause is made to happen.
#[derive(Clone, Debug)]
pub enum Make {
    /// The service answers so.
    Staged(Ask, Effect),
    /// The hosted service answers so: its name is resolved to this computer.
    Hosted(Ask, Effect),
    /// A key that the sandbox refuses by itself.
    Key(Ask, FlagsmithAuth, &'static str),
    /// Another base address. `{http}` and `{https}` stand for the sandbox's ports.
    Base(Ask, &'static str),
    /// A door of the sandbox whose certificate is not right.
    Door(&'static str),
    /// A forward proxy in between.
    Gate(Gate),
    /// A forward proxy that is not there.
    NoGate,
    /// A value is written.
    Write(Value),
    /// The environment asks for change requests.
    ChangeRequests,
    /// A connection of the other service.
    OtherService,
    /// CA certificates that are none.
    Bundle,
    /// This is pasted as an address.
    Pasted(&'static str),
    /// An answer takes longer than the client waits.
    Slow(Ask),
    /// A failure, looked at again.
    Again(Box<Make>, Box<Context>),
    /// An answer is larger than the client reads.
    Huge,
    /// The admin API is somebody's server, and the Flags API the hosted one.
    Region,
    /// A flag that is known here is not there any more.
    FlagGone,
    /// One flag is asked for that the Flags API does not serve.
    FlagNotServed,
    /// A write, while the list lags behind a change of somebody else.
    ListBehind,
    /// The Edge Proxy's health is no answer that it makes itself.
    ProxyNotReady,
}

/// A sandbox with every door open, and clients of it.
pub struct Stage {
    running: Running,
    environments: Vec<Environment>,
    project: Named,
}

impl Stage {
    pub async fn open() -> Stage {
        let config = Config {
            https: true,
            proxy: true,
            proxy_poll: Duration::from_millis(50),
            ..Config::default()
        };
        let running = Sandbox::start(config).await.unwrap();
        let told = running.announcement();
        let project = Named {
            id: told.flagsmith["project"].to_string(),
            name: "Acme".into(),
        };
        let endpoint = flagsmith_endpoint(told.flagsmith_text("url"), FlagsmithAuth::OrganisationKey);
        let credential = Credential::new(told.flagsmith_text("api_key"));
        let access = Access::new(&endpoint, &credential);
        let client = Flagsmith::new(settings()).unwrap();
        let environments = client.environments(access, &project).await.unwrap().value;
        Stage {
            running,
            environments,
            project,
        }
    }

    /// Makes it happen, and gives the failure.
    pub async fn make(&self, make: &Make) -> Failure {
        self.running.faults().clear();
        self.running.forward_proxy().set_gate(Gate::Open);
        let told = self.running.announcement().clone();
        let (url, key) = (
            told.flagsmith_text("url").to_owned(),
            told.flagsmith_text("api_key"),
        );
        let organisation = FlagsmithAuth::OrganisationKey;
        match make {
            Make::Staged(ask, effect) => self.staged(*ask, effect, &url, settings()).await,
            Make::Hosted(ask, effect) => {
                let hosted = url.replace("127.0.0.1", "api.flagsmith.com");
                self.staged(*ask, effect, &hosted, resolving()).await
            }
            Make::Key(Ask::EdgeFlagsList, _, key) => self.edgeflags(Ask::EdgeFlagsList, key).await,
            Make::Key(ask, auth, key) => self.ask(*ask, &url, *auth, key, settings()).await,
            Make::Base(ask, base) => {
                let https = told.https.as_ref().unwrap().url.clone();
                let origin = |url: &str| url.trim_end_matches("/api/v1/").to_owned();
                let base = base
                    .replace("{https-as-http}", &origin(&https).replace("https://", "http://"))
                    .replace("{http-as-https}", &origin(&url).replace("http://", "https://"))
                    .replace("{http}", &origin(&url));
                self.ask(*ask, &base, organisation, key, resolving()).await
            }
            Make::Door(door) => {
                let place = told.https.as_ref().unwrap();
                let base = match *door {
                    "expired" => &place.expired_url,
                    "not yet valid" => &place.not_yet_valid_url,
                    "wrong name" => &place.wrong_name_url,
                    _ => &place.url,
                };
                let bundle = (*door != "unknown issuer").then(|| place.ca_pem.clone());
                self.trusting(base, bundle).await
            }
            Make::Gate(gate) => {
                self.running.forward_proxy().set_gate(gate.clone());
                let proxy = Url::parse(&told.proxy.as_ref().unwrap().url).unwrap();
                let through = HttpSettings {
                    proxy: ProxyRule::Always(proxy),
                    ..settings()
                };
                let base = &told.https.as_ref().unwrap().url;
                self.ask(Ask::List, base, organisation, key, through).await
            }
            Make::NoGate => {
                let through = HttpSettings {
                    proxy: ProxyRule::Always(
                        Url::parse(&format!("http://127.0.0.1:{}", closed_port())).unwrap(),
                    ),
                    ..settings()
                };
                let base = &told.https.as_ref().unwrap().url;
                self.ask(Ask::List, base, organisation, key, through).await
            }
            Make::Write(value) => self.write(value.clone(), false).await,
            Make::ChangeRequests => self.write(Value::Null, true).await,
            Make::OtherService => {
                let endpoint = edgeflags_endpoint(&told.edgeflags.url);
                let credential = Credential::new(key);
                let client = Flagsmith::new(settings()).unwrap();
                client
                    .discover(Access::new(&endpoint, &credential))
                    .await
                    .unwrap_err()
            }
            Make::Bundle => self.trusting(&url, Some("no certificate".into())).await,
            Make::Pasted(text) => {
                halyard_provider::normalise_address(halyard_model::Service::Flagsmith, text).unwrap_err()
            }
            Make::Slow(ask) => {
                let hasty = HttpSettings {
                    answer_timeout: Duration::from_millis(300),
                    document_timeout: Duration::from_millis(300),
                    ..settings()
                };
                self.staged(*ask, &Effect::Latency { ms: 5_000 }, &url, hasty)
                    .await
            }
            Make::Again(make, context) => in_context(&Box::pin(self.make(make)).await, context),
            Make::Region => {
                let hosted = url.replace("127.0.0.1", "api.flagsmith.com");
                self.flags_at(&url, &hosted).await
            }
            Make::FlagGone => self.gone_from_edgeflags().await,
            Make::FlagNotServed => self.not_served().await,
            Make::ListBehind => {
                self.running.faults().add(Fault::of(Effect::StaleDocument));
                let edit = MayaEdit {
                    environment: "staging".into(),
                    flag: "product_recs_model".into(),
                    enabled: None,
                    value: Some(Value::from("hers")),
                    ..MayaEdit::default()
                };
                let flag = self.edgeflags_flag("product_recs_model").await;
                self.running.edgeflags().edit_as_maya(&edit).unwrap();
                self.write_edgeflags(&flag).await
            }
            Make::ProxyNotReady => {
                let page = halyard_sandbox::staged::gateway(503);
                self.running.faults().add(Fault::of(page).on(Struck::EdgeProxy));
                let endpoint = flagsmith_endpoint(&url, organisation);
                let credential = Credential::new(key);
                let client = Flagsmith::new(settings()).unwrap();
                let access = Access::new(&endpoint, &credential);
                let health = client.proxy_health(access, &told.edge_proxy.url).await;
                health.unwrap_err()
            }
            Make::Huge => {
                let small = HttpSettings {
                    body_limit: 1024 * 1024,
                    ..settings()
                };
                let huge = Effect::HugeBody {
                    bytes: 3 * 1024 * 1024,
                };
                self.staged(Ask::List, &huge, &url, small).await
            }
        }
    }

    async fn staged(&self, ask: Ask, effect: &Effect, base: &str, settings: HttpSettings) -> Failure {
        let told = self.running.announcement().clone();
        let fault = Fault::of(effect.clone());
        let fault = match ask {
            Ask::List | Ask::Document | Ask::Identity => fault.on(Struck::Flagsmith),
            Ask::Toggle => fault.on(Struck::Flagsmith).method("PATCH"),
            Ask::Version => fault.on(Struck::Flagsmith).method("POST"),
            Ask::ProxyIdentity => fault.on(Struck::EdgeProxy),
            Ask::EdgeFlagsList => fault.on(Struck::EdgeFlags),
            Ask::EdgeFlagsToggle => fault.on(Struck::EdgeFlags).method("PUT"),
        };
        self.running.faults().add(fault);
        match ask {
            Ask::EdgeFlagsList | Ask::EdgeFlagsToggle => self.edgeflags(ask, &told.edgeflags.token).await,
            _ => {
                let key = told.flagsmith_text("api_key");
                self.ask(ask, base, FlagsmithAuth::OrganisationKey, key, settings)
                    .await
            }
        }
    }

    async fn trusting(&self, base: &str, bundle: Option<String>) -> Failure {
        let Endpoint::Flagsmith(mut endpoint) = flagsmith_endpoint(base, FlagsmithAuth::OrganisationKey)
        else {
            panic!("not Flagsmith");
        };
        endpoint.ca_bundle = bundle;
        let endpoint = Endpoint::Flagsmith(endpoint);
        let credential = Credential::new(self.running.announcement().flagsmith_text("api_key"));
        let client = Flagsmith::new(settings()).unwrap();
        client
            .discover(Access::new(&endpoint, &credential))
            .await
            .unwrap_err()
    }

    async fn ask(
        &self,
        ask: Ask,
        base: &str,
        auth: FlagsmithAuth,
        key: &str,
        settings: HttpSettings,
    ) -> Failure {
        let endpoint = flagsmith_endpoint(base, auth);
        let credential = Credential::new(key);
        let client = Flagsmith::new(settings).unwrap();
        let access = Access::new(&endpoint, &credential);
        let versioned = ask == Ask::Version;
        let mut environment = self
            .environments
            .iter()
            .find(|one| one.versioned == versioned)
            .unwrap()
            .clone();
        if ask != Ask::List && (key.starts_with("other") || key.starts_with("ser.")) {
            environment.key.0 = key.to_owned();
        }
        let target = Target {
            access,
            project: &self.project,
            environment: &environment,
        };
        let identity = identity();
        let proxy = self.running.announcement().edge_proxy.url.clone();
        match ask {
            Ask::List => client.discover(access).await.unwrap_err(),
            Ask::Document => {
                let read = client
                    .read_surface(target, &Surface::Admin, &Confirm::Content)
                    .await;
                read.unwrap_err()
            }
            Ask::Identity => client
                .evaluate(target, &identity, &Surface::FlagsApi)
                .await
                .unwrap_err(),
            Ask::ProxyIdentity => {
                let surface = Surface::EdgeProxy(proxy);
                client.evaluate(target, &identity, &surface).await.unwrap_err()
            }
            Ask::Toggle | Ask::Version => {
                let snapshot = client.collect(target, NOW, &|_| ()).await.unwrap().value;
                let base = &snapshot.flags[0];
                let change = Change::toggle(!base.state.enabled);
                change_flag(&client, target, base, &change).await.unwrap_err()
            }
            Ask::EdgeFlagsList | Ask::EdgeFlagsToggle => panic!("not Flagsmith"),
        }
    }

    async fn edgeflags(&self, ask: Ask, key: &str) -> Failure {
        let endpoint = edgeflags_endpoint(&self.running.announcement().edgeflags.url);
        let credential = Credential::new(key);
        let client = EdgeFlags::new(settings()).unwrap();
        let access = Access::new(&endpoint, &credential);
        if ask == Ask::EdgeFlagsList {
            return client.discover(access).await.unwrap_err();
        }
        let environment = client
            .environments(access, &self.project)
            .await
            .unwrap()
            .value
            .remove(0);
        let target = Target {
            access,
            project: &self.project,
            environment: &environment,
        };
        let snapshot = client.collect(target, NOW, &|_| ()).await.unwrap().value;
        let base = &snapshot.flags[0];
        let change = Change::toggle(!base.state.enabled);
        change_flag(&client, target, base, &change).await.unwrap_err()
    }

    async fn flags_at(&self, admin: &str, flags: &str) -> Failure {
        let Endpoint::Flagsmith(mut endpoint) = flagsmith_endpoint(admin, FlagsmithAuth::OrganisationKey)
        else {
            panic!("not Flagsmith");
        };
        endpoint.flags_base = Some(flags.to_owned());
        let endpoint = Endpoint::Flagsmith(endpoint);
        let credential = Credential::new(self.running.announcement().flagsmith_text("api_key"));
        let mut environment = self.environments[0].clone();
        environment.key.0 = "otherEnvironmentKey".into();
        let target = Target {
            access: Access::new(&endpoint, &credential),
            project: &self.project,
            environment: &environment,
        };
        let client = Flagsmith::new(resolving()).unwrap();
        let alice = identity();
        client
            .evaluate(target, &alice, &Surface::FlagsApi)
            .await
            .unwrap_err()
    }

    async fn not_served(&self) -> Failure {
        let told = self.running.announcement();
        let endpoint = flagsmith_endpoint(told.flagsmith_text("url"), FlagsmithAuth::OrganisationKey);
        let credential = Credential::new(told.flagsmith_text("api_key"));
        let target = Target {
            access: Access::new(&endpoint, &credential),
            project: &self.project,
            environment: &self.environments[0],
        };
        let client = Flagsmith::new(settings()).unwrap();
        let flag = FlagKey("no_such_flag".into());
        client
            .evaluate_flag(target, &identity(), &flag)
            .await
            .unwrap_err()
    }

    async fn gone_from_edgeflags(&self) -> Failure {
        let mut known = self.edgeflags_flag("product_recs_model").await;
        known.key = FlagKey("no_such_flag".into());
        known.remote_id = known.key.0.clone();
        self.with_edgeflags(async |client, target| client.flag(target, &known).await.unwrap_err())
            .await
    }

    async fn edgeflags_flag(&self, key: &str) -> Flag {
        self.with_edgeflags(async |client, target| {
            let snapshot = client.collect(target, NOW, &|_| ()).await.unwrap().value;
            snapshot.flags.into_iter().find(|flag| flag.key.0 == key).unwrap()
        })
        .await
    }

    async fn write_edgeflags(&self, base: &Flag) -> Failure {
        let change = Change {
            enabled: None,
            value: Some(FlagValue(Value::from("ours"))),
        };
        self.with_edgeflags(async |client, target| {
            change_flag(client, target, base, &change).await.unwrap_err()
        })
        .await
    }

    async fn with_edgeflags<T>(&self, work: impl AsyncFnOnce(&EdgeFlags, Target<'_>) -> T) -> T {
        let told = &self.running.announcement().edgeflags;
        let endpoint = edgeflags_endpoint(&told.url);
        let credential = Credential::new(&told.token);
        let client = EdgeFlags::new(settings()).unwrap();
        let access = Access::new(&endpoint, &credential);
        let environments = client.environments(access, &self.project).await.unwrap().value;
        let staging = environments.iter().find(|one| one.name == "staging").unwrap();
        let target = Target {
            access,
            project: &self.project,
            environment: staging,
        };
        work(&client, target).await
    }

    async fn write(&self, value: Value, change_requests: bool) -> Failure {
        let told = self.running.announcement();
        let endpoint = flagsmith_endpoint(told.flagsmith_text("url"), FlagsmithAuth::OrganisationKey);
        let credential = Credential::new(told.flagsmith_text("api_key"));
        let client = Flagsmith::new(settings()).unwrap();
        let mut environment = self
            .environments
            .iter()
            .find(|one| !one.versioned)
            .unwrap()
            .clone();
        environment.requires_change_requests = change_requests;
        let target = Target {
            access: Access::new(&endpoint, &credential),
            project: &self.project,
            environment: &environment,
        };
        let snapshot = client.collect(target, NOW, &|_| ()).await.unwrap().value;
        let base = &snapshot.flags[0];
        let change = Change {
            enabled: None,
            value: Some(FlagValue(value)),
        };
        change_flag(&client, target, base, &change).await.unwrap_err()
    }
}

fn identity() -> IdentityRef {
    IdentityRef {
        identifier: "alice".into(),
        traits: Vec::new(),
    }
}

fn edgeflags_endpoint(base: &str) -> Endpoint {
    Endpoint::EdgeFlags {
        base: base.to_owned(),
        ca_bundle: None,
    }
}

/// The hosted names lead to this computer; every other name is unknown.
fn resolving() -> HttpSettings {
    HttpSettings {
        resolver: Some(Resolver::new(|name| {
            if name.ends_with("flagsmith.com") {
                Ok(vec![IpAddr::from([127, 0, 0, 1])])
            } else {
                Err(std::io::ErrorKind::NotFound.into())
            }
        })),
        ..settings()
    }
}

fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
