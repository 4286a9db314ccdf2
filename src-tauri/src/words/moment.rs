//! What moments of the history are called, and how sure they are.

use std::collections::BTreeSet;

use halyard_console::{HistorySize, MomentAt};
use halyard_model::{
    Connection, Moment, MomentSource, Retention, Service, Sureness, Timestamp, Touched, TouchedHow,
    TouchedKind,
};

use super::{
    number::{count, plural},
    source::age,
    time::Clock,
};

/// `Production as it was on 18 November, 14:05 (seen until 15:20), 3 days ago`,
/// and how many edits are laid over it.
pub fn as_it_was(moment: &Moment, environment: &str, edits: usize, now: Timestamp, clock: &Clock) -> String {
    let (from, until) = (moment.first_seen, moment.last_seen);
    let was = format!("{environment} as it was on {}", clock.moment(from, now));
    let until = clock.later(until, from, now);
    let was = match until == clock.time(from) {
        true => was,
        false => format!("{was} (seen until {until})"),
    };
    let was = format!("{was}, {} ago", age(moment.last_seen, now));
    match edits {
        0 => was,
        edits => format!("{was}, plus {}", plural(edits as u64, "edit", "edits")),
    }
}

/// What is weighed against a moment and published is not published against it.
pub fn only_weighed(environment: &str) -> String {
    format!("Nothing is sent to the past: what is published changes {environment} as it is now.")
}

/// Its name where it has one, else what changed: `new_checkout`, `5 flags`,
/// `3 flags, 1 segment`, `First snapshot`.
pub fn title(moment: &Moment) -> String {
    if let Some(name) = &moment.name {
        return name.clone();
    }
    let counts = moment.counts;
    let all = counts.added + counts.changed + counts.removed;
    match &moment.touched[..] {
        [] => "First snapshot".into(),
        [only] => named(only),
        touched if all as usize > touched.len() => plural(u64::from(all), "change", "changes"),
        touched => by_kind(touched),
    }
}

fn by_kind(touched: &[Touched]) -> String {
    let kinds = [
        (TouchedKind::Flag, "flag", "flags"),
        (TouchedKind::Segment, "segment", "segments"),
        (TouchedKind::Identity, "identity", "identities"),
        (TouchedKind::Config, "config", "configs"),
        (TouchedKind::Environment, "setting", "settings"),
    ];
    let counted: Vec<String> = kinds
        .iter()
        .filter_map(|(kind, one, many)| {
            let number = touched.iter().filter(|part| part.kind == *kind).count();
            (number > 0).then(|| plural(number as u64, one, many))
        })
        .collect();
    counted.join(", ")
}

/// A part by its name: a flag's key alone, everything else with what it is.
fn named(part: &Touched) -> String {
    match (part.kind, part.name.as_str()) {
        (TouchedKind::Flag, name) => name.to_owned(),
        (TouchedKind::Segment, name) => format!("Segment {name}"),
        (TouchedKind::Identity, name) => format!("Identity {name}"),
        (TouchedKind::Config, name) => format!("Config {name}"),
        (TouchedKind::Environment, "settings") => "Settings".into(),
        (TouchedKind::Environment, "order") => "Order of the list".into(),
        (TouchedKind::Environment, other) => other.to_owned(),
    }
}

/// What became of a part: `new_checkout changed`.
pub fn part(part: &Touched) -> String {
    let how = match part.how {
        TouchedHow::Added => "added",
        TouchedHow::Changed => "changed",
        TouchedHow::Removed => "removed",
    };
    format!("{} {how}", named(part))
}

/// Who made the change: `Maya Lindqvist`, `2 people`; nothing where nobody is known.
pub fn by(moment: &Moment) -> Option<String> {
    let people: BTreeSet<&str> = moment.authors.iter().map(|author| author.name.as_str()).collect();
    match (people.len(), people.first()) {
        (0, _) | (_, None) => None,
        (1, Some(only)) => Some((*only).to_owned()),
        (several, _) => Some(format!("{} people", count(several as u64))),
    }
}

