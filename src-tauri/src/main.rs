//! Halyard's binary.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::{env, io::Write, process::ExitCode};

fn main() -> ExitCode {
    if let Some(sentence) = missing_display() {
        return fail(sentence);
    }
    match halyard_app::app::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("Halyard could not open its window: {error}")),
    }
}

/// GTK would end the process without a word a person can use.
fn missing_display() -> Option<&'static str> {
    let unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
    let headless = cfg!(target_os = "linux") && unset("DISPLAY") && unset("WAYLAND_DISPLAY");
    headless.then_some("Halyard needs a display: neither DISPLAY nor WAYLAND_DISPLAY is set. `make run` offers a virtual one.")
}

fn fail(sentence: &str) -> ExitCode {
    // With standard error closed, the exit code still tells.
    let _unread = writeln!(std::io::stderr(), "{sentence}");
    ExitCode::FAILURE
}
