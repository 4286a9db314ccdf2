//! What a refresh brings into the mirror, when the next is due, and how old things are.

use halyard_console::{ConsoleError, Event, FailureKind, Place as Seen};
use halyard_model::{ConnectionId, Freshness};
use halyard_sandbox::{Effect, Fault, Seed};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::bench::{BEGINNING, Bench, Path, Place, flipped, until};

async fn counts(bench: &Bench, place: &Place) -> (u32, u32, usize) {
    let facts = bench
        .console
        .environment(&place.connection, &place.environment)
        .await
        .unwrap();
    let snapshot = facts.snapshot.unwrap();
    let listed = bench
        .console
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    (snapshot.flag_count, snapshot.segment_count, listed.len())
}

#[tokio::test]
async fn everything_comes_and_what_is_removed_goes() {
    for (path, flags, segments) in [
        (Path::FlagsmithV1, 128, 31),
        (Path::FlagsmithV2, 128, 31),
        (Path::EdgeFlags, 40, 6),
    ] {
        let (bench, place) = Bench::connected(path).await;
        assert_eq!(
            counts(&bench, &place).await,
            (flags, segments, flags as usize),
            "{path:?}"
        );
        let removed = bench.shown(&place, "guest_checkout").await.flag;
        let target = match path {
            Path::EdgeFlags => "flags/guest_checkout".to_owned(),
            _ => {
                let project = bench
                    .console
                    .connection(&place.connection)
                    .await
                    .unwrap()
                    .project
                    .id;
                format!("projects/{project}/features/{}/", removed.remote_id)
            }
        };
        let status = bench.send(Method::DELETE, &target).await;
        assert!(
            matches!(status, StatusCode::NO_CONTENT | StatusCode::OK),
            "{status}"
        );
        bench.refresh(&place).await.unwrap();
        assert_eq!(
            counts(&bench, &place).await,
            (flags - 1, segments, flags as usize - 1)
        );
        let gone = bench
            .console
            .flag(&place.connection, &place.environment, &removed.key)
            .await;
        assert!(matches!(gone, Err(ConsoleError::Gone { what: "the flag" })));
    }
}

#[tokio::test]
async fn somebody_elses_change_comes_with_the_next_refresh() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let status = |bench: &Bench| {
            let (console, place) = (bench.console.clone(), place.clone());
            async move {
                let facts = console.environment(&place.connection, &place.environment).await;
                facts.unwrap().status
            }
        };
        let first = status(&bench).await;
        bench.clock.advance(1_000);
        bench.refresh(&place).await.unwrap();
        let second = status(&bench).await;
        assert_eq!(second.changed_at, first.changed_at, "nothing changed: {path:?}");
        assert!(second.checked_at > first.checked_at);
        bench.maya_edits("stock_low_badge", json!(7));
        bench.refresh(&place).await.unwrap();
        assert_eq!(
            bench.shown(&place, "stock_low_badge").await.flag.state.value.0,
            json!(7)
        );
        assert!(status(&bench).await.changed_at > first.changed_at);
    }
}

#[tokio::test]
async fn a_write_that_falls_into_a_collection_is_not_lost_again() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let flag = "guest_checkout";
        let change = flipped(&bench.shown(&place, flag).await);
        bench.sandbox.clear_journal();
        bench.fault(path.last_of_refresh(Fault::of(Effect::Latency { ms: 1_500 }).times(1)));
        let (console, at) = (bench.console.clone(), place.clone());
        let refresh = tokio::spawn(async move { console.refresh(&at.connection, &at.environment).await });
        let last = match path {
            Path::EdgeFlags => "/segments",
            _ => "/document/",
        };
        let arrived = || {
            bench
                .sandbox
                .journal()
                .iter()
                .filter(|one| one.target.contains(last))
                .count()
        };
        until(async || (arrived() > 0).then_some(())).await;
        bench.edit(&place, flag, change.clone()).await.unwrap();
        assert!(
            bench.console.is_refreshing(&place.connection, &place.environment),
            "the edit fell into it"
        );
        refresh.await.unwrap().unwrap();
        // Once more by the client, which saw its parts disagree, and once more because of the write.
        assert_eq!(arrived(), 3, "{path:?}");
        let shown = bench.shown(&place, flag).await.flag;
        assert!(change.is_met_by(&shown.state));
        assert_eq!(shown.state, bench.held(&place, flag).await.state);
    }
}

