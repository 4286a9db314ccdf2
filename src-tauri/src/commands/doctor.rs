//! Commands of the connection doctor.

use halyard_console::{Clock, SystemClock};
use halyard_model::{ConnectionId, EnvironmentKey};
use tauri::{AppHandle, State};
use tauri_specta::Event as _;

use crate::{app::Halyard, convert::doctor::Examined, error::WireError, events::DoctorProgress, view::*};

/// Looks at a surface step by step. Each step is told by an event; the whole
/// is the answer, also when it was stopped.
#[tauri::command]
#[specta::specta]
pub async fn run_doctor(
    app: State<'_, Halyard>,
    window: AppHandle,
    request: DoctorRequest,
) -> Result<DoctorView, WireError> {
    let run = request.run.clone();
    let tell = move |step| {
        let progress = DoctorProgress {
            run: run.clone(),
            step,
        };
        // A window that is closing hears nothing, which is right.
        let _unheard = progress.emit(&window);
    };
    examine(&app, request, &tell).await
}

/// Stops a run of the doctor. One that is not going on is no error.
#[tauri::command]
#[specta::specta]
pub async fn stop_doctor(app: State<'_, Halyard>, run: String) -> Result<(), WireError> {
    app.examinations.stop(&run);
    Ok(())
}

/// The run itself, which tells of its steps to whoever listens.
pub(super) async fn examine(
    app: &Halyard,
    request: DoctorRequest,
    tell: &(dyn Fn(DoctorStepView) + Send + Sync),
) -> Result<DoctorView, WireError> {
    let connection = ConnectionId(request.connection);
    let environment = EnvironmentKey(request.environment);
    let known = app.console.connection(&connection).await?;
    let facts = app.console.environment(&connection, &environment).await?;
    let examined = Examined::new(&known, &facts, &request.surface)?;
    let run = app.examinations.begin(&request.run)?;
    let found = app
        .console
        .run_doctor(
            examined.input(&connection),
            &|finding| tell(examined.step(finding, SystemClock.now())),
            run.cancel(),
        )
        .await?;
    Ok(examined.view(&found, SystemClock.now()))
}
