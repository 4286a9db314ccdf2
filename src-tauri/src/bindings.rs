//! The list of commands and events, from which the UI's typed bindings are made.

use tauri_specta::{Builder, collect_commands, collect_events};

use crate::{commands, events};

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
            commands::connections::set_notices,
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
            commands::preview::identity_traits,
            commands::trace::trace,
            commands::compare::surfaces,
            commands::compare::compare,
            commands::personas::personas,
            commands::personas::save_persona,
            commands::personas::delete_persona,
            commands::cohorts::open_cohort,
            commands::cohorts::write_cohort,
            commands::cohorts::close_cohort,
            commands::cohorts::drop_cohort,
            commands::cohorts::suggested_ranges,
            commands::batch::run_batch,
            commands::batch::cancel_batch,
            commands::impact::impact,
            commands::findings::findings,
            commands::health::health,
            commands::health::check_health,
            commands::doctor::run_doctor,
            commands::doctor::stop_doctor,
            commands::propagation::check_propagation,
            commands::propagation::stop_propagation,
            commands::health::give_up_waiting,
            commands::health::surface_settings,
            commands::health::save_surface_settings,
            commands::health::open_link,
            commands::health::demo_faults,
            commands::health::set_demo_fault,
            commands::activity::activity,
            commands::activity::exchange,
            commands::activity::export_activity,
            commands::activity::clear_activity
        ])
        .events(collect_events![
            events::Changed,
            events::RefreshProgress,
            events::BatchProgress,
            events::DoctorProgress
        ])
}
