//! Many identities at once: a file of them, and a run that is cancelled.

use std::fmt::Write as _;

use halyard_sandbox::{Config, Sandbox};

use crate::window::Window;

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_file_of_identities_is_read_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("customers.csv");
    std::fs::write(&file, customers(100_000)).unwrap();
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let window = Window::connected(&sandbox, "Development").await;
    window.text("guest_checkout").await;
    window.click("button", "Preview").await;
    window.click("button", "Batch").await;

    window.click("radio", "A file").await;
    let input = window.wait_path("//input[@type='file']").await;
    input.send_keys(file.to_str().unwrap()).await.unwrap();
    window.text("100,000 identities").await;
    window.text("1 line could not be read").await;
    window.picture("cohort").await;

    window.click("button", "Run").await;
    window.text("100,000 identities of the file, in").await;
    window.fill("Filter flags", "new_checkout").await;
    window.find("row", "new_checkout").await;
    window.picture("distribution").await;
    window.close().await;
    sandbox.stop().await;
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn a_run_is_cancelled() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let window = Window::connected(&sandbox, "Development").await;
    window.text("guest_checkout").await;
    window.click("button", "Preview").await;
    window.click("button", "Batch").await;

    window.click("radio", "Made-up identities").await;
    window.fill("How many", "10000000").await;
    window.click("button", "Run").await;
    window.find("progressbar", "Evaluating in Development").await;
    window.click("button", "Cancel").await;
    window.text("Stopped after").await;
    window.picture("cancelled").await;
    window.close().await;
    sandbox.stop().await;
}

/// A table of customers, one line of which is broken.
fn customers(count: usize) -> String {
    let mut text = "identifier,country,order_count,is_vip,network,lifetime_value\n".to_owned();
    for number in 0..count {
        let country = ["DE", "AT", "NL", "FR", "GB", "US"][number % 6];
        let network = ["4g", "wifi", "3g", "2g"][number % 4];
        let (orders, vip) = (number % 23, number % 17 == 0);
        let value = number % 900;
        writeln!(
            text,
            "customer_{number},{country},{orders},{vip},{network},{value}.5"
        )
        .unwrap();
        if number == 500 {
            text.push_str("\"never closed, DE\nx\"y,1\n");
        }
    }
    text
}
