//! Other engines beside this project's: generated documents, the official Rust engine, and how to measure them.
//!
//! A package of its own, so that the app and its tests never wait for what only comparisons need.

pub mod budgets;
pub mod callgrind;
pub mod contest;
pub mod crowd;
pub mod edits;
pub mod foreign;
pub mod history;
pub mod official;
pub mod people;
pub mod profile;
pub mod report;
pub mod repository;
pub mod rows;
pub mod seeded;
pub mod workload;
pub mod year;
