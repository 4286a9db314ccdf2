//! Sentences for people. Short, plain English, sentence case, no blame: what
//! happened, why, what next.

pub mod budget;
pub mod cause;
pub mod caveat;
pub mod condition;
pub mod difference;
pub mod doctor;
pub mod expected;
pub mod failure;
pub mod finding;
pub mod impact;
pub mod incident;
pub mod limits;
pub mod notice;
pub mod number;
pub mod outcome;
pub mod propagation;
pub mod reason;
pub mod server;
pub mod source;
pub mod surface;
pub mod warning;
pub mod way;
