//! Connecting: with a wrong key, with the right one, and without a keychain.
//! The key is looked for wherever it must not be.

use std::{fs, path::Path};

use halyard_sandbox::{Config, Running, Sandbox};

use crate::window::{Keychain, Window};

async fn sandbox() -> Running {
    Sandbox::start(Config::default()).await.unwrap()
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_wrong_key_is_told_by_its_cause() {
    let sandbox = sandbox().await;
    let window = Window::open(Keychain::Real).await;
    let environment_key = sandbox.announcement().flagsmith["environments"][0]["server_key"]
        .as_str()
        .unwrap();
    window
        .connect_flagsmith(sandbox.announcement().flagsmith_text("url"), environment_key)
        .await;
    window.text("This looks like an environment key").await;
    window.picture("wrong-key").await;
    assert!(
        !window.content().await.contains(environment_key),
        "the key field is cleared on submit"
    );
    assert_nowhere(window.folder(), environment_key);
    window.close().await;
    sandbox.stop().await;
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_right_key_opens_the_project_and_stays_in_the_keychain() {
    let sandbox = sandbox().await;
    let key = sandbox.announcement().flagsmith_text("api_key").to_owned();
    let window = Window::open(Keychain::Real).await;
    window
        .connect_flagsmith(sandbox.announcement().flagsmith_text("url"), &key)
        .await;
    window.click("button", "Save").await;
    window.click("button", "Development").await;
    window.fill("Filter flags", "guest_checkout").await;
    window
        .until("switch", "guest_checkout state", "aria-checked", "true")
        .await;
    window.picture("connected").await;
    assert!(
        !window.content().await.contains(&key),
        "no part of the window holds the key"
    );

    let folder = window.close().await;
    assert_nowhere(folder.path(), &key);
    let again = Window::open_on(folder, Keychain::Real).await;
    again.fill("Filter flags", "guest_checkout").await;
    again.click("button", "Sync").await;
    again.text("Synced").await;
    let folder = again.close().await;
    assert_nowhere(folder.path(), &key);
    sandbox.stop().await;
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn without_a_keychain_the_key_is_kept_for_the_session() {
    let sandbox = sandbox().await;
    let key = sandbox.announcement().flagsmith_text("api_key").to_owned();
    let window = Window::open(Keychain::Absent).await;
    window
        .connect_flagsmith(sandbox.announcement().flagsmith_text("url"), &key)
        .await;
    window.text("No system keychain answers").await;
    window.picture("no-keychain").await;
    window.click("button", "Save").await;
    window.click("button", "Development").await;
    window.find("switch", "guest_checkout state").await;
    let folder = window.close().await;
    assert_nowhere(folder.path(), &key);

    let again = Window::open_on(folder, Keychain::Absent).await;
    again.text("key").await;
    again.find("switch", "guest_checkout state").await;
    again.picture("key-missing").await;
    again.close().await;
    sandbox.stop().await;
}

/// Reads every file below a folder and looks for a key.
fn assert_nowhere(folder: &Path, key: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere(&path, key);
        } else if let Ok(bytes) = fs::read(&path) {
            let found = bytes.windows(key.len()).any(|window| window == key.as_bytes());
            assert!(!found, "the key stands in {}", path.display());
        }
    }
}