#[tokio::test]
async fn environments_are_learnt_again_now_and_then() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let facts = async || {
        bench
            .console
            .environment(&place.connection, &place.environment)
            .await
            .unwrap()
            .environment
    };
    // As if versions had been turned on since they were chosen.
    let connection = bench.console.connection(&place.connection).await.unwrap();
    let mut environments = bench.mirror.environments(&place.connection).await.unwrap();
    for environment in &mut environments {
        environment.versioned = false;
    }
    bench
        .mirror
        .save_connection(&connection, &environments)
        .await
        .unwrap();
    bench
        .console
        .set_protection(
            &place.connection,
            &place.environment,
            halyard_model::Protection::TypeName,
        )
        .await
        .unwrap();
    bench.refresh(&place).await.unwrap();
    assert!(!facts().await.versioned, "not with every refresh");
    bench.clock.advance(600_000);
    bench.fault(Fault::of(Effect::Refuse).path("/environments/?project="));
    bench.refresh(&place).await.unwrap();
    assert!(!facts().await.versioned, "a failure does no harm");
    bench.sandbox.faults().clear();
    bench.clock.advance(600_000);
    bench.refresh(&place).await.unwrap();
    let learnt = facts().await;
    assert!(learnt.versioned);
    assert_eq!(
        learnt.protection,
        halyard_model::Protection::TypeName,
        "the user's own choice stays"
    );
    assert_eq!(
        bench.console.environments(&place.connection).await.unwrap().len(),
        environments.len()
    );
    assert!(bench.shown(&place, "guest_checkout").await.flag.state.enabled);
}

#[tokio::test]
async fn two_refreshes_at_once_are_one() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.sandbox.clear_journal();
    let (one, other) = tokio::join!(bench.refresh(&place), bench.refresh(&place));
    one.unwrap();
    other.unwrap();
    let documents = bench
        .sandbox
        .journal()
        .iter()
        .filter(|one| one.target.contains("/document/"))
        .count();
    assert_eq!(documents, 1);
    assert!(!bench.console.is_refreshing(&place.connection, &place.environment));
}

#[tokio::test]
async fn a_refresh_given_up_ends() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.fault(Fault::of(Effect::Latency { ms: 60_000 }));
    let (console, at) = (bench.console.clone(), place.clone());
    let refresh = tokio::spawn(async move { console.refresh(&at.connection, &at.environment).await });
    let refreshing = || bench.console.is_refreshing(&place.connection, &place.environment);
    until(async || refreshing().then_some(())).await;
    refresh.abort();
    assert!(refresh.await.unwrap_err().is_cancelled());
    assert!(!refreshing());
    bench.sandbox.faults().clear();
    bench.refresh(&place).await.unwrap();
}

#[tokio::test]
async fn progress_is_told_and_ends() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let place = bench.connect().await;
    let mut events = bench.console.events();
    bench.refresh(&place).await.unwrap();
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Progress {
            what, done, total, ..
        } = event
        {
            told.push((what, done, total));
        }
    }
    assert!(told.contains(&(Some("flags"), 128, Some(128))), "{told:?}");
    assert!(told.contains(&(Some("document"), 1, Some(1))));
    assert_eq!(told.last().unwrap().0, None);
}

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
        let retry_at = BEGINNING.plus_millis(700_000);
        assert!(matches!(
            refused,
            Err(ConsoleError::Service(failure)) if failure.kind == FailureKind::RateLimited { retry_at: Some(retry_at) }
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
    let draft = bench.draft().await.unwrap();
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

#[tokio::test]
async fn an_empty_project_is_empty_and_ten_thousand_flags_are_ten_thousand() {
    for (path, seed, expected) in [
        (Path::FlagsmithV1, Seed::Empty, 0),
        (Path::EdgeFlags, Seed::Empty, 0),
        (Path::FlagsmithV1, Seed::TenThousand, 10_000),
        (Path::EdgeFlags, Seed::TenThousand, 10_000),
    ] {
        let bench = Bench::with_seed(path, seed).await;
        let draft = bench.draft().await.unwrap();
        let choice = bench.choice(&draft, halyard_console::KeepKey::Session).await;
        let connection = bench.console.save_draft(choice).await.unwrap();
        let environment = bench.console.environments(&connection).await.unwrap()[0]
            .environment
            .key
            .clone();
        let place = Place {
            connection,
            environment,
        };
        bench.refresh(&place).await.unwrap();
        let (counted, _, listed) = counts(&bench, &place).await;
        assert_eq!((counted as usize, listed), (expected, expected), "{path:?}");
    }
}
