//! Pictures of the main screens in both themes and in a small window, for
//! people to look at beside the design.

use std::fs;

use fantoccini::elements::Element;
use halyard_sandbox::{Config, MayaEdit, Sandbox, Surface};
use serde_json::json;

use crate::{
    past::{DAY, Past},
    window::{Keychain, Window},
};

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

/// A flag whose value was another last week.
const PRICED: &str = "free_shipping_threshold";

impl Window {
    /// Pictures of what is there in both themes, in a large and in the smallest usual window.
    async fn looks(&self, name: &str) {
        self.looks_of(name, async || ()).await;
    }

    /// The same of what is brought on screen first.
    async fn looks_of(&self, name: &str, bring: impl AsyncFn()) {
        for (width, height, size) in [(1024, 700, "-small"), (1440, 900, "")] {
            self.client.set_window_size(width, height).await.unwrap();
            bring().await;
            self.in_both_themes(&format!("look-{name}{size}")).await;
        }
    }

    async fn bring(&self, element: &Element) {
        let script = "arguments[0].scrollIntoView({block: 'start', behavior: 'instant'})";
        let shown = serde_json::to_value(element).unwrap();
        self.client.execute(script, vec![shown]).await.unwrap();
    }

    /// Clicks what an XPath finds.
    async fn click_path(&self, path: &str) {
        self.wait_path(path).await.click().await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn the_time_machine_in_both_themes_and_sizes() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let past = Past::begin(folder.path(), &sandbox, 8).await;
    for (value, wait) in [(61, DAY), (62, 5 * DAY)] {
        past.wait(wait);
        let edit = MayaEdit {
            environment: "Production".into(),
            flag: PRICED.into(),
            value: Some(json!(value)),
            ..MayaEdit::default()
        };
        sandbox.faults().edit_as_maya(Surface::Flagsmith, &edit).unwrap();
        past.refresh().await;
    }
    drop(past);
    let window = Window::open_on(folder, Keychain::Real).await;
    window.click("button", "Production").await;
    window.find("switch", &format!("{PRICED} state")).await;

    window.click("radio", "Matrix").await;
    window
        .wait_path("//*[@role='gridcell' and contains(., 'Off')]")
        .await;
    window.looks("matrix").await;
    window.click("radio", "Table").await;

    window.click("gridcell", PRICED).await;
    window
        .click_path("//*[@role='tab' and starts-with(normalize-space(.), 'History')]")
        .await;
    window
        .wait_path("//button[starts-with(@aria-label, 'Restore this flag')]")
        .await;
    window.looks("history").await;

    window.click("button", "Health").await;
    let lint = window.find("heading", "Lint").await;
    window.looks_of("lint", async || window.bring(&lint).await).await;

    window.click("button", "Snapshots").await;
    let tab = |name: &str| format!("//*[@role='tab' and starts-with(normalize-space(.), '{name}')]");
    window.click_path(&tab("Value")).await;
    window.click_path("//*[@title='homepage_hero']").await;
    let lines = "//*[contains(., 'Shop coats') and not(.//*[contains(., 'Shop coats')])]";
    window.wait_path(lines).await;
    window.looks("snapshots").await;
    window.click_path(&tab("State")).await;
    for place in 1..=4 {
        let tick = format!("(//input[@type='checkbox' and starts-with(@aria-label, 'Take over ')])[{place}]");
        window.click_path(&tick).await;
    }
    let stage = "//button[starts-with(normalize-space(.), 'Stage ') and contains(normalize-space(.), 'for Production')]";
    window.click_path(stage).await;
    window
        .wait_path("//dialog[@open]//button[starts-with(normalize-space(.), 'Stage ') and not(@disabled)]")
        .await;
    window.looks("promote").await;
    window
        .click_path("//dialog[@open]//button[starts-with(normalize-space(.), 'Cancel')]")
        .await;

    let more = "(//*[@role='grid' and @aria-label='Snapshots']//*[@role='row' \
        and contains(@aria-label, 'free_shipping_threshold')])[2]//button[starts-with(@aria-label, 'More for')]";
    window.click_path(more).await;
    window.click("menuitem", "Export").await;
    window.looks("export").await;
    window.click("button", "Export").await;
    window.text("Show in folder").await;
    window.click("button", "Close").await;
    window.click_path(more).await;
    window.click("menuitem", "Evaluate at it").await;
    window.fill("Identity", "u_48213").await;
    window.fill("Filter results", PRICED).await;
    window.text("61").await;
    window.looks("preview-past").await;
    let folder = window.close().await;
    sandbox.stop().await;

    let mut files = fs::read_dir(folder.path().join("exports")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    let theirs = tempfile::tempdir().unwrap();
    let window = Window::open_with(theirs, Keychain::Absent, &[&file]).await;
    window
        .wait_path("//dialog[@open]//button[normalize-space(.)='Open']")
        .await;
    window.looks("file-dialog").await;
    window
        .click_path("//dialog[@open]//button[normalize-space(.)='Open']")
        .await;
    window.text(PRICED).await;
    window.looks("file").await;
    window.click("button", "Snapshots").await;
    window
        .wait_path("//*[@role='grid' and @aria-label='Snapshots']//*[@role='row']")
        .await;
    window.looks("file-snapshots").await;
    window.close().await;
}
