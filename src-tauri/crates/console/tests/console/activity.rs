//! Requests that were made: kept, found, exported, bounded.

use std::{sync::Arc, time::Duration};

use halyard_console::{
    ActivityFilter, ActivityFormat, ActivityRecorder, Console, ConsoleError, ConsoleParts, Event,
    ExchangeFacts, ExchangeId, ExchangeOutcome, FailureKind, PreviewInput, SurfaceKind, Traffic,
};
use halyard_mirror::Mirror;
use halyard_model::{ConnectionId, IdentityRef, Timestamp};
use halyard_provider::{BudgetClass, Exchange, Failure, Observer, Stage, Urgency};

use crate::{
    bench::{Bench, Path},
    fakes::{Keychain, SteppedClock},
};

struct Recorded {
    console: Console,
    recorder: Arc<ActivityRecorder>,
}

async fn recorded() -> Recorded {
    recorded_on(Mirror::in_memory().await.unwrap())
}

fn recorded_on(mirror: Mirror) -> Recorded {
    let (recorder, intake) = ActivityRecorder::new();
    let console = Console::new(ConsoleParts {
        mirror,
        keys: Arc::new(Keychain::default()),
        clock: Arc::new(SteppedClock::default()),
        providers: Arc::new(|_| unreachable!("nothing is asked for here")),
        traffic: Traffic {
            intake: Some(intake),
            ..Traffic::default()
        },
    });
    Recorded { console, recorder }
}

fn exchange(number: i64) -> Exchange {
    Exchange {
        account: None,
        class: BudgetClass::Admin,
        origin: "https://flags.example".into(),
        method: "GET".into(),
        path: format!("/api/v1/projects/{number}/"),
        at: Timestamp(number),
        urgency: Urgency::Interactive,
        waited: Duration::from_millis(3),
        took: Duration::from_millis(40),
        attempt: 1,
        status: Some(200),
        bytes: 12,
        failure: None,
        budget_left: Some(499),
        request_id: Some(format!("ray-{number}")),
        server_version: Some("2.204.0".into()),
        clock_ahead_millis: Some(-400),
    }
}

/// One request of each outcome and of each surface.
fn various() -> Vec<Exchange> {
    let failed = |status: u16, kind: FailureKind| {
        let mut failure = Failure::new(kind, "It failed.");
        failure.excerpt = Some("Lena's answer".into());
        failure.status = Some(status);
        Exchange {
            status: Some(status),
            failure: Some(Box::new(failure)),
            ..exchange(i64::from(status))
        }
    };
    vec![
        exchange(1),
        Exchange {
            status: Some(304),
            class: BudgetClass::Evaluation,
            ..exchange(2)
        },
        Exchange {
            class: BudgetClass::FlagsApi,
            ..failed(
                429,
                FailureKind::RateLimited {
                    retry_at: Some(Timestamp(9)),
                },
            )
        },
        Exchange {
            method: "PUT".into(),
            ..failed(403, FailureKind::Forbidden)
        },
        Exchange {
            class: BudgetClass::EdgeProxy,
            ..failed(502, FailureKind::ServerFault)
        },
        Exchange {
            status: None,
            class: BudgetClass::StatusFeed,
            failure: Some(Box::new(Failure::new(
                FailureKind::Unreachable(Stage::Timeout),
                "No answer.",
            ))),
            ..exchange(3)
        },
    ]
}

async fn found(console: &Console, filter: &ActivityFilter) -> Vec<ExchangeFacts> {
    console.activity(filter, None, 100).await.unwrap().rows
}

