//! Commands on the timeline and on how long it is kept.

use halyard_console::TimelineInput;
use halyard_model::{Connection, ConnectionId, Environment, EnvironmentKey, FlagKey, Timestamp};
use tauri::State;

use crate::{
    app::Halyard,
    convert::moment::{Around, at_in, id_in, retention as retention_view, retention_in},
    error::{ErrorCode, WireError},
    view::*,
    words::{moment as words, time::Clock},
};

/// Errors of a refresh after which what was seen last is still worth keeping.
const WORTH_KEEPING: [ErrorCode; 4] = [
    ErrorCode::Unreachable,
    ErrorCode::RateLimited,
    ErrorCode::Service,
    ErrorCode::Key,
];

/// The most damaged parts that are named.
const MOST_DAMAGED: usize = 20;

/// A page of the timeline.
#[tauri::command]
#[specta::specta]
pub async fn timeline(app: State<'_, Halyard>, request: TimelineRequest) -> Result<TimelineView, WireError> {
    timeline_of(&app, request).await
}

/// The same, for whoever has the state.
pub async fn timeline_of(app: &Halyard, request: TimelineRequest) -> Result<TimelineView, WireError> {
    let connection = app.console.connection(&ConnectionId(request.connection)).await?;
    let page = app
        .console
        .timeline(TimelineInput {
            connection: connection.id.clone(),
            environments: request.environments.into_iter().map(EnvironmentKey).collect(),
            kept_only: request.pinned_only,
            before: at_in(request.before.as_deref())?,
            limit: request.limit,
        })
        .await?;
    let around = around(app, &connection, &page.environments);
    let mut damaged = Vec::new();
    for part in page.damaged.iter().take(MOST_DAMAGED) {
        // One that was pruned since is damaged no more.
        let Ok(moment) = app.console.moment(part.moment).await else {
            continue;
        };
        if moment.connection == connection.id {
            let name = around.name(&moment.environment.0);
            damaged.push(words::damaged(
                &part.what,
                &moment,
                name,
                around.now,
                &around.clock,
            ));
        }
    }
    Ok(around.timeline(&page, damaged))
}

/// What an environment was at a time, in seconds since the Unix epoch.
#[tauri::command]
#[specta::specta]
pub async fn moment_at(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    at: u32,
) -> Result<MomentAtView, WireError> {
    let connection = app.console.connection(&ConnectionId(connection)).await?;
    let key = EnvironmentKey(environment);
    // The end of the second that was named: what was first seen within it counts.
    let at = Timestamp(i64::from(at) * 1000 + 999);
    let found = app.console.moment_at(&connection.id, &key, at).await?;
    let environments = app.console.environments_of(&connection.id).await?;
    Ok(around(&app, &connection, &environments).moment_at(&key.0, &found))
}

/// The moments that touched a flag in an environment, the newest in front.
#[tauri::command]
#[specta::specta]
pub async fn flag_history(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    flag: String,
) -> Result<Vec<MomentView>, WireError> {
    let connection = app.console.connection(&ConnectionId(connection)).await?;
    let found = app
        .console
        .flag_history(&connection.id, &EnvironmentKey(environment), &FlagKey(flag))
        .await?;
    let environments = app.console.environments_of(&connection.id).await?;
    let around = around(&app, &connection, &environments);
    Ok(found.iter().map(|facts| around.moment(facts)).collect())
}

/// Refreshes an environment and pins what is there then.
#[tauri::command]
#[specta::specta]
pub async fn take_snapshot(
    app: State<'_, Halyard>,
    connection: String,
    environment: String,
    name: Option<String>,
) -> Result<MomentView, WireError> {
    take_snapshot_of(&app, connection, environment, name).await
}

/// The same, for whoever has the state.
pub async fn take_snapshot_of(
    app: &Halyard,
    connection: String,
    environment: String,
    name: Option<String>,
) -> Result<MomentView, WireError> {
    let connection = app.console.connection(&ConnectionId(connection)).await?;
    let key = EnvironmentKey(environment);
    let environments = app.console.environments_of(&connection.id).await?;
    let around = around(app, &connection, &environments);
    match app.console.take(&connection.id, &key, name.as_deref()).await {
        Ok(taken) => Ok(around.moment(&taken)),
        Err(error) => {
            let mut error = WireError::from(error);
            let seen_last = app.console.newest(&connection.id, &key).await?;
            if let (true, Some(seen)) = (WORTH_KEEPING.contains(&error.code), seen_last) {
                let instead = format!(
                    "Or pin what was seen last, on {}.",
                    around.clock.moment(seen.last_seen, around.now)
                );
                error.next_step = Some(match error.next_step.take() {
                    Some(step) => format!("{step} {instead}"),
                    None => instead,
                });
            }
            Err(error)
        }
    }
}

fn around<'a>(app: &Halyard, connection: &'a Connection, environments: &'a [Environment]) -> Around<'a> {
    Around {
        connection,
        environments,
        now: app.console.now(),
        clock: Clock::local(),
    }
}

/// Gives a moment a name; an empty one takes it away.
#[tauri::command]
#[specta::specta]
pub async fn name_moment(app: State<'_, Halyard>, moment: String, name: String) -> Result<(), WireError> {
    Ok(app.console.name_moment(id_in(&moment)?, &name).await?)
}

/// Keeps a moment for ever, or no longer.
#[tauri::command]
#[specta::specta]
pub async fn pin_moment(app: State<'_, Halyard>, moment: String, pinned: bool) -> Result<(), WireError> {
    Ok(app.console.pin_moment(id_in(&moment)?, pinned).await?)
}

/// How long moments are kept.
#[tauri::command]
#[specta::specta]
pub async fn retention(app: State<'_, Halyard>) -> Result<RetentionView, WireError> {
    let used = words::used(app.console.history_size().await?);
    Ok(retention_view(&app.console.retention().await?, used))
}

/// Sets how long moments are kept, and removes what is past it.
#[tauri::command]
#[specta::specta]
pub async fn set_retention(
    app: State<'_, Halyard>,
    days: Option<u32>,
    megabytes: Option<u32>,
) -> Result<RetentionView, WireError> {
    app.console.set_retention(retention_in(days, megabytes)).await?;
    retention(app).await
}
