//! Probes of the sandbox: what each surface serves, how servers are, what they
//! allow, and how far a connection comes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use std::collections::BTreeMap;

use halyard_model::{EdgeProxy, Endpoint, FlagValue, FlagsmithAuth, Named, Surface, document_digest};
use halyard_provider::{
    Access, Confirm, Credential, Door, FailureKind, Flagsmith, HttpSettings, Provider, Queue, Reached,
    ServedFlag, Stage, Stamp, SurfaceReading, Target,
};
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use halyard_sandbox::{Effect, Fault, MayaEdit, Seed, staged};
use serde_json::json;
use support::{Bench, NOW, settings};

async fn read(bench: &Bench, environment: &str, surface: &Surface, confirm: &Confirm) -> SurfaceReading {
    bench
        .provider
        .read_surface(bench.target(bench.environment(environment)), surface, confirm)
        .await
        .unwrap()
        .value
}

fn proxy(bench: &Bench) -> Surface {
    Surface::EdgeProxy(bench.running.announcement().edge_proxy.url.clone())
}

/// Reads until the proxy has its first document.
async fn once_served(bench: &Bench, environment: &str) -> SurfaceReading {
    let surface = proxy(bench);
    for _ in 0..200 {
        let target = bench.target(bench.environment(environment));
        let read = bench.provider.read_surface(target, &surface, &Confirm::Content);
        match read.await {
            Ok(answer) => return answer.value,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
    panic!("the proxy has no document");
}

fn edit(enabled: bool) -> MayaEdit {
    MayaEdit {
        environment: "Production".into(),
        flag: "dark_mode".into(),
        enabled: Some(enabled),
        value: Some(json!("by Maya")),
        ..MayaEdit::default()
    }
}

#[tokio::test]
async fn the_same_content_has_one_digest_on_every_surface() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.environment("Production").clone();
    let by_admin = read(&bench, "Production", &Surface::Admin, &Confirm::Content).await;
    let by_proxy = once_served(&bench, "Production").await;
    let by_flags_api = read(&bench, "Production", &Surface::FlagsApi, &Confirm::Content).await;
    let snapshot = bench.collect(&environment).await.unwrap().value;

    assert!(by_admin.digest.is_some());
    assert_eq!(by_admin.digest, by_proxy.digest);
    assert_eq!(by_admin.digest, document_digest(&snapshot.document));
    assert_eq!(by_admin.bytes, u64::try_from(snapshot.document.len()).ok());
    assert_eq!(by_admin.at, NOW);
    assert_eq!(by_admin.flags, None);
    assert_eq!((by_flags_api.digest, by_flags_api.bytes), (None, None));
    assert_eq!(by_admin.document_updated_at, snapshot.document_updated_at);
    assert_eq!(by_flags_api.document_updated_at, snapshot.document_updated_at);

    let served = by_flags_api.flags.unwrap();
    let listed: BTreeMap<_, _> = snapshot.flags.iter().map(|flag| (&flag.key, flag)).collect();
    // A proxy may count nobody in particular into a segment of those who lack
    // something; the Flags API leaves segments out.
    let plain = |flags: &[ServedFlag]| {
        let flags = flags.iter();
        let plain = flags.filter(|flag| listed[&flag.key].state.segment_overrides.is_empty());
        plain.cloned().collect::<Vec<_>>()
    };
    assert!(plain(&served).len() > 10);
    assert_eq!(plain(&served), plain(&by_proxy.flags.unwrap()));
    for flag in &served {
        assert_eq!(
            flag.enabled,
            Some(listed[&flag.key].state.enabled),
            "{}",
            flag.key.0
        );
        assert!(
            !listed[&flag.key].server_only,
            "a client key gets no server-only flag"
        );
    }
}

#[tokio::test]
async fn a_frozen_proxy_shows_by_its_content() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let before = once_served(&bench, "Production").await;
    bench
        .running
        .faults()
        .set(Fault::of(Effect::FrozenProxy).on(halyard_sandbox::Surface::EdgeProxy));
    let board = bench.running.faults();
    board
        .edit_as_maya(halyard_sandbox::Surface::Flagsmith, &edit(true))
        .unwrap();
    let by_admin = read(&bench, "Production", &Surface::Admin, &Confirm::Content).await;
    let by_flags_api = read(&bench, "Production", &Surface::FlagsApi, &Confirm::Content).await;
    let by_proxy = read(&bench, "Production", &proxy(&bench), &Confirm::Content).await;

    assert_ne!(by_admin.digest, before.digest);
    assert_eq!(by_proxy.digest, before.digest);
    let value = |reading: &SurfaceReading| {
        let flags = reading.flags.as_ref().unwrap();
        flags
            .iter()
            .find(|flag| flag.key.0 == "dark_mode")
            .unwrap()
            .value
            .clone()
    };
    assert_eq!(value(&by_flags_api), FlagValue(json!("by Maya")));
    assert_ne!(value(&by_proxy), FlagValue(json!("by Maya")));
}

