//! What the UI is given: plain shapes, converted by hand from the nouns of the
//! console. Times are whole seconds since the Unix epoch (UTC).

mod cohort;
mod compare;
mod connection;
mod edit;
mod finding;
mod flag;
mod health;
mod preview;
mod trace;

pub use cohort::*;
pub use compare::*;
pub use connection::*;
pub use edit::*;
pub use finding::*;
pub use flag::*;
pub use health::*;
pub use preview::*;
pub use trace::*;
