//! The reference engines, run as a child process where they are installed.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "for tests, each of which uses its own part of this"
)]

mod tally;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use halyard_engine::{Dialect, Engine, Identity, Scratch};
use serde_json::{Value, json};

pub(crate) use tally::Tally;

/// Both dialects under the names of their oracles.
pub(crate) const DIALECTS: [(&str, Dialect); 2] = [("10.2", Dialect::Server10_2), ("11.1", Dialect::Sdk11_1)];

pub(crate) fn test_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// An identity as the oracle's requests write it.
pub(crate) fn identity_of(value: &Value) -> Identity {
    let traits = value["traits"].as_object().cloned().unwrap_or_default();
    Identity {
        identifier: value["identifier"].as_str().unwrap().to_owned(),
        key: value["key"].as_str().map(str::to_owned),
        traits: traits.into_iter().collect(),
    }
}

/// This engine's answers in the oracle's form. On the way, the fast path is held against the full evaluation.
pub(crate) fn answers(request: &Value, dialect: Dialect) -> Value {
    let engine = match Engine::from_document(&request["document"], dialect) {
        Ok(engine) => engine,
        Err(error) => return json!({ "document_error": error.to_string() }),
    };
    let read_as_text = Engine::from_text(&request["document"].to_string(), dialect).unwrap();
    let mut scratch = read_as_text.scratch();
    let identities = request["identities"].as_array().unwrap().iter();
    identities
        .map(|identity| {
            if !identity.is_null() {
                assert_same_by_the_fast_path(&engine, &read_as_text, &identity_of(identity), &mut scratch);
            }
            answer(&engine, identity)
        })
        .collect()
}

/// One answer in the oracle's form.
pub(crate) fn answer(engine: &Engine, identity: &Value) -> Value {
    let evaluated = match identity {
        Value::Null => engine.evaluate_anonymous(),
        _ => engine.evaluate(&identity_of(identity)),
    };
    match evaluated {
        Err(error) => json!({ "error": error.to_string() }),
        Ok(evaluation) => json!({
            "flags": evaluation
                .flags()
                .map(|flag| {
                    (flag.name.to_owned(), json!([flag.enabled, flag.value, flag.reason.to_string(), flag.variant]))
                })
                .collect::<serde_json::Map<_, _>>(),
            "segments": evaluation.segments().collect::<Vec<_>>(),
        }),
    }
}

/// Two engines of the same document, one by the full evaluation and one by the fast path.
fn assert_same_by_the_fast_path(full: &Engine, fast: &Engine, identity: &Identity, scratch: &mut Scratch) {
    let expected = full.evaluate(identity);
    let decided = fast.decide(identity, scratch);
    match (&expected, decided) {
        (Ok(evaluation), Ok(outcomes)) => assert_eq!(evaluation.outcomes(), outcomes, "{identity:?}"),
        (Err(expected), Err(error)) => assert_eq!(*expected, error, "{identity:?}"),
        (expected, decided) => panic!("{identity:?}: {expected:?}, by the fast path {decided:?}"),
    }
}

/// Errors are equal whatever their words; flags must even come in the same order.
pub(crate) fn same(expected: &Value, actual: &Value) -> bool {
    let failed = |answer: &Value| answer.get("error").is_some();
    if failed(expected) || failed(actual) {
        return failed(expected) && failed(actual);
    }
    // As text, since the order of flags counts.
    let written = Value::to_string;
    written(expected) == written(actual)
}

/// Where the Python interpreter is that has the reference engine of a dialect: `HALYARD_ORACLE_10_2` or `_11_1` if
/// set, else where `scripts/oracle-setup.sh` puts it. Prints a line when there is none.
fn interpreter(dialect: &str) -> Option<PathBuf> {
    let variable = format!("HALYARD_ORACLE_{}", dialect.replace('.', "_"));
    let default = || {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../target"),
            PathBuf::from,
        );
        target.join("oracle").join(dialect).join("bin/python")
    };
    let python = std::env::var_os(variable).map_or_else(default, PathBuf::from);
    if !python.exists() {
        println!(
            "skipped: no Python engine {dialect} at {}; scripts/oracle-setup.sh installs it",
            python.display()
        );
        return None;
    }
    Some(python)
}

/// The oracle's program, ready to run with the reference engine of a dialect.
pub(crate) fn oracle(dialect: &str) -> Option<Command> {
    let mut command = Command::new(interpreter(dialect)?);
    command
        .arg(test_folder().join("oracle/oracle.py"))
        .stdin(Stdio::null())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// The generator of requests for the oracle, which prints a line each: identities of `size` random documents. `options`
/// are further words of its command line.
pub(crate) fn generator(dialect: &str, seed: usize, size: usize, options: &[&str]) -> Option<Command> {
    let mut command = Command::new(interpreter(dialect)?);
    command
        .arg(test_folder().join("oracle/generate.py"))
        .args([seed.to_string(), size.to_string()])
        .args(options)
        .stdin(Stdio::null())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// A number from the environment of the process.
pub(crate) fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}
