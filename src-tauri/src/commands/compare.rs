//! Commands that ask a server and compare.

use halyard_console::CompareInput;
use halyard_model::ConnectionId;
use tauri::State;

use crate::{
    app::Halyard,
    commands::prepare::preview_input,
    convert::compare::{comparison, surface, surface_in},
    error::WireError,
    view::*,
};

/// The servers that can be asked what an identity gets.
#[tauri::command]
#[specta::specta]
pub async fn surfaces(
    app: State<'_, Halyard>,
    connection: String,
) -> Result<Vec<SurfaceChoiceView>, WireError> {
    let surfaces = app.console.surfaces(&ConnectionId(connection)).await?;
    Ok(surfaces.iter().map(surface).collect())
}

/// Asks a server for the identity of a preview and compares flag by flag. The
/// server keeps neither the identity nor its traits.
#[tauri::command]
#[specta::specta]
pub async fn compare(app: State<'_, Halyard>, request: CompareRequest) -> Result<ComparisonView, WireError> {
    let preview = preview_input(&app, &request.preview).await?;
    let identifier = preview.identity.identifier.clone();
    let input = CompareInput {
        preview,
        surface: surface_in(request.surface),
    };
    Ok(comparison(app.console.compare(input).await?, &identifier))
}
