//! The provider's own word about itself, and what it makes of a failure.

use halyard_console::{
    AuthKind, Check, ConsoleError, Failure, KeepKey, PersonaInput, StatusFeedFacts, SurfaceKind,
};
use halyard_model::{IdentityRef, Surface};
use halyard_provider::{Diagnosis, Urgency};
use halyard_sandbox::{Effect, ErrorBody, Fault, Oddity, Surface as Door, staged};
use serde_json::json;

use crate::bench::{Bench, Path, Place};

/// A connected environment whose provider's status feed is the sandbox's.
async fn fed() -> (Bench, Place) {
    let bench = Bench::recording(Path::FlagsmithV1).await;
    let place = bench.connect().await;
    bench.refresh(&place).await.unwrap();
    let mut settings = bench.console.surface_settings(&place.connection).await.unwrap();
    settings.status_feed_url = Some(bench.sandbox.announcement().status.url.clone());
    bench
        .console
        .change_surfaces(&place.connection, settings)
        .await
        .unwrap();
    (bench, place)
}

fn incident(component: &str) -> Fault {
    Fault::of(Effect::Incident {
        title: format!("{component} errors"),
        impact: "major".into(),
        component: component.into(),
    })
    .on(Door::Status)
}

fn bad_gateway() -> Fault {
    Fault::of(Effect::ServerError {
        status: 502,
        body: ErrorBody::Html,
    })
    .on(Door::Flagsmith)
}

async fn status(bench: &Bench, place: &Place) -> StatusFeedFacts {
    bench.console.provider_status(&place.connection).await.unwrap()
}

async fn check(bench: &Bench, place: &Place) {
    bench
        .console
        .check_provider_status(&place.connection)
        .await
        .unwrap();
}

async fn is_due(bench: &Bench) -> bool {
    !bench.console.due_feeds().await.unwrap().is_empty()
}

async fn failing_refresh(bench: &Bench, place: &Place) -> Failure {
    match bench.refresh(place).await.unwrap_err() {
        ConsoleError::Service(failure) => failure,
        other => panic!("{other}"),
    }
}

fn feed_requests(bench: &Bench) -> usize {
    let journal = bench.sandbox.journal();
    journal.iter().filter(|one| one.surface == Door::Status).count()
}

#[tokio::test]
async fn a_feed_is_asked_rarely_more_often_in_trouble_and_never_when_off() {
    let (bench, place) = fed().await;
    assert!(status(&bench, &place).await.checked_at.is_none());
    assert!(is_due(&bench).await, "it was never read");
    check(&bench, &place).await;
    let quiet = status(&bench, &place).await;
    assert_eq!(quiet.description.as_deref(), Some("All Systems Operational"));
    assert!(quiet.enabled && quiet.incidents.is_empty() && quiet.checked_at.is_some());
    bench.clock.advance(290_000);
    assert!(!is_due(&bench).await, "all is well");
    bench.clock.advance(20_000);
    assert!(is_due(&bench).await);

    bench.fault(incident("Core API"));
    check(&bench, &place).await;
    bench.clock.advance(50_000);
    assert!(!is_due(&bench).await);
    bench.clock.advance(20_000);
    assert!(is_due(&bench).await, "an incident goes on");

    bench.sandbox.faults().clear();
    check(&bench, &place).await;
    bench.clock.advance(70_000);
    assert!(!is_due(&bench).await, "it is over");
    bench.fault(bad_gateway());
    failing_refresh(&bench, &place).await;
    assert!(is_due(&bench).await, "something fails");

    let mut settings = bench.console.surface_settings(&place.connection).await.unwrap();
    settings.status_feed = false;
    bench
        .console
        .change_surfaces(&place.connection, settings)
        .await
        .unwrap();
    let asked = feed_requests(&bench);
    bench.clock.advance(86_400_000);
    assert!(!is_due(&bench).await, "it is switched off");
    check(&bench, &place).await;
    assert_eq!(feed_requests(&bench), asked);
    let off = status(&bench, &place).await;
    assert!(!off.enabled && off.url.is_some() && off.incidents.is_empty());
}

