//! What the UI is given: plain shapes, converted by hand from the nouns of the
//! console. Times are whole seconds since the Unix epoch (UTC).

mod activity;
mod change;
mod cohort;
mod compare;
mod connection;
mod doctor;
mod edit;
mod field;
mod file;
mod finding;
mod flag;
mod health;
mod lint;
mod matrix;
mod moment;
mod preview;
mod propagation;
mod sides;
mod subject;
mod trace;

pub use activity::*;
pub use change::*;
pub use cohort::*;
pub use compare::*;
pub use connection::*;
pub use doctor::*;
pub use edit::*;
pub use field::*;
pub use file::*;
pub use finding::*;
pub use flag::*;
pub use health::*;
pub use lint::*;
pub use matrix::*;
pub use moment::*;
pub use preview::*;
pub use propagation::*;
pub use sides::*;
pub use subject::*;
pub use trace::*;