#[tokio::test]
async fn a_conditional_reading_is_asked_for_only_where_its_answer_may_be_taken() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let stamp = |unchanged: u32, content_at: Option<i64>| {
        Confirm::Unless(Box::new(Stamp {
            last_modified: Some("Wed, 18 Nov 2026 11:00:00 GMT".into()),
            etag: None,
            unchanged,
            content_at: content_at.map(|seconds| NOW.plus_millis(seconds * 1000)),
        }))
    };
    let sent_conditions = |confirm: Confirm| {
        let bench = &bench;
        async move {
            let word = Effect::Answer {
                status: 304,
                content_type: String::new(),
                body: String::new(),
                headers: BTreeMap::new(),
            };
            bench.running.faults().clear();
            bench.fault(Fault::of(word).path("/document/").times(1));
            let target = bench.target(bench.environment("Production"));
            bench
                .provider
                .read_surface(target, &Surface::Admin, &confirm)
                .await
        }
    };
    let taken = sent_conditions(stamp(4, Some(-119))).await.unwrap().value;
    assert!(taken.not_modified && taken.digest.is_none());
    assert_eq!(taken.stamp.unchanged, 5);
    assert_eq!(
        taken.stamp.content_at,
        Some(NOW.plus_millis(-119_000)),
        "a word makes nothing newer"
    );
    // Each of these asks without a condition, so that a 304 is no answer to it.
    for confirm in [
        stamp(5, Some(-10)),
        stamp(0, Some(-120)),
        stamp(0, None),
        stamp(0, Some(1)),
        Confirm::Content,
    ] {
        let failure = sent_conditions(confirm.clone()).await.unwrap_err();
        assert_eq!(failure.status, Some(304), "{confirm:?}");
    }
}

#[tokio::test]
async fn what_a_conditional_reading_may_refer_to_comes_from_the_answer() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let whole = read(&bench, "Production", &Surface::Admin, &Confirm::Content).await;
    assert_eq!(whole.stamp.last_modified, None, "the admin route names none");
    assert_eq!(whole.stamp.content_at, Some(NOW));
    let document = staged::json(
        200,
        &json!({"feature_states": [], "project": {}, "updated_at": null}),
    );
    let document = staged::with_header(document, "last-modified", "Wed, 18 Nov 2026 11:00:00 GMT");
    bench.fault(Fault::of(document).path("/document/").times(1));
    let named = read(&bench, "Production", &Surface::Admin, &Confirm::Content).await;
    assert_eq!(
        named.stamp.last_modified.as_deref(),
        Some("Wed, 18 Nov 2026 11:00:00 GMT")
    );
    assert!(named.stamp.may_be_asked(NOW));
}

