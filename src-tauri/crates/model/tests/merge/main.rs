//! What a merge must hold for every base, mine and theirs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it counted, and fails where it stands"
)]

mod choices;
mod edits;
mod facts;
mod genome;
mod laws;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Instant,
};

use genome::{Kind, genomes};
use laws::{Case, Counts};
use proptest::test_runner::{Config, TestRunner};

/// Checks every law on so many cases, and that they were not hollow: how often
/// in a thousand cases each thing must at least have happened.
fn check(kind: Kind, cases: u32, at_least: &[(&'static str, u64)]) {
    let began = Instant::now();
    let counts = std::cell::RefCell::new(Counts::default());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        TestRunner::new(config).run(&genomes(), |genome| {
            Case::of(kind, &genome).check(&mut counts.borrow_mut());
            Ok(())
        })
    }));
    match outcome {
        Ok(outcome) => outcome.unwrap_or_else(|error| panic!("{error}")),
        Err(cause) => resume_unwind(cause),
    }
    let counts: BTreeMap<&str, u64> = counts.into_inner().0;
    println!(
        "{kind:?}: {} merges in {:.1} s; {counts:?}",
        counts["merges"],
        began.elapsed().as_secs_f64()
    );
    for (what, least) in at_least {
        let seen = counts.get(what).copied().unwrap_or_default();
        assert!(
            seen * 1000 >= least * u64::from(cases),
            "{what} occurred only {seen} times in {cases} cases"
        );
    }
}

#[test]
fn flag_states() {
    check(
        Kind::FlagState,
        24_000,
        &[
            ("contested", 200),
            ("merged of both", 100),
            ("a value contested", 20),
            ("existence contested", 20),
            ("removed against changed", 10),
            ("order contested", 10),
            ("orders combined", 10),
            ("both added one override", 10),
            ("targeting contested", 5),
            ("undone later and contested", 50),
            ("laid on another base", 5),
            ("laid on what holds it already", 5),
            ("shown as added", 5),
            ("shown as removed", 5),
            ("shown with an order", 1),
        ],
    );
}

#[test]
fn flags() {
    check(
        Kind::Flag,
        16_000,
        &[
            ("contested", 100),
            ("merged of both", 100),
            ("existence contested", 20),
            ("made by both", 5),
            ("shown as tags", 5),
        ],
    );
}

#[test]
fn identity_overrides() {
    check(
        Kind::IdentityOverride,
        14_000,
        &[("contested", 100), ("merged of both", 100), ("made by both", 5)],
    );
}

#[test]
fn segments() {
    check(
        Kind::Segment,
        14_000,
        &[("contested", 100), ("merged of both", 100), ("made by both", 5)],
    );
}

#[test]
fn traits() {
    check(
        Kind::Traits,
        16_000,
        &[("contested", 100), ("merged of both", 50), ("made by both", 5)],
    );
}

#[test]
fn configs() {
    check(
        Kind::Config,
        16_000,
        &[("contested", 100), ("merged of both", 50), ("made by both", 5)],
    );
}
