//! Killed in the middle of writes.

use std::collections::BTreeMap;

use halyard_console::Console;
use halyard_mirror::Mirror;
use halyard_model::{Edit, EditState, FlagKey};
use halyard_sandbox::{Effect, Fault};

use crate::stage::{Site, Stage, Work, say};

const ROUNDS: u32 = 54;
pub const FLAGS: [&str; 2] = ["guest_checkout", "stock_low_badge"];

fn name(state: &EditState) -> &'static str {
    match state {
        EditState::Pending => "pending",
        EditState::Sent => "sent",
        EditState::Confirmed => "confirmed",
        EditState::Staged | EditState::Refused(_) => "not done",
        EditState::Unknown { .. } => "unknown",
        EditState::Conflicted { .. } => "in conflict",
        EditState::Dropped => "dropped",
    }
}

/// The edits of the flags at a site, the oldest first.
pub async fn edits(mirror: &Mirror, site: &Site, flag: &str) -> Vec<Edit> {
    let key = FlagKey(flag.into());
    mirror
        .edits_for_flag(&site.connection, &site.environment, &key)
        .await
        .unwrap()
}

async fn is_on(console: &Console, site: &Site, flag: &str) -> bool {
    let key = FlagKey(flag.into());
    let facts = console
        .flag(&site.connection, &site.environment, &key)
        .await
        .unwrap();
    facts.flag.state.enabled
}

/// What the service itself holds, past the console and its clients.
pub fn held(stage: &Stage, site: &Site, flag: &str) -> bool {
    match site.surface() {
        halyard_sandbox::Surface::EdgeFlags => {
            let definition = stage.sandbox.edgeflags().flag(flag).unwrap();
            let own = &definition["environments"][site.name.as_str()]["enabled"];
            own.as_bool().or(definition["enabled"].as_bool()).unwrap()
        }
        _ => {
            let document = stage.sandbox.flagsmith().document(&site.environment.0).unwrap();
            let states = document["feature_states"].as_array().unwrap();
            let state = states
                .iter()
                .find(|state| state["feature"]["name"] == flag)
                .unwrap();
            state["enabled"].as_bool().unwrap()
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_killed_at_any_instant_comes_to_a_known_end() {
    let mut stage = Stage::new().await;
    let mut at_kill: BTreeMap<&str, u32> = BTreeMap::new();
    let mut in_the_end: BTreeMap<&str, u32> = BTreeMap::new();
    for round in 0..ROUNDS {
        let site = stage.sites[(round % 3) as usize].clone();
        let (_, mirror) = stage.open().await;
        let mut done = BTreeMap::new();
        let mut began = BTreeMap::new();
        let mut confirmed_before = 0;
        for flag in FLAGS {
            let made = edits(&mirror, &site, flag).await;
            confirmed_before += made
                .iter()
                .filter(|edit| edit.state == EditState::Confirmed)
                .count();
            done.insert(flag, made.len());
            began.insert(flag, held(&stage, &site, flag));
        }
        mirror.close().await;

        stage.sandbox.clear_journal();
        let latency = Effect::Latency {
            ms: stage.dice.below(8),
        };
        stage.sandbox.faults().set(Fault::of(latency).on(site.surface()));
        // Most are killed in the middle of a write; each tenth after its first one, when all is written down.
        let resting = round % 10 == 9;
        let mut victim = stage.child(Work::Toggle, vec![site.clone()], &FLAGS, resting.then_some(1));
        if resting {
            stage
                .until_settled(&mut victim, &site, confirmed_before + 1)
                .await;
        } else {
            let kill_at = 1 + stage.dice.below(if site.versioned { 24 } else { 12 }) as usize;
            let answered = stage.dice.below(2) > 0;
            stage
                .wait_for(&mut victim, |journal| {
                    journal.len() >= kill_at && (!answered || journal[kill_at - 1].status.is_some())
                })
                .await;
        }
        stage.dice.linger(8_000);
        victim.kill();

        let (console, mirror) = stage.open().await;
        assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
        let cut = mirror.open_edits(None).await.unwrap();
        assert!(cut.len() <= 1, "one at a time: {cut:?}");
        *at_kill
            .entry(cut.first().map_or("confirmed", |edit| name(&edit.state)))
            .or_default() += 1;
        console.recover_edits().await.unwrap();
        let open = console.open_edits(&site.connection).await.unwrap();
        assert!(
            open.iter()
                .all(|edit| matches!(edit.state, EditState::Unknown { .. })),
            "{open:?}"
        );
        stage.until_quiet().await;
        if let (Some(edit), 0) = (open.first(), round % 2) {
            console.settle(&edit.id).await.unwrap();
        }
        stage.clock.advance(61_000);
        console
            .refresh(&site.connection, &site.environment)
            .await
            .unwrap();
        assert_eq!(console.open_edits(&site.connection).await.unwrap(), []);

        let mut confirmed = 0;
        for flag in FLAGS {
            let made = edits(&mirror, &site, flag).await.split_off(done[flag]);
            for edit in &made {
                let state = name(&edit.state);
                *in_the_end.entry(state).or_default() += 1;
                assert!(matches!(state, "confirmed" | "not done"), "{edit:?}");
            }
            let counted = made
                .iter()
                .filter(|edit| edit.state == EditState::Confirmed)
                .count();
            confirmed += counted;
            let expected = began[flag] ^ (counted % 2 == 1);
            assert_eq!(
                held(&stage, &site, flag),
                expected,
                "{flag} at {}: {made:?}",
                site.name
            );
            assert_eq!(is_on(&console, &site, flag).await, expected);
        }
        let journal = stage.sandbox.journal();
        let carried_out = journal
            .iter()
            .filter(|one| site.is_write(one) && one.status.is_some_and(|status| status < 300))
            .count();
        assert_eq!(
            carried_out, confirmed,
            "each write was sent once and is known: {journal:#?}"
        );
        mirror.close().await;
    }
    say(&format!(
        "{ROUNDS} kills while writing; the last edit was then: {at_kill:?}; in the end: {in_the_end:?}"
    ));
    assert!(
        at_kill.contains_key("sent") && at_kill.contains_key("confirmed"),
        "{at_kill:?}"
    );
}
