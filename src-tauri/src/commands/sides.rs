//! Commands on what is compared, taken over and restored.

use std::path::PathBuf;

use halyard_console::{CheckFacts, Draft, PromoteInput, SidesFacts, sides_json};
use halyard_model::{ChangeSetId, Environment, EnvironmentKey, FlagKey, Timestamp};
use tauri::{AppHandle, State};

use crate::{
    app::{Halyard, export_folder},
    commands::impact::shown as impact_shown,
    convert::{
        connection::marks,
        moment::id_in,
        sides::{
            Around, check as check_view, promoted as promoted_view, side_in, sides as sides_view, text::text,
        },
    },
    error::WireError,
    view::*,
    words::time::Clock,
};

/// Two environments or moments beside each other.
#[tauri::command]
#[specta::specta]
pub async fn compare_sides(app: State<'_, Halyard>, a: AtView, b: AtView) -> Result<SidesView, WireError> {
    let facts = app.console.compare_sides(&side_in(&a)?, &side_in(&b)?).await?;
    shown(&app, &facts).await
}

/// A comparison, as it is shown.
pub async fn shown(app: &Halyard, facts: &SidesFacts) -> Result<SidesView, WireError> {
    let clock = Clock::local();
    let around = Around {
        marks: [
            mark_of(app, &facts.a.at.connection, &facts.a.at.environment).await?,
            mark_of(app, &facts.b.at.connection, &facts.b.at.environment).await?,
        ],
        now: now(),
        clock: &clock,
    };
    Ok(sides_view(facts, &around))
}

async fn mark_of(
    app: &Halyard,
    connection: &halyard_model::ConnectionId,
    environment: &EnvironmentKey,
) -> Result<MarkView, WireError> {
    let all: Vec<Environment> = app
        .console
        .environments(connection)
        .await?
        .into_iter()
        .map(|facts| facts.environment)
        .collect();
    let place = all.iter().position(|one| one.key == *environment);
    let mark = place.and_then(|place| marks(all.iter()).get(place).copied());
    Ok(mark.unwrap_or(MarkView::Development))
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// The same as text or JSON, to be kept.
#[tauri::command]
#[specta::specta]
pub async fn export_sides(
    handle: AppHandle,
    app: State<'_, Halyard>,
    a: AtView,
    b: AtView,
    format: DiffFormatView,
) -> Result<ExportedFileView, WireError> {
    let folder = export_folder(&handle)?;
    let facts = app.console.compare_sides(&side_in(&a)?, &side_in(&b)?).await?;
    let (content, ending) = match format {
        DiffFormatView::Text => (text(&shown(&app, &facts).await?), "txt"),
        DiffFormatView::Json => (sides_json(&facts), "json"),
    };
    written(folder, &facts, content, ending).await
}

/// Writes a comparison under a name that no file has yet.
async fn written(
    folder: PathBuf,
    facts: &SidesFacts,
    content: String,
    ending: &'static str,
) -> Result<ExportedFileView, WireError> {
    let named = |name: &str| -> String {
        let plain = name.chars().map(|letter| match letter.is_alphanumeric() {
            true => letter.to_ascii_lowercase(),
            false => '-',
        });
        plain.take(40).collect()
    };
    let (a, b) = (
        named(&facts.a.environment.environment.name),
        named(&facts.b.environment.environment.name),
    );
    let day = jiff::Zoned::now().strftime("%Y-%m-%d").to_string();
    let name = format!("compare-{a}-{b}-{day}");
    let place = folder.clone();
    let done = tauri::async_runtime::spawn_blocking(move || write_new(&place, &name, ending, &content)).await;
    let path = match done {
        Ok(Ok(path)) => path,
        Ok(Err(error)) => {
            return Err(WireError::input(
                "",
                format!("The file could not be written: {error}."),
            ));
        }
        Err(error) => {
            return Err(WireError::input(
                "",
                format!("The file could not be written: {error}."),
            ));
        }
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let within = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(ExportedFileView {
        sentence: format!(
            "Saved {} to {}.",
            name.unwrap_or_default(),
            within.unwrap_or_else(|| folder.display().to_string())
        ),
        path: path.display().to_string(),
    })
}

fn write_new(folder: &std::path::Path, name: &str, ending: &str, content: &str) -> std::io::Result<PathBuf> {
    use std::io::Write;
    let mut number = 1;
    loop {
        let path = match number {
            1 => folder.join(format!("{name}.{ending}")),
            number => folder.join(format!("{name}-{number}.{ending}")),
        };
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(content.as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1_000 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn request_in(request: PromoteRequest) -> Result<PromoteInput, WireError> {
    Ok(PromoteInput {
        a: side_in(&request.a)?,
        b: side_in(&request.b)?,
        picked: request.picked,
        change_set: request.change_set.map(ChangeSetId),
    })
}

/// What taking differences over would do; nothing is staged.
#[tauri::command]
#[specta::specta]
pub async fn check_promotion(
    app: State<'_, Halyard>,
    request: PromoteRequest,
) -> Result<PromoteCheckView, WireError> {
    check_of(&app, request).await
}

/// The same, as it is shown.
pub async fn check_of(app: &Halyard, request: PromoteRequest) -> Result<PromoteCheckView, WireError> {
    let found: CheckFacts = app.console.check_promotion(&request_in(request)?).await?;
    let drafts: Vec<Draft> = found.edits.iter().map(Draft::of_edit).collect();
    let at = &found.facts.b.at;
    let mut impact = Vec::with_capacity(found.impact.len());
    for facts in &found.impact {
        let flag = &facts.shares.flag;
        let known = app.console.flag(&at.connection, &at.environment, flag).await.ok();
        let of_flag: Vec<Draft> = drafts
            .iter()
            .filter(|draft| draft.subject.flag() == Some(flag))
            .cloned()
            .collect();
        impact.push(impact_shown(
            facts,
            &of_flag,
            known.map(|known| known.flag).as_ref(),
        ));
    }
    Ok(check_view(&found, impact))
}

/// Stages what was ticked into a change set.
#[tauri::command]
#[specta::specta]
pub async fn promote(app: State<'_, Halyard>, request: PromoteRequest) -> Result<PromotedView, WireError> {
    promote_of(&app, request).await
}

/// The same, as it is shown.
pub async fn promote_of(app: &Halyard, request: PromoteRequest) -> Result<PromotedView, WireError> {
    let promoted = app.console.promote(request_in(request)?).await?;
    Ok(promoted_view(&promoted))
}

/// Stages what leads a flag, or the whole environment where `flag` is `null`,
/// back to a moment.
#[tauri::command]
#[specta::specta]
pub async fn restore(
    app: State<'_, Halyard>,
    moment: String,
    flag: Option<String>,
) -> Result<PromotedView, WireError> {
    let flag = flag.map(FlagKey);
    let restored = app.console.restore(id_in(&moment)?, flag.as_ref()).await?;
    Ok(promoted_view(&restored))
}
