//! Whom a connection trusts, and the way through an HTTP proxy.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use std::net::IpAddr;

use halyard_model::{Endpoint, Environment, EnvironmentKey, FlagsmithAuth, Named, Protection, Surface};
use halyard_provider::{
    Access, Confirm, Credential, Door, Failure, FailureKind, Flagsmith, HttpSettings, Provider, ProxyRule,
    Reach, Reached, Resolver, Stage, Target,
};
use halyard_sandbox::{Config, Gate, HttpsPlace, Running, Sandbox};
use support::settings;
use url::Url;

struct Secure {
    running: Running,
    place: HttpsPlace,
    credential: Credential,
    project: Named,
    environment: Environment,
}

impl Secure {
    async fn start() -> Secure {
        let config = Config {
            https: true,
            proxy: true,
            ..Config::default()
        };
        let running = Sandbox::start(config).await.unwrap();
        let told = running.announcement().clone();
        let first = &told.flagsmith["environments"][0];
        let name = first["name"].as_str().unwrap().to_owned();
        Secure {
            place: told.https.clone().unwrap(),
            credential: Credential::new(told.flagsmith_text("api_key")),
            project: Named {
                id: told.flagsmith["project"].to_string(),
                name: "Acme".into(),
            },
            environment: Environment {
                key: EnvironmentKey(first["client_key"].as_str().unwrap().into()),
                remote_id: first["id"].to_string(),
                protection: Protection::suggested_for(&name),
                name,
                versioned: false,
                requires_change_requests: false,
                edge_identities: false,
            },
            running,
        }
    }

    fn endpoint(&self, base: &str, ca_bundle: Option<&str>) -> Endpoint {
        let Endpoint::Flagsmith(mut endpoint) =
            support::flagsmith_endpoint(base, FlagsmithAuth::OrganisationKey)
        else {
            panic!("not Flagsmith");
        };
        endpoint.ca_bundle = ca_bundle.map(str::to_owned);
        Endpoint::Flagsmith(endpoint)
    }

    fn target<'a>(&'a self, endpoint: &'a Endpoint) -> Target<'a> {
        Target {
            access: Access::new(endpoint, &self.credential),
            project: &self.project,
            environment: &self.environment,
        }
    }

    async fn reach(&self, provider: &Flagsmith, endpoint: &Endpoint) -> Reach {
        let door = Door::Key(Surface::Admin);
        provider.reach(self.target(endpoint), &door).await.value
    }

    async fn read(&self, provider: &Flagsmith, endpoint: &Endpoint) -> Result<(), Failure> {
        let target = self.target(endpoint);
        for surface in [Surface::Admin, Surface::FlagsApi] {
            provider.read_surface(target, &surface, &Confirm::Content).await?;
        }
        provider.discover(target.access).await?;
        Ok(())
    }

    /// The right address under a name that only a resolver or a proxy knows.
    fn named(&self) -> String {
        self.place.url.replace("127.0.0.1", "flagsmith.test")
    }

