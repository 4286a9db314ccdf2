//! The service goes away: what was read stays readable, and says so.

use halyard_sandbox::{Config, Sandbox};

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_server_that_is_down_leaves_the_mirror() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let announcement = sandbox.announcement().flagsmith.clone();
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Connect Flagsmith").await;
    window.click("radio", "Own address").await;
    window
        .fill("Address", announcement["url"].as_str().unwrap())
        .await;
    window
        .fill("Key", announcement["api_key"].as_str().unwrap())
        .await;
    window.click("button", "Check").await;
    window.click("button", "Save").await;
    window.click("button", "Development").await;
    window.find("switch", "guest_checkout state").await;

    sandbox.stop().await;
    window.click("button", "Sync").await;
    window.text("Offline: showing snapshot of").await;
    window.find("switch", "guest_checkout state").await;
    window.picture("offline").await;
    window.close().await;
}
