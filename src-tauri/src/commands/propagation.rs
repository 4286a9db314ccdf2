//! Commands on following changes to each surface.

use halyard_console::PropagationId;
use halyard_model::{ConnectionId, EnvironmentKey, FlagKey};
use tauri::State;

use crate::{app::Halyard, convert::propagation as convert, error::WireError, view::*};

/// The checks of an environment, the newest first.
pub async fn propagations(
    app: &Halyard,
    connection: &ConnectionId,
    environment: &EnvironmentKey,
) -> Result<Vec<PropagationView>, WireError> {
    let checks = app.console.propagations(connection, environment).await?;
    Ok(convert::propagations(checks))
}

/// Follows a flag's state as the mirror has it until each surface serves it.
/// The answer names the check.
#[tauri::command]
#[specta::specta]
pub async fn check_propagation(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    flag: String,
) -> Result<String, WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    let id = app
        .console
        .check_propagation(&connection, &environment, &FlagKey(flag))
        .await?;
    Ok(id.0)
}

/// Stops following.
#[tauri::command]
#[specta::specta]
pub async fn stop_propagation(app: State<'_, Halyard>, id: String) -> Result<(), WireError> {
    Ok(app.console.stop_propagation(&PropagationId(id)).await?)
}