#[tokio::test]
async fn hostile_documents_are_failures_with_words() {
    let small = HttpSettings {
        body_limit: 256 * 1024,
        ..settings()
    };
    let bench = Bench::flagsmith_with(Seed::Acme, small).await;
    let deep = format!(
        "{{\"feature_states\": [], \"a\": {}1{}}}",
        "[".repeat(500),
        "]".repeat(500)
    );
    let text = |content_type: &str, body: &str| Effect::Answer {
        status: 200,
        content_type: content_type.into(),
        body: body.into(),
        headers: BTreeMap::new(),
    };
    for (effect, words) in [
        (Effect::HugeBody { bytes: 1024 * 1024 }, "larger than"),
        (Effect::MalformedJson, "breaks the rules of JSON"),
        (staged::sign_in_page(), "was asked for data"),
        (text("application/json", "[]"), "not of the documented shape"),
        (text("application/json", "{}"), "not of the documented shape"),
        (text("application/json", &deep), "The answer "),
        (text("application/json", ""), "breaks the rules of JSON"),
        (staged::gateway(504), "status 504"),
    ] {
        for surface in [Surface::Admin, Surface::FlagsApi] {
            bench.running.faults().clear();
            let path = if surface == Surface::Admin {
                "/document/"
            } else {
                "/api/v1/flags/"
            };
            bench.fault(Fault::of(effect.clone()).path(path));
            let target = bench.target(bench.environment("Production"));
            let read = bench
                .provider
                .read_surface(target, &surface, &Confirm::Content)
                .await;
            if surface == Surface::FlagsApi && effect == text("application/json", "[]") {
                assert_eq!(read.unwrap().value.flags, Some(Vec::new()), "no flag is served");
                continue;
            }
            let failure = read.unwrap_err();
            assert!(
                failure.in_full().contains(words),
                "{effect:?}: {}",
                failure.in_full()
            );
        }
    }
}

#[tokio::test]
async fn a_proxy_tells_how_it_is() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    once_served(&bench, "Production").await;
    let base = bench.running.announcement().edge_proxy.url.clone();
    let access = Access::new(&bench.endpoint, &bench.credential);
    let health = bench.provider.proxy_health(access, &base).await.unwrap().value;
    assert!(health.ready && health.zone_unknown && health.reason.is_none());
    let told = health.last_successful_update.unwrap();
    let here = HttpSettings::default().now;
    assert!(here().millis_since(told) < 60_000 && told.millis_since(here()) < 60_000);

    let on = halyard_sandbox::Surface::EdgeProxy;
    let board = bench.running.faults();
    board.set(Fault::of(Effect::ColdProxy).on(on));
    let health = bench.provider.proxy_health(access, &base).await.unwrap().value;
    assert!(!health.ready && health.last_successful_update.is_none() && !health.zone_unknown);
    assert!(health.reason.unwrap().contains("not updated"));
    board.clear();

    let stale = json!({"status": "error", "reason": "environment document(s) stale.",
        "last_successful_update": "2026-11-21T03:50:01.567328"});
    let odd = json!({"status": "ok", "last_successful_update": 5, "reason": ["?"]});
    for (effect, expected) in [
        (staged::json(503, &stale), Ok((false, Some(1_795_233_001_567)))),
        (staged::json(500, &stale), Ok((false, Some(1_795_233_001_567)))),
        (staged::json(200, &odd), Ok((true, None))),
        (staged::gateway(503), Err(FailureKind::ServerFault)),
        (
            staged::json(500, &json!({"detail": "no proxy"})),
            Err(FailureKind::ServerFault),
        ),
    ] {
        board.clear();
        board.set(Fault::of(effect).on(on));
        let asked = bench.provider.proxy_health(access, &base).await;
        let told = asked.map(|answer| {
            let health = answer.value;
            (health.ready, health.last_successful_update.map(|moment| moment.0))
        });
        assert_eq!(told.map_err(|failure| failure.kind), expected);
    }
    board.clear();
    board.set(Fault::of(staged::sign_in_page()).on(on));
    let failure = bench.provider.proxy_health(access, &base).await.unwrap_err();
    assert!(
        matches!(failure.kind, FailureKind::Malformed { .. }),
        "{failure:?}"
    );
}

fn by_token(bench: &Bench, member: &str) -> (Endpoint, Credential) {
    let announcement = bench.running.announcement();
    (
        support::flagsmith_endpoint(announcement.flagsmith_text("url"), FlagsmithAuth::UserToken),
        Credential::new(announcement.flagsmith_text(member)),
    )
}

