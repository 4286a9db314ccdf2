//! Commands that read what is edited beside flags' states.

use tauri::State;

use crate::{app::Halyard, commands::not_yet, error::WireError, view::*};

/// Any subject with its fields; of one that does not exist, those to begin with.
#[tauri::command]
#[specta::specta]
pub async fn subject_fields(
    _app: State<'_, Halyard>,
    _connection: String,
    _environment: String,
    _subject: SubjectView,
) -> Result<SubjectFieldsView, WireError> {
    not_yet()
}

/// The identities that override a flag, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn identity_overrides(
    _app: State<'_, Halyard>,
    _connection: String,
    _environment: String,
    _flag: String,
) -> Result<Vec<IdentityOverrideView>, WireError> {
    not_yet()
}

/// The segments, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn segments(
    _app: State<'_, Halyard>,
    _connection: String,
    _environment: String,
) -> Result<SegmentListView, WireError> {
    not_yet()
}

/// One segment in full, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn segment_detail(
    _app: State<'_, Halyard>,
    _connection: String,
    _environment: String,
    _segment: String,
) -> Result<SegmentDetailView, WireError> {
    not_yet()
}

/// One identity: traits from the service, overrides from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn identity_detail(
    _app: State<'_, Halyard>,
    _connection: String,
    _environment: String,
    _identity: String,
) -> Result<IdentityDetailView, WireError> {
    not_yet()
}

/// The configs of an EdgeFlags project, from the mirror.
#[tauri::command]
#[specta::specta]
pub async fn configs(
    _app: State<'_, Halyard>,
    _connection: String,
    _environment: String,
) -> Result<ConfigListView, WireError> {
    not_yet()
}
