//! Snapshot files: what goes in comes out, what must not go out does not, and
//! what somebody made to do harm is refused with little memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and prints what was measured"
)]

mod hostile;
mod round_trip;
mod samples;
mod size;
mod tampered;
#[path = "../shared/values.rs"]
mod values;
mod withheld;
