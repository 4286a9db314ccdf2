//! What is doubtful about an environment.

use halyard_model::{ConnectionId, EnvironmentKey};
use tauri::State;

use crate::{app::Halyard, convert::finding::finding, error::WireError, view::*};

/// Doubtful conditions and overrides of the mirror's document, worst first, and
/// what ordinary values show before what only odd ones do.
#[tauri::command]
#[specta::specta]
pub async fn findings(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<Vec<FindingView>, WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    let mut found = app.console.findings(&connection, &environment).await?;
    // Worst first, and within it what ordinary values show.
    found.sort_by_key(|one| (one.severity(), one.likelihood()));
    Ok(found.iter().map(finding).collect())
}
