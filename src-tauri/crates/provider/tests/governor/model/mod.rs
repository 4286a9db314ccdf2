//! Models of the services' limiters, and of the people and the work in front of them, in virtual time.
//!
//! The tests of the governor hold what these runs measure against bounds; `make bench` prints the same
//! measurements as ratios.

#![allow(
    dead_code,
    clippy::expect_used,
    reason = "each user takes a part of it, and a run in which something goes wrong is none"
)]

pub(crate) mod best;
pub(crate) mod limiter;
pub(crate) mod rush;
pub(crate) mod service;
