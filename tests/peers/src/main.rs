//! Measures the evaluator beside other engines, the rate governor beside the best schedule, and the history beside
//! what is simplest.
//!
//! Without words: everything, as `make bench` does. The words are for the child processes of that run, and for looking at
//! one thing: `document PROFILE`, `evaluate PROFILE own|cloned|reused EVALUATIONS`, `crowd`, `instructions`,
//! `governor`, `history`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints what it measured"
)]

use std::process::ExitCode;

use halyard_peers::profile::Profile;
use halyard_peers::workload::{self, Contender};
use halyard_peers::{crowd, report};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match answer(&words) {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            eprintln!("missed:\n  {}", missed.join("\n  "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("halyard-peers: {error}");
            ExitCode::from(2)
        }
    }
}

/// Does what the words say; gives the gates that were missed.
fn answer(words: &[&str]) -> Result<Vec<String>, String> {
    match *words {
        [] => return report::run(),
        ["instructions"] => return report::run_instructions(),
        ["governor"] => return report::run_governor(),
        ["history"] => return report::run_history(),
        ["crowd"] => {
            let measured = crowd::measure()?;
            println!(
                "{}",
                serde_json::to_string(&measured).map_err(|error| error.to_string())?
            );
        }
        ["document", profile] => println!("{}", profile_of(profile)?.document()),
        ["evaluate", profile, contender, evaluations] => {
            let contender = Contender::named(contender).ok_or("no such contender")?;
            let evaluations = evaluations.parse().map_err(|_| "not a number of evaluations")?;
            println!("{}", workload::run(profile_of(profile)?, contender, evaluations)?);
        }
        _ => return Err(format!("what is {words:?}?")),
    }
    Ok(Vec::new())
}

fn profile_of(name: &str) -> Result<Profile, String> {
    Profile::named(name).ok_or_else(|| format!("no profile {name}"))
}
