//! Killed at any instant: the mirror opens, nothing half-written is shown, and every edit comes to a known state that
//! agrees with the service.
//!
//! The parent runs the sandbox. A child, which is this binary again, works on a folder until it is killed; the instant
//! is chosen by the requests that have arrived.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and says what it met"
)]

mod child;
mod publishing;
mod refreshing;
mod stage;
mod writing;
