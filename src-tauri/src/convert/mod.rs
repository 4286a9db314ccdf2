//! From the console's nouns to what the window is given. Every conversion is
//! written out, so that a change of a noun cannot silently change the window.

pub mod activity;
pub mod change_set;
pub mod cohort;
pub mod compare;
pub mod conflict;
pub mod connection;
pub mod doctor;
pub mod edit;
pub mod field;
pub mod file;
pub mod finding;
pub mod flag;
pub mod health;
pub mod incident;
pub mod limits;
pub mod lint;
pub mod matrix;
pub mod moment;
pub mod preview;
pub mod propagation;
pub mod remedy;
pub mod server;
pub mod shares;
pub mod sides;
pub mod staged;
pub mod subject;
pub mod trace;
pub mod traits;
pub mod warning;

use halyard_model::Timestamp;

/// Whole seconds since the Unix epoch; the window needs no more.
pub fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.unix_seconds().max(0)).unwrap_or(u32::MAX)
}

/// A large count for the window.
pub fn large_count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Percent in hundredths of a percent, for drawing; outside of 0 to 100 cut off.
pub fn basis_points(percent: f64) -> u32 {
    // Between 0 and 10,000, so that the cast loses nothing.
    (percent.clamp(0.0, 100.0) * 100.0).round() as u32
}

/// A count for the window.
pub fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