#[tokio::test]
async fn what_was_asked_is_listed_with_all_that_is_known() {
    let Recorded { console, recorder } = recorded().await;
    recorder.exchanged(Exchange {
        urgency: Urgency::Background,
        attempt: 2,
        ..various().remove(2)
    });
    let rows = found(&console, &ActivityFilter::default()).await;
    let [row] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!(*row, console.exchange(row.id).await.unwrap());
    assert_eq!((row.class, row.method.as_str()), (BudgetClass::FlagsApi, "GET"));
    assert_eq!(row.origin, "https://flags.example");
    assert_eq!(row.path, "/api/v1/projects/429/");
    assert_eq!(
        (row.at, row.took_millis, row.waited_millis),
        (Timestamp(429), 40, 3)
    );
    assert_eq!((row.attempt, row.urgency), (2, Urgency::Background));
    assert_eq!((row.status, row.outcome), (Some(429), ExchangeOutcome::Throttled));
    assert_eq!((row.bytes, row.budget_left), (12, Some(499)));
    assert_eq!(row.request_id.as_deref(), Some("ray-429"));
    assert_eq!(row.server_version.as_deref(), Some("2.204.0"));
    assert_eq!(row.clock_ahead_millis, Some(-400));
    let failure = row.failure.as_ref().unwrap();
    let pause = FailureKind::RateLimited {
        retry_at: Some(Timestamp(9)),
    };
    assert_eq!((&failure.kind, failure.sentence.as_str()), (&pause, "It failed."));
    assert_eq!(failure.excerpt, None, "no part of an answer is kept");
    assert!(matches!(
        console.exchange(ExchangeId(99)).await,
        Err(ConsoleError::Gone { .. })
    ));
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let Recorded { console, recorder } = recorded().await;
    for one in various() {
        recorder.exchanged(one);
    }
    let all = ActivityFilter::default();
    let with = |change: &dyn Fn(&mut ActivityFilter)| {
        let mut filter = all.clone();
        change(&mut filter);
        filter
    };
    for (filter, at) in [
        (all.clone(), vec![3, 502, 403, 429, 2, 1]),
        (
            with(&|filter| filter.surface = Some(SurfaceKind::Admin)),
            vec![403, 1],
        ),
        (
            with(&|filter| filter.surface = Some(SurfaceKind::FlagsApi)),
            vec![429, 2],
        ),
        (
            with(&|filter| filter.surface = Some(SurfaceKind::EdgeProxy)),
            vec![502],
        ),
        (
            with(&|filter| filter.outcomes = vec![ExchangeOutcome::Done]),
            vec![1],
        ),
        (
            with(&|filter| filter.outcomes = vec![ExchangeOutcome::Unchanged]),
            vec![2],
        ),
        (
            with(&|filter| filter.outcomes = vec![ExchangeOutcome::Refused, ExchangeOutcome::ServerFault]),
            vec![502, 403],
        ),
        (
            with(&|filter| filter.outcomes = vec![ExchangeOutcome::Broken]),
            vec![3],
        ),
        (with(&|filter| filter.search = "put PROJECTS".into()), vec![403]),
        (with(&|filter| filter.search = "Edge proxy".into()), vec![502]),
        (with(&|filter| filter.search = "RAY-2".into()), vec![2]),
        (with(&|filter| filter.search = "502".into()), vec![502]),
        (with(&|filter| filter.search = "%".into()), vec![]),
        (
            with(&|filter| filter.since = Some(Timestamp(400))),
            vec![502, 403, 429],
        ),
        (
            with(&|filter| filter.connection = Some(ConnectionId("x".into()))),
            vec![],
        ),
    ] {
        let page = console.activity(&filter, None, 100).await.unwrap();
        let found: Vec<i64> = page.rows.iter().map(|row| row.at.0).collect();
        assert_eq!(found, at, "{filter:?}");
        assert_eq!(page.total, at.len() as u64);
    }
    let first = console.activity(&all, None, 4).await.unwrap();
    let rest = console.activity(&all, Some(first.rows[3].id), 4).await.unwrap();
    assert_eq!((first.rows.len(), rest.rows.len(), rest.total), (4, 2, 6));
    assert!(rest.rows[0].id < first.rows[3].id);
}

#[tokio::test]
async fn the_newest_are_kept_and_what_finds_no_room_is_counted() {
    let Recorded { console, recorder } = recorded().await;
    let all = ActivityFilter::default();
    let kept = console.activity(&all, None, 1).await.unwrap().kept;
    for number in 0..i64::from(kept) + 500 {
        recorder.exchanged(exchange(number));
        if number % 1_000 == 0 {
            // Lets the writer catch up, as requests over a network would.
            console.activity(&all, None, 1).await.unwrap();
        }
    }
    let page = console.activity(&all, None, 1).await.unwrap();
    assert_eq!((page.total, page.lost), (u64::from(kept), 0));
    assert_eq!(page.rows[0].at.0, i64::from(kept) + 499);
    // Nothing waits for the writer: what it cannot take is counted.
    for number in 0..20_000 {
        recorder.exchanged(exchange(number));
    }
    let page = console.activity(&all, None, 1).await.unwrap();
    assert!(page.lost > 0 && page.lost < 20_000, "{}", page.lost);
    assert_eq!(page.total, u64::from(kept));
}

