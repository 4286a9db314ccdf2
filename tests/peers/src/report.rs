//! The whole run of `make bench`.

#![allow(clippy::print_stdout, reason = "prints the report")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::budgets;
use crate::callgrind;
use crate::contest::Contest;
use crate::crowd::{self, Measured, Runs};
use crate::edits;
use crate::history;
use crate::official;
use crate::profile::Profile;
use crate::rows::{Row, Samples};
use crate::workload::Contender;

/// Most instructions an evaluation of all flags may take.
const INSTRUCTIONS: [(Profile, f64); 2] = [(Profile::Bench, 25_000.0), (Profile::Large, 235_000.0)];

const HISTORY: &str = "a year of changes to 400 flags, 400 segments and 5,000 overrides, kept";

/// How many times the official crate, called as its SDK calls it, must be slower.
const LEAST_RATIO: f64 = 100.0;

/// Measures everything, prints it and writes `target/bench/report.json`. Gives the gates that were missed.
pub fn run() -> Result<Vec<String>, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut rows = Vec::new();
    println!("load average: {}", load_average());
    section(
        "instructions of one evaluation (callgrind)",
        instructions()?,
        &mut rows,
    );
    let mut contest = Contest::new(&root)?;
    let evaluation = gated(contest.evaluation()?);
    let of_crate = evaluation.iter().find(|row| row.least_ratio.is_some());
    let microseconds = of_crate.and_then(|row| row.peer_value);
    section("all flags of one identity with 15 traits", evaluation, &mut rows);
    let compilation = contest.compilation()?;
    // The peers' processes end here, so that they leave the processors to what follows.
    drop(contest);
    let edits = edits::rows(&compilation)?;
    section("from text to an engine", compilation, &mut rows);
    section("after an edit, and one identity in full", edits, &mut rows);
    section(
        "many identities, in a process of their own",
        crowd(microseconds)?,
        &mut rows,
    );
    section("the rate governor, in virtual time", budgets::rows()?, &mut rows);
    // What was measured before is not lost with it.
    let failed = match history::rows() {
        Ok(found) => {
            section(HISTORY, found, &mut rows);
            None
        }
        Err(error) => Some(format!("history: {error}")),
    };
    println!("\nload average: {}", load_average());
    write(&root.join("target/bench/report.json"), &rows)?;
    Ok(failed
        .into_iter()
        .chain(rows.iter().filter_map(Row::missed))
        .collect())
}

/// Counts instructions only.
pub fn run_instructions() -> Result<Vec<String>, String> {
    let mut rows = Vec::new();
    section(
        "instructions of one evaluation (callgrind)",
        instructions()?,
        &mut rows,
    );
    Ok(rows.iter().filter_map(Row::missed).collect())
}

/// Measures the rate governor only.
pub fn run_governor() -> Result<Vec<String>, String> {
    let mut rows = Vec::new();
    section("the rate governor, in virtual time", budgets::rows()?, &mut rows);
    Ok(rows.iter().filter_map(Row::missed).collect())
}

/// Measures the history store only.
pub fn run_history() -> Result<Vec<String>, String> {
    let mut rows = Vec::new();
    println!("load average: {}", load_average());
    section(HISTORY, history::rows()?, &mut rows);
    println!("\nload average: {}", load_average());
    Ok(rows.iter().filter_map(Row::missed).collect())
}

fn section(title: &str, found: Vec<Row>, rows: &mut Vec<Row>) {
    println!("\n{title}");
    for row in &found {
        println!("  {row}");
    }
    rows.extend(found);
}

fn instructions() -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for profile in Profile::ALL {
        let Some(own) = callgrind::instructions(profile, Contender::Own)? else {
            return Err("valgrind is not installed".to_owned());
        };
        for (contender, way) in [
            (Contender::Cloned, "as its SDK calls it"),
            (Contender::Reused, "context reused"),
        ] {
            let peer = callgrind::instructions(profile, contender)?.unwrap_or_default();
            let name = format!("{}, {way}", official::NAME);
            let mut row = Row::lower(
                format!("instructions/{}/beside {name}", profile.name()),
                own,
                "instructions",
            )
            .beside_value(&name, peer);
            row.limit = INSTRUCTIONS
                .iter()
                .find(|(of, _)| *of == profile)
                .map(|(_, limit)| *limit);
            rows.push(row);
        }
    }
    Ok(rows)
}

fn gated(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        let is_cloned = row
            .peer
            .as_deref()
            .is_some_and(|peer| peer.ends_with("as its SDK calls it"));
        let profile = row.name.split('/').nth(1).and_then(Profile::named);
        row.goal = Some(if profile == Some(Profile::Large) {
            20.0
        } else {
            2.0
        });
        if is_cloned && profile != Some(Profile::NoRegex) {
            row.least_ratio = Some(LEAST_RATIO);
        }
    }
    rows
}

/// Runs over many identities, in a child process for the sake of its peak of memory. `sdk` is what the official crate
/// takes for one identity of the bench profile as its SDK calls it, in microseconds.
fn crowd(sdk: Option<f64>) -> Result<Vec<Row>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .arg("crowd")
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let measured: Measured = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let row = |name: &str, runs: &Runs, goal| {
        let mut row = Row::of(
            format!("crowd/{name}"),
            &runs.clock.iter().copied().collect(),
            "s",
        )
        .towards(goal);
        row.processor = Some(runs.processor.iter().copied().collect::<Samples>().median());
        row
    };
    let cancel: Samples = measured.cancel.iter().map(|seconds| seconds * 1e3).collect();
    // Nobody waits for minutes: the peer's time for one identity, as often, on two threads.
    let peer = format!(
        "{}, as its SDK calls it, reckoned for two threads",
        official::NAME
    );
    let reckoned = |times: f64| {
        sdk.map_or(0.0, |microseconds| {
            microseconds * times * crowd::MANY as f64 / 2e6
        })
    };
    let mut peak = Row::lower("crowd/peak of memory", measured.peak, "MiB");
    peak.limit = Some(1024.0);
    Ok(vec![
        row("1,000,000 identities, 50 flags", &measured.distribution, 1.2).beside_value(&peer, reckoned(1.0)),
        row("before and after", &measured.impact, 2.5).beside_value(&peer, reckoned(2.0)),
        row(
            "100,000 identities, an edit to one flag of 400",
            &measured.flag_edit,
            0.3,
        ),
        Row::of("crowd/from cancelling to the end", &cancel, "ms").towards(100.0),
        peak,
    ])
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".to_owned());
    text.trim().to_owned()
}

fn write(path: &Path, rows: &[Row]) -> Result<(), String> {
    let text = serde_json::to_string_pretty(rows).map_err(|error| error.to_string())?;
    std::fs::write(path, text + "\n").map_err(|error| error.to_string())?;
    println!("written: target/bench/report.json, {} rows", rows.len());
    Ok(())
}
