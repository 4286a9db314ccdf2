//! What documents and edits do to a whole cohort.

mod compare;
mod control;
mod distribution;
mod outcomes;
mod report;
mod run;
mod shares;

mod tally;

pub use compare::{impact, impact_of_stream, impact_with_traits};
pub use control::{Control, Stopped};
pub use distribution::{distribution, distribution_of_stream};
pub use report::{
    CohortExample, Decided, DecidingRule, Distribution, FailureExample, Failures, FlagDistribution,
    FlagImpact, FlagState, Impact, Move, Share,
};

/// How many rows are evaluated between two looks at the control.
const CHECKED_ROWS: usize = 1024;
