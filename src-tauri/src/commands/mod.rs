//! The commands of the window: each one line of a use case and a conversion.

pub mod connections;
pub mod edits;
pub mod environments;
pub mod flags;
pub mod preview;
