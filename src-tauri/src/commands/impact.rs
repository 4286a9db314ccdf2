//! What edits would do, while they are typed.

use halyard_console::ImpactInput;
use halyard_model::{ChangeSetId, ConnectionId, EnvironmentKey, FlagKey};
use tauri::State;

use crate::{
    app::Halyard,
    convert::{preview::drafts_in, shares::impact as impact_view},
    error::WireError,
    view::*,
    words::impact::notes,
};

/// What edits would do to one flag over a sample of identities; without edits,
/// who gets what now.
#[tauri::command]
#[specta::specta]
pub async fn impact(app: State<'_, Halyard>, request: ImpactRequest) -> Result<ImpactView, WireError> {
    let connection = ConnectionId(request.connection);
    let service = app.console.connection(&connection).await?.endpoint.service();
    let input = ImpactInput {
        edits: drafts_in(&request.edits, service)?,
        connection,
        environment: EnvironmentKey(request.environment),
        flag: FlagKey(request.flag),
        change_set: request.change_set.map(ChangeSetId),
    };
    weighed(&app, input).await
}

/// The answer to a question about a flag, as it is shown.
pub async fn weighed(app: &Halyard, input: ImpactInput) -> Result<ImpactView, WireError> {
    let known = app
        .console
        .flag(&input.connection, &input.environment, &input.flag)
        .await?
        .flag;
    let edits = input.edits.clone();
    let facts = app.console.impact(input).await?;
    let notes = notes(&facts.shares, &edits, &known, facts.failed);
    Ok(impact_view(&facts, &known.state.segment_overrides, notes))
}
