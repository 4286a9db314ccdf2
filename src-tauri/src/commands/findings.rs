//! What is doubtful about an environment.

use tauri::State;

use crate::{
    app::Halyard,
    convert::{finding::finding, sides::side_in},
    error::WireError,
    view::*,
};

/// Doubtful conditions and overrides of an environment's document, now or at a
/// moment: worst first, and what ordinary values show before what only odd ones
/// do.
#[tauri::command]
#[specta::specta]
pub async fn findings(app: State<'_, Halyard>, at: AtView) -> Result<Vec<FindingView>, WireError> {
    let mut found = app.console.findings(&side_in(&at)?).await?;
    // Worst first, and within it what ordinary values show.
    found.sort_by_key(|one| (one.severity(), one.likelihood()));
    Ok(found.iter().map(finding).collect())
}
