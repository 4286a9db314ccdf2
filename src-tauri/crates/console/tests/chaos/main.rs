//! Three requests in ten fail, in thirteen ways, for as many operations as asked for: nothing hangs, no
//! edit is lost, no write is made twice, and memory does not grow.
//!
//! `HALYARD_CHAOS=10000` runs that many operations, shared out over the three ways of writing.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and says what it measured"
)]

#[path = "../console/bench.rs"]
mod bench;
#[path = "../console/fakes.rs"]
mod fakes;
mod ledger;
#[path = "../console/path.rs"]
mod path;
mod storm;

use std::time::Duration;

use halyard_console::{Outcome, Resolution};
use serde_json::json;

use bench::{Bench, Path, Place, edit_of, value};
use ledger::Ledger;
use storm::Storm;

/// Operations of an ordinary run.
const FEW: u32 = 300;
/// No operation takes longer than this, whatever befalls its requests.
const HANGS_AFTER: Duration = Duration::from_secs(90);
/// How often an edit is looked at again whose outcome is open.
const LOOKS: u32 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_no_edit_is_lost_and_none_is_made_twice() {
    let asked = std::env::var("HALYARD_CHAOS")
        .ok()
        .and_then(|text| text.parse().ok());
    let operations: u32 = asked.unwrap_or(FEW);
    for path in Path::ALL {
        let report = weather(path, operations / 3).await;
        println!("{path:?}: {report}");
    }
}

async fn weather(path: Path, operations: u32) -> String {
    let (bench, place) = Bench::connected(path).await;
    let flags = text_flags(&bench, &place).await;
    let mut storm = Storm::new(0x5eed ^ path as u64);
    let mut ledger = Ledger::default();
    let mut memory = Vec::new();
    for number in 0..operations {
        if number % 20 == 0 {
            memory.push(resident_kilobytes());
        }
        storm.gather(&bench);
        let flag = &flags[storm.below(flags.len())];
        let operation = async {
            match storm.below(10) {
                0 => {
                    let _may_fail = bench.refresh(&place).await;
                }
                1 => bench.maya_edits(flag, json!(format!("maya-{number}-"))),
                _ => edit(&bench, &place, flag, number, &mut ledger).await,
            }
        };
        tokio::time::timeout(HANGS_AFTER, operation)
            .await
            .unwrap_or_else(|_| panic!("operation {number} on {flag} hangs"));
        ledger.read(&bench);
    }
    bench.sandbox.faults().clear();
    ledger.check(&bench, &place).await;
    let thirds = [1, 2, 3].map(|third| most(&memory[..memory.len() * third / 3]));
    let grown = thirds[2].saturating_sub(thirds[1]);
    if operations >= 2_000 {
        assert!(
            grown < 16 * 1024,
            "the most memory of each third: {thirds:?} kB, and all before it"
        );
    }
    format!("{operations} operations, {ledger}; most memory by the end of each third: {thirds:?} kB")
}

/// An edit whose value names it, and everything a person would do until its outcome is known.
async fn edit(bench: &Bench, place: &Place, flag: &str, number: u32, ledger: &mut Ledger) {
    let marker = format!("edit-{number}-");
    let before = bench
        .mirror
        .open_edits(Some(&place.connection))
        .await
        .unwrap()
        .len();
    let outcome = match bench.edit(place, flag, value(json!(marker))).await {
        Ok(outcome) => outcome,
        Err(error) => {
            ledger.refused(&marker, error.to_string());
            let after = bench
                .mirror
                .open_edits(Some(&place.connection))
                .await
                .unwrap()
                .len();
            assert_eq!(before, after, "{marker}: an edit that surely failed is not open");
            return;
        }
    };
    let id = edit_of(&outcome).id.clone();
    assert!(
        bench.mirror.edit(&id).await.unwrap().is_some(),
        "{marker} is written down"
    );
    let mut outcome = outcome;
    for look in 0..=LOOKS {
        match outcome {
            Outcome::Unknown { .. } => {
                assert!(look < LOOKS, "{marker} stays open");
                // As when a person comes back later: a late commit has happened by then.
                bench.clock.advance(20_000);
                tokio::time::sleep(Duration::from_millis(15)).await;
                if let Ok(settled) = bench.console.settle(&id).await {
                    outcome = settled;
                }
            }
            Outcome::Conflict { .. } => {
                ledger.conflicted(&marker);
                let _done = bench
                    .console
                    .resolve(&id, Resolution::KeepTheirs, None)
                    .await
                    .unwrap();
                return;
            }
            Outcome::Confirmed { .. } => return ledger.confirmed(&marker),
            Outcome::AlreadyThere { .. } | Outcome::NotDone { .. } | Outcome::Staged { .. } => {
                return ledger.not_done(&marker);
            }
        }
    }
}

/// Flags whose value is a text, by key.
async fn text_flags(bench: &Bench, place: &Place) -> Vec<String> {
    let flags = bench
        .console
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    let texts = flags
        .into_iter()
        .filter(|facts| facts.flag.state.value.0.is_string() && facts.flag.state.variants.is_empty())
        .map(|facts| facts.flag.key.0)
        .take(12);
    let texts: Vec<String> = texts.collect();
    assert!(texts.len() >= 3, "the sandbox has flags with texts");
    texts
}

fn most(memory: &[u64]) -> u64 {
    memory.iter().copied().max().unwrap_or_default()
}

/// What this process holds in memory; 0 where the system does not tell.
fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or_default()
}
