//! The reference engines, run as a child process where they are installed.

#![allow(dead_code, reason = "every test file uses its own part of this")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use halyard_engine::Dialect;

/// Both dialects under the names of their oracles.
pub(crate) const DIALECTS: [(&str, Dialect); 2] = [("10.2", Dialect::Server10_2), ("11.1", Dialect::Sdk11_1)];

pub(crate) fn test_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The Python interpreter that has the reference engine of a dialect: `HALYARD_ORACLE_10_2` or `_11_1` if set, else
/// where `scripts/oracle-setup.sh` puts it. Prints a line when there is none.
pub(crate) fn oracle(dialect: &str) -> Option<Command> {
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
    let mut command = Command::new(python);
    command
        .arg(test_folder().join("oracle/oracle.py"))
        .stdin(Stdio::null())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}
