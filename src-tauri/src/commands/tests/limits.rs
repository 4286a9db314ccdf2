//! Health's cards of limits and of the server.

use halyard_console::Check;
use halyard_console::Urgency::Interactive;
use halyard_sandbox::{Effect, Fault, Surface};

use super::*;
use crate::convert::{connection::budgets, limits::limits, server::server};

async fn shown(demo: &Demo, site: &(ConnectionId, EnvironmentKey), service: Service) -> Vec<LimitView> {
    let console = &demo.app.console;
    let used = console.environment_limits(&site.0, &site.1).await.unwrap();
    limits(&used, service, &budgets(console.budgets(&site.0)), console.now())
}

async fn asked(demo: &Demo, site: &(ConnectionId, EnvironmentKey), service: Service) -> Vec<LimitView> {
    let check = Check::Allowances(site.1.clone());
    demo.app
        .console
        .check(&site.0, &check, Interactive)
        .await
        .unwrap();
    shown(demo, site, service).await
}

fn named<'a>(limits: &'a [LimitView], id: &str) -> &'a LimitView {
    limits.iter().find(|limit| limit.id == id).unwrap()
}

async fn server_card(demo: &Demo, site: &(ConnectionId, EnvironmentKey)) -> ServerView {
    let console = &demo.app.console;
    console.check(&site.0, &Check::Server, Interactive).await.unwrap();
    server(&console.server(&site.0).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_limit_says_by_whose_word_it_is_and_is_amber_before_it() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let before = shown(&demo, &site, Service::Flagsmith).await;
    assert_eq!(before[0].name, "Admin requests", "the budget leads");
    let flags = named(&before, "flags");
    assert_eq!(
        (flags.used, flags.limit, flags.gravity),
        (Some(128), Some(1_000), None)
    );
    assert!(
        flags
            .source
            .starts_with("The limit is the documented default; the project may have another."),
        "{}",
        flags.source
    );
    let month = named(&before, "monthly_calls");
    assert_eq!((month.used, month.limit), (None, None), "unknown is not zero");
    let document = named(&before, "document_bytes");
    assert_eq!((document.unit, document.limit), (LimitUnitView::Bytes, None));
    assert!(
        document.note.as_ref().unwrap().starts_with("Most: "),
        "{document:?}"
    );

    demo.app
        .add_demo_fault(Fault::of(Effect::ProjectLimits {
            features: Some(150),
            segments: None,
            segment_overrides: Some(5),
        }))
        .await;
    let after = asked(&demo, &site, Service::Flagsmith).await;
    let flags = named(&after, "flags");
    assert_eq!(
        (flags.limit, flags.gravity),
        (Some(150), Some(GravityView::Warning))
    );
    assert!(
        flags.source.starts_with("The limit was read from the API "),
        "{}",
        flags.source
    );
    let overrides = named(&after, "segment_overrides");
    assert_eq!(overrides.gravity, Some(GravityView::Danger));
    let note = overrides.note.as_ref().unwrap();
    assert!(
        note.starts_with("Most: ") && note.ends_with("No more can be added."),
        "{note}"
    );
    let month = named(&after, "monthly_calls");
    assert_eq!((month.used, month.limit), (None, Some(50_000)));
    assert!(
        month.source.contains("Usage is not recorded there"),
        "{}",
        month.source
    );
}

#[tokio::test]
async fn a_plan_that_is_used_up_is_danger_and_edgeflags_has_other_limits() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    demo.app.add_demo_fault(Fault::of(Effect::ServingBlocked)).await;
    demo.app.console.refresh(&site.0, &site.1).await.unwrap();
    let blocked = shown(&demo, &site, Service::Flagsmith).await;
    let month = named(&blocked, "monthly_calls");
    assert_eq!(month.gravity, Some(GravityView::Danger));
    assert!(
        month.note.as_ref().unwrap().contains("stopped serving"),
        "{month:?}"
    );

    let site = demo.production(Service::EdgeFlags).await;
    let shown = asked(&demo, &site, Service::EdgeFlags).await;
    let definition = named(&shown, "definition_bytes");
    assert_eq!((definition.limit, definition.gravity), (Some(1_048_576), None));
    let flags = named(&shown, "flags");
    assert!(flags.used.is_some());
    assert_eq!(flags.limit, None);
    assert!(
        flags.source.starts_with("EdgeFlags documents no limit."),
        "{}",
        flags.source
    );
    assert_eq!(
        named(&shown, "monthly_calls").source,
        "EdgeFlags tells neither usage nor a plan."
    );
    assert!(demo.app.console.server(&site.0).await.unwrap().is_none());
}

#[tokio::test]
async fn a_server_says_how_it_is_and_why_its_queue_is_unknown() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let card = server_card(&demo, &site).await;
    assert_eq!((card.healthy, card.health.as_str()), (Some(true), "Passing"));
    assert!(card.host.starts_with("127.0.0.1:"), "{}", card.host);
    assert!(card.version.is_some() && card.checked_at.is_some());
    assert_eq!((card.queue, card.queue_trend), (None, None), "never 0");
    assert!(
        card.queue_note.unwrap().contains("a staff user's token only"),
        "the demo has an organisation key"
    );
    let broken = Effect::FailedMigrations { broken: Vec::new() };
    demo.app
        .add_demo_fault(Fault::of(broken).on(Surface::Flagsmith))
        .await;
    let card = server_card(&demo, &site).await;
    assert_eq!(card.healthy, Some(false));
    assert_eq!(
        card.health,
        "MigrationsHealthCheck: unavailable: There are migrations to apply"
    );
}
