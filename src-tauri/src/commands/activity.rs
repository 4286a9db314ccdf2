//! Commands on the requests that were made.

use halyard_model::ConnectionId;
use tauri::State;

use crate::{
    app::Halyard,
    convert::activity::{detail, filter_in, format_in, id_in, names, page},
    error::WireError,
    view::*,
};

/// Requests that were made, the newest first.
#[tauri::command]
#[specta::specta]
pub async fn activity(app: State<'_, Halyard>, request: ActivityRequest) -> Result<ActivityView, WireError> {
    let before = request.before.as_deref().map(id_in).transpose()?;
    let found = app
        .console
        .activity(&filter_in(&request), before, request.most)
        .await?;
    Ok(page(&found, &names(app.console.connections().await?)))
}

/// One request in full.
#[tauri::command]
#[specta::specta]
pub async fn exchange(app: State<'_, Halyard>, id: String) -> Result<ExchangeDetailView, WireError> {
    let facts = app.console.exchange(id_in(&id)?).await?;
    Ok(detail(facts, &names(app.console.connections().await?)))
}

/// The listed requests as text for a support ticket, without keys, query
/// values and personal data.
#[tauri::command]
#[specta::specta]
pub async fn export_activity(
    app: State<'_, Halyard>,
    request: ActivityRequest,
    format: ActivityFormatView,
) -> Result<String, WireError> {
    Ok(app
        .console
        .export_activity(&filter_in(&request), format_in(format))
        .await?)
}

/// Forgets the requests of a connection, or all.
#[tauri::command]
#[specta::specta]
pub async fn clear_activity(app: State<'_, Halyard>, connection: Option<String>) -> Result<(), WireError> {
    Ok(app
        .console
        .clear_activity(connection.map(ConnectionId).as_ref())
        .await?)
}
