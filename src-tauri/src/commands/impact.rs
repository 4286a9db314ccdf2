//! What edits would do, while they are typed.

use halyard_console::ImpactInput;
use halyard_model::{ConnectionId, EnvironmentKey, FlagKey};
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
    let environment = EnvironmentKey(request.environment);
    let flag = FlagKey(request.flag);
    let service = app.console.connection(&connection).await?.endpoint.service();
    let edits = drafts_in(&request.edits, service)?;
    let known = app.console.flag(&connection, &environment, &flag).await?.flag;
    let facts = app
        .console
        .impact(ImpactInput {
            connection,
            environment,
            flag,
            edits: edits.clone(),
        })
        .await?;
    let notes = notes(&facts.shares, &edits, &known, facts.failed);
    Ok(impact_view(&facts, &known.state.segment_overrides, notes))
}
