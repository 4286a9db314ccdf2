//! Following a change in the demo, from its servers to the window's words.

use std::{sync::Arc, time::Duration};

use halyard_console::{Console, SystemClock, secret::SessionKeys};
use halyard_model::{ConnectionId, EnvironmentKey, FlagKey, Service};
use tokio_util::sync::CancellationToken;

use super::propagation::propagations;
use crate::{app::Halyard, view::*};

/// The production environment of the demo's Flagsmith, read.
async fn demo(folder: &tempfile::TempDir) -> (Halyard, ConnectionId, EnvironmentKey) {
    let keys = Arc::new(SessionKeys::default());
    let opened = Console::open(folder.path(), keys, Arc::new(SystemClock)).await;
    let (console, _) = opened.unwrap();
    let path = folder.path().to_owned();
    let app = Halyard::new(console, Vec::new(), path, CancellationToken::new());
    app.start_demo().await.unwrap();
    let connections = app.console.connections().await.unwrap();
    let found = connections
        .into_iter()
        .find(|one| one.endpoint.service() == Service::Flagsmith);
    let connection = found.unwrap().id;
    let environments = app.console.environments(&connection).await.unwrap();
    let production = environments
        .into_iter()
        .find(|one| one.environment.name == "Production");
    let key = production.unwrap().environment.key;
    app.console.refresh(&connection, &key).await.unwrap();
    (app, connection, key)
}

#[tokio::test]
async fn a_check_is_begun_followed_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let (app, connection, environment) = demo(&folder).await;
    let flag = FlagKey("max_items_per_order".into());
    let id = app
        .console
        .check_propagation(&connection, &environment, &flag)
        .await
        .unwrap();
    let told = propagations(&app, &connection, &environment).await.unwrap();
    assert_eq!((told[0].id.as_str(), told[0].running), (id.0.as_str(), true));
    assert!(
        told[0]
            .lanes
            .iter()
            .all(|lane| lane.state == LaneStateView::Waiting)
    );

    let following = async {
        while app.console.is_following() {
            app.console.follow_due().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), following).await;
    let told = propagations(&app, &connection, &environment).await.unwrap();
    assert!(ended.is_ok(), "{:#?}", told[0]);
    let check = &told[0];
    assert!(!check.running);
    assert_eq!(check.flag, "max_items_per_order");
    assert!(check.lanes.len() > 1 && check.remedy.is_none());
    for lane in &check.lanes {
        assert_eq!(lane.state, LaneStateView::Served, "{lane:?}");
        assert!(lane.took_millis.is_some_and(|took| took < 60_000) && lane.cause.is_none());
        assert!(!lane.surface.address.is_empty());
    }
    let all = format!("All {} surfaces serve the change", check.lanes.len());
    assert!(check.sentence.starts_with(&all), "{}", check.sentence);
    app.console.stop_propagation(&id).await.unwrap();
}
