//! What an edit will do is known before it is sent.

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn whom_an_edit_changes_is_told_before_it_is_sent() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Production").await;
    window.fill("Filter flags", "free_shipping_threshold").await;
    window.click("gridcell", "free_shipping_threshold").await;
    window.text("Who gets what").await;

    window.fill("Value", "59").await;
    window.text("identities change value").await;
    window.picture("impact").await;

    // The same edit weighed over a batch.
    window.click("button", "Preview").await;
    window.click("button", "Batch").await;
    window.click("radio", "Made-up identities").await;
    window.fill("How many", "20000").await;
    window.click("button", "Run").await;
    window.text("20,000 identities made up, in").await;
    window.click("row", "free_shipping_threshold").await;
    window.text("Decided by: environment default").await;
    window.picture("flips").await;

    window.click("button", "Flags").await;
    window.click("button", "Review and publish").await;
    window.text("Change the value of free_shipping_threshold?").await;
    window.text("identities change value").await;
    window.picture("confirm-impact").await;
    window.click("button", "Cancel").await;

    // An identity that changes, looked at more closely.
    window.click("button", "Show them").await;
    window.picture("who-changes").await;
    window.close().await;
}