/// A gap: `Nothing is known of the time from 12:30 to 13:58. The change, or
/// several, fell into it.` Nobody looked, or what was seen was let go.
pub fn gap(from: Timestamp, to: Timestamp, now: Timestamp, clock: &Clock) -> String {
    let (begun, ended) = match clock.later(to, from, now) == clock.time(to) {
        true => (clock.time(from), clock.time(to)),
        false => (clock.moment(from, now), clock.moment(to, now)),
    };
    format!("Nothing is known of the time from {begun} to {ended}. The change, or several, fell into it.")
}

/// Where a moment comes from.
pub fn source(moment: &Moment, connection: &Connection) -> String {
    let service = match connection.endpoint.service() {
        Service::Flagsmith => "Flagsmith",
        Service::EdgeFlags => "EdgeFlags",
    };
    match moment.source {
        MomentSource::Refresh => format!("Read from {service} by a refresh."),
        MomentSource::File => format!("Read from the snapshot file {}.", connection.endpoint.address()),
    }
}

/// How sure it is what an environment was at a time, and why.
pub fn sureness(found: &MomentAt, environment: &str, now: Timestamp, clock: &Clock) -> String {
    let seen = |at: Timestamp| clock.moment(at, now);
    let moment = found.moment.as_ref().map(|facts| &facts.moment);
    let next = found.next.as_ref().map(|facts| &facts.moment);
    match (found.sureness, moment, next) {
        (Sureness::NothingYet, _, Some(first)) => format!(
            "Nothing was seen by then: the history of {environment} begins on {}.",
            seen(first.first_seen)
        ),
        (Sureness::NothingYet, ..) | (_, None, _) => format!("Nothing of {environment} was seen yet."),
        (Sureness::Seen, Some(moment), _) => format!(
            "{environment} was seen so from {} to {}.",
            seen(moment.first_seen),
            clock.later(moment.last_seen, moment.first_seen, now)
        ),
        (Sureness::StillSo, Some(moment), _) => format!(
            "{environment} was first seen so on {}, and still was at the last look.",
            seen(moment.first_seen)
        ),
        (Sureness::Between, Some(moment), Some(next)) => {
            let again = clock.later(next.first_seen, moment.last_seen, now);
            format!(
                "Nothing is known of the time between {} and {again}. It was this, or already what was seen at {again}, or something in between.",
                seen(moment.last_seen)
            )
        }
        (Sureness::NotKept, Some(moment), _) => format!(
            "What was seen then is no longer kept. This is from before, and was seen until {}.",
            seen(moment.last_seen)
        ),
        (Sureness::NotLookedSince | Sureness::Between, Some(moment), _) => format!(
            "This was seen last on {}. Nobody has looked since.",
            seen(moment.last_seen)
        ),
    }
}

/// What the history holds: `214 snapshots, 18.4 MB`.
pub fn used(size: HistorySize) -> String {
    let megabytes = size.bytes as f64 / 1_000_000.0;
    let megabytes = match size.bytes {
        0 => "0 MB".into(),
        _ if megabytes < 0.1 => "under 0.1 MB".into(),
        _ => format!("{megabytes:.1} MB"),
    };
    format!("{}, {megabytes}", plural(size.moments, "snapshot", "snapshots"))
}

/// The same with how long it is kept: `214 snapshots, 18.4 MB. Kept 90 days`.
pub fn summary(size: HistorySize, keep: &Retention) -> String {
    let kept = match (keep.days, keep.bytes) {
        (Some(days), _) => format!("Kept {}", plural(u64::from(days), "day", "days")),
        (None, Some(bytes)) => format!("Kept up to {} MB", count(bytes / (1024 * 1024))),
        (None, None) => "Kept for ever".into(),
    };
    format!("{}. {kept}", used(size))
}

/// That a part of the history is damaged.
pub fn damaged(what: &str, moment: &Moment, environment: &str, now: Timestamp, clock: &Clock) -> String {
    format!(
        "Damaged: {what} in the snapshot of {environment} of {}. The rest of it can be read.",
        clock.moment(moment.first_seen, now)
    )
}

#[cfg(test)]
mod tests;
