//! A newcomer: demo, find a flag, toggle it, undo, preview a user.

use crate::window::{Keychain, Window};

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn demo_find_toggle_undo_preview() {
    let window = Window::open(Keychain::Real).await;
    window.text("Welcome to Halyard").await;
    window.picture("first-run").await;

    window.click("button", "Explore the demo").await;
    window.click("button", "Development").await;
    window.fill("Filter flags", "guest_checkout").await;
    window
        .until("switch", "guest_checkout state", "aria-checked", "true")
        .await;
    window.picture("flags").await;

    window.click("switch", "guest_checkout state").await;
    window.text("guest_checkout is off in Development").await;
    window
        .until("switch", "guest_checkout state", "aria-checked", "false")
        .await;
    window.picture("toggled").await;

    window.click("button", "Undo").await;
    window.text("guest_checkout is on in Development").await;
    window
        .until("switch", "guest_checkout state", "aria-checked", "true")
        .await;

    window.click("button", "Preview").await;
    window.fill("Identity", "u_48213").await;
    window.click("option", "u_48213").await;
    window.fill("Filter results", "new_checkout").await;
    window.text("Bucket").await;
    window.picture("preview").await;
    window.close().await;
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_protected_environment_asks_first() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Production").await;
    window.fill("Filter flags", "express_checkout_wallets").await;
    window
        .until(
            "switch",
            "express_checkout_wallets state",
            "aria-checked",
            "false",
        )
        .await;

    window.click("switch", "express_checkout_wallets state").await;
    window.text("Turn on express_checkout_wallets?").await;
    window
        .until(
            "switch",
            "express_checkout_wallets state",
            "aria-checked",
            "false",
        )
        .await;
    window.picture("confirm").await;

    window.click("button", "Turn on in Production").await;
    window.text("express_checkout_wallets is on in Production").await;
    window
        .until("switch", "express_checkout_wallets state", "aria-checked", "true")
        .await;
    window.close().await;
}
