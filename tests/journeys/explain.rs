//! Why somebody gets what they get: the answer while typing, the trace, what
//! would change it, and what a server says that has fallen behind.

use std::time::{Duration, Instant};

use halyard_sandbox::{Config, Effect, Fault, MayaEdit, Running, Sandbox, Seed, Surface};
use serde_json::json;

use crate::window::{Keychain, Window};

/// The largest project: 400 flags, 400 segments, 5,000 overrides. The window
/// measures from each key to the frame that shows the result; the figures are
/// printed, since a busy machine is no reason to fail.
#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_large_project_answers_while_one_types() {
    let config = Config {
        seed: Seed::Large,
        ..Config::default()
    };
    let sandbox = Sandbox::start(config).await.unwrap();
    let window = Window::connected(&sandbox, "Production").await;
    window.text("flag_0000").await;
    window.click("button", "Preview").await;

    let field = window.find("textbox", "Identity").await;
    let mut measured: Vec<f64> = Vec::new();
    for key in "user_4821_of_acme_retail".chars() {
        field.send_keys(&key.to_string()).await.unwrap();
        measured.push(took(&window, measured.last().copied()).await);
    }
    window.text("flag_0000").await;
    window.picture("large-preview").await;
    measured.sort_by(f64::total_cmp);
    println!(
        "from a key to the frame with 400 results, in the window: median {:.1} ms, slowest {:.1} ms of {}",
        measured[measured.len() / 2],
        measured[measured.len() - 1],
        measured.len()
    );
    window.close().await;
    sandbox.stop().await;
}

/// The window's own measurement of its last answer, once there is a new one.
async fn took(window: &Window, before: Option<f64>) -> f64 {
    let started = Instant::now();
    loop {
        let region = window.wait_path("//*[@data-took-ms]").await;
        let took = region.attr("data-took-ms").await.ok().flatten();
        let took = took.and_then(|text| text.parse().ok());
        match took {
            // Two answers in a row may have taken the same time.
            Some(took) if Some(took) != before || started.elapsed() > Duration::from_secs(2) => return took,
            _ => assert!(started.elapsed() < Duration::from_secs(60), "no answer"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_result_is_explained_and_what_would_change_it_is_tried() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Production").await;
    window.click("button", "Preview").await;
    window.fill("Identity", "u_48213").await;
    window.click("option", "u_48213").await;
    window.fill("Filter results", "new_checkout").await;
    window.text("Bucket").await;
    open_row(&window, "new_checkout").await;
    window.text("Decides").await;
    window.text("EU beta testers").await;
    window.picture("trace").await;

    let before = value_of(&window, "new_checkout").await;
    let offered = window
        .wait_path("//button[starts-with(normalize-space(.), 'Try ')]")
        .await;
    offered.click().await.unwrap();
    window
        .changed(async || value_of(&window, "new_checkout").await, &before)
        .await;
    window.text("added").await;
    window.picture("tried").await;
    window.close().await;
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_server_that_has_fallen_behind_is_found_out() {
    let config = Config {
        proxy_poll: Duration::from_millis(50),
        ..Config::default()
    };
    let sandbox = Sandbox::start(config).await.unwrap();
    let window = connected_with_proxy(&sandbox).await;
    window.text("guest_checkout").await;
    window.click("button", "Preview").await;
    window.fill("Identity", "somebody").await;
    window.text("Environment default.").await;

    sandbox
        .faults()
        .set(Fault::of(Effect::FrozenProxy).on(Surface::EdgeProxy));
    let theirs = MayaEdit {
        environment: "Development".into(),
        flag: "free_shipping_threshold".into(),
        enabled: None,
        value: Some(json!(77)),
        ..MayaEdit::default()
    };
    sandbox
        .faults()
        .edit_as_maya(Surface::Flagsmith, &theirs)
        .unwrap();
    window.click("button", "Sync").await;
    window.fill("Filter results", "free_shipping_threshold").await;
    window.text("77").await;

    window.choose("Server to ask", "Edge Proxy").await;
    window.click("button", "Compare").await;
    window.text("Server says").await;
    window.picture("compared").await;
    window.close().await;
    sandbox.stop().await;
}

async fn connected_with_proxy(sandbox: &Running) -> Window {
    let window = Window::open(Keychain::Real).await;
    let announcement = sandbox.announcement();
    window
        .connect_flagsmith(
            announcement.flagsmith_text("url"),
            announcement.flagsmith_text("api_key"),
        )
        .await;
    window
        .wait_path("//summary[normalize-space(.)='Own addresses']")
        .await
        .click()
        .await
        .unwrap();
    window
        .fill("Edge Proxy addresses", &announcement.edge_proxy.url)
        .await;
    window.click("button", "Save").await;
    window.click("button", "Development").await;
    window
}

async fn open_row(window: &Window, flag: &str) {
    let path = format!("//*[@role='row']//*[@role='gridcell'][contains(., '{flag}')]");
    window.wait_path(&path).await.click().await.unwrap();
}

/// What the row of a flag shows.
async fn value_of(window: &Window, flag: &str) -> String {
    let path = format!("//*[@role='row'][.//*[@role='gridcell'][contains(., '{flag}')]]");
    window.wait_path(&path).await.text().await.unwrap_or_default()
}
