//! The time machine: what was, offline; from one environment to another; back; and to a colleague, as a file.

use std::{fs, path::PathBuf};

use fantoccini::key::Key;
use halyard_sandbox::{Config, Effect, Fault, MayaEdit, Running, Sandbox, Surface};
use serde_json::{Value, json};

use crate::{
    past::{DAY, Past},
    window::{Keychain, Window},
};

/// Its value was another last week.
const PRICED: &str = "free_shipping_threshold";
const LAST_WEEK: u32 = 61;

/// What the service itself holds of a flag in Production.
fn held(sandbox: &Running) -> Value {
    let environments = sandbox.announcement().flagsmith["environments"].clone();
    let environments = environments.as_array().unwrap();
    let production = environments.iter().find(|one| one["name"] == "Production");
    let key = production.unwrap()["client_key"].as_str().unwrap().to_owned();
    let document = sandbox.flagsmith().document(&key).unwrap();
    let states = document["feature_states"].as_array().unwrap().clone();
    let state = states.iter().find(|state| state["feature"]["name"] == PRICED);
    state.unwrap()["feature_state_value"].clone()
}

fn price(sandbox: &Running, value: u32) {
    let edit = MayaEdit {
        environment: "Production".into(),
        flag: PRICED.into(),
        value: Some(json!(value)),
        ..MayaEdit::default()
    };
    sandbox.faults().edit_as_maya(Surface::Flagsmith, &edit).unwrap();
}

/// The rows of the timeline that tell of the priced flag in Production, the newest first.
const PRICED_ROWS: &str = "(//*[@role='grid' and @aria-label='Snapshots']//*[@role='row' \
    and contains(@aria-label, 'free_shipping_threshold') and contains(@aria-label, 'Production')])";

impl Window {
    /// Opens the menu of the older of the two rows, of last week, and chooses from it.
    async fn of_last_week(&self, choice: &str) {
        let more = format!("{PRICED_ROWS}[2]//button[starts-with(@aria-label, 'More for')]");
        self.wait_path(&more).await.click().await.unwrap();
        self.click("menuitem", choice).await;
    }

    /// Goes to Changes and publishes a set, in a protected environment.
    async fn publish(&self, set: &str) {
        self.click("button", "Changes").await;
        let tab = format!("//*[@role='tab' and starts-with(normalize-space(.), '{set}')]");
        self.wait_path(&tab).await.click().await.unwrap();
        let publish = self
            .wait_path("//button[starts-with(normalize-space(.), 'Publish ') and not(@disabled)]")
            .await;
        publish.click().await.unwrap();
        let confirm = self
            .wait_path(
                "//dialog[@open]//button[starts-with(normalize-space(.), 'Publish') and not(@disabled)]",
            )
            .await;
        confirm.click().await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn last_week_is_read_offline_taken_over_led_back_and_sent_to_a_colleague() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let past = Past::begin(folder.path(), &sandbox, 8).await;
    for (value, wait) in [(LAST_WEEK, DAY), (62, 5 * DAY)] {
        past.wait(wait);
        price(&sandbox, value);
        past.refresh().await;
    }
    drop(past);

    // No network: the mirror answers, and says how old it is.
    let faults = sandbox.faults();
    faults.set(Fault::of(Effect::Refuse).on(Surface::Flagsmith));
    let window = Window::open_on(folder, Keychain::Real).await;
    window.click("button", "Production").await;
    window.text("Offline: showing snapshot of").await;
    window.click("button", "Snapshots").await;
    window.wait_path(&format!("{PRICED_ROWS}[2]")).await;
    window.picture("snapshots-offline").await;
    let timeline = window
        .wait_path("//*[@role='grid' and @aria-label='Snapshots']")
        .await;
    // From the newer of the two to the older, wherever they stand.
    let newer = window.wait_path(&format!("{PRICED_ROWS}[1]")).await;
    newer.click().await.unwrap();
    for key in [Key::Down, Key::Enter] {
        timeline.send_keys(&char::from(key).to_string()).await.unwrap();
    }
    let back = window.find("button", "Set B to now").await;
    window.picture("snapshots-scrubbed").await;
    back.click().await.unwrap();

    // What did somebody get last week?
    window.of_last_week("Evaluate at it").await;
    window.fill("Identity", "u_48213").await;
    window.fill("Filter results", PRICED).await;
    window.text(&LAST_WEEK.to_string()).await;
    window.picture("preview-last-week").await;

    // Back online: four aspects of Staging go to Production.
    faults.clear();
    window.click("button", "Production").await;
    window.click("button", "Sync").await;
    window.text("Synced").await;
    window.click("button", "Snapshots").await;
    let state = "//*[@role='tab' and starts-with(normalize-space(.), 'State')]";
    window.wait_path(state).await.click().await.unwrap();
    let mut taken = Vec::new();
    for place in 1..=4 {
        let tick = format!("(//input[@type='checkbox' and starts-with(@aria-label, 'Take over ')])[{place}]");
        let tick = window.wait_path(&tick).await;
        taken.push(tick.attr("aria-label").await.unwrap().unwrap());
        tick.click().await.unwrap();
    }
    window.text("4 of").await;
    window.picture("promote-ticked").await;
    let stage = "//button[starts-with(normalize-space(.), 'Stage ') and contains(normalize-space(.), 'for Production')]";
    window.wait_path(stage).await.click().await.unwrap();
    let sure = "//dialog[@open]//button[starts-with(normalize-space(.), 'Stage ') and not(@disabled)]";
    let sure = window.wait_path(sure).await;
    window.picture("promote-sheet").await;
    sure.click().await.unwrap();
    window.text("Staged").await;
    window.publish("Promote").await;
    window.text("4 of 4 sent").await;
    window.picture("promoted").await;
    window.click("button", "Snapshots").await;
    for label in &taken {
        window
            .vanished(&format!("//input[@aria-label=\"{label}\"]"))
            .await;
    }

    // One flag is led back to last week.
    window.click("button", "Flags").await;
    window.fill("Filter flags", PRICED).await;
    window.click("gridcell", PRICED).await;
    let history = "//*[@role='tab' and starts-with(normalize-space(.), 'History')]";
    window.wait_path(history).await.click().await.unwrap();
    window.picture("flag-history").await;
    let led = window
        .wait_path("(//button[starts-with(@aria-label, 'Restore this flag')])[last()]")
        .await;
    led.click().await.unwrap();
    let back = "//dialog[@open]//button[starts-with(normalize-space(.), 'Stage') and not(@disabled)]";
    let back = window.wait_path(back).await;
    window.picture("restore-sheet").await;
    back.click().await.unwrap();
    window.text("Staged").await;
    window.publish("Restore").await;
    window.changed_to(|| held(&sandbox), &json!(LAST_WEEK)).await;

    // A colleague opens the file, without a key and without a network.
    window.click("button", "Snapshots").await;
    window.of_last_week("Export").await;
    window.picture("export-dialog").await;
    window.click("button", "Export").await;
    window.text("Show in folder").await;
    let folder = window.close().await;
    sandbox.stop().await;
    let files: Vec<PathBuf> = fs::read_dir(folder.path().join("exports"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let theirs = tempfile::tempdir().unwrap();
    let window = Window::open_with(theirs, Keychain::Absent, &[&files[0]]).await;
    window.picture("file-dialog").await;
    let open = "//dialog[@open]//button[normalize-space(.)='Open']";
    window.wait_path(open).await.click().await.unwrap();
    window.text(PRICED).await;
    window.text(&LAST_WEEK.to_string()).await;
    window.picture("file-opened").await;
    window.close().await;
}
