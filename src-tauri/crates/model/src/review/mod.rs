//! What a review shows before an edit is sent: what makes it unsendable.

mod problem;

pub use problem::{Problem, ProblemKind, problems};
