//! What a refresh brings into the mirror.

use halyard_console::{ConsoleError, Event, Preview, PreviewInput};
use halyard_model::IdentityRef;
use halyard_sandbox::{Effect, Fault, Seed};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::bench::{Bench, Path, Place, flipped, until};

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
async fn a_connection_forgotten_in_the_middle_of_its_refresh_stays_forgotten() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        bench.fault(path.last_of_refresh(Fault::of(Effect::Latency { ms: 300 }).times(1)));
        bench.sandbox.clear_journal();
        let (console, at) = (bench.console.clone(), place.clone());
        let refresh = tokio::spawn(async move { console.refresh(&at.connection, &at.environment).await });
        until(async || bench.sandbox.journal().first().map(|_| ())).await;
        bench.console.forget_connection(&place.connection).await.unwrap();
        let told = refresh.await.unwrap();
        assert!(
            matches!(
                told,
                Err(ConsoleError::Mirror(_) | ConsoleError::Gone { .. } | ConsoleError::NoKey)
            ),
            "{told:?}"
        );
        assert_eq!(bench.console.connections().await.unwrap(), []);
        let flags = bench
            .mirror
            .flags(&place.connection, &place.environment)
            .await
            .unwrap();
        assert!(flags.is_empty());
        assert_eq!(bench.console.due().await.unwrap(), []);
    }
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
        let input = PreviewInput {
            at: None,
            change_set: None,
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            identity: IdentityRef {
                identifier: "somebody".into(),
                traits: Vec::new(),
            },
            edits: Vec::new(),
        };
        let rows = match bench.console.preview(input).await.unwrap() {
            Preview::Local(local) => local.rows.len(),
            Preview::Remote(remote) => remote.rows.len(),
            Preview::Expected(expected) => expected.rows.len(),
        };
        assert_eq!(rows, expected, "{path:?}");
    }
}
