//! From the console's nouns to what the window is given. Every conversion is
//! written out, so that a change of a noun cannot silently change the window.

pub mod connection;
pub mod edit;
pub mod flag;
pub mod preview;

use halyard_model::Timestamp;

/// Whole seconds since the Unix epoch; the window needs no more.
pub fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.unix_seconds().max(0)).unwrap_or(u32::MAX)
}

/// A count for the window.
pub fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
