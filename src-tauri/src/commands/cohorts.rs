//! Commands about cohorts: files of identities, and what values to make up.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use halyard_console::CohortId;
use tauri::State;

use crate::{
    app::Halyard,
    convert::{
        cohort::{file, range},
        sides::side_in,
    },
    error::WireError,
    view::*,
};

/// Begins a file of identities under its name, and gives the id under which
/// its bytes follow.
#[tauri::command]
#[specta::specta]
pub async fn open_cohort(app: State<'_, Halyard>, name: String) -> Result<String, WireError> {
    Ok(app.console.open_cohort(&name).0)
}

/// The next bytes of a file, in base64.
#[tauri::command]
#[specta::specta]
pub async fn write_cohort(app: State<'_, Halyard>, id: String, base64: String) -> Result<(), WireError> {
    let bytes = STANDARD
        .decode(base64)
        .map_err(|_| WireError::input("file", "The file arrived damaged. Choose it again."))?;
    app.console.write_cohort(&CohortId(id), bytes).await?;
    Ok(())
}

/// Ends a file and says what was read.
#[tauri::command]
#[specta::specta]
pub async fn close_cohort(app: State<'_, Halyard>, id: String) -> Result<CohortFileView, WireError> {
    Ok(file(app.console.close_cohort(&CohortId(id)).await?))
}

/// Gives a file up, whether it is being read or kept.
#[tauri::command]
#[specta::specta]
pub async fn drop_cohort(app: State<'_, Halyard>, id: String) -> Result<(), WireError> {
    app.console.drop_cohort(&CohortId(id));
    Ok(())
}

/// Ranges of traits that reach both sides of the conditions of an environment's
/// document, now or at a moment.
#[tauri::command]
#[specta::specta]
pub async fn suggested_ranges(app: State<'_, Halyard>, at: AtView) -> Result<Vec<TraitRangeView>, WireError> {
    let ranges = app.console.suggested_ranges(&side_in(&at)?).await?;
    Ok(ranges.into_iter().map(range).collect())
}