#[tokio::test]
async fn a_server_tells_its_checks_its_version_and_its_queue_to_staff_alone() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let board = bench.running.faults();
    let on = halyard_sandbox::Surface::Flagsmith;
    let health = async |endpoint: &Endpoint, credential: &Credential| {
        bench
            .provider
            .server_health(Access::new(endpoint, credential))
            .await
            .value
    };
    let (user_endpoint, user) = by_token(&bench, "token");
    let (_, staff) = by_token(&bench, "staff_token");

    let by_key = health(&bench.endpoint, &bench.credential).await;
    assert_eq!(by_key.healthy, Some(true));
    assert_eq!(by_key.version.as_deref(), Some("2.265.0"));
    assert_eq!(by_key.checks[0], ("DatabaseBackend".into(), "working".into()));
    assert_eq!((by_key.queue, by_key.failure), (Queue::StaffOnly, None));
    assert_eq!(health(&user_endpoint, &user).await.queue, Queue::StaffOnly);
    assert_eq!(health(&user_endpoint, &staff).await.queue, Queue::Waiting(0));

    board.set(
        Fault::of(Effect::Queue {
            waiting: 800,
            per_second: 0,
        })
        .on(on),
    );
    assert_eq!(health(&user_endpoint, &staff).await.queue, Queue::Waiting(800));
    board.clear();

    for (effect, queue) in [
        (staged::json(200, &json!({"waiting": -3})), Queue::Unread),
        (staged::json(200, &json!({})), Queue::Unread),
        (staged::sign_in_page(), Queue::Unread),
        (staged::gateway(502), Queue::Unread),
        (staged::html(404, "Not Found", ""), Queue::NotOffered),
        (staged::html(403, "Forbidden", ""), Queue::StaffOnly),
        // An organisation key would get this for want of a staff user, and is never sent there.
        (staged::html(500, "Server Error (500)", ""), Queue::Unread),
    ] {
        board.clear();
        board.set(Fault::of(effect).on(on).path("/processor/monitoring/"));
        assert_eq!(health(&user_endpoint, &staff).await.queue, queue);
    }
    board.clear();

    board.set(Fault::of(Effect::DatabaseDown).on(on));
    let down = health(&user_endpoint, &staff).await;
    assert_eq!(down.healthy, Some(false));
    assert!(down.checks[0].1.contains("unavailable"), "{:?}", down.checks);
    board.clear();
    board.set(Fault::of(staged::gateway(502)).on(on));
    let behind = health(&user_endpoint, &staff).await;
    assert_eq!(
        (behind.healthy, behind.failure.unwrap().status),
        (None, Some(502))
    );
    board.clear();
    board.set(Fault::of(Effect::Refuse).on(on));
    bench.running.clear_journal();
    let gone = health(&user_endpoint, &staff).await;
    assert!(matches!(gone.failure.unwrap().kind, FailureKind::Unreachable(_)));
    assert_eq!(gone.queue, Queue::Unread);
}

#[tokio::test]
async fn a_service_tells_its_own_limits_or_they_stay_unknown() {
    let wall = HttpSettings {
        now: HttpSettings::default().now,
        ..settings()
    };
    let bench = Bench::flagsmith_with(Seed::Acme, wall).await;
    let board = bench.running.faults();
    let on = halyard_sandbox::Surface::Flagsmith;
    let allowances = async || {
        let target = bench.target(bench.environment("Production"));
        bench.provider.allowances(target).await.unwrap().value
    };
    let plain = allowances().await;
    assert_eq!(
        (plain.flags, plain.segments, plain.segment_overrides),
        (Some(1000), Some(500), Some(2000))
    );
    assert_eq!(
        (plain.monthly_calls, plain.plan.as_deref()),
        (Some(50_000), Some("free"))
    );
    assert_eq!(plain.monthly_used, None, "no row is not zero");
    assert_eq!((plain.conditions, plain.value_bytes), (None, None));

    let few = Effect::ProjectLimits {
        features: Some(40),
        segments: None,
        segment_overrides: Some(7),
    };
    let calls = 30 * 1000;
    let usage = Effect::Usage {
        calls: Some(calls),
        allowance: Some(20_000),
        plan: Some("scale-up".into()),
    };
    board.set(Fault::of(few).on(on));
    board.set(Fault::of(usage).on(on));
    let told = allowances().await;
    assert_eq!(
        (told.flags, told.segments, told.segment_overrides),
        (Some(40), None, Some(7))
    );
    assert_eq!(
        (told.monthly_calls, told.plan.as_deref()),
        (Some(20_000), Some("scale-up"))
    );
    let used = told.monthly_used.unwrap();
    assert!(used > 0 && used <= calls && used % 1000 == 0, "{used}");

    board.clear();
    board.set(
        Fault::of(staged::permission_missing())
            .on(on)
            .path("/organisations/"),
    );
    let refused = allowances().await;
    assert_eq!(refused.flags, Some(1000));
    assert_eq!(
        (refused.monthly_calls, refused.plan, refused.monthly_used),
        (None, None, None)
    );
}

