//! Generates the window's permissions and embeds the configuration.

#![allow(
    clippy::print_stderr,
    reason = "a build script speaks to cargo through its output"
)]

use std::{fs, process::ExitCode};

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    // The configuration names the built UI; a fresh checkout has none until
    // `make` builds it, and Rust-only work should not need it.
    if let Err(error) = fs::create_dir_all("ui/dist") {
        eprintln!("cannot create ui/dist: {error}");
        return ExitCode::FAILURE;
    }
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*.json");
    match tauri_build::try_build(attributes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
