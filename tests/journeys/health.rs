//! What a newcomer sees on Health and Activity when the demo is made to fail.

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_rate_limit_pauses_and_goes_on() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Production").await;
    window.find("switch", "new_checkout state").await;
    window.click("button", "Health").await;
    window.text("Limits").await;
    window.picture("health-light").await;

    window.click("switch", "Too many requests").await;
    window
        .until("switch", "Too many requests", "aria-checked", "true")
        .await;
    window.click("button", "Check now").await;
    window.text("Paused by the rate limit, goes on in").await;
    window.picture("health-paused-light").await;
    window.click("switch", "Too many requests").await;
    window
        .until("switch", "Too many requests", "aria-checked", "false")
        .await;

    window.click("button", "Activity").await;
    window.text("429 Paused").await;
    window.picture("activity-light").await;
    window.close().await;
}
