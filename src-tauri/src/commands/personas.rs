//! Commands about personas.

use halyard_console::PersonaId;
use halyard_model::ConnectionId;
use tauri::State;

use crate::{
    app::Halyard,
    convert::cohort::{persona as persona_view, persona_in},
    error::WireError,
    view::*,
};

/// A connection's personas, by name.
#[tauri::command]
#[specta::specta]
pub async fn personas(app: State<'_, Halyard>, connection: String) -> Result<Vec<PersonaView>, WireError> {
    let personas = app.console.personas(&ConnectionId(connection)).await?;
    Ok(personas.into_iter().map(persona_view).collect())
}

/// Keeps a persona. An empty id makes a new one.
#[tauri::command]
#[specta::specta]
pub async fn save_persona(
    app: State<'_, Halyard>,
    connection: String,
    persona: PersonaView,
) -> Result<PersonaView, WireError> {
    let input = persona_in(persona)?;
    let saved = app.console.save_persona(&ConnectionId(connection), input).await?;
    Ok(persona_view(saved))
}

/// Forgets a persona. One that is not there is no error.
#[tauri::command]
#[specta::specta]
pub async fn delete_persona(
    app: State<'_, Halyard>,
    connection: String,
    id: String,
) -> Result<(), WireError> {
    app.console
        .delete_persona(&ConnectionId(connection), &PersonaId(id))
        .await?;
    Ok(())
}
