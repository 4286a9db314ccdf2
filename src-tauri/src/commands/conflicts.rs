//! Commands that decide conflicts.

use halyard_console::{ConflictFacts, Resolution};
use halyard_model::{EditId, Merge, Service};
use tauri::State;

use crate::{
    app::Halyard,
    commands::{edits::shown, environment, impact::shown as impact_shown},
    convert::conflict::{Scene, choices_in, conflict as conflict_view},
    error::WireError,
    view::*,
};

/// A conflict field by field, with what is decided so far.
#[tauri::command]
#[specta::specta]
pub async fn conflict(
    app: State<'_, Halyard>,
    edit: String,
    choices: Vec<ChoiceView>,
) -> Result<ConflictView, WireError> {
    shown_conflict(&app, &EditId(edit), &choices).await
}

/// A conflict as it is shown, with what is decided so far.
pub async fn shown_conflict(
    app: &Halyard,
    edit: &EditId,
    choices: &[ChoiceView],
) -> Result<ConflictView, WireError> {
    let facts = app.console.conflict(edit).await?;
    let service = service(app, &facts).await?;
    let merge = decided(service, &facts, choices)?;
    let environment = environment(app, &facts.edit.connection.0, &facts.edit.environment.0).await?;
    let scene = Scene {
        service,
        environment: &environment,
        change_set: facts.change_set.as_ref().map(|set| set.name.as_str()),
        now: facts.now.as_ref(),
        by: facts.by.as_deref(),
    };
    Ok(conflict_view(
        &facts.edit,
        facts.theirs.as_ref(),
        facts.already_sent,
        &merge,
        &scene,
    ))
}

async fn service(app: &Halyard, facts: &ConflictFacts) -> Result<Service, WireError> {
    let connection = app.console.connection(&facts.edit.connection).await?;
    Ok(connection.endpoint.service())
}

fn decided(service: Service, facts: &ConflictFacts, choices: &[ChoiceView]) -> Result<Merge, WireError> {
    let choices = choices_in(service, &facts.edit, &facts.merge, choices)?;
    Ok(facts.merge.decided(&choices))
}

/// What the merged result does against what somebody else made of it, once
/// nothing is contested.
#[tauri::command]
#[specta::specta]
pub async fn conflict_impact(
    app: State<'_, Halyard>,
    edit: String,
    choices: Vec<ChoiceView>,
) -> Result<ImpactView, WireError> {
    let facts = app.console.conflict(&EditId(edit)).await?;
    let service = service(&app, &facts).await?;
    let merge = decided(service, &facts, &choices)?;
    if !merge.contested().is_empty() {
        return Err(WireError::input("choices", "Decide every contested field first."));
    }
    let Some(flag) = facts.edit.flag().cloned() else {
        return Err(WireError::input(
            "choices",
            "What this does is shown for flags only.",
        ));
    };
    let (connection, environment) = (&facts.edit.connection, &facts.edit.environment);
    let known = app.console.flag(connection, environment, &flag).await.ok();
    let known = known.map(|facts| facts.flag);
    let subject = &facts.edit.subject;
    let merged = merge
        .state(subject, facts.theirs.as_ref())
        .map_err(|_| WireError::input("choices", "The merged result makes no state."))?;
    let weighed = app
        .console
        .subject_impact(connection, environment, subject, (facts.theirs.clone(), merged))
        .await?;
    Ok(impact_shown(&weighed, &[], known.as_ref()))
}

/// Writes the merged result under a precondition: against the state that was
/// shown. `confirmed` as in [`EditRequest::confirmed`].
#[tauri::command]
#[specta::specta]
pub async fn resolve_conflict(
    app: State<'_, Halyard>,
    edit: String,
    choices: Vec<ChoiceView>,
    confirmed: Option<String>,
) -> Result<OutcomeView, WireError> {
    let id = EditId(edit);
    let facts = app.console.conflict(&id).await?;
    let service = service(&app, &facts).await?;
    let choices = choices_in(service, &facts.edit, &facts.merge, &choices)?;
    let outcome = app
        .console
        .resolve_fields(&id, &choices, confirmed.as_deref())
        .await?;
    shown(&app, outcome).await
}

/// Gives the edit up and leaves what somebody else made of it.
#[tauri::command]
#[specta::specta]
pub async fn keep_theirs(app: State<'_, Halyard>, edit: String) -> Result<OutcomeView, WireError> {
    let outcome = app
        .console
        .resolve(&EditId(edit), Resolution::KeepTheirs, None)
        .await?;
    shown(&app, outcome).await
}
