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

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_change_is_followed_and_a_surface_looked_at() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Development").await;
    window.click("switch", "guest_checkout state").await;
    window.text("guest_checkout is off in Development").await;

    window.click("button", "Health").await;
    window.text("surfaces serve the change").await;
    window.click("button", "Close").await;
    window.choose("Surface to look at", "Edge Proxy").await;
    window.click("button", "Run").await;
    window.text("Copy report").await;
    window.text("All 3 surfaces serve the change").await;
    window.picture("health-doctor-light").await;

    window.click("switch", "Provider incident").await;
    window.click("button", "Check now").await;
    window.text("Delayed flag updates on the Edge API").await;
    window.picture("health-incident-light").await;

    window.click("button", "Settings").await;
    window.click("radio", "Dark").await;
    window.click("button", "Health").await;
    window.text("Connection doctor").await;
    window.picture("health-dark").await;
    window.client.set_window_size(1024, 700).await.unwrap();
    window.picture("health-dark-small").await;
    window.click("button", "Activity").await;
    window.text("200 Done").await;
    window.picture("activity-dark-small").await;
    window.close().await;
}
