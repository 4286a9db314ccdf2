//! The use cases against the sandbox, over real HTTP and a real mirror.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod activity;
mod ageing;
mod authors;
mod beginning;
mod bench;
mod cohorts;
mod comparing;
mod conflicts;
mod connecting;
mod doctor;
mod drafting;
mod editing;
mod encrypting;
mod fakes;
mod files;
mod history;
mod importing;
mod incidents;
mod keychain;
mod limits;
mod linting;
mod matrix;
mod noticing;
mod outcomes;
mod overlaid;
mod past;
mod path;
mod personas;
mod previewing;
mod promoting;
mod propagating;
mod publishing;
mod refreshing;
mod servers;
mod settings;
mod spoiled;
mod staging;
mod staleness;
mod subjects;
mod watching;
mod weighing;
