//! Notices on the desktop, for somebody who looks elsewhere.

use halyard_console::Notice;
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

use crate::words;

/// Shows a notice. A desktop that shows none, or was told not to, is no
/// failure: Health shows the same.
pub fn show(app: &AppHandle, notice: &Notice) {
    let (title, body) = words::notice::told(notice);
    if let Err(error) = app.notification().builder().title(title).body(body).show() {
        tracing::info!(%error, "the desktop shows no notice");
    }
}
