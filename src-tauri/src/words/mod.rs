//! Sentences for people. Short, plain English, sentence case, no blame: what
//! happened, why, what next.

pub mod budget;
pub mod cause;
pub mod caveat;
pub mod change;
pub mod condition;
pub mod conflict;
pub mod difference;
pub mod doctor;
pub mod encryption;
pub mod expected;
pub mod failure;
pub mod field;
pub mod finding;
pub mod foreseen;
pub mod heed;
pub mod impact;
pub mod incident;
pub mod limits;
pub mod matrix;
pub mod moment;
pub mod notice;
pub mod number;
pub mod operator;
pub mod outcome;
pub mod problem;
pub mod propagation;
pub mod reason;
pub mod rule;
pub mod server;
pub mod source;
pub mod subject;
pub mod surface;
pub mod time;
pub mod warning;
pub mod way;
