//! Answers that are not what they should be: a clear error, nothing lost, no panic.

use halyard_console::{ConsoleError, Failure, FailureKind};
use halyard_sandbox::{Effect, ErrorBody, Fault};

use crate::bench::{Bench, Path};

const MEGABYTE: u64 = 1024 * 1024;

fn spoilt() -> Vec<Effect> {
    let server_error = |status, body| Effect::ServerError { status, body };
    vec![
        Effect::MalformedJson,
        Effect::WrongShape,
        Effect::CutBody,
        Effect::CommitThenCut,
        Effect::Refuse,
        Effect::HugeBody { bytes: 20 * MEGABYTE },
        Effect::HugeBody { bytes: 80 * MEGABYTE },
        server_error(500, ErrorBody::Html),
        server_error(502, ErrorBody::Empty),
        server_error(503, ErrorBody::Json),
        Effect::Throttle { retry_after: Some(0) },
    ]
}

/// Each request of a refresh that can be spoilt.
fn places(path: Path) -> Vec<&'static str> {
    match path {
        Path::EdgeFlags => vec!["/flags", "/configs", "/segments"],
        _ => vec![
            "/features/",
            "/featurestates/",
            "/segments/",
            "/tags/",
            "/document/",
        ],
    }
}

#[tokio::test]
async fn a_spoilt_refresh_is_told_and_loses_nothing() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        let before = bench
            .mirror
            .flags(&place.connection, &place.environment)
            .await
            .unwrap();
        let document = bench
            .mirror
            .document(&place.connection, &place.environment)
            .await
            .unwrap();
        let whole = bench
            .console
            .environment(&place.connection, &place.environment)
            .await
            .unwrap();
        for part in places(path) {
            for effect in spoilt() {
                // A large body is as large wherever it comes.
                if matches!(effect, Effect::HugeBody { .. }) && !matches!(part, "/document/" | "/flags") {
                    continue;
                }
                bench.fault(Fault::of(effect.clone()).on(path.surface()).path(part));
                let told = bench.refresh(&place).await;
                let failure = match told {
                    Err(ConsoleError::Service(failure)) => failure,
                    other => panic!("{path:?} {part} {effect:?}: {other:?}"),
                };
                assert_is_clear(&failure, &effect, part);
                bench.sandbox.faults().clear();
                let facts = bench
                    .console
                    .environment(&place.connection, &place.environment)
                    .await
                    .unwrap();
                assert_eq!(facts.snapshot, whole.snapshot, "{part} {effect:?}");
                assert_eq!(facts.status.checked_at, whole.status.checked_at);
                let kept = facts.status.last_failure.unwrap();
                assert!(kept.starts_with(&failure.sentence), "{kept}");
            }
        }
        let flags = bench
            .mirror
            .flags(&place.connection, &place.environment)
            .await
            .unwrap();
        assert_eq!(flags, before);
        let kept = bench
            .mirror
            .document(&place.connection, &place.environment)
            .await
            .unwrap();
        assert_eq!(kept, document);
        bench.refresh(&place).await.unwrap();
    }
}

fn assert_is_clear(failure: &Failure, effect: &Effect, part: &str) {
    let fits = match effect {
        Effect::MalformedJson | Effect::WrongShape | Effect::HugeBody { .. } => {
            matches!(&failure.kind, FailureKind::Malformed { place } if !place.is_empty())
        }
        Effect::ServerError { .. } => failure.kind == FailureKind::ServerFault,
        Effect::Throttle { .. } => matches!(failure.kind, FailureKind::RateLimited { .. }),
        _ => matches!(failure.kind, FailureKind::Unreachable(_)),
    };
    assert!(fits, "{part} {effect:?}: {failure:?}");
    assert!(failure.sentence.ends_with('.'), "{}", failure.sentence);
    assert!(
        failure
            .excerpt
            .as_ref()
            .is_none_or(|text| text.chars().count() <= 600),
        "{failure:?}"
    );
    let request = failure.request.as_deref().unwrap_or_default();
    assert!(request.contains(part), "{request}");
}

