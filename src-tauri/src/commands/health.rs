//! Commands on freshness, diagnosis and limits.

use halyard_model::{ConnectionId, EnvironmentKey};
use halyard_sandbox::Switch;
use tauri::State;

use crate::{
    app::Halyard,
    convert::{
        connection::budgets, doctor, health as convert, incident, limits::limits, server::server, warning,
    },
    error::WireError,
    view::*,
};

/// Everything that Health shows about a connection, seen from an environment.
#[tauri::command]
#[specta::specta]
pub async fn health(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<HealthView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let connection = app.console.connection(&id).await?;
    let facts = app.console.environment(&id, &key).await?;
    let watched = app.console.watched_surfaces(&id, &key).await?;
    let name = &facts.environment.name;
    let surfaces: Vec<SurfaceFreshnessView> = std::iter::once(convert::mirror(&facts, app.console.pace()))
        .chain(watched.iter().map(|one| convert::surface(one, &connection, name)))
        .collect();
    let budgets = budgets(app.console.budgets(&id));
    let incidents = app.console.incident_warnings(&id, &key).await?;
    let told = app.console.provider_status(&id).await?;
    let used = app.console.environment_limits(&id, &key).await?;
    Ok(HealthView {
        warnings: warning::warnings(&surfaces, &incidents, connection.endpoint.service()),
        status_feed: incident::status_feed(&told, connection.endpoint.service(), app.console.now()),
        limits: limits(&used, connection.endpoint.service(), &budgets, app.console.now()),
        surfaces,
        server: app.console.server(&id).await?.as_ref().map(server),
        doctor: doctor::choices(&connection, &app.console.environments(&id).await?, &key),
        propagations: super::propagation::propagations(&app, &id, &key).await?,
    })
}

/// Reads every surface, the server and the limits now.
#[tauri::command]
#[specta::specta]
pub async fn check_health(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<(), WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    tokio::try_join!(
        app.console.check_surfaces(&connection, &environment),
        app.console.check_provider_status(&connection),
    )?;
    Ok(())
}

/// Gives up what waits for a connection's budgets. Nothing of it was sent.
/// The answer is how many requests there were.
#[tauri::command]
#[specta::specta]
pub async fn give_up_waiting(app: State<'_, Halyard>, connection: String) -> Result<u32, WireError> {
    Ok(app.console.give_up_waiting(&ConnectionId(connection)))
}

/// What can be set about a connection's surfaces.
#[tauri::command]
#[specta::specta]
pub async fn surface_settings(
    app: State<'_, Halyard>,
    connection: String,
) -> Result<SurfaceSettingsView, WireError> {
    let settings = app.console.surface_settings(&ConnectionId(connection)).await?;
    Ok(convert::settings(settings))
}

/// Keeps what was set; addresses are normalised, which the answer shows.
#[tauri::command]
#[specta::specta]
pub async fn save_surface_settings(
    app: State<'_, Halyard>,
    connection: String,
    settings: SurfaceSettingsView,
) -> Result<SurfaceSettingsView, WireError> {
    let id = ConnectionId(connection);
    let kept = app
        .console
        .change_surfaces(&id, convert::settings_in(settings))
        .await?;
    Ok(convert::settings(kept))
}

/// Opens a page of the provider in the browser. Only https addresses.
#[tauri::command]
#[specta::specta]
pub async fn open_link(app: tauri::AppHandle, link: String) -> Result<(), WireError> {
    crate::app::links::open(&app, &link)
}

/// The demo's fault board; empty while the demo does not run.
#[tauri::command]
#[specta::specta]
pub async fn demo_faults(app: State<'_, Halyard>) -> Result<Vec<DemoFaultView>, WireError> {
    Ok(app.demo_faults().await)
}

/// Turns one of the demo's faults on or off.
#[tauri::command]
#[specta::specta]
pub async fn set_demo_fault(
    app: State<'_, Halyard>,
    id: String,
    on: bool,
) -> Result<Vec<DemoFaultView>, WireError> {
    let switch = if on { Switch::On } else { Switch::Off };
    app.set_demo_fault(&id, switch).await
}
