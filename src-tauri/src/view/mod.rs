//! What the UI is given: plain shapes, converted by hand from the nouns of the
//! console. Times are whole seconds since the Unix epoch (UTC).

mod connection;
mod edit;
mod flag;
mod preview;

pub use connection::*;
pub use edit::*;
pub use flag::*;
pub use preview::*;
