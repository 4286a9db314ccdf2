//! The whole run of `make bench`.

#![allow(clippy::print_stdout, reason = "prints the report")]

use std::path::{Path, PathBuf};

use crate::callgrind;
use crate::contest::Contest;
use crate::official;
use crate::profile::Profile;
use crate::rows::Row;
use crate::workload::Contender;

/// Most instructions an evaluation of all flags may take.
const INSTRUCTIONS: [(Profile, f64); 2] = [(Profile::Bench, 25_000.0), (Profile::Large, 235_000.0)];

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
    section(
        "all flags of one identity with 15 traits",
        gated(contest.evaluation()?),
        &mut rows,
    );
    section("from text to an engine", contest.compilation()?, &mut rows);
    println!("\nload average: {}", load_average());
    write(&root.join("target/bench/report.json"), &rows)?;
    Ok(rows.iter().filter_map(Row::missed).collect())
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
