//! Answers that nobody would wish for, from hand-made servers that echo the key:
//! each is told as what it is, nothing panics, and no failure holds the key.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use halyard_model::{
    Change, Endpoint, Environment, EnvironmentKey, Flag, FlagKey, FlagKind, FlagState, FlagValue,
    FlagsmithAuth, IdentityRef, Named, Protection, Surface,
};
use halyard_provider::{
    Access, Credential, Diagnosis, Failure, FailureKind, HttpSettings, Stage, Target, provider_for,
};
use serde_json::json;
use support::{NOW, flagsmith_endpoint, settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const KEY: &str = "Zq8sK3xw.W9dT2mPfVb7RnL4yHc6GjAe5UkQx0tSi";

/// A server that answers every request with the same bytes, in which `{KEY}`
/// stands for what the request's credential header held.
struct Parrot {
    base: String,
    asked: Arc<AtomicUsize>,
}

impl Parrot {
    async fn saying(answer: String) -> Parrot {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v1/", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, counter) = (answer.clone(), Arc::clone(&counter));
                tokio::spawn(async move {
                    let mut request = vec![0; 64 * 1024];
                    let read = stream.read(&mut request).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    counter.fetch_add(1, Ordering::SeqCst);
                    let request = String::from_utf8_lossy(&request[..read]).into_owned();
                    let held = request
                        .lines()
                        .find_map(|line| line.strip_prefix("authorization: "))
                        .and_then(|value| value.split(' ').nth(1))
                        .unwrap_or_default();
                    let sent = stream.write_all(answer.replace("{KEY}", held).as_bytes()).await;
                    drop(sent);
                });
            }
        });
        Parrot { base, asked }
    }

    async fn answering(status: &str, headers: &str, body: &str) -> Parrot {
        // The length is left out, so that the key may take the place of its
        // mark: the body ends with the connection.
        Parrot::saying(format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}"
        ))
        .await
    }

    fn endpoints(&self) -> [Endpoint; 2] {
        [
            flagsmith_endpoint(&self.base, FlagsmithAuth::OrganisationKey),
            Endpoint::EdgeFlags {
                base: self.base.trim_end_matches("/api/v1/").to_owned(),
                ca_bundle: None,
            },
        ]
    }
}

fn flag() -> Flag {
    Flag {
        key: FlagKey("new_checkout".into()),
        remote_id: "1".into(),
        description: None,
        kind: FlagKind::Standard,
        tags: Vec::new(),
        owners: Vec::new(),
        archived: false,
        server_only: false,
        created_at: None,
        identity_overrides: None,
        notes: Vec::new(),
        state: FlagState::plain(true, FlagValue(json!("a"))),
    }
}

fn project() -> Named {
    Named {
        id: "1".into(),
        name: "Acme".into(),
    }
}

fn environment() -> Environment {
    Environment {
        key: EnvironmentKey("production".into()),
        remote_id: "1".into(),
        name: "Production".into(),
        versioned: false,
        requires_change_requests: false,
        edge_identities: false,
        protection: Protection::None,
    }
}

