//! What moments of the history are called.

use halyard_model::{Moment, Timestamp};

use super::{number::plural, time::Clock};

/// `Production as it was on 18 November, 14:05 (seen until 15:20)`, and how
/// many edits are laid over it.
pub fn as_it_was(moment: &Moment, environment: &str, edits: usize, now: Timestamp, clock: &Clock) -> String {
    let (from, until) = (moment.first_seen, moment.last_seen);
    let was = format!("{environment} as it was on {}", clock.moment(from, now));
    let until = clock.later(until, from, now);
    let was = match until == clock.time(from) {
        true => was,
        false => format!("{was} (seen until {until})"),
    };
    match edits {
        0 => was,
        edits => format!("{was}, plus {}", plural(edits as u64, "edit", "edits")),
    }
}
