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
mod finding;
mod flag;
mod health;
mod preview;
mod propagation;
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
pub use finding::*;
pub use flag::*;
pub use health::*;
pub use preview::*;
pub use propagation::*;
pub use subject::*;
pub use trace::*;
