//! Pictures of the main screens in both themes and in a small window, for
//! people to look at beside the design.

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn both_themes_and_a_small_window() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Production").await;
    window.find("switch", "new_checkout state").await;
    // Compared with Staging as soon as that is read.
    window.text("In Staging").await;
    window.click("gridcell", "new_checkout").await;
    window.text("Value and weights").await;
    window.picture("look-flags-light").await;

    window.click("button", "Settings").await;
    window.click("radio", "Dark").await;
    window.picture("look-settings-dark").await;
    window.click("button", "Flags").await;
    window.find("switch", "new_checkout state").await;
    window.picture("look-flags-dark").await;

    window.click("button", "Preview").await;
    window.fill("Identity", "u_48213").await;
    window.click("option", "u_48213").await;
    window.text("In segment").await;
    window.picture("look-preview-dark").await;
    window.fill("Filter results", "new_checkout").await;
    window
        .wait_path("//*[@role='row']//*[@role='gridcell'][contains(., 'new_checkout')]")
        .await
        .click()
        .await
        .unwrap();
    window.text("Decides").await;
    window.picture("look-trace-dark").await;

    window.client.set_window_size(1024, 700).await.unwrap();
    window.picture("look-preview-dark-small").await;
    window.click("button", "Flags").await;
    window.find("switch", "new_checkout state").await;
    window.picture("look-panel-dark-small").await;
    window.click("button", "Close details").await;
    window.picture("look-flags-dark-small").await;
    window.close().await;
}
