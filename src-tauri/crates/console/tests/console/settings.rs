//! What can be set about a connection's surfaces.

use halyard_console::{ConsoleError, SurfaceSettings};
use halyard_model::EdgeProxy;

use crate::bench::{Bench, Path};

#[tokio::test]
async fn surfaces_are_changed_and_the_rest_stays() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let console = &bench.console;
    let before = console.surface_settings(&place.connection).await.unwrap();
    assert!(before.status_feed && before.status_feed_url.is_none() && before.edge_proxies.is_empty());
    let environments = console.environments(&place.connection).await.unwrap().len();
    let wanted = SurfaceSettings {
        flags_address: Some("flags.acme.example".into()),
        edge_proxies: vec![
            EdgeProxy {
                key_pairs: 4,
                grace_seconds: None,
                ..EdgeProxy::at("http://me:hunter2@127.0.0.1:8000")
            },
            EdgeProxy::at("  "),
            EdgeProxy::at("http://127.0.0.1:8000/api/v1/"),
        ],
        ca_bundle: Some(" ".into()),
        status_feed: true,
        status_feed_url: Some("https://me:hunter2@status.acme.example/?token=hunter2".into()),
    };
    let now = console
        .change_surfaces(&place.connection, wanted.clone())
        .await
        .unwrap();
    assert_eq!(
        now.flags_address.as_deref(),
        Some("https://flags.acme.example/api/v1/")
    );
    assert_eq!(now.edge_proxies.len(), 1, "one that is named twice is kept once");
    let proxy = &now.edge_proxies[0];
    assert_eq!(proxy.base, "http://127.0.0.1:8000/api/v1/");
    assert_eq!((proxy.key_pairs, proxy.grace_seconds), (4, None));
    assert_eq!(now.ca_bundle, None);
    assert_eq!(
        now.status_feed_url.as_deref(),
        Some("https://status.acme.example/")
    );
    assert_eq!(
        console.status_feed_url(&place.connection).await.unwrap(),
        now.status_feed_url
    );
    assert_eq!(
        console.environments(&place.connection).await.unwrap().len(),
        environments
    );
    assert_eq!(console.surface_settings(&place.connection).await.unwrap(), now);
    // The key stays: the environment can still be refreshed.
    bench.refresh(&place).await.unwrap();

    for (broken, field) in [
        (
            SurfaceSettings {
                ca_bundle: Some("no certificate".into()),
                ..wanted.clone()
            },
            "ca_bundle",
        ),
        (
            SurfaceSettings {
                flags_address: Some("ftp://x".into()),
                ..wanted.clone()
            },
            "flags_address",
        ),
        (
            SurfaceSettings {
                status_feed_url: Some("file:///x".into()),
                ..wanted.clone()
            },
            "status_feed_url",
        ),
        (
            SurfaceSettings {
                edge_proxies: vec![EdgeProxy {
                    poll_seconds: 0,
                    ..EdgeProxy::at("x")
                }],
                ..wanted.clone()
            },
            "edge_proxies:0:poll_seconds",
        ),
    ] {
        let refused = console
            .change_surfaces(&place.connection, broken)
            .await
            .unwrap_err();
        let told = match &refused {
            ConsoleError::Input { field, .. } => (*field).to_owned(),
            ConsoleError::ListInput { list, row, part, .. } => format!("{list}:{row}:{part}"),
            other => panic!("{other}"),
        };
        assert_eq!(told, field, "{refused}");
        assert_eq!(console.surface_settings(&place.connection).await.unwrap(), now);
    }
    let off = SurfaceSettings {
        status_feed: false,
        ..now
    };
    console.change_surfaces(&place.connection, off).await.unwrap();
    assert_eq!(console.status_feed_url(&place.connection).await.unwrap(), None);
}
