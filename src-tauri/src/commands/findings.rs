//! What is doubtful about an environment.

use halyard_model::{ConnectionId, EnvironmentKey};
use tauri::State;

use crate::{app::Halyard, convert::finding::finding, error::WireError, view::*};

/// Doubtful conditions and overrides of the mirror's document, worst first.
#[tauri::command]
#[specta::specta]
pub async fn findings(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<Vec<FindingView>, WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    let found = app.console.findings(&connection, &environment).await?;
    Ok(found.iter().map(finding).collect())
}
