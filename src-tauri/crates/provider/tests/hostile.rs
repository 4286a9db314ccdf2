//! Answers that nobody would wish for: each is told as what it is, nothing
//! panics, and no failure holds the key.

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
    FlagsmithAuth, IdentityRef, Named, Protection, differences,
};
use halyard_provider::{
    Credential, Failure, FailureKind, HttpSettings, Stage, Surface, Target, Write, WriteOutcome, provider_for,
};
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use halyard_sandbox::{Effect, ErrorBody, Fault, Seed};
use serde_json::json;
use support::{Bench, NOW, flagsmith_endpoint, settings};
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
        endpoint,
        credential: &credential,
        project: &project,
        environment: &environment,
    };
    let identity = IdentityRef {
        identifier: "somebody@acme.test".into(),
        traits: vec![("plan".into(), json!("secret-plan"))],
    };
    let change = Change::toggle(false);
    let write = Write {
        base: &flag,
        change: &change,
    };
    let failures = [
        provider.discover(endpoint, &credential).await.err(),
        provider.environments(endpoint, &credential, &project).await.err(),
        provider.collect(target, NOW, &|_| ()).await.err(),
        provider.flag(target, &flag).await.err(),
        provider.write(target, write).await.err(),
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
            let failures = call_everything(&endpoint, settings()).await;
            assert_eq!(failures.len(), 7, "{status} {:?}", endpoint.service());
            let admin_failures = failures.iter().take(5);
            for failure in admin_failures {
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
                assert!(failure.sentence.contains("documented shape"), "{failure}");
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
                .discover(&endpoint, &Credential::new(key))
                .await
                .unwrap_err();
            assert_eq!(failure.kind, FailureKind::Unauthorised);
            assert!(!format!("{failure:?}").contains(key));
        }
    }
    assert_eq!(parrot.asked.load(Ordering::SeqCst), 0);
}

async fn both(settings: HttpSettings) -> [Bench; 2] {
    [
        Bench::flagsmith_with(Seed::Acme, settings).await,
        Bench::edgeflags(EdgeFlagsOptions::default()).await,
    ]
}

#[tokio::test]
async fn a_rate_limit_belongs_to_the_caller() {
    for bench in both(settings()).await {
        let environment = &bench.environments[0];
        for (retry_after, seconds) in [(Some(60), Some(60_000)), (None, None)] {
            bench.running.faults().clear();
            bench.running.clear_journal();
            bench.fault(Fault::of(Effect::Throttle { retry_after }));
            let failure = bench.collect(environment).await.unwrap_err();
            let FailureKind::RateLimited { retry_at } = failure.kind else {
                panic!("{failure:?}");
            };
            match seconds {
                Some(millis) => assert_eq!(retry_at, Some(NOW.plus_millis(millis))),
                // EdgeFlags tells the end of its window with every answer.
                None => assert_eq!(
                    retry_at.is_some(),
                    bench.surface == halyard_sandbox::Surface::EdgeFlags
                ),
            }
            assert!(bench.running.journal().len() <= 2, "no request is repeated");
        }
    }
}

#[tokio::test]
async fn reads_survive_a_short_fault_and_no_more() {
    for bench in both(settings()).await {
        let environment = &bench.environments[0];
        let gateway = |status| Effect::ServerError {
            status,
            body: ErrorBody::Html,
        };
        for effect in [
            gateway(502),
            gateway(503),
            gateway(504),
            Effect::CutBody,
            Effect::Refuse,
        ] {
            bench.running.faults().clear();
            bench.fault(Fault::of(effect.clone()).times(2));
            bench
                .collect(environment)
                .await
                .unwrap_or_else(|failure| panic!("{effect:?}: {failure:?}"));
            bench.running.faults().clear();
            bench.fault(Fault::of(effect.clone()));
            bench.running.clear_journal();
            bench.collect(environment).await.unwrap_err();
            assert!(
                bench.running.journal().len() <= 6,
                "at most three times each of two"
            );
        }
        bench.running.faults().clear();
        bench.fault(Fault::of(gateway(500)));
        bench.running.clear_journal();
        let failure = bench.collect(environment).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ServerFault);
        assert!(
            bench.running.journal().len() <= 2,
            "a failing server is not asked again"
        );
    }
}

#[tokio::test]
async fn bad_bodies_are_told_and_bounded() {
    for bench in both(settings()).await {
        let environment = &bench.environments[0];
        for effect in [
            Effect::WrongShape,
            Effect::MalformedJson,
            Effect::HugeBody {
                bytes: 20 * 1024 * 1024,
            },
        ] {
            bench.running.faults().clear();
            bench.fault(Fault::of(effect.clone()));
            let failure = bench.collect(environment).await.unwrap_err();
            assert!(
                matches!(failure.kind, FailureKind::Malformed { .. }),
                "{effect:?}: {failure:?}"
            );
            assert!(failure.excerpt.unwrap_or_default().chars().count() <= 301);
        }
    }
    let small = HttpSettings {
        body_limit: 1024 * 1024,
        ..settings()
    };
    let bench = Bench::flagsmith_with(Seed::Acme, small).await;
    bench.fault(Fault::of(Effect::HugeBody {
        bytes: 20 * 1024 * 1024,
    }));
    let failure = bench.collect(&bench.environments[0]).await.unwrap_err();
    assert_eq!(
        failure.sentence,
        "The answer is larger than 1 MB and was not read."
    );
}

