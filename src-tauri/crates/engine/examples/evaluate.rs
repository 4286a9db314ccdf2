//! Evaluates identities against an environment document, one JSON line each.
//!
//! `cargo run -p halyard-engine --example evaluate -- --document FILE --identities FILE.jsonl [--dialect 10.2|11.1]`

#![allow(clippy::print_stdout, reason = "printing results is what this example is for")]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use halyard_engine::{Dialect, Engine, Evaluation, Identity};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Parser)]
struct Arguments {
    /// An environment document, as the server's environment-document route gives it.
    #[arg(long)]
    document: PathBuf,
    /// One identity a line: `{"identifier": …, "key": …, "traits": {…}}`.
    #[arg(long)]
    identities: PathBuf,
    /// The release of the reference engine to agree with.
    #[arg(long, value_enum, default_value = "10.2")]
    dialect: DialectName,
}

#[derive(Clone, Copy, ValueEnum)]
enum DialectName {
    /// Python engine 10.2.0, which server 2.265 runs.
    #[value(name = "10.2")]
    Server,
    /// Python engine 11.1.1.
    #[value(name = "11.1")]
    Sdk,
}

#[derive(Deserialize)]
struct Line {
    identifier: String,
    key: Option<String>,
    traits: Option<std::collections::BTreeMap<String, Value>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let dialect = match arguments.dialect {
        DialectName::Server => Dialect::Server10_2,
        DialectName::Sdk => Dialect::Sdk11_1,
    };
    let document: Value = serde_json::from_reader(BufReader::new(File::open(&arguments.document)?))?;
    let engine = Engine::from_document(&document, dialect)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (number, line) in BufReader::new(File::open(&arguments.identities)?)
        .lines()
        .enumerate()
    {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let line: Line =
            serde_json::from_str(&line).map_err(|error| format!("line {}: {error}", number + 1))?;
        let identity = Identity {
            identifier: line.identifier,
            key: line.key,
            traits: line.traits.unwrap_or_default(),
        };
        let answer = match engine.evaluate(&identity) {
            Ok(evaluation) => rendered(&evaluation),
            Err(error) => json!({ "error": error.to_string() }),
        };
        serde_json::to_writer(&mut out, &answer)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}

fn rendered(evaluation: &Evaluation<'_>) -> Value {
    let flags: Map<String, Value> = evaluation
        .flags()
        .map(|flag| {
            let fields = json!({
                "enabled": flag.enabled,
                "value": flag.value,
                "reason": flag.reason.to_string(),
                "variant": flag.variant,
            });
            (flag.name.to_owned(), fields)
        })
        .collect();
    json!({ "flags": flags, "segments": evaluation.segments().collect::<Vec<_>>() })
}
