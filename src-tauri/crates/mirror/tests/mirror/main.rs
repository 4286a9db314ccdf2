//! The mirror through its one door, table by table, and under every accident
//! that can be arranged: killed, damaged, full, written by another version.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it skipped"
)]

mod columns;
mod connections;
mod converting;
mod damage;
mod edits;
mod encrypted;
mod full;
mod given_up;
mod history;
mod history_accidents;
mod history_pruned;
mod history_round_trip;
mod import_accidents;
mod import_samples;
mod importing;
mod killed;
mod limits;
mod older;
mod personas;
mod propagations;
mod round_trip;
mod samples;
mod side_by_side;
mod snapshots;
mod statuses;
mod unsent;
#[path = "../shared/values.rs"]
mod values;
