//! Pages of a provider, opened in the browser.

use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt;

use crate::error::{ErrorCode, WireError};

/// Opens a page. Only encrypted addresses of the web: a feed is somebody
/// else's text and must not start a program.
pub fn open(app: &AppHandle, link: &str) -> Result<(), WireError> {
    let is_page = link
        .strip_prefix("https://")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric()));
    if !is_page || link.chars().any(|one| one.is_whitespace() || one.is_control()) {
        return Err(WireError::input(
            "link",
            "Only pages whose address begins with https:// are opened.",
        ));
    }
    app.opener().open_url(link, None::<&str>).map_err(|error| {
        let mut wire = WireError::new(ErrorCode::Service, "The page could not be opened in a browser.");
        wire.cause = Some(error.to_string());
        wire.next_step = Some(format!("Open {link} by hand."));
        wire
    })
}
