//! What edits would do, while they are typed and once they are staged.

use halyard_console::{Draft, DraftOrigin, ImpactFacts, ImpactInput, LeftOut};
use halyard_model::{ChangeSetId, ConnectionId, EnvironmentKey, Flag, FlagKey};
use tauri::State;

use crate::{
    app::Halyard,
    commands::prepare::{drafts, source_of},
    convert::{
        moment::at_in,
        shares::{change_set_impact as change_set_impact_view, impact as impact_view},
        staged::names_of,
    },
    error::WireError,
    view::*,
    words::{foreseen, impact::notes},
};

/// What edits would do to one flag over a sample of identities; without edits,
/// who gets what now.
#[tauri::command]
#[specta::specta]
pub async fn impact(app: State<'_, Halyard>, request: ImpactRequest) -> Result<ImpactView, WireError> {
    let connection = ConnectionId(request.connection);
    let environment = EnvironmentKey(request.environment);
    let flag = FlagKey(request.flag);
    let edits = drafts(&app, (&connection, &environment), &request.edits).await?;
    // One that a staged edit makes is not there yet.
    let known = app.console.flag(&connection, &environment, &flag).await.ok();
    let at = at_in(request.moment.as_deref())?;
    let input = ImpactInput {
        at,
        change_set: request.change_set.map(ChangeSetId),
        connection,
        environment,
        flag,
        edits: edits.clone(),
    };
    let here = app
        .console
        .environment(&input.connection, &input.environment)
        .await?;
    let facts = app.console.impact(input).await?;
    let mut view = shown(&facts, &edits, known.map(|facts| facts.flag).as_ref());
    if at.is_some() {
        let source = source_of(&app, &here, at, 0).await?;
        view.notes.push(format!("Weighed against {source}."));
    }
    Ok(view)
}

/// The answer to a question about a flag, as it is shown.
pub fn shown(facts: &ImpactFacts, edits: &[Draft], known: Option<&Flag>) -> ImpactView {
    let mut told = known.map_or_else(Vec::new, |known| notes(&facts.shares, edits, known, facts.failed));
    told.extend(foreseen::sentences(&facts.notes, foreseen::typed));
    let overrides = known.map(|known| known.state.segment_overrides.as_slice());
    impact_view(facts, overrides.unwrap_or_default(), told)
}

/// What a change set's ticked edits do in one environment.
pub async fn of_change_set(
    app: &Halyard,
    id: &ChangeSetId,
    environment: &EnvironmentKey,
) -> Result<ChangeSetImpactView, WireError> {
    let found = app.console.change_set_impact(id, environment).await?;
    let set = app.console.change_set(id).await?;
    let label = |left_out: &LeftOut| {
        let DraftOrigin::Staged(edit) = &left_out.of else {
            return foreseen::typed(left_out);
        };
        let name = names_of(std::slice::from_ref(edit), &set).concat();
        match &left_out.field {
            Some(field) => format!("{name}, {field},"),
            None => name,
        }
    };
    Ok(change_set_impact_view(
        &found,
        environment,
        foreseen::sentences(&found.notes, label),
    ))
}
