//! How one flag came to its value.

use halyard_model::FlagKey;
use tauri::State;

use crate::{
    app::Halyard, commands::prepare::preview_input, convert::trace::trace as trace_view, error::WireError,
    view::*,
};

/// How one flag came to its value for the identity of a preview, and what
/// would change it. Only where the mirror is evaluated.
#[tauri::command]
#[specta::specta]
pub async fn trace(
    app: State<'_, Halyard>,
    request: PreviewRequest,
    flag: String,
) -> Result<TraceView, WireError> {
    let input = preview_input(&app, &request).await?;
    let traced = app.console.trace(input, &FlagKey(flag)).await?;
    trace_view(&traced)
}
