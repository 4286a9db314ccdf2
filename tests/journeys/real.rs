//! Against a Flagsmith server and an Edge Proxy of your own, where the
//! environment names them: what the sandbox says is held against the real
//! thing. Skipped otherwise.
//!
//! `HALYARD_REAL_ADDRESS` and `HALYARD_REAL_KEY` (an organisation's key) name the
//! server, `HALYARD_REAL_PROXY` the proxy, `HALYARD_REAL_ENVIRONMENT` an
//! environment without protection and `HALYARD_REAL_FLAG` a flag of it, which is
//! turned over.

use std::env;

use crate::window::{Keychain, Window};

fn named(name: &str) -> Option<String> {
    let value = env::var(format!("HALYARD_REAL_{name}")).ok();
    if value.is_none() {
        println!("skipped: HALYARD_REAL_{name} names nothing");
    }
    value
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_change_is_followed_to_a_real_proxy() {
    let (Some(address), Some(key), Some(proxy)) = (named("ADDRESS"), named("KEY"), named("PROXY")) else {
        return;
    };
    let (Some(environment), Some(flag)) = (named("ENVIRONMENT"), named("FLAG")) else {
        return;
    };
    let window = Window::open(Keychain::Real).await;
    window.connect_flagsmith(&address, &key).await;
    // A real server takes its time for each of the lists.
    window.text(&environment).await;
    window.click("button", "Save").await;
    window.click("button", &environment).await;
    window.find("switch", &format!("{flag} state")).await;

    window.click("button", "Settings").await;
    let surfaces = window
        .wait_path("//button[starts-with(@aria-label, 'Surfaces of')]")
        .await;
    surfaces.click().await.unwrap();
    window.click("button", "Add Edge Proxy").await;
    window.fill("Address", &proxy).await;
    window.click("button", "Save").await;
    window.text("Saved").await;
    window.picture("real-settings").await;

    window.click("button", "Health").await;
    window.click("button", "Check now").await;
    window.text("Edge Proxy").await;
    window.picture("real-health").await;
    window.choose("Surface to look at", "Edge Proxy").await;
    window.click("button", "Run").await;
    window.text("Copy report").await;
    window.picture("real-doctor").await;

    window.click("button", "Flags").await;
    window.click("switch", &format!("{flag} state")).await;
    window.text(&format!("{flag} is o")).await;
    window.click("button", "Health").await;
    window.text("surfaces serve the change").await;
    window.text("All 3 surfaces serve the change").await;
    window.picture("real-propagation").await;
    window.click("button", "Settings").await;
    window.click("radio", "Dark").await;
    window.click("button", "Health").await;
    window.text("Propagation check").await;
    window.picture("real-health-dark").await;
    window.close().await;
}
