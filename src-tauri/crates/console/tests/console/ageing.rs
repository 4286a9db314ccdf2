//! How old things are, and when the next refresh is due.

use halyard_console::{AuthKind, ConsoleError, Failure, FailureKind, Place as Seen};
use halyard_model::{ConnectionId, Freshness};
use halyard_sandbox::{Effect, Fault};

use crate::bench::{Bench, Path, until};
use crate::fakes::BEGINNING;

#[tokio::test]
async fn age_makes_stale_and_silence_makes_offline() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        let is = |expected: Freshness| {
            let (console, place) = (bench.console.clone(), place.clone());
            async move {
                let facts = console
                    .environment(&place.connection, &place.environment)
                    .await
                    .unwrap();
                assert_eq!(facts.freshness, expected, "{:?}", facts.status);
                facts
            }
        };
        is(Freshness::Fresh).await;
        bench.clock.advance(90_000);
        is(Freshness::Ageing).await;
        bench.clock.advance(90_000);
        is(Freshness::Stale).await;
        bench.fault(Fault::of(Effect::Refuse));
        for failures in 1..=2 {
            let refused = bench.refresh(&place).await;
            assert!(
                matches!(&refused, Err(ConsoleError::Service(failure)) if matches!(failure.kind, FailureKind::Unreachable(_))),
                "{refused:?}"
            );
            let facts = is(Freshness::Offline).await;
            assert_eq!(facts.status.failures, failures);
            assert!(facts.status.last_failure.unwrap().contains("127.0.0.1"));
            assert!(
                facts.snapshot.unwrap().flag_count > 0,
                "the mirror still shows what it has"
            );
        }
        bench.sandbox.faults().clear();
        bench.refresh(&place).await.unwrap();
        assert_eq!(is(Freshness::Fresh).await.status.failures, 0);
    }
}

/// The environments that are due, by name.
async fn due(bench: &Bench) -> Vec<ConnectionId> {
    bench
        .console
        .due()
        .await
        .unwrap()
        .into_iter()
        .map(|(connection, _)| connection)
        .collect()
}

#[tokio::test]
async fn a_service_that_asks_for_patience_gets_it() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        let id = place.connection.clone();
        assert_eq!(
            due(&bench).await,
            std::slice::from_ref(&id),
            "the other environments were never fetched"
        );
        bench.fault(
            Fault::of(Effect::Throttle {
                retry_after: Some(700),
            })
            .on(path.surface()),
        );
        let refused = bench.refresh(&place).await;
        // The clock goes on a little with each reading of it.
        let asked_for = BEGINNING.plus_millis(700_000)..BEGINNING.plus_millis(701_000);
        assert!(matches!(
            refused,
            Err(ConsoleError::Service(Failure { kind: FailureKind::RateLimited { retry_at: Some(moment) }, .. }))
                if asked_for.contains(&moment)
        ));
        bench.sandbox.faults().clear();
        assert_eq!(
            due(&bench).await,
            [],
            "nor the other environments of the same key"
        );
        bench.clock.advance(690_000);
        assert_eq!(due(&bench).await, []);
        bench.clock.advance(11_000);
        assert_eq!(due(&bench).await, [id]);
    }
}

#[tokio::test]
async fn what_is_looked_at_goes_first() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let facts = bench.console.environments(&place.connection).await.unwrap();
    for one in &facts {
        bench
            .console
            .refresh(&place.connection, &one.environment.key)
            .await
            .unwrap();
    }
    assert_eq!(bench.console.due().await.unwrap(), []);
    let last = facts.last().unwrap().environment.key.clone();
    let seen = Seen {
        connection: place.connection.clone(),
        environment: last.clone(),
    };
    bench.console.remember_place(seen.clone()).await.unwrap();
    assert_eq!(bench.console.settings().await.unwrap().place, Some(seen));
    bench.clock.advance(31_000);
    assert_eq!(
        bench.console.due().await.unwrap(),
        [(place.connection.clone(), last.clone())]
    );
    bench.clock.advance(90_000);
    assert_eq!(bench.console.due().await.unwrap(), [(place.connection, last)]);
}

#[tokio::test]
async fn one_silent_service_holds_up_no_other() {
    use tokio_util::sync::CancellationToken;
    let bench = Bench::new(Path::FlagsmithV1).await;
    let silent = bench.connect().await;
    let path = format!("environments/{}/document/", silent.environment.0);
    bench.fault(Fault::of(Effect::Latency { ms: 120_000 }).path(&path));
    // Another key, since a service that is slow with one is left to finish before it is asked more with it.
    let token = bench.sandbox.announcement().flagsmith_text("token").to_owned();
    let mut input = bench.input(&bench.address(), &token);
    input.auth = AuthKind::UserToken;
    let draft = bench.console.connect(input).await.unwrap();
    let mut choice = bench.choice(&draft, halyard_console::KeepKey::Session).await;
    choice.environments.retain(|key| *key != silent.environment.0);
    let other = bench.console.save_draft(choice).await.unwrap();
    let cancel = CancellationToken::new();
    let (console, token) = (bench.console.clone(), cancel.clone());
    let running = tokio::spawn(async move { console.keep_refreshing(token).await });
    until(async || {
        let facts = bench.console.environments(&other).await.unwrap();
        facts
            .iter()
            .all(|one| one.status.checked_at.is_some())
            .then_some(())
    })
    .await;
    assert!(
        bench
            .console
            .is_refreshing(&silent.connection, &silent.environment)
    );
    cancel.cancel();
    running.await.unwrap();
    until(async || {
        (!bench
            .console
            .is_refreshing(&silent.connection, &silent.environment))
        .then_some(())
    })
    .await;
}
