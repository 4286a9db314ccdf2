//! Flags beside environments.

use halyard_console::MatrixInput;
use halyard_model::{ConnectionId, EnvironmentKey};
use tauri::State;

use crate::{
    app::Halyard, convert::matrix::matrix as matrix_view, error::WireError, view::*, words::time::Clock,
};

/// Flags beside environments.
#[tauri::command]
#[specta::specta]
pub async fn matrix(app: State<'_, Halyard>, request: MatrixRequest) -> Result<MatrixView, WireError> {
    matrix_of(&app, request).await
}

/// The same, for whoever has the state.
pub async fn matrix_of(app: &Halyard, request: MatrixRequest) -> Result<MatrixView, WireError> {
    let connection = ConnectionId(request.connection);
    let found = app
        .console
        .matrix(MatrixInput {
            connection: connection.clone(),
            environments: request.environments.into_iter().map(EnvironmentKey).collect(),
            reference: request.reference.map(EnvironmentKey),
        })
        .await?;
    let environments = app.console.environments_of(&connection).await?;
    Ok(matrix_view(
        &found,
        &environments,
        app.console.now(),
        &Clock::local(),
    ))
}