#[tokio::test]
async fn the_last_copy_is_kept_with_its_age_whatever_the_feed_says() {
    let (bench, place) = fed().await;
    bench.fault(incident("Edge API"));
    check(&bench, &place).await;
    let read_at = status(&bench, &place).await.checked_at.unwrap();
    bench.clock.advance(600_000);
    bench.fault(Fault::of(staged::sign_in_page()).on(Door::Status));
    check(&bench, &place).await;
    let kept = status(&bench, &place).await;
    assert_eq!(kept.checked_at, Some(read_at), "the age is the copy's");
    assert!(kept.failure.is_some());
    assert_eq!(kept.incidents[0].incident.title, "Edge API errors");
    let bench = bench.restarted();
    assert_eq!(status(&bench, &place).await, kept, "a restart forgets nothing");
}

#[tokio::test]
async fn an_odd_feed_is_read_as_far_as_it_goes() {
    let (bench, place) = fed().await;
    for oddity in Oddity::ALL {
        bench.sandbox.faults().clear();
        bench.fault(incident("Core API"));
        bench.fault(Fault::of(Effect::OddFeed { oddity }).on(Door::Status));
        check(&bench, &place).await;
        let told = status(&bench, &place).await;
        let expected = usize::from(oddity != Oddity::StatusOnly);
        assert_eq!(
            (told.failure, told.incidents.len()),
            (None, expected),
            "{oddity:?}"
        );
    }
    bench.sandbox.faults().clear();
    for (starts_in, going_on) in [(600, 0), (-600, 1)] {
        bench.sandbox.faults().clear();
        bench.fault(
            Fault::of(Effect::Maintenance {
                title: "Database upgrade".into(),
                component: "Core API".into(),
                starts_in,
                lasts: 3_600,
            })
            .on(Door::Status),
        );
        check(&bench, &place).await;
        assert_eq!(status(&bench, &place).await.incidents.len(), going_on);
    }
}

#[tokio::test]
async fn an_incident_is_matched_with_what_was_seen_of_it() {
    let (bench, place) = fed().await;
    bench.fault(incident("Edge API"));
    check(&bench, &place).await;
    let incident = &status(&bench, &place).await.incidents[0];
    assert_eq!(
        (incident.concerns.clone(), incident.matching),
        (vec![SurfaceKind::FlagsApi], 0)
    );
    bench.fault(bad_gateway().path("environment-document"));
    bench.fault(bad_gateway().path("/api/v1/flags/"));
    bench
        .console
        .look(
            &place.connection,
            &place.environment,
            &Surface::FlagsApi,
            Urgency::Interactive,
        )
        .await
        .unwrap();
    let incident = &status(&bench, &place).await.incidents[0];
    assert!(incident.matching >= 1, "{incident:?}");
    assert_eq!(incident.status, Some(502));
    assert_eq!(incident.unaffected, [SurfaceKind::Admin]);
}

#[tokio::test]
async fn a_502_while_an_incident_is_known_is_named_so() {
    let (bench, place) = fed().await;
    check(&bench, &place).await;
    bench.fault(bad_gateway());
    let alone = failing_refresh(&bench, &place).await;
    assert_ne!(alone.diagnosis, Some(Diagnosis::IncidentKnown));

    bench.fault(incident("Edge API"));
    check(&bench, &place).await;
    let elsewhere = failing_refresh(&bench, &place).await;
    assert_ne!(
        elsewhere.diagnosis,
        Some(Diagnosis::IncidentKnown),
        "it is about another component"
    );

    bench.fault(incident("Core API"));
    check(&bench, &place).await;
    let known = failing_refresh(&bench, &place).await;
    assert_eq!(known.diagnosis, Some(Diagnosis::IncidentKnown));
    assert!(known.cause.as_deref().unwrap().contains("Core API errors"));
    let facts = bench
        .console
        .environment(&place.connection, &place.environment)
        .await
        .unwrap();
    let kept = facts.status.last_failure.unwrap();
    assert!(kept.contains("Core API errors"), "{kept}");

    bench.clock.advance(7_200_000);
    let old = failing_refresh(&bench, &place).await;
    assert_ne!(
        old.diagnosis,
        Some(Diagnosis::IncidentKnown),
        "the copy says nothing about now"
    );
}

#[tokio::test]
async fn a_fault_after_a_new_version_is_put_down_to_it() {
    let (bench, place) = fed().await;
    let newer = staged::with_header(staged::gateway(502), "flagsmith-version", "99.0.0");
    bench.clock.advance(600_000);
    bench.refresh(&place).await.unwrap();
    bench.fault(Fault::of(newer).on(Door::Flagsmith));
    let failure = failing_refresh(&bench, &place).await;
    assert_eq!(failure.diagnosis, Some(Diagnosis::HalfDeployed), "{failure:?}");
    assert!(failure.cause.unwrap().contains("99.0.0"));
    // Two hours later the version of then explains nothing any more.
    bench.clock.advance(7_200_000);
    let failure = failing_refresh(&bench, &place).await;
    assert_ne!(failure.diagnosis, Some(Diagnosis::HalfDeployed));
}

