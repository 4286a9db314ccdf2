//! Documents, identities and cohort files that were damaged at random: errors are welcome, panics are not.
//!
//! The ordinary tests try a few hundred; `make fuzz` goes on for `HALYARD_FUZZ_SECONDS` of processor time. A failure is
//! shrunk and printed; what it was about belongs into `kept.json`, which is tried every time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod damage;
mod inspect;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use damage::{Case, any_case, damaged_bytes};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::Value;

/// How far the cases came.
#[derive(Default)]
struct Reached {
    cases: AtomicUsize,
    compiled: AtomicUsize,
    evaluated: AtomicUsize,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn runner(seed: u64, cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Tries so many damaged documents and cohort files of a seed.
fn try_some(seed: u64, cases: u32, reached: &Reached) {
    let tried = runner(seed, cases).run(&any_case(), |case| {
        let found = inspect::everything(&case);
        reached.cases.fetch_add(1, Ordering::Relaxed);
        reached
            .compiled
            .fetch_add(usize::from(found.compiled), Ordering::Relaxed);
        reached
            .evaluated
            .fetch_add(usize::from(found.evaluated), Ordering::Relaxed);
        Ok(())
    });
    if let Err(TestError::Fail(reason, case)) = &tried {
        panic!("seed {seed}: {reason}\n{}", case.written());
    }
    tried.unwrap();
    let tried = runner(seed, cases).run(&damaged_bytes(), |bytes| {
        inspect::cohort(&bytes);
        Ok(())
    });
    if let Err(TestError::Fail(reason, bytes)) = &tried {
        panic!(
            "seed {seed}: {reason}\ncohort file {:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    tried.unwrap();
}

fn report(reached: &Reached) {
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (cases, compiled, evaluated) = (
        count(&reached.cases),
        count(&reached.compiled),
        count(&reached.evaluated),
    );
    println!(
        "fuzz: {cases} documents, {compiled} compiled, {evaluated} evaluated without a failure of the reference"
    );
    // Damage that nothing survives would not get far.
    assert!(compiled * 6 > cases && evaluated * 10 > cases);
}

#[test]
fn damaged_documents_identities_and_cohorts_never_panic() {
    let reached = Reached::default();
    try_some(2026, 300, &reached);
    report(&reached);
}

#[test]
fn what_once_failed_stays_mended() {
    let text = std::fs::read_to_string(folder().join("fuzz/kept.json")).unwrap();
    let kept: Vec<Value> = serde_json::from_str(&text).unwrap();
    for case in &kept {
        println!("kept: {}", case["about"]);
        inspect::everything(&Case::kept(case));
    }
}

/// Seconds of processor time that this process has used; seconds since the start where the system does not say.
fn processor_seconds(started: std::time::Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    // Fields 14 and 15 of the line, in hundredths.
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => (user + system) / 100.0,
        _ => started.elapsed().as_secs_f64(),
    }
}

#[test]
#[ignore = "takes as long as it is told to; make fuzz runs it"]
fn damage_goes_on_for_the_given_time() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let seconds = number("HALYARD_FUZZ_SECONDS", 600) as f64;
    let first = number("HALYARD_FUZZ_SEED", 1);
    let (reached, started) = (Reached::default(), std::time::Instant::now());
    let (mut seed, mut said) = (first, 0.0);
    while processor_seconds(started) < seconds {
        try_some(seed, 500, &reached);
        seed += 1;
        let now = processor_seconds(started);
        if now - said > 60.0 {
            said = now;
            println!("{now:.0} s of processor time, seeds {first} to {}", seed - 1);
        }
    }
    println!(
        "{:.0} s of processor time, seeds {first} to {}",
        processor_seconds(started),
        seed - 1
    );
    report(&reached);
}
