//! Sentences for people. Short, plain English, sentence case, no blame: what
//! happened, why, what next.

pub mod outcome;
pub mod reason;
