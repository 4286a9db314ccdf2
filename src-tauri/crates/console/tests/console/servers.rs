//! How self-hosted servers are, against the sandbox's own troubles.

use halyard_console::{
    AuthKind, Check, Event, KeepKey, Place as Seen, QueueTrend, ServerFacts, TaskQueue, Urgency,
};
use halyard_sandbox::{Effect, Fault, Surface};

use crate::bench::{Bench, Path, Place};

/// A console that knows the server by a user's token; `staff_token` is of
/// somebody who may read the queue, `token` is not.
async fn with_token(member: &str) -> (Bench, Place) {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let token = bench.sandbox.announcement().flagsmith_text(member).to_owned();
    let mut input = bench.input(&bench.address(), &token);
    input.auth = AuthKind::UserToken;
    let draft = bench.console.connect(input).await.unwrap();
    let choice = bench.choice(&draft, KeepKey::Keychain).await;
    let connection = bench.console.save_draft(choice).await.unwrap();
    let place = bench.place(&connection, bench.path.environment()).await;
    (bench, place)
}

async fn known(bench: &Bench, place: &Place) -> ServerFacts {
    bench.console.server(&place.connection).await.unwrap().unwrap()
}

async fn read(bench: &Bench, place: &Place) -> ServerFacts {
    bench
        .console
        .check(&place.connection, &Check::Server, Urgency::Background)
        .await
        .unwrap();
    known(bench, place).await
}

#[tokio::test]
async fn a_queue_grows_and_drains() {
    let (bench, place) = with_token("staff_token").await;
    let never = known(&bench, &place).await;
    assert_eq!((never.checked_at, never.queue, never.healthy), (None, None, None));
    let mut seen = Vec::new();
    for waiting in [0, 0, 12, 60, 140, 150, 90, 40, 10, 0] {
        bench.sandbox.faults().clear();
        bench.fault(Fault::of(Effect::Queue {
            waiting,
            per_second: 0,
        }));
        let facts = read(&bench, &place).await;
        assert_eq!(facts.queue, Some(TaskQueue::Waiting(waiting)));
        seen.push(facts.queue_trend);
        bench.clock.advance(60_000);
    }
    let (steady, growing, draining) = (
        Some(QueueTrend::Steady),
        Some(QueueTrend::Growing),
        Some(QueueTrend::Draining),
    );
    assert_eq!(seen[..5], [None, steady, growing, growing, growing], "{seen:?}");
    assert_eq!(seen[8..], [draining, draining], "{seen:?}");
    let bench = bench.restarted();
    let facts = known(&bench, &place).await;
    assert_eq!(
        (facts.queue, facts.queue_trend),
        (Some(TaskQueue::Waiting(0)), draining),
        "a restart forgets nothing"
    );
}

#[tokio::test]
async fn a_queue_that_may_not_be_read_is_never_empty() {
    let (bench, place) = with_token("token").await;
    bench.fault(Fault::of(Effect::Queue {
        waiting: 500,
        per_second: 0,
    }));
    for _ in 0..2 {
        let facts = read(&bench, &place).await;
        assert_eq!(facts.queue, Some(TaskQueue::StaffOnly));
        assert_eq!((facts.queue.unwrap().waiting(), facts.queue_trend), (None, None));
        bench.clock.advance(60_000);
    }
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.sandbox.clear_journal();
    let facts = read(&bench, &place).await;
    assert_eq!(
        (facts.queue, facts.healthy),
        (Some(TaskQueue::StaffOnly), Some(true))
    );
    assert!(
        !bench.sandbox.journal_contains("monitoring"),
        "a server breaks at an organisation key here"
    );
}

#[tokio::test]
async fn what_fails_is_named() {
    let (bench, place) = with_token("staff_token").await;
    let facts = read(&bench, &place).await;
    assert_eq!((facts.healthy, facts.failure), (Some(true), None));
    let version = facts.version.unwrap();

    bench.fault(Fault::of(Effect::FailedMigrations { broken: Vec::new() }));
    let facts = read(&bench, &place).await;
    assert_eq!((facts.healthy, facts.version), (Some(false), Some(version)));
    let failing: Vec<&(String, String)> = facts
        .checks
        .iter()
        .filter(|(_, words)| words != "working")
        .collect();
    assert_eq!(failing[0].0, "MigrationsHealthCheck");
    assert!(failing[0].1.contains("migrations to apply"), "{failing:?}");

    bench.sandbox.faults().clear();
    bench.fault(Fault::of(Effect::DatabaseDown));
    let facts = read(&bench, &place).await;
    assert_eq!(
        (facts.healthy, facts.queue),
        (Some(false), Some(TaskQueue::Unread)),
        "no page of an error says who may ask"
    );

    bench.sandbox.faults().clear();
    bench.fault(Fault::of(Effect::Refuse).on(Surface::Flagsmith));
    let facts = read(&bench, &place).await;
    assert_eq!((facts.healthy, facts.queue), (None, Some(TaskQueue::Unread)));
    assert!(facts.failure.unwrap().contains("127.0.0.1"));
    assert!(facts.checked_at.is_some());
}