#[tokio::test]
async fn endless_paging_ends() {
    let [flagsmith, edgeflags] = both(settings()).await;
    flagsmith.fault(Fault::of(Effect::EndlessPaging));
    let snapshot = flagsmith.collect(&flagsmith.environments[0]).await.unwrap().value;
    assert_eq!(snapshot.flags.len(), 128, "the list says how long it is");
    edgeflags.fault(Fault::of(Effect::EndlessPaging));
    let failure = edgeflags.collect(&edgeflags.environments[0]).await.unwrap_err();
    let FailureKind::Malformed { place } = failure.kind else {
        panic!("{failure:?}");
    };
    assert!(place.starts_with("list of flags"), "{place}");
    assert!(edgeflags.running.journal().len() < 20);

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

/// Flagsmith takes a second override of the same segment. The console shows
/// the one that is served, and can still write.
#[tokio::test]
async fn duplicate_overrides_are_shown_once_and_hinder_nothing() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let snapshot = bench.collect(environment).await.unwrap().value;
    let flag = snapshot
        .flags
        .iter()
        .find(|flag| flag.key.0 == "guest_checkout")
        .unwrap();
    let segment: u64 = snapshot.segments[0].remote_id.parse().unwrap();
    for value in ["served", "hidden"] {
        let url = format!(
            "{}environments/{}/features/{}/create-segment-override/",
            bench.endpoint.address(),
            environment.key.0,
            flag.remote_id
        );
        let created = reqwest::Client::new()
            .post(url)
            .header("Authorization", format!("Api-Key {}", bench.credential.expose()))
            .json(&json!({
                "feature_segment": {"segment": segment}, "enabled": true,
                "feature_state_value": {"type": "unicode", "string_value": value},
            }))
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), 201);
    }
    let collected = bench.collected(environment, "guest_checkout").await;
    let shown: Vec<_> = collected
        .state
        .segment_overrides
        .iter()
        .map(|one| one.value.clone())
        .collect();
    assert_eq!(shown, [FlagValue(json!("served"))]);
    let fresh = bench.now(environment, &collected).await;
    assert_eq!(differences(&collected.state, &fresh.state), []);
    let change = Change::toggle(!collected.state.enabled);
    let outcome = bench.write(environment, &collected, &change).await.unwrap();
    assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
}

/// A change while the parts are read leads to a second reading.
#[tokio::test]
async fn a_change_in_the_middle_of_a_collection_is_noticed() {
    use halyard_sandbox::{MayaEdit, Moment};
    let bench = Bench::flagsmith(Seed::Acme).await;
    for versioned in [false, true] {
        let environment = bench.versioned(versioned);
        let calm = bench.collect(environment).await.unwrap().requests;
        for nth in 1..=5 {
            for (when, value) in [(Moment::Before, "before"), (Moment::After, "after")] {
                bench.running.faults().clear();
                let edit = MayaEdit {
                    environment: environment.name.clone(),
                    flag: "homepage_hero".into(),
                    enabled: None,
                    value: Some(json!(format!("{value} {nth}"))),
                };
                bench.fault(Fault::of(Effect::Maya { edit, when, nth }));
                let answer = bench.collect(environment).await.unwrap();
                let document: serde_json::Value = serde_json::from_str(&answer.value.document).unwrap();
                let served = document["feature_states"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|state| state["feature"]["name"] == "homepage_hero")
                    .unwrap();
                let listed = answer
                    .value
                    .flags
                    .iter()
                    .find(|flag| flag.key.0 == "homepage_hero")
                    .unwrap();
                assert_eq!(
                    served["feature_state_value"], listed.state.value.0,
                    "{value} {nth}"
                );
                assert!([calm, 2 * calm].contains(&answer.requests));
            }
        }
    }
}

/// A document from a cache never agrees with the lists. It is read twice and
/// then taken, and the states are those of the lists, which writes rest on.
#[tokio::test]
async fn a_stale_document_is_taken_after_a_second_reading() {
    use halyard_sandbox::MayaEdit;
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let calm = bench.collect(environment).await.unwrap().requests;
    bench.fault(Fault::of(Effect::StaleDocument));
    let edit = MayaEdit {
        environment: environment.name.clone(),
        flag: "homepage_hero".into(),
        enabled: None,
        value: Some(json!("newer than the document")),
    };
    bench.running.flagsmith().edit_as_maya(&edit).unwrap();
    let answer = bench.collect(environment).await.unwrap();
    assert_eq!(answer.requests, 2 * calm);
    let listed = answer
        .value
        .flags
        .iter()
        .find(|flag| flag.key.0 == "homepage_hero")
        .unwrap();
    assert_eq!(listed.state.value.0, json!("newer than the document"));
    let change = Change::toggle(!listed.state.enabled);
    let outcome = bench.write(environment, listed, &change).await.unwrap();
    assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
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
            endpoint: &endpoint,
            credential: &credential,
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

#[tokio::test]
async fn an_edge_proxy_without_a_document_is_not_a_wrong_key() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.environment("Production");
    let identity = IdentityRef {
        identifier: "u_48213".into(),
        traits: Vec::new(),
    };
    let proxy = Surface::EdgeProxy(bench.running.announcement().edge_proxy.url.clone());
    let mut unknown = environment.clone();
    unknown.key = EnvironmentKey("AbCdEfGhIjKlMnOpQrStUv".into());
    let failure = bench
        .provider
        .evaluate(bench.target(&unknown), &identity, &proxy)
        .await
        .unwrap_err();
    assert!(
        failure.sentence.contains("does not know this environment's key")
            || failure.sentence.contains("no document of this environment yet"),
        "{failure}"
    );
    let failure = bench
        .provider
        .evaluate(bench.target(&unknown), &identity, &Surface::FlagsApi)
        .await
        .unwrap_err();
    assert_eq!(
        failure.sentence,
        "The Flags API does not know this environment's key."
    );
}
