//! Commands on environments.

use halyard_console::{EnvironmentFacts, KeyHome};
use halyard_model::{Connection, ConnectionId, EnvironmentKey, Freshness, Service};
use tauri::State;

use crate::{
    app::Halyard,
    convert::{
        connection::{budgets, protection_in},
        count, health, warning,
    },
    error::WireError,
    view::*,
};

/// Chooses how much a write to an environment asks first.
#[tauri::command]
#[specta::specta]
pub async fn set_protection(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    protection: ProtectionView,
) -> Result<(), WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    Ok(app
        .console
        .set_protection(&connection, &environment, protection_in(protection))
        .await?)
}

/// Refreshes an environment now. Progress and the end are told by events.
#[tauri::command]
#[specta::specta]
pub async fn refresh(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<(), WireError> {
    Ok(app
        .console
        .refresh(&ConnectionId(connection), &EnvironmentKey(environment))
        .await?)
}

/// What the status bar shows.
#[tauri::command]
#[specta::specta]
pub async fn status(app: State<'_, Halyard>, connection: String) -> Result<StatusView, WireError> {
    let id = ConnectionId(connection);
    let connection = app.console.connection(&id).await?;
    let environments = app.console.environments(&id).await?;
    let offline = environments
        .iter()
        .any(|facts| facts.freshness == Freshness::Offline);
    let failing = environments.iter().any(|facts| facts.status.failures > 0);
    let tried = environments
        .iter()
        .any(|facts| facts.status.checked_at.is_some() || facts.status.failures > 0);
    let service = match connection.endpoint.service() {
        Service::Flagsmith => "Flagsmith",
        Service::EdgeFlags => "EdgeFlags",
    };
    let service = match app.console.server_version(&id) {
        Some(version) => format!("{service} {version}"),
        None => service.to_owned(),
    };
    let key_missing = app.console.key_home(&id).await == KeyHome::Missing;
    let sentence = match (connection.endpoint.is_file(), key_missing, offline, failing) {
        // Nobody is asked, so nobody answers or fails.
        (true, ..) => format!("Snapshot file of {service}, read on this computer"),
        (_, true, ..) => "Not connected: the key is missing".to_owned(),
        (_, _, true, _) => format!("Offline: {service} does not answer"),
        (_, _, _, true) => format!("{service} refuses or fails"),
        _ => format!("Connected, {service}"),
    };
    let told = app.console.provider_status(&id).await?;
    Ok(StatusView {
        warnings: warnings(&app, &connection, &environments).await?,
        connected: !(key_missing || offline || failing),
        sentence,
        tried,
        budgets: budgets(app.console.budgets(&id)),
        incidents: told.incidents.into_iter().map(|one| one.incident.title).collect(),
        writes: app.console.writes_underway(&id),
    })
}

/// How many warnings Health shows, seen from the environment that was last in
/// view.
async fn warnings(
    app: &Halyard,
    connection: &Connection,
    environments: &[EnvironmentFacts],
) -> Result<u32, WireError> {
    let place = app.console.settings().await?.place;
    let place = place.filter(|place| place.connection == connection.id);
    let in_view = place.and_then(|place| {
        environments
            .iter()
            .find(|facts| facts.environment.key == place.environment)
    });
    let Some(facts) = in_view.or(environments.first()) else {
        return Ok(0);
    };
    let key = &facts.environment.key;
    let watched = app.console.watched_surfaces(&connection.id, key).await?;
    let surfaces: Vec<_> = watched
        .iter()
        .map(|one| health::surface(one, connection, &facts.environment.name))
        .collect();
    let incidents = app.console.incident_warnings(&connection.id, key).await?;
    let all = warning::warnings(&surfaces, &incidents, connection.endpoint.service());
    Ok(count(all.len()))
}