#[tokio::test]
async fn requests_are_exported_and_forgotten() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let Recorded { console, recorder } = recorded_on(bench.mirror.clone());
    let name = console.connection(&place.connection).await.unwrap().name;
    recorder.exchanged(Exchange {
        account: Some(place.connection.clone()),
        request_id: Some("=1+1, \"x\"".into()),
        ..exchange(1)
    });
    recorder.exchanged(Exchange {
        account: Some(ConnectionId("gone".into())),
        ..exchange(2)
    });
    recorder.exchanged(various().remove(4));
    let all = ActivityFilter::default();
    let text = console.export_activity(&all, ActivityFormat::Csv).await.unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(
        lines.len(),
        3,
        "that of a connection that is gone is left out: {text}"
    );
    assert!(lines[0].starts_with("at,connection,surface,method,origin,path,status,outcome,"));
    assert!(lines[1].contains(",edge_proxy,GET,"));
    let start =
        format!("1970-01-01T00:00:00.001Z,{name},admin_api,GET,https://flags.example,/api/v1/projects/1/");
    assert!(lines[2].starts_with(&start), "{text}");
    assert!(lines[2].contains(",\"'=1+1, \"\"x\"\"\","), "{text}");

    let text = console
        .export_activity(&all, ActivityFormat::JsonLines)
        .await
        .unwrap();
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows[0]["error"], "It failed.");
    assert_eq!(
        (&rows[1]["status"], &rows[1]["request_id"]),
        (&200.into(), &"=1+1, \"x\"".into())
    );

    let mut events = console.events();
    console.clear_activity(Some(&place.connection)).await.unwrap();
    assert_eq!(events.recv().await.unwrap(), Event::Activity);
    assert_eq!(found(&console, &all).await.len(), 1);
    console.clear_activity(None).await.unwrap();
    assert_eq!(found(&console, &all).await, []);
}

/// Who is asked about; a person's secret.
/// Looked for whole and in parts: a part has to be long and odd, for random
/// digits (ids, hashes, ports) to never hold it by chance.
const PERSON: &str = "lena.private.Zq7Wm3Kd@example.test";
const PART: &str = "Zq7Wm3Kd";

#[tokio::test]
async fn what_an_opened_console_asks_is_listed_without_keys_and_persons() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        let folder = tempfile::tempdir().unwrap();
        let (console, _) = Console::open(folder.path(), bench.keys.clone(), bench.clock.clone())
            .await
            .unwrap();
        let connection = bench.console.connection(&place.connection).await.unwrap();
        let environments = bench.mirror.environments(&place.connection).await.unwrap();
        let (mirror, _) = Mirror::open(folder.path(), None).await.unwrap();
        mirror.save_connection(&connection, &environments).await.unwrap();
        console
            .refresh(&place.connection, &place.environment)
            .await
            .unwrap();
        let found_nobody = console
            .find_identities(&place.connection, &place.environment, PERSON)
            .await;
        drop(found_nobody);
        let input = PreviewInput {
            at: None,
            change_set: None,
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            identity: IdentityRef {
                identifier: PERSON.into(),
                traits: vec![("email".into(), PERSON.into())],
            },
            edits: Vec::new(),
        };
        console.preview(input).await.unwrap();
        let rows = found(&console, &ActivityFilter::default()).await;
        assert!(rows.len() >= 5, "{path:?} {rows:?}");
        assert!(
            rows.iter()
                .all(|row| row.connection.as_ref() == Some(&place.connection))
        );
        let key = bench.key();
        for format in [ActivityFormat::Csv, ActivityFormat::JsonLines] {
            let text = console
                .export_activity(&ActivityFilter::default(), format)
                .await
                .unwrap();
            for secret in [key.as_str(), PART, "lena.private"] {
                assert!(!text.contains(secret), "{path:?} {secret} in {text}");
            }
        }
        console.close().await;
        mirror.close().await;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(PART) && !text.contains(&key), "{path:?}");
        }
    }
}
