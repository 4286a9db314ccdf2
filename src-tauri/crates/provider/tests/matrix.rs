//! Every cause, made to happen over real connections, and what is said about
//! it: `matrix/told.json` has the words, row by row. The documentation's table
//! is written from the same words: set `HALYARD_WRITE_DIAGNOSIS` to write it
//! anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    reason = "a test ends at the first thing that is not as expected"
)]

#[path = "matrix/rows.rs"]
mod rows;
#[path = "matrix/stage.rs"]
mod stage;
mod support;

use std::collections::HashSet;
use std::fmt::Write as _;

use halyard_provider::diagnosis::{Context, in_context};
use halyard_provider::{Diagnosis, Failure};
use serde::Deserialize;

/// What must be said, in the order of the rows. Ports and the sandbox's host are
/// written as `flags.example.com`.
const TOLD: &str = include_str!("matrix/told.json");

/// What is said about one row.
#[derive(Debug, PartialEq, Deserialize)]
struct Told {
    cause: String,
    what_happened: String,
    likely_cause: String,
    next_step: String,
}

impl Told {
    fn by(failure: &Failure) -> Told {
        let text = |text: Option<&str>| without_ports(text.unwrap_or_default());
        Told {
            cause: failure.diagnosis.map_or("nothing", Diagnosis::id).to_owned(),
            what_happened: text(Some(&failure.sentence)),
            likely_cause: text(failure.cause.as_deref()),
            next_step: text(failure.next_step.as_deref()),
        }
    }
}

const DOCUMENTATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/diagnosis.md");

/// Causes that one request to a sandbox on loopback cannot make to happen, and
/// why.
const ELSEWHERE: [(Diagnosis, &str); 9] = [
    (Diagnosis::NoEncryption, "needs a computer without certificates"),
    (Diagnosis::ConnectTimeout, "needs a network that drops packets"),
    (
        Diagnosis::CertificateRefused,
        "needs a certificate that was revoked",
    ),
    (Diagnosis::TlsNothingInCommon, "needs a server with old TLS alone"),
    (Diagnosis::TlsFailed, "stands for what is not told apart"),
    (Diagnosis::ConnectionBroke, "stands for what is not told apart"),
    (
        Diagnosis::ClientKeyForDocument,
        "Halyard reads documents by its own key",
    ),
    (Diagnosis::VersionConflict, "a write makes a conflict of it"),
    (
        Diagnosis::ChangingMeanwhile,
        "needs edits between all parts of a read",
    ),
];

#[test]
fn no_cause_is_left_out() {
    let made: HashSet<Diagnosis> = rows::rows().iter().map(|row| row.0).collect();
    let elsewhere: HashSet<Diagnosis> = ELSEWHERE.iter().map(|(diagnosis, _)| *diagnosis).collect();
    for diagnosis in Diagnosis::ALL {
        let places = usize::from(made.contains(diagnosis)) + usize::from(elsewhere.contains(diagnosis));
        assert_eq!(places, 1, "{} has no row, or a row and an excuse", diagnosis.id());
    }
    assert!(made.len() >= 45, "{}", made.len());
}

#[tokio::test]
async fn every_cause_is_told_in_its_words() {
    let stage = stage::Stage::open().await;
    let (rows, told) = (rows::rows(), told());
    let mut wrong = Vec::new();
    for (rows::Row(diagnosis, remedy, make), told) in rows.iter().zip(&told) {
        let failure = stage.make(make).await;
        let offered = failure.remedy.as_ref().map_or("", |remedy| remedy.id());
        if failure.diagnosis != Some(*diagnosis) || offered != *remedy || Told::by(&failure) != *told {
            wrong.push(format!("{told:#?}\n{remedy}, and was: {offered}: {failure:#?}"));
        }
        if failure.evidence.is_empty() {
            wrong.push(format!("{}: no evidence", diagnosis.id()));
        }
        assert_eq!(
            in_context(&failure, &Context::default()),
            failure,
            "nothing is known more"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_documentation_has_the_same_words() {
    let (rows, told) = (rows::rows(), told());
    let lines: Vec<String> = rows
        .iter()
        .zip(&told)
        .map(|(row, told)| line(row, told))
        .collect();
    let page = page(&lines);
    if std::env::var_os("HALYARD_WRITE_DIAGNOSIS").is_some() {
        std::fs::write(DOCUMENTATION, &page).unwrap();
    }
    let written = std::fs::read_to_string(DOCUMENTATION).unwrap_or_default();
    for (is, should) in written.lines().zip(page.lines()) {
        assert_eq!(is, should, "docs/diagnosis.md says something else");
    }
    assert_eq!(
        written.lines().count(),
        page.lines().count(),
        "docs/diagnosis.md is out of date"
    );
}

/// The words of each row.
fn told() -> Vec<Told> {
    let told: Vec<Told> = serde_json::from_str(TOLD).unwrap();
    let causes: Vec<&str> = told.iter().map(|told| told.cause.as_str()).collect();
    let rows: Vec<&str> = rows::rows().iter().map(|row| row.0.id()).collect();
    assert_eq!(causes, rows, "each row has its words");
    told
}

fn line(row: &rows::Row, told: &Told) -> String {
    let text = |text: &str| text.replace('|', "\\|");
    format!(
        "| `{}` | {} | {} | {} | {} | {} |",
        told.cause,
        row.0.seen(),
        text(&told.what_happened),
        text(&told.likely_cause),
        text(&told.next_step),
        row.1,
    )
}

/// The sandbox's ports and the numbers of its rows differ from run to run.
fn without_ports(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("127.0.0.1:") {
        let (before, after) = rest.split_at(at);
        shown.push_str(before);
        shown.push_str("flags.example.com");
        rest = after["127.0.0.1:".len()..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    (shown + rest).replace("127.0.0.1", "flags.example.com")
}

fn page(lines: &[String]) -> String {
    let mut page = String::from(
        "# What can go wrong, and what Halyard says\n\n\
         Each row is a cause that Halyard tells apart. A test makes every one of them happen over real\n\
         connections and writes this table, so what stands here is what a person reads.\n\n\
         | Cause | Seen | What happened | Likely cause | Next step | Button |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for line in lines {
        page.push_str(line);
        page.push('\n');
    }
    page.push_str("\nThese are told apart as well and are not made to happen by that test:\n\n");
    for (diagnosis, reason) in ELSEWHERE {
        let _ = writeln!(page, "- `{}`: {} ({reason})", diagnosis.id(), diagnosis.seen());
    }
    page
}
