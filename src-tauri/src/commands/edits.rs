//! Commands that change something at once.

use halyard_console::{EditInput, Outcome};
use halyard_model::{ConnectionId, Edit, EditId, EnvironmentKey};
use tauri::State;

use crate::{
    app::Halyard,
    commands::{
        conflicts::shown_conflict,
        environment,
        prepare::{Prepared, named, prepared},
    },
    convert::{
        edit::{open_edit, outcome as outcome_view},
        field::subject_in,
    },
    error::WireError,
    view::*,
};

/// Writes a change under its precondition, at once.
#[tauri::command]
#[specta::specta]
pub async fn edit(app: State<'_, Halyard>, request: EditRequest) -> Result<OutcomeView, WireError> {
    let connection = ConnectionId(request.connection);
    let environment = EnvironmentKey(request.environment);
    let subject = subject_in(request.subject);
    let Prepared {
        service,
        base,
        changes,
        ..
    } = prepared(&app, (&connection, &environment), &subject, &request.changes).await?;
    let input = EditInput {
        connection,
        environment,
        subject: subject.clone(),
        revision: request.revision,
        changes,
        confirmed: request.confirmed,
    };
    let outcome = app.console.edit(input).await.map_err(WireError::from);
    let outcome = outcome.map_err(|error| named(error, service, &subject, base.as_ref()))?;
    shown(&app, outcome).await
}

/// Leads a confirmed edit back, itself under a precondition.
#[tauri::command]
#[specta::specta]
pub async fn undo_edit(app: State<'_, Halyard>, edit: String) -> Result<OutcomeView, WireError> {
    let outcome = app.console.undo(&EditId(edit)).await?;
    shown(&app, outcome).await
}

/// Reads a subject again to learn what became of an edit.
#[tauri::command]
#[specta::specta]
pub async fn settle_edit(app: State<'_, Halyard>, edit: String) -> Result<OutcomeView, WireError> {
    let outcome = app.console.settle(&EditId(edit)).await?;
    shown(&app, outcome).await
}

/// Edits whose outcome is open, of one connection.
#[tauri::command]
#[specta::specta]
pub async fn open_edits(app: State<'_, Halyard>, connection: String) -> Result<Vec<OpenEditView>, WireError> {
    let id = ConnectionId(connection);
    let mut views = Vec::new();
    for edit in app.console.open_edits(&id).await? {
        let environment = environment(&app, &id.0, &edit.environment.0).await?;
        views.push(open_edit(&edit, &environment));
    }
    Ok(views)
}

/// What became of an edit, as the window shows it.
pub async fn shown(app: &Halyard, outcome: Outcome) -> Result<OutcomeView, WireError> {
    let edit = edit_of(&outcome);
    let environment = environment(app, &edit.connection.0, &edit.environment.0).await?;
    // What was written also belongs into the environment document, which only
    // a refresh brings.
    app.refresh_soon(edit.connection.clone(), edit.environment.clone());
    let change_set = match &edit.change_set {
        Some(id) => Some(app.console.change_set(id).await?.set.name),
        None => None,
    };
    let conflict = match &outcome {
        Outcome::Conflict { edit } => shown_conflict(app, &edit.id, &[]).await.ok(),
        _ => None,
    };
    Ok(outcome_view(
        outcome,
        &environment,
        conflict,
        change_set.as_deref(),
    ))
}

fn edit_of(outcome: &Outcome) -> &Edit {
    match outcome {
        Outcome::Confirmed { edit }
        | Outcome::AlreadyThere { edit }
        | Outcome::Conflict { edit }
        | Outcome::Unknown { edit }
        | Outcome::Staged { edit }
        | Outcome::NotDone { edit } => edit,
    }
}
