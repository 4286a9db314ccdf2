//! What is doubtful about a whole environment.

use halyard_model::{ConnectionId, EnvironmentKey};
use tauri::State;

use crate::{app::Halyard, convert::lint as convert, error::WireError, view::*};

/// What is doubtful about an environment.
#[tauri::command]
#[specta::specta]
pub async fn lint(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<LintView, WireError> {
    lint_of(&app, connection, environment).await
}

/// The same, for whoever has the state.
pub async fn lint_of(app: &Halyard, connection: String, environment: String) -> Result<LintView, WireError> {
    let (id, key) = (ConnectionId(connection), EnvironmentKey(environment));
    let here = app.console.environment(&id, &key).await?.environment;
    let found = app.console.lint(&id, &key).await?;
    Ok(convert::lint(&found, &here, app.console.now()))
}

/// Sets after how many days a flag counts as left alone, in every environment.
#[tauri::command]
#[specta::specta]
pub async fn set_lint_days(app: State<'_, Halyard>, days: u32) -> Result<(), WireError> {
    Ok(app.console.set_lint_days(days).await?)
}
