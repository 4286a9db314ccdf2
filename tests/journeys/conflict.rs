//! A colleague was faster: the conflict is shown, nothing is overwritten.

use halyard_sandbox::{Config, MayaEdit, Sandbox, Surface};
use serde_json::json;

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_colleagues_change_is_shown_and_kept() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let window = Window::connected(&sandbox, "Development").await;
    window.fill("Filter flags", "free_shipping_threshold").await;
    window
        .until("switch", "free_shipping_threshold state", "aria-checked", "true")
        .await;

    let theirs = MayaEdit {
        environment: "Development".into(),
        flag: "free_shipping_threshold".into(),
        enabled: None,
        value: Some(json!(55)),
        ..MayaEdit::default()
    };
    sandbox
        .faults()
        .edit_as_maya(Surface::Flagsmith, &theirs)
        .unwrap();
    window.click("switch", "free_shipping_threshold state").await;
    window
        .text("after your edit began. Nothing of yours has been sent.")
        .await;
    window.picture("conflict").await;

    window.click("button", "Discard my edits").await;
    window
        .until("switch", "free_shipping_threshold state", "aria-checked", "true")
        .await;
    window.text("55").await;

    // Decided on what is there now, the same wish goes through.
    window.click("switch", "free_shipping_threshold state").await;
    window.text("free_shipping_threshold is off in Development").await;
    window.close().await;
    sandbox.stop().await;
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn edgeflags_is_listed_toggled_and_previewed() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Connection Acme Store").await;
    window.click("button", "Acme Edge, Demo, EdgeFlags").await;
    window.click("button", "development").await;
    window.fill("Filter flags", "guest_checkout").await;
    let before = window
        .find("switch", "guest_checkout state")
        .await
        .attr("aria-checked")
        .await
        .unwrap();
    let (now, state) = if before.as_deref() == Some("true") {
        ("false", "off")
    } else {
        ("true", "on")
    };
    window.click("switch", "guest_checkout state").await;
    window
        .text(&format!("guest_checkout is {state} in development"))
        .await;
    window
        .until("switch", "guest_checkout state", "aria-checked", now)
        .await;
    window.picture("edgeflags").await;

    window.click("button", "Preview").await;
    window.fill("Identity", "u_48213").await;
    window.text("The default.").await;
    window.picture("edgeflags-preview").await;
    window.close().await;
}
