//! The list of commands and events, from which the UI's typed bindings are made.

use tauri_specta::{Builder, collect_commands, collect_events};

use crate::{commands, events, view};

/// Everything the window may call and hear.
pub fn builder() -> Builder<tauri::Wry> {
    // The shapes are the same both ways; one name each keeps the UI readable.
    Builder::new()
        .disable_serde_phases()
        .commands(collect_commands![
            commands::connections::app,
            commands::connections::start_demo,
            commands::connections::connect,
            commands::connections::draft_environments,
            commands::connections::save_connection,
            commands::connections::save_key,
            commands::connections::discard_draft,
            commands::connections::forget_connection,
            commands::connections::retry_key_store,
            commands::connections::set_theme,
            commands::connections::remember_place,
            commands::environments::set_protection,
            commands::environments::refresh,
            commands::environments::status,
            commands::flags::flags,
            commands::flags::flag_detail,
            commands::edits::edit_flag,
            commands::edits::undo_edit,
            commands::edits::resolve_conflict,
            commands::edits::settle_edit,
            commands::edits::open_edits,
            commands::preview::preview,
            commands::preview::find_identities,
            commands::preview::identity_traits
        ])
        .typ::<view::TraceView>()
        .typ::<view::CompareRequest>()
        .typ::<view::SurfaceChoiceView>()
        .typ::<view::ComparisonView>()
        .typ::<view::PersonaView>()
        .typ::<view::CohortFileView>()
        .typ::<view::BatchRequest>()
        .typ::<view::BatchView>()
        .typ::<view::ImpactRequest>()
        .typ::<view::ImpactView>()
        .typ::<view::FindingView>()
        .events(collect_events![
            events::Changed,
            events::RefreshProgress,
            events::BatchProgress
        ])
}
