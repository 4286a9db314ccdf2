//! Commands on the timeline, and on what is compared, taken over and restored.

use tauri::State;

use crate::{app::Halyard, error::WireError, view::*};

fn not_yet<T>() -> Result<T, WireError> {
    Err(WireError::input("", "This is being built."))
}

/// A page of the timeline.
#[tauri::command]
#[specta::specta]
pub async fn timeline(_app: State<'_, Halyard>, request: TimelineRequest) -> Result<TimelineView, WireError> {
    let _ = request;
    not_yet()
}

/// What an environment was at a time, in seconds since the Unix epoch.
#[tauri::command]
#[specta::specta]
pub async fn moment_at(
    _app: State<'_, Halyard>,
    connection: String,
    environment: String,
    at: u32,
) -> Result<MomentAtView, WireError> {
    let _ = (connection, environment, at);
    not_yet()
}

/// The moments that touched a flag in an environment, the newest in front.
#[tauri::command]
#[specta::specta]
pub async fn flag_history(
    _app: State<'_, Halyard>,
    connection: String,
    environment: String,
    flag: String,
) -> Result<Vec<MomentView>, WireError> {
    let _ = (connection, environment, flag);
    not_yet()
}

/// Refreshes an environment and pins what is there then.
#[tauri::command]
#[specta::specta]
pub async fn take_snapshot(
    _app: State<'_, Halyard>,
    connection: String,
    environment: String,
    name: Option<String>,
) -> Result<MomentView, WireError> {
    let _ = (connection, environment, name);
    not_yet()
}

/// Gives a moment a name; an empty one takes it away.
#[tauri::command]
#[specta::specta]
pub async fn name_moment(_app: State<'_, Halyard>, moment: String, name: String) -> Result<(), WireError> {
    let _ = (moment, name);
    not_yet()
}

/// Keeps a moment for ever, or no longer.
#[tauri::command]
#[specta::specta]
pub async fn pin_moment(_app: State<'_, Halyard>, moment: String, pinned: bool) -> Result<(), WireError> {
    let _ = (moment, pinned);
    not_yet()
}

/// How long moments are kept.
#[tauri::command]
#[specta::specta]
pub async fn retention(_app: State<'_, Halyard>) -> Result<RetentionView, WireError> {
    not_yet()
}

/// Sets how long moments are kept, and removes what is past it.
#[tauri::command]
#[specta::specta]
pub async fn set_retention(
    _app: State<'_, Halyard>,
    days: Option<u32>,
    megabytes: Option<u32>,
) -> Result<RetentionView, WireError> {
    let _ = (days, megabytes);
    not_yet()
}

/// Two environments or moments beside each other.
#[tauri::command]
#[specta::specta]
pub async fn compare_sides(_app: State<'_, Halyard>, a: AtView, b: AtView) -> Result<SidesView, WireError> {
    let _ = (a, b);
    not_yet()
}

/// The same as text or JSON, to be kept.
#[tauri::command]
#[specta::specta]
pub async fn export_sides(
    _app: State<'_, Halyard>,
    a: AtView,
    b: AtView,
    format: DiffFormatView,
) -> Result<ExportedFileView, WireError> {
    let _ = (a, b, format);
    not_yet()
}

/// What taking differences over would do; nothing is staged.
#[tauri::command]
#[specta::specta]
pub async fn check_promotion(
    _app: State<'_, Halyard>,
    request: PromoteRequest,
) -> Result<PromoteCheckView, WireError> {
    let _ = request;
    not_yet()
}

/// Stages what was ticked into a change set.
#[tauri::command]
#[specta::specta]
pub async fn promote(_app: State<'_, Halyard>, request: PromoteRequest) -> Result<PromotedView, WireError> {
    let _ = request;
    not_yet()
}

/// Stages what leads a flag, or the whole environment where `flag` is `null`,
/// back to a moment.
#[tauri::command]
#[specta::specta]
pub async fn restore(
    _app: State<'_, Halyard>,
    moment: String,
    flag: Option<String>,
) -> Result<PromotedView, WireError> {
    let _ = (moment, flag);
    not_yet()
}

/// Flags beside environments.
#[tauri::command]
#[specta::specta]
pub async fn matrix(_app: State<'_, Halyard>, request: MatrixRequest) -> Result<MatrixView, WireError> {
    let _ = request;
    not_yet()
}

/// What is doubtful about an environment.
#[tauri::command]
#[specta::specta]
pub async fn lint(
    _app: State<'_, Halyard>,
    connection: String,
    environment: String,
) -> Result<LintView, WireError> {
    let _ = (connection, environment);
    not_yet()
}
