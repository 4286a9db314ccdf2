//! Commands that change flags.

use halyard_console::{EditInput, Outcome};
use halyard_model::{ConnectionId, Edit, EditId, EnvironmentKey, FlagState};
use tauri::State;

use crate::{
    app::Halyard,
    commands::environment,
    convert::{
        edit::{open_edit, outcome as outcome_view},
        field::{changes_in, subject_in},
    },
    error::WireError,
    view::*,
};

/// Writes a change under its precondition, at once.
#[tauri::command]
#[specta::specta]
pub async fn edit(app: State<'_, Halyard>, request: EditRequest) -> Result<OutcomeView, WireError> {
    let connection = ConnectionId(request.connection);
    let service = app.console.connection(&connection).await?.endpoint.service();
    let environment = EnvironmentKey(request.environment);
    let subject = subject_in(request.subject);
    let base = match subject.flag() {
        Some(flag) => Some(
            app.console
                .flag(&connection, &environment, flag)
                .await?
                .flag
                .state
                .into(),
        ),
        None => None,
    };
    let changes = changes_in(service, base.as_ref(), &request.changes)?;
    let input = EditInput {
        connection,
        environment,
        subject,
        revision: request.revision,
        changes,
        confirmed: request.confirmed,
    };
    let outcome = app.console.edit(input).await?;
    shown(&app, outcome).await
}

/// Leads a confirmed edit back, itself under a precondition.
#[tauri::command]
#[specta::specta]
pub async fn undo_edit(app: State<'_, Halyard>, edit: String) -> Result<OutcomeView, WireError> {
    let outcome = app.console.undo(&EditId(edit)).await?;
    shown(&app, outcome).await
}

/// Reads a flag again to learn what became of an edit.
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

async fn shown(app: &Halyard, outcome: Outcome) -> Result<OutcomeView, WireError> {
    let edit = edit_of(&outcome);
    let environment = environment(app, &edit.connection.0, &edit.environment.0).await?;
    // What was written also belongs into the environment document, which only
    // a refresh brings.
    app.refresh_soon(edit.connection.clone(), edit.environment.clone());
    let now = state_now(app, edit_of(&outcome)).await;
    outcome_view(outcome, &environment, now.as_ref())
}

/// What the mirror holds of an edit's flag, where it holds it.
async fn state_now(app: &Halyard, edit: &Edit) -> Option<FlagState> {
    let found = app
        .console
        .flag(&edit.connection, &edit.environment, edit.flag()?)
        .await;
    found.ok().map(|facts| facts.flag.state)
}

fn edit_of(outcome: &Outcome) -> &Edit {
    match outcome {
        Outcome::Confirmed { edit }
        | Outcome::AlreadyThere { edit }
        | Outcome::Conflict { edit }
        | Outcome::Unknown { edit }
        | Outcome::NotDone { edit }
        | Outcome::Staged { edit } => edit,
    }
}