fn answered(steps: &[Reached]) -> Option<u16> {
    steps.iter().find_map(|step| match step {
        Reached::Answered { status, .. } => Some(*status),
        Reached::Name { .. } | Reached::Encrypted { .. } => None,
    })
}

#[tokio::test]
async fn every_door_of_a_sandbox_is_reached() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    once_served(&bench, "Production").await;
    let target = bench.target(bench.environment("Production"));
    for surface in [Surface::Admin, Surface::FlagsApi, proxy(&bench)] {
        for door in [Door::Liveness(surface.clone()), Door::Key(surface.clone())] {
            let answer = bench.provider.reach(target, &door).await;
            let reach = answer.value;
            assert_eq!(reach.failure, None, "{door:?}");
            assert_eq!(answer.requests, 1);
            let Reached::Name { addresses, proxy } = &reach.steps[0] else {
                panic!("{reach:?}");
            };
            assert_eq!(
                (addresses.as_slice(), proxy),
                (&["127.0.0.1".to_owned()][..], &None)
            );
            assert_eq!(answered(&reach.steps), Some(200), "{door:?}");
        }
    }
    let reach = bench
        .provider
        .reach(target, &Door::Liveness(Surface::Admin))
        .await
        .value;
    let Some(Reached::Answered {
        version,
        clock_ahead_millis,
        ..
    }) = reach.steps.last()
    else {
        panic!("{reach:?}");
    };
    assert_eq!(version.as_deref(), Some("2.265.0"));
    // The tests' clock stands still at a moment before the sandbox's.
    assert!(clock_ahead_millis.unwrap() > 0);
}

#[tokio::test]
async fn a_way_that_ends_tells_where() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let target = bench.target(bench.environment("Production"));
    let on = halyard_sandbox::Surface::Flagsmith;
    let board = bench.running.faults();
    board.set(Fault::of(staged::detail(401, "Invalid token.")).on(on));
    let reach = bench
        .provider
        .reach(target, &Door::Key(Surface::Admin))
        .await
        .value;
    assert_eq!(answered(&reach.steps), Some(401));
    assert_eq!(reach.failure.unwrap().kind, FailureKind::Unauthorised);
    board.clear();
    board.set(Fault::of(staged::html(404, "Not Found", "")).on(on));
    let reach = bench
        .provider
        .reach(target, &Door::Liveness(Surface::Admin))
        .await
        .value;
    assert_eq!(
        (answered(&reach.steps), reach.failure),
        (Some(404), None),
        "somebody answers there"
    );
    board.clear();
    board.set(Fault::of(Effect::Refuse).on(on));
    let reach = bench
        .provider
        .reach(target, &Door::Liveness(Surface::Admin))
        .await
        .value;
    assert_eq!((reach.steps.len(), answered(&reach.steps)), (1, None));
    assert!(matches!(reach.failure.unwrap().kind, FailureKind::Unreachable(_)));
}

