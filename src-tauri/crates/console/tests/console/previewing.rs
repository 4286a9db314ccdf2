//! What an identity gets.

use halyard_console::{ConsoleError, LocalPreview, Preview, PreviewInput, RemotePreview, RemoteRow};
use halyard_engine::edgeflags::Agreement;
use halyard_model::IdentityRef;
use halyard_sandbox::{Effect, Fault, Seed};
use serde_json::json;

use crate::bench::{Bench, Path, Place};

async fn preview(bench: &Bench, place: &Place, who: &IdentityRef) -> Result<Preview, ConsoleError> {
    let input = PreviewInput {
        at: None,
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        identity: who.clone(),
        edits: Vec::new(),
    };
    bench.console.preview(input).await
}

async fn local(bench: &Bench, place: &Place, who: &IdentityRef) -> LocalPreview {
    match preview(bench, place, who).await.unwrap() {
        Preview::Local(local) => local,
        other => panic!("Flagsmith is evaluated here: {other:?}"),
    }
}

async fn remote(bench: &Bench, place: &Place, who: &IdentityRef) -> RemotePreview {
    match preview(bench, place, who).await.unwrap() {
        Preview::Remote(remote) => remote,
        other => panic!("EdgeFlags evaluates by itself: {other:?}"),
    }
}

async fn known(bench: &Bench, place: &Place) -> Vec<IdentityRef> {
    let mut people = Vec::new();
    let found = bench
        .console
        .find_identities(&place.connection, &place.environment, "")
        .await
        .unwrap();
    for record in found {
        let traits = bench
            .console
            .identity_traits(&place.connection, &place.environment, &record)
            .await
            .unwrap();
        people.push(IdentityRef {
            identifier: record.identifier,
            traits,
        });
    }
    people
}

fn strangers() -> Vec<IdentityRef> {
    let traits = |country: &str, orders: i64, vip: bool| {
        vec![
            ("country".to_owned(), json!(country)),
            ("order_count".to_owned(), json!(orders)),
            ("is_vip".to_owned(), json!(vip)),
            ("lifetime_value".to_owned(), json!(orders as f64 * 12.5)),
        ]
    };
    let mut people: Vec<IdentityRef> = (0..12)
        .map(|number| IdentityRef {
            identifier: format!("halyard-preview-{number}"),
            traits: traits(["DE", "FR", "SE"][number % 3], number as i64 * 4, number % 2 == 0),
        })
        .collect();
    people.push(IdentityRef {
        identifier: "halyard-preview-without-traits".into(),
        traits: Vec::new(),
    });
    people
}

#[tokio::test]
async fn flagsmith_is_evaluated_here_as_it_would_itself() {
    let (mut compared, mut announced) = (0, 0);
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, place) = Bench::connected(path).await;
        let mut places = vec![place.clone()];
        if path == Path::FlagsmithV1 {
            let production = bench.place(&place.connection, "Production").await;
            bench.refresh(&production).await.unwrap();
            places.push(production);
        }
        for place in places {
            let mut people = known(&bench, &place).await;
            let n_known = people.len();
            people.extend(strangers());
            for who in &people {
                let here = local(&bench, &place, who).await;
                let there = bench.evaluated(&place, who).await;
                assert_eq!(here.rows.len(), 128, "every flag has a row");
                for flag in &there {
                    let row = here.rows.iter().find(|row| row.flag == flag.key).unwrap();
                    if row.server_may_choose_option {
                        announced += u32::from(row.value != flag.value);
                        continue;
                    }
                    assert_eq!(
                        (Some(row.enabled), &row.value),
                        (flag.enabled, &flag.value),
                        "{} for {}",
                        flag.key.0,
                        who.identifier
                    );
                }
                assert!(there.len() > 100, "{}", there.len());
                compared += 1;
            }
            assert_eq!(known(&bench, &place).await.len(), n_known, "nobody was added");
        }
    }
    assert!(compared >= 60, "{compared}");
    assert!(
        (1..=12).contains(&announced),
        "differences that the preview announces: {announced}"
    );
}

#[tokio::test]
async fn a_preview_of_flagsmith_asks_nobody() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let people = strangers();
    bench.sandbox.clear_journal();
    for who in &people {
        local(&bench, &place, who).await;
    }
    assert!(bench.sandbox.journal().is_empty());
    assert!(!bench.sandbox.journal_contains("halyard-preview"));
}

