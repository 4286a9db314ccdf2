//! A team at work: five consoles with mirrors of their own and three who save over plain HTTP edit 50 flags at once, in
//! each of the three ways of writing. Whatever a console reports as done replaced what it had compared, or was merged
//! from; the one exception is counted.
//!
//! `HALYARD_TEAM=2000` makes that many edits in each way.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and says what it measured"
)]

mod dice;
#[path = "../console/fakes.rs"]
mod fakes;
mod halyard;
mod judge;
mod maya;
#[path = "../console/path.rs"]
mod path;

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::{join, join_all};
use halyard_model::Flag;
use halyard_sandbox::{Config, Effect, Fault, Sandbox, edgeflags::EdgeFlagsOptions};
use tokio::sync::watch;

use dice::Dice;
use halyard::Halyard;
use judge::{Judge, Tally};
use maya::Maya;
use path::Path;

/// Edits of an ordinary run in each way of writing.
const FEW: usize = 160;
const CONSOLES: usize = 5;
const MAYAS: usize = 3;
const FLAGS: usize = 50;
/// How long the services take to begin with a request, in milliseconds: what is compared is so much older than what is
/// replaced.
const DELAY: u64 = 20;

fn edits() -> usize {
    let asked = std::env::var("HALYARD_TEAM").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(FEW)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_on_v2_is_overwritten_unseen() {
    let tally = team(Path::FlagsmithV2, edits(), DELAY).await;
    fair(&tally);
    assert_eq!(tally.unseen, 0, "{tally}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_on_edgeflags_is_overwritten_at_all() {
    let tally = team(Path::EdgeFlags, edits(), DELAY).await;
    fair(&tally);
    assert_eq!(tally.unseen, 0, "{tally}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_v1_what_is_overwritten_unseen_is_counted() {
    let delays: &[u64] = if edits() > FEW {
        &[0, DELAY, 5 * DELAY]
    } else {
        &[DELAY]
    };
    for delay in delays {
        fair(&team(Path::FlagsmithV1, edits(), *delay).await);
    }
}

/// What holds in every way of writing.
fn fair(tally: &Tally) {
    assert!(tally.wrong.is_empty(), "{tally}\n{}", tally.wrong.join("\n"));
    // An override that others made or removed in the gap takes the place that this one was to have: the service says no.
    let late = |words: &String| words.contains("Duplicate priority") || words.contains("have changed since");
    let refused: Vec<&String> = tally.refused.iter().filter(|words| !late(words)).collect();
    assert!(refused.is_empty(), "{tally}\n{refused:?}");
    assert!(
        tally.confirmed > 0 && tally.conflicts > 0 && tally.by_maya > 0,
        "they met: {tally}"
    );
}

async fn team(path: Path, edits: usize, delay: u64) -> Tally {
    let options = EdgeFlagsOptions {
        management_limit: u32::MAX,
        ..EdgeFlagsOptions::default()
    };
    let config = Config {
        history: 20 * edits,
        edgeflags: options,
        ..Config::default()
    };
    let sandbox = Sandbox::start(config).await.unwrap();
    if path == Path::EdgeFlags {
        let maya = Maya::new(&sandbox, path, 0);
        for number in 0..FLAGS / 2 {
            maya.make(&format!("made-{number}")).await;
        }
    }
    let mut consoles = Vec::new();
    for number in 0..CONSOLES {
        consoles.push(Halyard::new(&sandbox, path, &format!("halyard-{number}")).await);
    }
    let mut flags = consoles[0].flags().await;
    let segments: BTreeMap<String, String> = flags
        .iter()
        .flat_map(|flag| &flag.state.segment_overrides)
        .map(|own| (own.segment_id.clone(), own.segment_name.clone()))
        .collect();
    let segments: Vec<(String, String)> = segments.into_iter().take(5).collect();
    // Those with options first, and then as they come.
    flags.sort_by_key(|flag| flag.state.variants.is_empty());
    flags.truncate(FLAGS);
    assert_eq!(flags.len(), FLAGS);
    sandbox
        .faults()
        .add(Fault::of(Effect::Latency { ms: delay }).on(path.surface()));
    let judge = Judge::new(&sandbox, path, &segments);
    at_work(&judge, &consoles, &flags, edits / (CONSOLES + MAYAS)).await;
    let tally = judge.tally().clone();
    println!("{path:?}, {edits} edits, {delay} ms before each request is carried out: {tally}");
    tally
}

/// Everybody makes so many edits. Maya's are quick: she waits for the others' share.
async fn at_work(judge: &Judge<'_>, consoles: &[Halyard], flags: &[Flag], each: usize) {
    let (done, _) = watch::channel(0_usize);
    let halyards = consoles.iter().enumerate().map(|(number, console)| {
        let mut dice = Dice::new(1_000 + number as u64);
        let done = &done;
        async move {
            for edit in 0..each {
                let flag = &dice.pick(flags).key.0;
                let mark = format!("{}-{edit}", console.name);
                console.edit(flag, &mark, &mut dice, judge).await;
                done.send_modify(|done| *done += 1);
            }
        }
    });
    let mayas = (0..MAYAS).map(|number| {
        let maya = Maya::new(judge.sandbox, judge.path, number);
        let mut dice = Dice::new(2_000 + number as u64);
        let mut turn = done.subscribe();
        async move {
            for edit in 0..each {
                let share = edit * CONSOLES;
                drop(turn.wait_for(|done| *done >= share).await.unwrap());
                maya.edit(dice.pick(flags), &format!("maya-{number}-{edit}"), &mut dice)
                    .await;
            }
        }
    });
    join(join_all(halyards), join_all(mayas)).await;
}

/// Tries until something is so. Whoever waits in vain fails after a minute.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect("it became so within a minute")
}