#[tokio::test]
async fn a_name_that_is_not_found_ends_before_the_first_step() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let port = url::Url::parse(bench.endpoint.address()).unwrap().port().unwrap();
    let settings = HttpSettings {
        proxy: halyard_provider::ProxyRule::Never,
        resolver: Some(halyard_provider::Resolver::new(|name| match name {
            "flags.test" => Ok(vec![[127, 0, 0, 1].into()]),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        })),
        ..settings()
    };
    let provider = Flagsmith::new(settings).unwrap();
    for (host, found) in [("flags.test", true), ("gone.test", false)] {
        let base = format!("http://{host}:{port}/api/v1/");
        let endpoint = support::flagsmith_endpoint(&base, FlagsmithAuth::OrganisationKey);
        let project = Named {
            id: String::new(),
            name: String::new(),
        };
        let target = Target {
            access: Access::new(&endpoint, &bench.credential),
            project: &project,
            environment: bench.environment("Production"),
        };
        let reach = provider.reach(target, &Door::Key(Surface::Admin)).await.value;
        if found {
            assert_eq!(answered(&reach.steps), Some(200), "{reach:?}");
            continue;
        }
        assert!(reach.steps.is_empty());
        assert_eq!(reach.failure.unwrap().kind, FailureKind::Unreachable(Stage::Name));
    }
}

#[tokio::test]
async fn bad_certificates_of_a_connection_are_told_before_anything_is_sent() {
    let mut bench = Bench::flagsmith(Seed::Acme).await;
    bench.running.clear_journal();
    let Endpoint::Flagsmith(endpoint) = &mut bench.endpoint else {
        panic!("not Flagsmith");
    };
    endpoint.ca_bundle = Some("no certificate".into());
    endpoint.edge_proxies = vec![EdgeProxy::at(bench.running.announcement().edge_proxy.url.clone())];
    let target = bench.target(bench.environment("Production"));
    let reach = bench
        .provider
        .reach(target, &Door::Key(Surface::Admin))
        .await
        .value;
    assert!(reach.steps.is_empty());
    assert!(reach.failure.unwrap().sentence.contains("CA certificates"));
    for surface in [Surface::Admin, Surface::FlagsApi, proxy(&bench)] {
        let read = bench
            .provider
            .read_surface(target, &surface, &Confirm::Content)
            .await;
        assert!(matches!(read.unwrap_err().kind, FailureKind::BadAddress { .. }));
    }
    assert!(bench.running.journal().is_empty());
}

#[tokio::test]
async fn edgeflags_answers_the_same_probes() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let environment = bench.environment("production").clone();
    let target = bench.target(&environment);
    let by_admin = read(&bench, "production", &Surface::Admin, &Confirm::Content).await;
    let snapshot = bench.collect(&environment).await.unwrap().value;
    assert_eq!(by_admin.digest, document_digest(&snapshot.document));
    assert_eq!(by_admin.bytes, u64::try_from(snapshot.document.len()).ok());
    assert_eq!(by_admin.flags.as_ref().map(Vec::len), Some(snapshot.flags.len()));

    let served = read(&bench, "production", &Surface::FlagsApi, &Confirm::Content).await;
    assert_eq!(served.digest, None);
    let flags = served.flags.unwrap();
    assert!(!flags.is_empty() && flags.iter().all(|flag| flag.enabled.is_none()));

    for door in [
        Door::Liveness(Surface::Admin),
        Door::Key(Surface::Admin),
        Door::Key(Surface::FlagsApi),
    ] {
        let reach = bench.provider.reach(target, &door).await.value;
        assert_eq!(
            (answered(&reach.steps), reach.failure),
            (Some(200), None),
            "{door:?}"
        );
    }
    let health = bench.provider.server_health(target.access).await.value;
    assert_eq!((health.healthy, health.queue), (Some(true), Queue::NotOffered));
    let allowances = bench.provider.allowances(target).await.unwrap().value;
    assert_eq!(allowances, halyard_provider::Allowances::default());
    let proxy = Surface::EdgeProxy("http://127.0.0.1:1/api/v1/".into());
    assert!(bench.provider.proxy_health(target.access, "x").await.is_err());
    let read = bench
        .provider
        .read_surface(target, &proxy, &Confirm::Content)
        .await;
    assert!(matches!(read.unwrap_err().kind, FailureKind::BadAddress { .. }));
    assert!(
        bench
            .provider
            .reach(target, &Door::Key(proxy))
            .await
            .value
            .failure
            .is_some()
    );

    bench.fault(Fault::of(staged::edge_network(522)));
    let health = bench.provider.server_health(target.access).await.value;
    assert_eq!(
        (health.healthy, health.failure.unwrap().status),
        (Some(false), Some(522))
    );
}
