//! A release is prepared on a train: staged offline, published through a pause, and one of it led back.

use halyard_sandbox::{Config, Effect, Fault, MayaEdit, Running, Sandbox, Surface};
use serde_json::{Value, json};

use crate::window::Window;

/// The fifth, whose value is changed, and which a colleague changes meanwhile.
const PRICED: &str = "free_shipping_threshold";

/// What the service itself holds of the flags in Development.
fn held(sandbox: &Running) -> Vec<Value> {
    let environments = sandbox.announcement().flagsmith["environments"].clone();
    let environments = environments.as_array().unwrap();
    let development = environments.iter().find(|one| one["name"] == "Development");
    let key = development.unwrap()["client_key"].as_str().unwrap().to_owned();
    let document = sandbox.flagsmith().document(&key).unwrap();
    document["feature_states"].as_array().unwrap().clone()
}

fn name(state: &Value) -> &str {
    state["feature"]["name"].as_str().unwrap()
}

fn find<'a>(states: &'a [Value], flag: &str) -> &'a Value {
    states.iter().find(|state| name(state) == flag).unwrap()
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn five_edits_staged_offline_are_published_through_a_conflict_and_a_pause() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let window = Window::connected(&sandbox, "Development").await;
    window.find("switch", "guest_checkout state").await;

    // No network: what is staged is staged all the same.
    let faults = sandbox.faults();
    faults.set(Fault::of(Effect::Refuse).on(Surface::Flagsmith));
    let before = held(&sandbox);
    let off: Vec<&str> = before
        .iter()
        .filter(|state| state["enabled"] == true && name(state) != PRICED)
        .map(name)
        .take(4)
        .collect();
    for flag in &off {
        window.fill("Filter flags", flag).await;
        window.click("checkbox", &format!("Select {flag}")).await;
    }
    window.picture("bulk").await;
    window.click("button", "Turn off 4").await;
    window.text("4 edits staged").await;
    window.click("button", "Clear selection").await;
    window.fill("Filter flags", PRICED).await;
    window.click("gridcell", PRICED).await;
    window.fill("Value", "59").await;
    window.click("button", "Stage").await;
    window.click("button", "Changes").await;
    window.text("Publish 5 edits").await;
    window.picture("staged-offline").await;

    // Back online, a colleague was there.
    faults.clear();
    let hers = MayaEdit {
        environment: "Development".into(),
        flag: PRICED.into(),
        value: Some(json!(55)),
        ..MayaEdit::default()
    };
    faults.edit_as_maya(Surface::Flagsmith, &hers).unwrap();
    window.click("button", "Sync").await;
    window.click("button", "Resolve").await;
    window.text("Needs your choice: both sides changed it").await;
    window.picture("resolver").await;
    window.click("radio", "Keep mine").await;
    window.picture("resolver-decided").await;
    window.click("button", "Publish merged result").await;

    // The service asks for patience in the middle; nothing is sent twice.
    faults.set(
        Fault::of(Effect::Throttle { retry_after: Some(6) })
            .on(Surface::Flagsmith)
            .method("PATCH")
            .times(1),
    );
    window.click("button", "Publish 5 edits").await;
    window.text("goes on in").await;
    window.picture("publishing-paused").await;
    window.text("5 of 5 sent").await;
    let after = held(&sandbox);
    for flag in &off {
        assert_eq!(find(&after, flag)["enabled"], false, "{flag}");
    }
    assert_eq!(find(&after, PRICED)["feature_state_value"], 59);
    window.picture("published").await;

    // One of them is led back.
    window.click("button", &format!("More for {}", off[0])).await;
    let undo = format!(
        "//*[@role='row' and @aria-label='{}']//button[normalize-space(.)='Undo']",
        off[0]
    );
    window.wait_path(&undo).await.click().await.unwrap();
    window.text(&format!("{} is on in Development", off[0])).await;
    assert_eq!(find(&held(&sandbox), off[0])["enabled"], true);
    window.picture("led-back").await;
    window.close().await;
    sandbox.stop().await;
}
