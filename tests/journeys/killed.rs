//! The app is killed in the middle of a refresh and of a write: it opens
//! again, shows nothing half-written, and learns what became of the write.
//! `console/tests/crash` does the same many more times without a window.

use halyard_sandbox::{Config, Effect, Fault, Running, Sandbox, Surface};

use crate::window::{Keychain, Window};

const FLAG: &str = "guest_checkout";
const SWITCH: &str = "guest_checkout state";

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn killed_in_a_refresh_and_in_a_write_it_opens_again() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let announcement = sandbox.announcement();
    let mut window = Window::open(Keychain::Real).await;
    window
        .connect_flagsmith(
            announcement.flagsmith_text("url"),
            announcement.flagsmith_text("api_key"),
        )
        .await;
    window.click("button", "Save").await;
    window.click("button", "Development").await;
    window.find("switch", SWITCH).await;

    for act in ["Sync", "toggle", "Sync", "toggle"] {
        // Long enough that the kill falls between two answers.
        let slow = Fault::of(Effect::Latency { ms: 300 }).on(Surface::Flagsmith);
        sandbox.faults().set(slow);
        match act {
            "toggle" => window.click("switch", SWITCH).await,
            _ => window.click("button", "Sync").await,
        }
        let folder = window.kill();
        sandbox.faults().clear();

        window = Window::open_on(folder, Keychain::Real).await;
        window.find("switch", SWITCH).await;
        assert!(
            !window.content().await.contains("was set aside"),
            "the mirror opens"
        );
        window.click("button", "Sync").await;
        let held = if held(&sandbox) { "true" } else { "false" };
        window.until("switch", SWITCH, "aria-checked", held).await;
    }
    window.close().await;
    sandbox.stop().await;
}

/// What the service holds.
fn held(sandbox: &Running) -> bool {
    let key = sandbox.announcement().flagsmith["environments"][0]["client_key"]
        .as_str()
        .unwrap();
    let document = sandbox.flagsmith().document(key).unwrap();
    let states = document["feature_states"].as_array().unwrap();
    let state = states
        .iter()
        .find(|state| state["feature"]["name"] == FLAG)
        .unwrap();
    state["enabled"].as_bool().unwrap()
}