#[tokio::test]
async fn a_preview_follows_the_mirror() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let who = &strangers()[0];
    let value = async |bench: &Bench| {
        let rows = local(bench, &place, who).await.rows;
        rows.into_iter()
            .find(|row| row.flag.0 == "stock_low_badge")
            .unwrap()
            .value
            .0
    };
    assert_eq!(value(&bench).await, json!(5));
    bench.maya_edits("stock_low_badge", json!(9));
    assert_eq!(value(&bench).await, json!(5), "until it is refreshed");
    bench.refresh(&place).await.unwrap();
    assert_eq!(value(&bench).await, json!(9));
}

#[tokio::test]
async fn a_preview_before_the_first_refresh_says_so() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let place = bench.connect().await;
    let refused = preview(&bench, &place, &strangers()[0]).await;
    assert!(matches!(
        refused,
        Err(ConsoleError::Gone {
            what: "the environment document"
        })
    ));
}

#[tokio::test]
async fn edgeflags_evaluates_itself_and_gives_its_reasons() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    for who in strangers().iter().take(4) {
        bench.sandbox.clear_journal();
        let rows = remote(&bench, &place, who).await.rows;
        assert_eq!(rows.len(), 40);
        assert!(rows.is_sorted_by(|one, other| one.answer.key < other.answer.key));
        assert!(rows.iter().all(|row| row.answer.reason.is_some()));
        for row in &rows {
            let weighed = row.weighed.as_ref().unwrap();
            let disagrees = matches!(weighed.agreement, Agreement::Disagrees { .. });
            assert!(!disagrees, "{}: {weighed:?}", row.answer.key.0);
        }
        let agrees = |row: &&RemoteRow| row.weighed.as_ref().unwrap().agreement == Agreement::Agrees;
        assert!(rows.iter().filter(agrees).count() > 20);
        assert!(bench.writes().is_empty());
        for flag in bench.evaluated(&place, who).await {
            let row = rows.iter().find(|row| row.answer.key == flag.key).unwrap();
            assert_eq!(row.answer.value, flag.value, "{}", flag.key.0);
        }
    }
}

/// The mirror's definition says one thing, the service by now another.
#[tokio::test]
async fn an_answer_that_the_mirror_does_not_lead_to_expect_is_marked() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    bench.maya_edits("stock_low_badge", json!(9));
    let rows = remote(&bench, &place, &strangers()[0]).await.rows;
    for row in rows {
        let weighed = row.weighed.unwrap();
        let disagrees = matches!(weighed.agreement, Agreement::Disagrees { .. });
        assert_eq!(
            disagrees,
            row.answer.key.0 == "stock_low_badge",
            "{}",
            row.answer.key.0
        );
    }
}

#[tokio::test]
async fn edgeflags_is_asked_for_few_flags_at_once_and_not_after_a_failure() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    bench.fault(Fault::of(Effect::Throttle { retry_after: Some(5) }).path("context="));
    bench.sandbox.clear_journal();
    let refused = preview(&bench, &place, &strangers()[0]).await;
    assert!(matches!(refused, Err(ConsoleError::Service(_))));
    let asked = bench.sandbox.journal().len();
    assert!((1..=6).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_large_edgeflags_project_is_asked_once() {
    let bench = Bench::with_seed(Path::EdgeFlags, Seed::Large).await;
    let place = bench.connect().await;
    bench.refresh(&place).await.unwrap();
    bench.sandbox.clear_journal();
    let rows = remote(&bench, &place, &strangers()[0]).await.rows;
    assert_eq!((rows.len(), bench.sandbox.journal().len()), (400, 1));
}

#[tokio::test]
async fn a_large_flagsmith_document_is_previewed() {
    let bench = Bench::with_seed(Path::FlagsmithV1, Seed::Large).await;
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
    let who = &strangers()[1];
    let here = local(&bench, &place, who).await;
    let there = bench.evaluated(&place, who).await;
    assert!(!there.is_empty());
    for flag in there {
        let row = here.rows.iter().find(|row| row.flag == flag.key).unwrap();
        assert_eq!(row.value, flag.value, "{}", flag.key.0);
    }
}
