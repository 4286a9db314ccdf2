//! Commands that evaluate.

use halyard_model::{ConnectionId, EnvironmentKey, IdentityRecord};
use tauri::State;

use crate::{
    app::Halyard,
    commands::prepare::{preview_input, source_of},
    convert::{preview::preview as preview_view, traits::trait_out},
    error::WireError,
    view::*,
};

/// What an identity gets of every flag, with a reason each.
#[tauri::command]
#[specta::specta]
pub async fn preview(app: State<'_, Halyard>, request: PreviewRequest) -> Result<PreviewView, WireError> {
    preview_of(&app, &request).await
}

/// The same, for whoever has the state.
pub async fn preview_of(app: &Halyard, request: &PreviewRequest) -> Result<PreviewView, WireError> {
    let connection = app
        .console
        .connection(&ConnectionId(request.connection.clone()))
        .await?;
    let input = preview_input(app, request).await?;
    let facts = app
        .console
        .environment(&input.connection, &input.environment)
        .await?;
    let identifier = input.identity.identifier.clone();
    let source = source_of(app, &facts, input.at, input.edits.len()).await?;
    let result = app.console.preview(input).await?;
    Ok(preview_view(result, &identifier, source, &connection, &facts))
}

/// Identities the service knows whose identifier contains a text.
#[tauri::command]
#[specta::specta]
pub async fn find_identities(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    search: String,
) -> Result<Vec<IdentityView>, WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    let found = app
        .console
        .find_identities(&connection, &environment, &search)
        .await?;
    Ok(found
        .into_iter()
        .map(|record| IdentityView {
            id: record.remote_id,
            identifier: record.identifier,
            alias: record.alias,
        })
        .collect())
}

/// The traits the service stores for an identity.
#[tauri::command]
#[specta::specta]
pub async fn identity_traits(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    identity: IdentityView,
) -> Result<Vec<TraitView>, WireError> {
    let (connection, environment) = (ConnectionId(connection), EnvironmentKey(environment));
    let record = IdentityRecord {
        remote_id: identity.id,
        identifier: identity.identifier,
        alias: identity.alias,
    };
    let traits = app
        .console
        .identity_traits(&connection, &environment, &record)
        .await?;
    Ok(traits.into_iter().filter_map(trait_out).collect())
}