#[tokio::test]
async fn a_change_of_the_version_is_news_for_an_hour() {
    let (bench, place) = with_token("staff_token").await;
    let before = read(&bench, &place).await;
    assert_eq!(before.version_change, None);
    bench.clock.advance(60_000);
    let upgraded = Effect::Answer {
        status: 200,
        content_type: "application/json".into(),
        body: r#"{"package_versions": {".": "99.1.0"}}"#.into(),
        headers: Default::default(),
    };
    bench.fault(Fault::of(upgraded).path("/version/"));
    let after = read(&bench, &place).await;
    assert_eq!(after.version.as_deref(), Some("99.1.0"));
    let change = after.version_change.unwrap();
    assert_eq!(Some(&change.from), before.version.as_ref());
    assert_eq!(Some(change.at), after.checked_at);
    bench.clock.advance(59 * 60_000);
    assert_eq!(read(&bench, &place).await.version_change, Some(change));
    bench.clock.advance(60_000);
    assert_eq!(read(&bench, &place).await.version_change, None);
}

#[tokio::test]
async fn only_servers_of_ones_own_have_a_card() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let due = bench.console.due_checks().await.unwrap();
    let due: Vec<Check> = due.into_iter().map(|(_, check)| check).collect();
    assert!(matches!(due[..], [Check::Allowances(_)]), "{due:?}");
    bench
        .console
        .check(&place.connection, &Check::Server, Urgency::Background)
        .await
        .unwrap();
    assert_eq!(bench.console.server(&place.connection).await.unwrap(), None);
}

#[tokio::test]
async fn servers_and_limits_are_asked_politely() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let due = async |bench: &Bench| {
        let due = bench.console.due_checks().await.unwrap();
        due.into_iter().map(|(_, check)| check).collect::<Vec<_>>()
    };
    let seen = Seen {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
    };
    bench.console.remember_place(seen).await.unwrap();
    let allowances = Check::Allowances(place.environment.clone());
    assert_eq!(due(&bench).await, [Check::Server, allowances.clone()]);
    bench
        .console
        .check_surfaces(&place.connection, &place.environment)
        .await
        .unwrap();
    assert_eq!(due(&bench).await, [], "all was read at once");
    assert!(known(&bench, &place).await.checked_at.is_some());
    bench.clock.advance(55_000);
    assert_eq!(due(&bench).await, []);
    bench.clock.advance(6_000);
    assert_eq!(due(&bench).await, [Check::Server]);

    // One that does not answer is asked more and more rarely.
    bench.fault(Fault::of(Effect::Refuse).on(Surface::Flagsmith));
    let mut waits = Vec::new();
    for _ in 0..5 {
        let mut waited = 0;
        while due(&bench).await.first() != Some(&Check::Server) {
            bench.clock.advance(60_000);
            waited += 1;
        }
        waits.push(waited);
        let _facts = read(&bench, &place).await;
    }
    assert_eq!(waits, [0, 2, 4, 8, 10], "minutes");
    bench.sandbox.faults().clear();
    bench.clock.advance(15 * 60_000);
    let bench = bench.restarted();
    assert_eq!(
        due(&bench).await,
        [Check::Server],
        "a restart forgets nothing, and limits that nobody looks at wait for an hour"
    );
}

#[tokio::test]
async fn the_window_is_told_when_a_server_changes_and_only_then() {
    let (bench, place) = with_token("staff_token").await;
    let _first = read(&bench, &place).await;
    let mut events = bench.console.events();
    let told = Event::Health {
        connection: place.connection.clone(),
    };
    let mut was_told = || {
        let mut was_told = false;
        while let Ok(event) = events.try_recv() {
            was_told |= event == told;
        }
        was_told
    };
    let _same = read(&bench, &place).await;
    assert!(!was_told(), "nothing is new");
    bench.fault(Fault::of(Effect::FailedMigrations { broken: Vec::new() }));
    let _other = read(&bench, &place).await;
    assert!(was_told());
}
