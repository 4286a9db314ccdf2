//! What a review shows before an edit is sent: what changes, what makes it
//! unsendable, and what to know about it. Data alone; the words are the
//! window's.

mod problem;
mod row;
mod rules;
mod targeting;
mod warning;

pub use problem::{Problem, ProblemKind, problems};
pub use row::{ChangeRow, MemberChange, PartChange, RowKind, change_rows};
pub use rules::RulePlace;
pub use warning::{Facts, SegmentUse, Warning, warnings};