#[tokio::test]
async fn endless_pages_come_to_an_end() {
    use halyard_sandbox::Seed;
    for (path, seed, told_as_malformed) in [
        // A list of one page whose count is right is whole, whatever it says of another page.
        (Path::FlagsmithV1, Seed::Acme, false),
        (Path::FlagsmithV1, Seed::TenThousand, true),
        (Path::EdgeFlags, Seed::Acme, true),
    ] {
        let bench = Bench::with_seed(path, seed).await;
        let draft = bench.draft().await.unwrap();
        let choice = bench.choice(&draft, halyard_console::KeepKey::Session).await;
        let connection = bench.console.save_draft(choice).await.unwrap();
        let environments = bench.console.environments(&connection).await.unwrap();
        let environment = environments[0].environment.key.clone();
        bench.fault(Fault::of(Effect::EndlessPaging).on(path.surface()));
        bench.sandbox.clear_journal();
        let told = bench.console.refresh(&connection, &environment).await;
        let asked = bench.sandbox.journal().len();
        assert!(asked <= 20, "{asked} requests");
        let facts = bench
            .console
            .environment(&connection, &environment)
            .await
            .unwrap();
        if !told_as_malformed {
            told.unwrap();
            assert_eq!(facts.snapshot.unwrap().flag_count, 128);
            continue;
        }
        assert!(
            matches!(&told, Err(ConsoleError::Service(failure)) if matches!(failure.kind, FailureKind::Malformed { .. })),
            "{path:?}: {told:?}"
        );
        assert_eq!(facts.snapshot, None);
    }
}

#[tokio::test]
async fn a_spoilt_discovery_saves_nothing() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        for effect in spoilt() {
            if matches!(effect, Effect::HugeBody { .. }) {
                continue;
            }
            let bench = Bench::new(path).await;
            bench.fault(Fault::of(effect.clone()).on(path.surface()));
            let told = bench.draft().await;
            assert!(
                matches!(told, Err(ConsoleError::Service(_))),
                "{effect:?}: {told:?}"
            );
            assert_eq!(bench.console.connections().await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn flags_with_long_and_strange_values_come_as_they_are() {
    use crate::bench::value;
    use serde_json::json;
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let long = "x".repeat(20_000);
        for text in [
            long.as_str(),
            "👩‍👩‍👧‍👦 e\u{301} \u{202e}rtl\u{200b}",
            "\u{0}nul".trim_start_matches('\u{0}'),
            "{not json",
        ] {
            bench
                .edit(&place, "stock_low_badge", value(json!(text)))
                .await
                .unwrap();
            bench.refresh(&place).await.unwrap();
            let shown = bench.shown(&place, "stock_low_badge").await.flag.state.value.0;
            assert_eq!(shown, json!(text), "{path:?}");
        }
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_compiled_is_named() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let flags = bench
        .mirror
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    let whole = bench
        .mirror
        .document(&place.connection, &place.environment)
        .await
        .unwrap();
    let mut wrong: serde_json::Value = serde_json::from_str(&whole.unwrap()).unwrap();
    wrong["feature_states"][2]["enabled"] = serde_json::json!([]);
    for (document, named) in [
        (wrong.to_string(), "feature_states[2]"),
        ("{}".to_owned(), "missing"),
        ("not json at all".to_owned(), "line 1"),
        ("[]".to_owned(), ""),
    ] {
        let snapshot = halyard_model::Snapshot {
            environment: place.environment.clone(),
            fetched_at: halyard_model::Timestamp(1),
            document,
            document_updated_at: None,
            flags: flags.clone(),
            segments: Vec::new(),
        };
        bench
            .mirror
            .store_snapshot(&place.connection, &snapshot)
            .await
            .unwrap();
        let input = halyard_console::PreviewInput {
            at: None,
            change_set: None,
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            identity: halyard_model::IdentityRef::default(),
            edits: Vec::new(),
        };
        let refused = bench.console.preview(input).await.unwrap_err();
        assert!(matches!(
            refused,
            ConsoleError::Document(_) | ConsoleError::Gone { .. }
        ));
        assert!(refused.to_string().contains(named), "{refused}");
    }
}
