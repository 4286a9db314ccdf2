//! What a review shows before an edit is sent: what changes, and what makes it
//! unsendable.

mod problem;
mod row;

pub use problem::{Problem, ProblemKind, problems};
pub use row::{ChangeRow, MemberChange, PartChange, RowKind, change_rows};
