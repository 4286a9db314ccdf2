//! Says who gets what of each flag over a file of identities or a made-up sample, and, with a second document, who gets
//! something else.
//!
//! `cargo run -p halyard-engine --example impact -- --document FILE [--after FILE] [--cohort FILE | --sample COUNT]`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing results is what this example is for"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use halyard_engine::{
    ChunkSource, CohortGenerator, CohortReader, Control, Dialect, Distribution, Engine, Impact, ReadOptions,
    Share, distribution_of_stream, impact_of_stream, suggested_ranges,
};

#[derive(Parser)]
struct Arguments {
    /// An environment document, as the server's environment-document route gives it.
    #[arg(long)]
    document: PathBuf,
    /// The document after an edit.
    #[arg(long)]
    after: Option<PathBuf>,
    /// Identities as CSV, JSON or JSON lines.
    #[arg(long)]
    cohort: Option<PathBuf>,
    /// How many identities to make up where there is no file.
    #[arg(long, default_value_t = 2400)]
    sample: u64,
    /// Names the sample.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let before = compiled(&arguments.document)?;
    let after = arguments.after.as_deref().map(compiled).transpose()?;
    let started = Instant::now();
    let Some(path) = &arguments.cohort else {
        let engines: Vec<&Engine> = std::iter::once(&before).chain(&after).collect();
        let ranges = suggested_ranges(&engines);
        let mut sample = CohortGenerator::new(arguments.seed, arguments.sample, &ranges);
        weigh(&before, after.as_ref(), &mut sample)?;
        eprintln!(
            "{} made-up identities in {:?}",
            arguments.sample,
            started.elapsed()
        );
        return Ok(());
    };
    let mut reader = CohortReader::new(BufReader::new(File::open(path)?), ReadOptions::default())?;
    weigh(&before, after.as_ref(), &mut reader)?;
    let report = reader.into_report();
    for line in &report.broken_lines {
        eprintln!("{line}");
    }
    eprintln!(
        "{} identities, {} broken lines, {} duplicates in {:?}",
        report.identities,
        report.broken,
        report.duplicates,
        started.elapsed()
    );
    Ok(())
}

fn compiled(path: &Path) -> Result<Engine, Box<dyn Error>> {
    Ok(Engine::from_text(
        &fs::read_to_string(path)?,
        Dialect::Server10_2,
    )?)
}

fn weigh(
    before: &Engine,
    after: Option<&Engine>,
    cohort: &mut (impl ChunkSource + Send),
) -> Result<(), Box<dyn Error>> {
    let control = Control::new();
    match after {
        Some(after) => print_impact(&impact_of_stream(before, after, cohort, &[], &control)?),
        None => print_distribution(&distribution_of_stream(before, cohort, &control)?),
    }
    Ok(())
}

fn print_distribution(found: &Distribution) {
    for flag in &found.flags {
        println!("{}", flag.name);
        print_shares(&flag.shares);
    }
    println!("{} identities, {} fail", found.identities, found.failures.count);
}

fn print_impact(found: &Impact) {
    for flag in &found.flags {
        println!("{}: {} change", flag.name, flag.changed);
        print_shares(&flag.after);
        for one in &flag.moves {
            println!("    {} move: {:?} -> {:?}", one.count, one.before, one.after);
        }
    }
    println!("{} of {} identities change", found.changed, found.identities);
    println!(
        "{} fail before, {} after",
        found.failures_before.count, found.failures_after.count
    );
}

fn print_shares(shares: &[Share]) {
    for share in shares {
        let state = &share.state;
        println!(
            "    {:>9} enabled={} value={} variant={:?}",
            share.count, state.enabled, state.value, state.variant
        );
    }
}
