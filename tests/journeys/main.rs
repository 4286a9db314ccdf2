//! Journeys through the real window: the built binary in WebKit on a virtual
//! display, with a real keychain and real HTTP. `make e2e` runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod changing;
mod cohort;
mod conflict;
mod connect;
mod demo;
mod encrypted;
mod explain;
mod foresee;
mod health;
mod killed;
mod looks;
mod offline;
mod past;
mod real;
mod time;
mod window;
