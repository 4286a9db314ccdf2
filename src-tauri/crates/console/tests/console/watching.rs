//! Whether what surfaces serve is current, against the sandbox's own proxy.

use std::time::Duration;

use halyard_console::{KeepKey, WatchedSurface};
use halyard_model::{Freshness, Surface, Trouble};
use halyard_provider::Urgency;
use halyard_sandbox::{Config, Effect, Fault};
use serde_json::json;

use crate::bench::{Bench, Path, Place, until};

/// A console whose connection has the sandbox's Edge Proxy.
async fn proxied() -> (Bench, Place, Surface) {
    let config = Config {
        proxy_poll: Duration::from_millis(20),
        ..Config::default()
    };
    let bench = Bench::with_config(Path::FlagsmithV1, config).await;
    let draft = bench.draft().await.unwrap();
    let mut choice = bench.choice(&draft, KeepKey::Keychain).await;
    choice.edge_proxies = vec![bench.sandbox.announcement().edge_proxy.url.clone()];
    let connection = bench.console.save_draft(choice).await.unwrap();
    let place = bench.place(&connection, bench.path.environment()).await;
    let endpoint = bench.console.connection(&connection).await.unwrap().endpoint;
    let proxy = Surface::EdgeProxy(endpoint.edge_proxies()[0].base.clone());
    bench.refresh(&place).await.unwrap();
    (bench, place, proxy)
}

async fn look(bench: &Bench, place: &Place, surface: &Surface) -> WatchedSurface {
    bench
        .console
        .look(
            &place.connection,
            &place.environment,
            surface,
            Urgency::Background,
        )
        .await
        .unwrap();
    let all = bench
        .console
        .watched_surfaces(&place.connection, &place.environment)
        .await
        .unwrap();
    all.into_iter().find(|one| one.surface == *surface).unwrap()
}

/// Looks until the surface agrees with the admin API, in no time of the console's clock.
async fn agreed(bench: &Bench, place: &Place, surface: &Surface) {
    until(async || {
        let seen = look(bench, place, surface).await;
        let served = seen.record.served?;
        (served.agreed_at.is_some() && served.outdated_since.is_none() && !served.unconfirmed).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_quiet_hour_is_never_stale() {
    let (bench, place, proxy) = proxied().await;
    agreed(&bench, &place, &proxy).await;
    for quarter in 0..240 {
        bench.clock.advance(15_000);
        if quarter % 8 == 0 {
            bench.refresh(&place).await.unwrap();
        }
        // A busy machine may leave the proxy no turn in a quarter that takes no time.
        bench.sandbox.edge_proxy().poll().await;
        for surface in [&Surface::FlagsApi, &proxy] {
            let seen = look(&bench, &place, surface).await;
            assert_eq!(
                (seen.freshness.state, seen.freshness.trouble),
                (Freshness::Fresh, None)
            );
        }
    }
    let gravest = bench
        .console
        .gravest_surface(&place.connection, &place.environment);
    assert!(gravest.await.unwrap().is_none());
}

#[tokio::test]
async fn a_frozen_proxy_is_stale_though_it_calls_itself_well() {
    let (bench, place, proxy) = proxied().await;
    agreed(&bench, &place, &proxy).await;
    bench.fault(Fault::of(Effect::FrozenProxy));
    bench.clock.advance(10_000);
    bench.maya_edits("stock_low_badge", json!(9));
    bench.refresh(&place).await.unwrap();
    let seen = look(&bench, &place, &proxy).await;
    assert_eq!(
        seen.freshness.state,
        Freshness::Fresh,
        "a change may take its time"
    );
    bench.clock.advance(41_000);
    let seen = look(&bench, &place, &proxy).await;
    assert_eq!(seen.freshness.state, Freshness::Stale, "{:?}", seen.freshness);
    assert!(matches!(seen.freshness.trouble, Some(Trouble::Behind { .. })));
    assert!(seen.record.heartbeat.unwrap().ready);
    let gravest = bench
        .console
        .gravest_surface(&place.connection, &place.environment)
        .await;
    assert_eq!(gravest.unwrap().unwrap().surface, proxy);

    bench.sandbox.faults().clear();
    // What it was given while frozen is lost on it until the next change.
    bench.maya_edits("stock_low_badge", json!(10));
    bench.refresh(&place).await.unwrap();
    agreed(&bench, &place, &proxy).await;
    assert_eq!(
        look(&bench, &place, &proxy).await.freshness.state,
        Freshness::Fresh
    );
}

#[tokio::test]
async fn a_surface_that_fails_is_offline_and_asked_more_rarely() {
    let (bench, place, proxy) = proxied().await;
    agreed(&bench, &place, &proxy).await;
    bench.fault(Fault::of(Effect::Refuse).on(halyard_sandbox::Surface::EdgeProxy));
    assert_eq!(
        look(&bench, &place, &proxy).await.freshness.state,
        Freshness::Offline
    );
    bench.clock.advance(100_000);
    assert_eq!(
        look(&bench, &place, &proxy).await.record.failing.unwrap().times,
        2
    );
    bench.sandbox.faults().clear();
    assert_eq!(
        look(&bench, &place, &proxy).await.freshness.state,
        Freshness::Fresh
    );
}

#[tokio::test]
async fn what_is_due_is_looked_at_and_what_was_is_kept() {
    let (bench, place, proxy) = proxied().await;
    let due = bench.console.due_looks().await.unwrap();
    let surfaces: Vec<_> = due.iter().map(|(_, _, surface)| surface.clone()).collect();
    assert_eq!(surfaces, [Surface::FlagsApi, proxy.clone()]);
    for one in bench.console.environments(&place.connection).await.unwrap() {
        for surface in [&Surface::FlagsApi, &proxy] {
            bench
                .console
                .look(
                    &place.connection,
                    &one.environment.key,
                    surface,
                    Urgency::Background,
                )
                .await
                .unwrap();
        }
    }
    assert_eq!(bench.console.due_looks().await.unwrap(), []);
    let bench = bench.restarted();
    assert_eq!(
        bench.console.due_looks().await.unwrap(),
        [],
        "a restart forgets nothing"
    );
    bench.clock.advance(140_000);
    assert_eq!(bench.console.due_looks().await.unwrap().len(), 2);
}
