//! How much longer publishing takes than a bare loop that sends the same requests one after another, where every answer
//! takes 50 ms. `make bench` prints it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement ends at the first thing that is not as expected, and says what it measured"
)]

#[path = "../console/bench.rs"]
mod bench;
#[path = "../console/fakes.rs"]
mod fakes;
#[path = "../console/path.rs"]
mod path;

use std::time::{Duration, Instant};

use halyard_model::ChangeSetState;
use halyard_sandbox::{Effect, Exchange, Fault};
use reqwest::Client;

use bench::{Bench, Path, Place, flipped};

/// Sets, and edits of each: 200 edits.
const SETS: usize = 5;
const EDITS: usize = 40;
/// How long every answer takes, in milliseconds.
const LATENCY: u64 = 50;
/// Most that publishing may take, of the bare loop's time.
const MOST: f64 = 1.1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, for make bench"]
async fn publishing_beside_a_bare_loop() {
    let mut missed = Vec::new();
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let flags = bench
            .console
            .flags(&place.connection, &place.environment)
            .await
            .unwrap();
        let flags: Vec<String> = flags
            .into_iter()
            .map(|facts| facts.flag.key.0)
            .take(EDITS)
            .collect();
        assert_eq!(flags.len(), EDITS);
        bench
            .sandbox
            .faults()
            .add(Fault::of(Effect::Latency { ms: LATENCY }).on(path.surface()));
        let (mut published, mut bare, mut requests) = (Duration::ZERO, Duration::ZERO, 0);
        for _ in 0..SETS {
            let (took, sent) = publish(&bench, &place, &flags).await;
            published += took;
            requests += sent.len();
            bare += replay(&bench, &sent).await;
        }
        let ratio = published.as_secs_f64() / bare.as_secs_f64();
        println!(
            "publish/{path:?}: {} edits, {requests} requests, {published:.2?}; a bare loop {bare:.2?}: {:+.1} %",
            SETS * EDITS,
            (ratio - 1.0) * 100.0
        );
        if ratio > MOST {
            missed.push(format!("{path:?}: {ratio:.3} times a bare loop"));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

/// Publishes a set that switches every flag over: how long it took, and what it sent.
async fn publish(bench: &Bench, place: &Place, flags: &[String]) -> (Duration, Vec<Exchange>) {
    // Ends the refresh that follows the set before.
    bench.refresh(place).await.unwrap();
    let mut set = None;
    for flag in flags {
        let change = flipped(&bench.shown(place, flag).await);
        set = bench.stage(place, flag, &change).await.change_set;
    }
    let set = set.unwrap();
    bench.sandbox.clear_journal();
    let begun = Instant::now();
    bench.publish(&set).await;
    let facts = bench.at_rest(&set).await;
    let took = begun.elapsed();
    assert_eq!(facts.set.state, ChangeSetState::Published);
    let answered = |one: &Exchange| one.status.is_some();
    (
        took,
        bench.sandbox.journal().into_iter().filter(answered).collect(),
    )
}

/// Sends requests again, one after the other, whatever is answered: it takes as long.
async fn replay(bench: &Bench, sent: &[Exchange]) -> Duration {
    let client = Client::builder().no_proxy().build().unwrap();
    let address = bench.address();
    let root = address.trim_end_matches("/api/v1/");
    let authorisation = match bench.path {
        Path::EdgeFlags => format!("Bearer {}", bench.key()),
        _ => format!("Api-Key {}", bench.key()),
    };
    let begun = Instant::now();
    for one in sent {
        let request = client
            .request(one.method.parse().unwrap(), format!("{root}{}", one.target))
            .header("authorization", &authorisation)
            .header("content-type", "application/json")
            .body(one.body.clone());
        let _read = request.send().await.unwrap().bytes().await.unwrap();
    }
    begun.elapsed()
}
