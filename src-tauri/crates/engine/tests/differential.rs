//! Millions of generated decisions against the reference; `make differential` runs it.
//!
//! `HALYARD_DECISIONS` is how many flag decisions each dialect has to answer, `HALYARD_CORPUS_SEED` what they are made
//! from. Requests stream through the reference, so memory stays small however many there are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc;

use common::{DIALECTS, Tally, generator, number, oracle};
use halyard_engine::Dialect;

/// What the generated requests must contain, as it is written in them, or the comparison proves too little.
const COVERED: [&str; 34] = [
    r#""operator":"EQUAL""#,
    r#""operator":"NOT_EQUAL""#,
    r#""operator":"GREATER_THAN""#,
    r#""operator":"GREATER_THAN_INCLUSIVE""#,
    r#""operator":"LESS_THAN""#,
    r#""operator":"LESS_THAN_INCLUSIVE""#,
    r#""operator":"CONTAINS""#,
    r#""operator":"NOT_CONTAINS""#,
    r#""operator":"REGEX""#,
    r#""operator":"MODULO""#,
    r#""operator":"IN""#,
    r#""operator":"PERCENTAGE_SPLIT""#,
    r#""operator":"IS_SET""#,
    r#""operator":"IS_NOT_SET""#,
    r#""operator":"WHATEVER""#,
    r#""type":"ALL""#,
    r#""type":"ANY""#,
    r#""type":"NONE""#,
    r#"}],"rules":[{"type":"#,
    r#":semver""#,
    r#""property_":"$.identity.identifier""#,
    r#""property_":"$.environment.name""#,
    r#""property_":"$.flags.flag_1.enabled""#,
    r#""property_":"$.flags.flag_1.value""#,
    r#""property_":"$.flags.flag_1.variant""#,
    r#""percentage_allocation":33.333"#,
    r#""priority":null"#,
    r#""priority":1.5"#,
    r#""identity_features":[{"#,
    r#""django_id":null"#,
    r#""django_id":0"#,
    r#""feature_state_value":null"#,
    r#":null,"score""#,
    r#"},null,{"identifier""#,
];

/// A started child's lines of output.
fn lines_of(output: ChildStdout) -> impl Iterator<Item = String> {
    BufReader::with_capacity(1 << 20, output)
        .lines()
        .map(|line| line.unwrap())
}

/// Compares requests in batches, each from a seed of its own, until there are enough decisions.
fn compare_many(name: &'static str, dialect: Dialect, decisions: usize) -> Option<Tally> {
    const BATCH: usize = 1000;
    let first_seed = number("HALYARD_CORPUS_SEED", 2026);
    let mut tally = Tally::default();
    let mut covered = BTreeMap::from(COVERED.map(|part| (part, 0)));
    let mut seed = first_seed;
    while tally.decisions < decisions && tally.differences.is_empty() {
        let mut generator = generator(name, seed, BATCH, &["--identities", "24"])?;
        let mut oracle = oracle(name)?;
        let mut made = generator.stdout(Stdio::piped()).spawn().unwrap();
        let mut asked = oracle
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, mut questions) = (lines_of(made.stdout.take().unwrap()), asked.stdin.take().unwrap());
        let (sender, waiting) = mpsc::channel();
        let forwarder = std::thread::spawn(move || {
            for request in requests {
                questions.write_all(request.as_bytes()).unwrap();
                questions.write_all(b"\n").unwrap();
                sender.send(request).unwrap();
            }
        });
        let mut answered = 0;
        for expected in lines_of(asked.stdout.take().unwrap()) {
            let request = waiting.recv().unwrap();
            for (part, count) in &mut covered {
                *count += usize::from(request.contains(part));
            }
            let request = serde_json::from_str(&request).unwrap();
            tally.compare(&request, &serde_json::from_str(&expected).unwrap(), dialect);
            answered += 1;
        }
        forwarder.join().unwrap();
        assert!(made.wait().unwrap().success() && asked.wait().unwrap().success());
        assert_eq!(answered, BATCH);
        seed += 1;
    }
    println!("{name}: seeds {first_seed} to {}; documents with", seed - 1);
    for (part, count) in covered {
        println!("  {count:7} {part}");
        assert!(count > 0, "no generated document has {part}");
    }
    Some(tally)
}

#[test]
#[ignore = "takes minutes; make differential runs it"]
fn a_million_fresh_decisions_are_as_the_reference_says() {
    let decisions = number("HALYARD_DECISIONS", 1_500_000);
    let threads = DIALECTS.map(|(name, dialect)| {
        (
            name,
            std::thread::spawn(move || compare_many(name, dialect, decisions)),
        )
    });
    for (name, thread) in threads {
        let Some(tally) = thread.join().unwrap() else {
            panic!("no Python engine {name}: make differential needs one");
        };
        tally.report(&format!("differential, {name}"));
        assert!(tally.decisions >= decisions);
    }
}
