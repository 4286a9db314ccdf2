//! Killed in the middle of refreshes.

use std::collections::HashMap;

use halyard_mirror::Mirror;
use halyard_model::Service;
use halyard_sandbox::{Effect, Fault, MayaEdit, Moment};
use serde_json::{Value, json};

use crate::stage::{Site, Stage, Work, say};

const ROUNDS: u32 = 51;
const MARK: &str = "stock_low_badge";

/// The marked value in the mirror, after a look at whether everything there is of one collection.
async fn whole(mirror: &Mirror, site: &Site) -> Value {
    let (connection, environment) = (&site.connection, &site.environment);
    assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
    let facts = mirror
        .snapshot_facts(connection, environment)
        .await
        .unwrap()
        .unwrap();
    let flags = mirror.flags(connection, environment).await.unwrap();
    let segments = mirror.segments(connection, environment).await.unwrap();
    let expected = match site.service {
        Service::Flagsmith => (128, 31),
        Service::EdgeFlags => (40, 6),
    };
    assert_eq!((facts.flag_count, facts.segment_count), expected);
    assert_eq!(
        (flags.len(), segments.len()),
        (expected.0 as usize, expected.1 as usize)
    );
    let document = mirror.document(connection, environment).await.unwrap().unwrap();
    assert_eq!(facts.document_bytes, document.len() as u64);
    let document: Value = serde_json::from_str(&document).unwrap();
    match site.service {
        Service::Flagsmith => {
            let told: HashMap<&str, &Value> = document["feature_states"]
                .as_array()
                .unwrap()
                .iter()
                .map(|state| (state["feature"]["name"].as_str().unwrap(), state))
                .collect();
            for flag in &flags {
                let told = told[flag.key.0.as_str()];
                assert_eq!(told["enabled"], json!(flag.state.enabled), "{}", flag.key.0);
                assert_eq!(told["feature_state_value"], flag.state.value.0, "{}", flag.key.0);
            }
        }
        Service::EdgeFlags => {
            let listed = document["flags"].as_array().unwrap();
            let marked = listed.iter().find(|flag| flag["key"] == MARK).unwrap();
            let mark = flags.iter().find(|flag| flag.key.0 == MARK).unwrap();
            let told = &marked["environments"][site.name.as_str()]["value"];
            assert!(told.is_null() || *told == mark.state.value.0);
        }
    }
    let status = mirror.fetch_status(connection, environment).await.unwrap();
    assert!(
        status.checked_at.unwrap() <= facts.fetched_at,
        "no younger than what is there"
    );
    let mark = flags.into_iter().find(|flag| flag.key.0 == MARK).unwrap();
    mark.state.value.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_killed_at_any_instant_leaves_a_whole_snapshot() {
    let mut stage = Stage::new().await;
    let mut situations: HashMap<&str, u32> = HashMap::new();
    let mut before: HashMap<String, Value> = HashMap::new();
    for round in 0..ROUNDS {
        let site = stage.sites[(round % 3) as usize].clone();
        stage.sandbox.clear_journal();
        stage.sandbox.faults().clear();
        let requests = match site.service {
            Service::Flagsmith => 5,
            Service::EdgeFlags => 4,
        };
        // Each round changes something, at some instant of its first refresh, so that there is something to store.
        let maya = Effect::Maya {
            edit: MayaEdit {
                environment: site.name.clone(),
                flag: MARK.into(),
                enabled: None,
                value: Some(json!(1_000 + round)),
                ..MayaEdit::default()
            },
            when: Moment::Before,
            nth: 1 + stage.dice.below(requests) as u32,
        };
        stage.sandbox.faults().add(Fault::of(maya).on(site.surface()));
        let latency = Effect::Latency {
            ms: stage.dice.below(6),
        };
        stage.sandbox.faults().add(Fault::of(latency));
        let kill_at = 1 + stage.dice.below(requests * 3) as usize;
        let answered = stage.dice.below(3) > 0;
        let mut victim = stage.child(Work::Refresh, vec![site.clone()], &[], None);
        stage
            .wait_for(&mut victim, |journal| {
                journal.len() >= kill_at && (!answered || journal[kill_at - 1].status.is_some())
            })
            .await;
        // The last answer is followed by the transaction that stores it all.
        stage.dice.linger(if answered { 40_000 } else { 2_000 });
        victim.kill();

        let (console, mirror) = stage.open().await;
        let mark = whole(&mirror, &site).await;
        let old = before.get(&site.name).cloned();
        let is_new = mark == json!(1_000 + round);
        assert!(
            is_new || old.is_none_or(|old| old == mark),
            "neither the snapshot before nor the one after"
        );
        *situations
            .entry(if is_new {
                "the new snapshot"
            } else {
                "the one before"
            })
            .or_default() += 1;
        stage.sandbox.faults().clear();
        if round % 5 == 0 {
            console
                .refresh(&site.connection, &site.environment)
                .await
                .unwrap();
        }
        before.insert(site.name.clone(), whole(&mirror, &site).await);
        mirror.close().await;
    }
    say(&format!(
        "{ROUNDS} kills while refreshing, after which the mirror held: {situations:?}"
    ));
    assert_eq!(situations.len(), 2, "both were met: {situations:?}");
}
