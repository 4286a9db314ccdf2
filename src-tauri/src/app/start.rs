//! Starting: folder, log, mirror, console, window, background work.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use halyard_console::{Beginning, Console, Encryption, SystemClock, secret::SystemKeychain};
use tauri::{App, AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};
use tokio_util::sync::CancellationToken;

use super::{
    Halyard, bridge, data_folder,
    files::{file_in, hand_over},
    folder::moved_folder,
    log,
};
use crate::{bindings, view::NoticeView};

/// The smallest useful window, in logical pixels.
const SMALLEST: (f64, f64) = (880.0, 600.0);

/// Opens the window and runs until it is closed.
pub fn run() -> Result<(), tauri::Error> {
    let commands = bindings::builder();
    let mut builder = tauri::Builder::default();
    // A moved data folder is a Halyard of its own: it must not hand over to
    // the one that runs on the usual folder.
    if moved_folder().is_none() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, arguments, folder| {
            show(app);
            if let Some(path) = file_in(&arguments, Path::new(&folder)) {
                hand_over(app, path);
            }
        }));
    }
    let handler = commands.invoke_handler();
    builder
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(handler)
        .setup(move |app| {
            commands.mount_events(app);
            if let Err(error) = set_up(app) {
                // Returned from here, it would end in a panic and its trace.
                let _unread = writeln!(io::stderr(), "Halyard could not start: {error}");
                std::process::exit(1);
            }
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if let tauri::RunEvent::Exit = event {
                app.state::<Halyard>().cancel.cancel();
            }
        });
    Ok(())
}

fn set_up(app: &mut App) -> Result<(), Box<dyn std::error::Error>> {
    let folder = data_folder(app.handle())?;
    // Where the folder cannot be used, the window opens and says so.
    let logging = fs::create_dir_all(&folder).and_then(|()| log::start(&folder));
    let opening = Console::open(&folder, Arc::new(SystemKeychain), Arc::new(SystemClock));
    let (console, beginning) = tauri::async_runtime::block_on(opening)?;
    let failure = logging.err();
    let no_log = failure.as_ref().map(|error| no_log(error, &folder));
    let notices = notice(&beginning, &folder, failure.as_ref())
        .or(no_log)
        .into_iter()
        .collect();
    let cancel = CancellationToken::new();
    app.manage(Halyard::new(
        console.clone(),
        notices,
        folder.clone(),
        cancel.clone(),
    ));
    let state_file = folder.join("window.json");
    app.handle().plugin(
        tauri_plugin_window_state::Builder::default()
            .with_filename(state_file.to_string_lossy())
            .build(),
    )?;
    let window = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Halyard")
        .inner_size(1440.0, 900.0)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        // The page reads dropped files itself; it never learns their paths.
        .disable_drag_drop_handler();
    let web = folder.join("web");
    let window = match room_for_window(&console, &web) {
        Ok(()) => window.data_directory(web),
        // It keeps nothing, and nowhere else.
        Err(_) => window.incognito(true),
    };
    window.build()?;
    // After the window, because it puts a script of its own into each one made
    // later, and that script asks for what this window may not ask.
    app.handle().plugin(tauri_plugin_notification::init())?;
    tauri::async_runtime::spawn(bridge::forward(
        console.clone(),
        app.handle().clone(),
        cancel.clone(),
    ));
    if let Some(path) = started_with() {
        hand_over(app.handle(), path);
    }
    tauri::async_runtime::spawn(work(app.handle().clone(), console, cancel));
    Ok(())
}

/// Makes the folder of what the window remembers by itself, which is plain
/// text, and in which earlier versions kept what was typed. Beside an encrypted
/// local copy there is none.
fn room_for_window(console: &Console, web: &Path) -> io::Result<()> {
    if tauri::async_runtime::block_on(console.is_encrypted()) {
        if let Err(error) = fs::remove_dir_all(web)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "what the window remembered could not be deleted");
        }
        // WebKitGTK lets nobody drive a private window. One that is driven
        // keeps what it will, so that the journeys see what that is.
        if env::var_os("TAURI_WEBVIEW_AUTOMATION").is_none_or(|driven| driven != "true") {
            return Err(io::ErrorKind::Unsupported.into());
        }
    }
    fs::create_dir_all(web)
}

/// The file that this program was started with.
fn started_with() -> Option<PathBuf> {
    let arguments: Vec<String> = env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    file_in(&arguments, &env::current_dir().ok()?)
}

/// What goes on behind the window.
async fn work(app: AppHandle, console: Console, cancel: CancellationToken) {
    console.until_unlocked(&cancel).await;
    if cancel.is_cancelled() {
        return;
    }
    if let Err(error) = console.recover_edits().await {
        tracing::error!(
            error = error.for_log(),
            "the edits of the last run could not be sorted"
        );
    }
    console.probe_key_store().await;
    if console.has_demo().await.unwrap_or_default()
        && let Err(error) = app.state::<Halyard>().start_demo().await
    {
        tracing::error!(sentence = error.sentence, "the demo server could not start again");
    }
    tokio::join!(
        console.keep_refreshing(cancel.clone()),
        console.keep_watching(cancel.clone()),
        console.keep_following(cancel.clone()),
        console.keep_history(cancel.clone()),
        console.keep_publishing(cancel)
    );
}

/// `failure` is why nothing can be written into the folder, where that was seen.
pub(super) fn notice(
    beginning: &Beginning,
    folder: &Path,
    failure: Option<&io::Error>,
) -> Option<NoticeView> {
    let (sentence, kept_as) = match beginning {
        Beginning::Ready => return None,
        Beginning::Damaged { kept_as } => ("The local copy was damaged.", kept_as),
        Beginning::Newer { kept_as } => ("The local copy was made by a newer Halyard.", kept_as),
        Beginning::Unconverted => {
            return Some(NoticeView {
                sentence: "Encrypting the local copy, or making it plain again, was cut off.".into(),
                next_step: "It is as it was before. Try again in Settings.".into(),
            });
        }
        Beginning::Anew { kept_as, now } => {
            let kept_as = kept_as.display();
            let then = match now {
                Encryption::On => "The new one is encrypted, too. Connect again to fill it.",
                Encryption::Off => {
                    "The new one is not encrypted, because no keychain would keep its key. Connect again to fill it."
                }
            };
            return Some(NoticeView {
                sentence: format!(
                    "The local copy was set aside as {kept_as}; with its key it can be read again."
                ),
                next_step: then.into(),
            });
        }
        Beginning::InMemory { reason } => {
            // The system's words say more than the mirror's.
            let reason = failure.map_or_else(|| reason.clone(), ToString::to_string);
            return Some(NoticeView {
                sentence: format!("Halyard cannot use its folder {}: {reason}.", folder.display()),
                next_step: "Nothing is kept after this session. Mend the folder and start Halyard again."
                    .into(),
            });
        }
    };
    let kept_as = kept_as.display();
    Some(NoticeView {
        sentence: sentence.into(),
        next_step: format!(
            "It was set aside as {kept_as}; nothing in it was deleted. Connect again to fill a new one."
        ),
    })
}

fn no_log(error: &io::Error, folder: &Path) -> NoticeView {
    NoticeView {
        sentence: format!("Halyard cannot write its log in {}: {error}.", folder.display()),
        next_step: "Everything else works. Mend the folder and start Halyard again.".into(),
    }
}

/// Brings the window to the front when Halyard is started a second time.
fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        // Each may be refused by the desktop; the others still help.
        let _shown = window.show();
        let _restored = window.unminimize();
        let _focused = window.set_focus();
    }
}
