//! The service goes away: what was read stays readable, and says so.

use halyard_sandbox::{Config, Sandbox};

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_server_that_is_down_leaves_the_mirror() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let window = Window::open(Keychain::Real).await;
    let announcement = sandbox.announcement();
    window
        .connect_flagsmith(
            announcement.flagsmith_text("url"),
            announcement.flagsmith_text("api_key"),
        )
        .await;
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