    fn proxy(&self, user: &str) -> HttpSettings {
        let place = self.running.announcement().proxy.clone().unwrap();
        let mut url = Url::parse(&place.url).unwrap();
        if let Some((name, password)) = user.split_once(':') {
            url.set_username(name).unwrap();
            url.set_password(Some(password)).unwrap();
        }
        HttpSettings {
            proxy: ProxyRule::Always(url),
            ..settings()
        }
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_the_connection_that_names_it_alone() {
    let secure = Secure::start().await;
    let provider = Flagsmith::new(settings()).unwrap();
    let with = secure.endpoint(&secure.place.url, Some(&secure.place.ca_pem));
    let without = secure.endpoint(&secure.place.url, None);
    for _ in 0..2 {
        secure.read(&provider, &with).await.unwrap();
        let failure = secure.read(&provider, &without).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable(Stage::Tls), "{failure:?}");
    }
    let reach = secure.reach(&provider, &with).await;
    assert_eq!(reach.failure, None);
    let Reached::Encrypted { expires, issuer } = &reach.steps[1] else {
        panic!("{reach:?}");
    };
    assert!(issuer.as_ref().is_some_and(|issuer| !issuer.is_empty()));
    assert!(expires.unwrap() > (HttpSettings::default().now)());
    let reach = secure.reach(&provider, &without).await;
    assert_eq!(reach.steps.len(), 1, "the name, and no encryption: {reach:?}");
    assert_eq!(reach.failure.unwrap().kind, FailureKind::Unreachable(Stage::Tls));
}

#[tokio::test]
async fn no_wrong_certificate_is_accepted() {
    let secure = Secure::start().await;
    let provider = Flagsmith::new(settings()).unwrap();
    let place = &secure.place;
    secure.running.clear_journal();
    for url in [
        &place.expired_url,
        &place.not_yet_valid_url,
        &place.wrong_name_url,
        &place.self_signed_url,
    ] {
        let endpoint = secure.endpoint(url, Some(&place.ca_pem));
        let reach = secure.reach(&provider, &endpoint).await;
        assert_eq!(
            reach.failure.unwrap().kind,
            FailureKind::Unreachable(Stage::Tls),
            "{url}"
        );
        assert!(secure.read(&provider, &endpoint).await.is_err());
    }
    assert!(secure.running.journal().is_empty(), "no key was sent");
}

#[tokio::test]
async fn a_name_is_found_by_the_resolver_and_held_against_the_certificate() {
    let secure = Secure::start().await;
    let settings = HttpSettings {
        proxy: ProxyRule::Never,
        resolver: Some(Resolver::new(|_| Ok(vec![IpAddr::from([127, 0, 0, 1])]))),
        ..settings()
    };
    let provider = Flagsmith::new(settings).unwrap();
    let right = secure.endpoint(&secure.named(), Some(&secure.place.ca_pem));
    secure.read(&provider, &right).await.unwrap();
    let other = secure.place.url.replace("127.0.0.1", "other.test");
    let wrong = secure.endpoint(&other, Some(&secure.place.ca_pem));
    let failure = secure.read(&provider, &wrong).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable(Stage::Tls));
}

#[tokio::test]
async fn a_proxy_is_gone_through_and_told() {
    let secure = Secure::start().await;
    let provider = Flagsmith::new(secure.proxy("")).unwrap();
    let endpoint = secure.endpoint(&secure.named(), Some(&secure.place.ca_pem));
    secure.read(&provider, &endpoint).await.unwrap();
    let passages = secure.running.forward_proxy().passages();
    assert!(!passages.is_empty());
    assert!(
        passages
            .iter()
            .all(|one| one.method == "CONNECT" && one.target.starts_with("flagsmith.test:"))
    );
    let reach = secure.reach(&provider, &endpoint).await;
    let Reached::Name { addresses, proxy } = &reach.steps[0] else {
        panic!("{reach:?}");
    };
    let place = secure.running.announcement().proxy.clone().unwrap();
    assert!(addresses.is_empty(), "the name is the proxy's to find");
    assert_eq!(proxy.as_deref(), Some(place.url.trim_end_matches('/')));
    assert!(matches!(reach.steps[1], Reached::Encrypted { .. }));
    // Plain HTTP goes the same way.
    let plain = secure.endpoint(secure.running.announcement().flagsmith_text("url"), None);
    secure.read(&provider, &plain).await.unwrap();
    let passages = secure.running.forward_proxy().passages();
    assert!(passages.iter().any(|one| one.method == "GET"));
}

#[tokio::test]
async fn a_proxys_password_is_used_and_told_nowhere() {
    const PASSWORD: &str = "correct-horse-battery";
    let secure = Secure::start().await;
    secure.running.forward_proxy().set_gate(Gate::Authenticated {
        user: "me".into(),
        password: PASSWORD.into(),
    });
    let endpoint = secure.endpoint(&secure.named(), Some(&secure.place.ca_pem));
    let with = secure.proxy(&format!("me:{PASSWORD}"));
    assert!(!format!("{with:?}").contains(PASSWORD));
    let provider = Flagsmith::new(with).unwrap();
    assert!(!format!("{provider:?}").contains(PASSWORD));
    secure.read(&provider, &endpoint).await.unwrap();
    let reach = secure.reach(&provider, &endpoint).await;
    assert!(!format!("{reach:?}").contains(PASSWORD));

    let without = Flagsmith::new(secure.proxy("")).unwrap();
    let failure = secure.read(&without, &endpoint).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Unreachable(_)), "{failure:?}");
    secure
        .running
        .forward_proxy()
        .set_gate(Gate::Refusing { status: 502 });
    // The first client keeps the way that it found.
    let refused = Flagsmith::new(secure.proxy(&format!("me:{PASSWORD}"))).unwrap();
    let failure = secure.read(&refused, &endpoint).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Unreachable(_)), "{failure:?}");
    assert!(!format!("{failure:?}").contains(PASSWORD));
}
