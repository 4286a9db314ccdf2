//! Commands that evaluate a cohort.

use halyard_console::{BatchInput, Clock, SystemClock};
use halyard_model::{ChangeSetId, ConnectionId, EnvironmentKey};
use tauri::{AppHandle, State};
use tauri_specta::Event as _;

use crate::{
    app::Halyard,
    commands::prepare::{drafts, source_of},
    convert::{cohort::choice_in, large_count, moment::at_in, shares::batch},
    error::WireError,
    events::BatchProgress,
    view::*,
    words::{impact, source},
};

/// Evaluates a cohort; with edits, before and after them. Resolves at the end,
/// also when it was cancelled.
#[tauri::command]
#[specta::specta]
pub async fn run_batch(
    app: State<'_, Halyard>,
    window: AppHandle,
    request: BatchRequest,
) -> Result<BatchView, WireError> {
    let connection = ConnectionId(request.connection);
    let environment = EnvironmentKey(request.environment);
    let edits = drafts(&app, (&connection, &environment), &request.edits).await?;
    let facts = app.console.environment(&connection, &environment).await?;
    let began = SystemClock.now();
    let cohort = choice_in(request.cohort)?;
    let at = at_in(request.moment.as_deref())?;
    let input = BatchInput {
        at,
        change_set: request.change_set.map(ChangeSetId),
        job: request.job.clone(),
        connection,
        environment,
        cohort: cohort.clone(),
        edits,
    };
    let edits = input.edits.len();
    let job = request.job;
    let tell = move |progress: halyard_console::BatchProgress| {
        let progress = BatchProgress {
            job: job.clone(),
            done: large_count(progress.done),
            total: large_count(progress.total),
        };
        // A window that is closing hears nothing, which is right.
        let _unheard = progress.emit(&window);
    };
    let results = app.console.run_batch(input, tell).await?;
    let source = match at {
        Some(_) => source_of(&app, &facts, at, edits).await?,
        None => source::mirror_then(&facts.environment.name, edits, facts.status.checked_at, began),
    };
    let named = impact::cohort(&cohort, results.identities, results.cohort);
    Ok(batch(&results, named, source))
}

/// Stops a run. One that is not going on is no error.
#[tauri::command]
#[specta::specta]
pub async fn cancel_batch(app: State<'_, Halyard>, job: String) -> Result<(), WireError> {
    app.console.cancel_batch(&job);
    Ok(())
}