/// Calls everything a provider has; gives the failures.
async fn call_everything(endpoint: &Endpoint, settings: HttpSettings) -> Vec<Failure> {
    let provider = provider_for(endpoint, settings).unwrap();
    let credential = Credential::new(KEY);
    let (project, environment, flag) = (project(), environment(), flag());
    let target = Target {
        access: Access::new(endpoint, &credential),
        project: &project,
        environment: &environment,
    };
    let identity = IdentityRef {
        identifier: "somebody@acme.test".into(),
        traits: vec![("plan".into(), json!("secret-plan"))],
    };
    let change = Change::toggle(false);
    let failures = [
        provider.discover(Access::new(endpoint, &credential)).await.err(),
        provider
            .environments(Access::new(endpoint, &credential), &project)
            .await
            .err(),
        provider.collect(target, NOW, &|_| ()).await.err(),
        provider.flag(target, &flag).await.err(),
        support::change_flag(provider.as_ref(), target, &flag, &change)
            .await
            .err(),
        provider
            .evaluate(target, &identity, &Surface::FlagsApi)
            .await
            .err(),
        provider.evaluate_flag(target, &identity, &flag.key).await.err(),
    ];
    let failures: Vec<Failure> = failures.into_iter().flatten().collect();
    for failure in &failures {
        let told = format!("{failure:?} {failure} {}", failure.in_full());
        for secret in [KEY, "W9dT2mPfVb7RnL4y", "somebody@acme.test", "secret-plan"] {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
        assert!(failure.sentence.ends_with('.'), "{failure}");
        let answered = !matches!(failure.kind, FailureKind::NotFound) || failure.status.is_some();
        assert!(failure.request.is_some() || !answered, "{failure:?}");
    }
    failures
}

#[tokio::test]
async fn statuses_are_sorted_and_no_answer_carries_the_key_out() {
    let html = "Content-Type: text/html; charset=utf-8\r\n";
    let json = "Content-Type: application/json\r\n";
    let no_pause = FailureKind::RateLimited { retry_at: None };
    let pause = FailureKind::RateLimited {
        retry_at: Some(NOW.plus_millis(18_000)),
    };
    let echo = "{\"detail\": \"unknown key {KEY} for you\", \"error\": \"{KEY}\"}";
    for (status, headers, body, kind) in [
        ("401 Unauthorized", json, echo, FailureKind::Unauthorised),
        ("404 Not Found", json, echo, FailureKind::NotFound),
        ("404 Not Found", html, "<html>{KEY}</html>", FailureKind::NotFound),
        ("429 Too Many Requests", json, echo, no_pause),
        (
            "429 Too Many Requests",
            "Content-Type: application/json\r\nRetry-After: 18\r\n",
            echo,
            pause,
        ),
        (
            "500 Internal Server Error",
            html,
            "<h1>Server Error (500) {KEY}</h1>",
            FailureKind::ServerFault,
        ),
        ("502 Bad Gateway", html, "{KEY}", FailureKind::ServerFault),
        ("503 Service Unavailable", json, echo, FailureKind::ServerFault),
    ] {
        let parrot = Parrot::answering(status, headers, body).await;
        for endpoint in parrot.endpoints() {
            let impatient = HttpSettings {
                patience: Duration::ZERO,
                ..settings()
            };
            let failures = call_everything(&endpoint, impatient).await;
            assert_eq!(failures.len(), 7, "{status} {:?}", endpoint.service());
            // After a refusal nothing more is sent until its pause is over.
            let (sent, held): (Vec<_>, Vec<_>) =
                failures.iter().take(5).partition(|one| one.status.is_some());
            let is_limited = |one: &&Failure| matches!(one.kind, FailureKind::RateLimited { .. });
            assert!(held.iter().all(is_limited), "{status}: {held:?}");
            assert_eq!(held.is_empty(), !status.starts_with("429"), "{status}");
            for failure in sent {
                assert_eq!(failure.kind, kind, "{status}: {failure:?}");
                assert_eq!(failure.status.unwrap().to_string(), status[..3]);
            }
        }
    }
}

#[tokio::test]
async fn refusals_keep_the_services_own_words_without_the_key() {
    let body = "{\"detail\": \"no, {KEY} may not\"}";
    for (status, is_forbidden) in [
        ("403 Forbidden", true),
        ("400 Bad Request", false),
        ("418 Teapot", false),
    ] {
        let parrot = Parrot::answering(status, "Content-Type: application/json\r\n", body).await;
        let [endpoint, _] = parrot.endpoints();
        let failures = call_everything(&endpoint, settings()).await;
        let told = failures[0].in_full();
        assert!(told.contains("no, … may not"), "{told}");
        assert_eq!(failures[0].kind == FailureKind::Forbidden, is_forbidden);
    }
}

#[tokio::test]
async fn redirects_are_never_followed_and_say_what_is_wrong() {
    let target = Parrot::answering("200 OK", "Content-Type: application/json\r\n", "{}").await;
    for (location, cause) in [
        (format!("{}elsewhere?key={{KEY}}", target.base), "base address"),
        ("/{KEY}".to_owned(), "base address"),
        (String::new(), "base address"),
    ] {
        let headers = format!("Location: {location}\r\n");
        let parrot = Parrot::answering("301 Moved Permanently", &headers, "").await;
        for endpoint in parrot.endpoints() {
            let failures = call_everything(&endpoint, settings()).await;
            for failure in failures.iter().take(5) {
                assert!(
                    matches!(failure.kind, FailureKind::BadAddress { .. }),
                    "{failure:?}"
                );
                assert!(failure.in_full().contains(cause), "{}", failure.in_full());
            }
        }
    }
    assert_eq!(target.asked.load(Ordering::SeqCst), 0, "nobody went there");
}

#[tokio::test]
async fn other_shapes_name_their_place() {
    for (headers, body, place) in [
        ("text/html", "<html>Sign in, {KEY}</html>", "expected JSON"),
        ("application/json", "{\"{KEY}\": 1}", "missing"),
        (
            "application/json",
            "{\"results\": 7, \"flags\": 7, \"environments\": 7}",
            "",
        ),
        ("application/json", "[{\"id\": \"{KEY}\"}]", ""),
        ("application/json", "[[[[[[", ""),
        ("application/json", "", ""),
        ("application/json", "\"{KEY}\"", ""),
        ("application/json", "\u{feff}{}", ""),
        ("application/json", "nul", ""),
    ] {
        let parrot = Parrot::answering("200 OK", &format!("Content-Type: {headers}\r\n"), body).await;
        for endpoint in parrot.endpoints() {
            let failures = call_everything(&endpoint, settings()).await;
            assert!(failures.len() >= 5, "{body}: {failures:?}");
            for failure in failures {
                let FailureKind::Malformed { place: found } = &failure.kind else {
                    assert_eq!(failure.kind, FailureKind::NotFound, "{body}: {failure:?}");
                    continue;
                };
                assert!(found.contains(place) || found.contains(": "), "{body}: {found}");
                let told = failure.diagnosis.unwrap();
                let of_shape = [
                    Diagnosis::SignInPage,
                    Diagnosis::MalformedJson,
                    Diagnosis::WrongShape,
                ];
                assert!(of_shape.contains(&told), "{told:?}: {failure}");
            }
        }
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_without_a_crash() {
    let body = "[".repeat(200_000);
    let parrot = Parrot::answering("200 OK", "Content-Type: application/json\r\n", &body).await;
    for endpoint in parrot.endpoints() {
        for failure in call_everything(&endpoint, settings()).await {
            assert!(
                matches!(failure.kind, FailureKind::Malformed { .. }),
                "{failure:?}"
            );
        }
    }
}

#[tokio::test]
async fn broken_connections_are_told_by_how_far_they_came() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_base = format!("http://{}/api/v1/", silent.local_addr().unwrap());
    let quick = HttpSettings {
        answer_timeout: Duration::from_millis(80),
        document_timeout: Duration::from_millis(80),
        settling_pause: Duration::from_millis(1),
        ..settings()
    };
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone_base = format!("http://{}/api/v1/", gone.local_addr().unwrap());
    drop(gone);
    let plain = Parrot::saying("HTTP/1.1 400 Bad Request\r\n\r\n".into()).await;
    let cut = Parrot::saying(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n[{".into(),
    )
    .await;
    let closed = Parrot::saying(String::new()).await;
    for (base, stage, settings) in [
        (silent_base, Stage::Timeout, quick),
        (gone_base, Stage::Connect, settings()),
        (plain.base.replace("http://", "https://"), Stage::Tls, settings()),
        (cut.base.clone(), Stage::Cut, settings()),
        (closed.base.clone(), Stage::Cut, settings()),
    ] {
        let endpoint = flagsmith_endpoint(&base, FlagsmithAuth::OrganisationKey);
        let failures = call_everything(&endpoint, settings).await;
        for failure in failures {
            assert_eq!(
                failure.kind,
                FailureKind::Unreachable(stage),
                "{base}: {failure:?}"
            );
        }
    }
    assert!(cut.asked.load(Ordering::SeqCst) > 7, "a cut read is tried again");
}

#[tokio::test]
async fn keys_that_cannot_be_a_header_are_refused_unsent() {
    let parrot = Parrot::answering("200 OK", "", "").await;
    for endpoint in parrot.endpoints() {
        let provider = provider_for(&endpoint, settings()).unwrap();
        for key in ["two\nlines", "emoji 🚀\u{7f}", "nul\0"] {
            let failure = provider
                .discover(Access::new(&endpoint, &Credential::new(key)))
                .await
                .unwrap_err();
            assert_eq!(failure.kind, FailureKind::Unauthorised);
            assert!(!format!("{failure:?}").contains(key));
        }
    }
    assert_eq!(parrot.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_list_that_repeats_itself_ends() {
    // Without a count, the same rows over and over.
    let body = r#"{"next": "x", "has_more": true, "flags": [{"key": "a", "flag": {"enabled": true}}], "results": [
        {"id": 1, "name": "a", "api_key": "k", "label": "l", "feature": 1, "enabled": true, "identifier": "i"}]}"#;
    let parrot = Parrot::answering("200 OK", "Content-Type: application/json\r\n", body).await;
    for endpoint in parrot.endpoints() {
        let failures = call_everything(&endpoint, settings()).await;
        assert!(
            failures.iter().any(|failure| {
                matches!(&failure.kind, FailureKind::Malformed { place } if place.contains("pages that differ"))
            }),
            "{failures:?}"
        );
    }
    assert!(parrot.asked.load(Ordering::SeqCst) < 100);
}

/// A project of the hosted service keeps its identities elsewhere.
#[tokio::test]
async fn hosted_identities_are_asked_for_on_their_own_routes() {
    let row = r#"{"identity_uuid": "u-1", "identifier": "alice", "dashboard_alias": "al"}"#;
    let found = format!(r#"{{"results": [{row}], "last_evaluated_key": "opaque"}}"#);
    let traits = r#"[{"trait_key": "plan", "trait_value": "beta"}, {"trait_key": "age", "trait_value": 43}]"#;
    let mut environment = environment();
    environment.edge_identities = true;
    for (body, is_list) in [(found.as_str(), true), (traits, false)] {
        let parrot = Parrot::answering("200 OK", "Content-Type: application/json\r\n", body).await;
        let [endpoint, _] = parrot.endpoints();
        let provider = provider_for(&endpoint, settings()).unwrap();
        let (credential, project) = (Credential::new(KEY), project());
        let target = Target {
            access: Access::new(&endpoint, &credential),
            project: &project,
            environment: &environment,
        };
        let alice = halyard_model::IdentityRecord {
            remote_id: "u-1".into(),
            identifier: "alice".into(),
            alias: Some("al".into()),
        };
        if is_list {
            assert_eq!(provider.identities(target, "al").await.unwrap().value, [alice]);
        } else {
            let traits = provider.traits(target, &alice).await.unwrap().value;
            assert_eq!(
                traits,
                [("plan".to_owned(), json!("beta")), ("age".to_owned(), json!(43))]
            );
        }
    }
}