#[tokio::test]
async fn a_refusal_is_compared_with_what_was_allowed() {
    let (bench, place) = fed().await;
    let refused = |status: u16| {
        Fault::of(staged::json(
            status,
            &json!({"detail": "You do not have permission to perform this action."}),
        ))
        .on(Door::Flagsmith)
    };
    bench.fault(refused(403));
    let lost = failing_refresh(&bench, &place).await;
    assert_eq!(lost.diagnosis, Some(Diagnosis::PermissionLost), "{lost:?}");
    bench.sandbox.faults().clear();
    bench.fault(Path::FlagsmithV1.write(refused(403)));
    let never = crate::bench::flipped(&bench.shown(&place, "guest_checkout").await);
    let Err(ConsoleError::Service(failure)) = bench.edit(&place, "guest_checkout", never).await else {
        panic!("it is refused");
    };
    assert_ne!(
        failure.diagnosis,
        Some(Diagnosis::PermissionLost),
        "it was never allowed"
    );
    bench.sandbox.faults().clear();
    bench.fault(refused(401));
    let withdrawn = failing_refresh(&bench, &place).await;
    assert_eq!(withdrawn.diagnosis, Some(Diagnosis::KeyWithdrawn));
}

#[tokio::test]
async fn what_is_seen_to_happen_comes_from_the_mirror_and_goes_again() {
    let (bench, place) = fed().await;
    let seen = async || {
        // Conclusions hold for some seconds.
        bench.clock.advance(5_000);
        let warnings = bench
            .console
            .incident_warnings(&place.connection, &place.environment);
        let classes = warnings.await.unwrap().into_iter().map(|one| one.sign.class());
        classes.collect::<Vec<_>>()
    };
    assert!(seen().await.is_empty(), "all is well");
    let serve = async || {
        bench
            .console
            .look(
                &place.connection,
                &place.environment,
                &Surface::FlagsApi,
                Urgency::Interactive,
            )
            .await
            .unwrap();
    };
    serve().await;
    bench.fault(bad_gateway().path("/projects/"));
    for _ in 0..3 {
        failing_refresh(&bench, &place).await;
    }
    assert_eq!(seen().await, [6], "the admin API fails, and flags are served");
    bench.sandbox.faults().clear();
    bench.clock.advance(3_600_000);
    bench.refresh(&place).await.unwrap();
    assert!(seen().await.is_empty());
    bench
        .console
        .save_persona(
            &place.connection,
            PersonaInput {
                id: None,
                name: "Lena".into(),
                identity: IdentityRef {
                    identifier: "lena".into(),
                    traits: vec![("plan".into(), json!(""))],
                },
            },
        )
        .await
        .unwrap();
    assert_eq!(seen().await, [4]);
}

#[tokio::test]
async fn a_stuck_queue_is_seen_through_the_servers_readings() {
    let bench = Bench::recording(Path::FlagsmithV1).await;
    let token = bench
        .sandbox
        .announcement()
        .flagsmith_text("staff_token")
        .to_owned();
    let mut input = bench.input(&bench.address(), &token);
    input.auth = AuthKind::UserToken;
    let draft = bench.console.connect(input).await.unwrap();
    let choice = bench.choice(&draft, KeepKey::Keychain).await;
    let connection = bench.console.save_draft(choice).await.unwrap();
    let place = bench.place(&connection, bench.path.environment()).await;
    let mut classes = Vec::new();
    for waiting in [4_000, 4_000, 4_000, 1_500, 200] {
        bench.sandbox.faults().clear();
        bench.fault(Fault::of(Effect::Queue {
            waiting,
            per_second: 0,
        }));
        let check = bench
            .console
            .check(&connection, &Check::Server, Urgency::Background);
        check.await.unwrap();
        let warnings = bench.console.incident_warnings(&connection, &place.environment);
        let found = warnings.await.unwrap();
        classes.push(found.iter().map(|one| one.sign.class()).collect::<Vec<_>>());
        bench.clock.advance(120_000);
    }
    assert!(classes[0].is_empty(), "one reading has no direction");
    assert_eq!(classes[1..3], [[20], [20]]);
    assert!(classes[4].is_empty(), "it drains: {classes:?}");
}
