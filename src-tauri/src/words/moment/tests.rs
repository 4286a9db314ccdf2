//! The words of moments.

use halyard_console::MomentFacts;
use halyard_model::{Author, ConnectionId, EnvironmentKey, MomentId, TouchedCounts};
use jiff::tz::TimeZone;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn now() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

fn moment(touched: &[(TouchedKind, &str, TouchedHow)]) -> Moment {
    let count = |how| touched.iter().filter(|one| one.2 == how).count() as u32;
    Moment {
        id: MomentId(1),
        connection: ConnectionId("c".into()),
        environment: EnvironmentKey("e".into()),
        first_seen: at("2026-11-18T14:05:00Z"),
        last_seen: at("2026-11-18T15:20:00Z"),
        before: None,
        source: MomentSource::Refresh,
        document_updated_at: None,
        name: None,
        pinned: false,
        touched: touched
            .iter()
            .map(|(kind, name, how)| Touched {
                kind: *kind,
                name: (*name).into(),
                how: *how,
            })
            .collect(),
        counts: TouchedCounts {
            added: count(TouchedHow::Added),
            changed: count(TouchedHow::Changed),
            removed: count(TouchedHow::Removed),
        },
        authors: Vec::new(),
        flag_count: 0,
        segment_count: 0,
        document_bytes: 0,
    }
}

fn author(name: &str) -> Author {
    Author {
        name: name.into(),
        at: now(),
        what: String::new(),
    }
}

#[test]
fn a_title_says_what_changed() {
    use TouchedHow::{Added, Changed, Removed};
    use TouchedKind::{Config, Environment, Flag, Identity, Segment};
    let cases: [(&[_], &str); 9] = [
        (&[], "First snapshot"),
        (&[(Flag, "new_checkout", Changed)], "new_checkout"),
        (&[(Segment, "Germany", Added)], "Segment Germany"),
        (&[(Identity, "u_48213", Changed)], "Identity u_48213"),
        (&[(Config, "theme", Removed)], "Config theme"),
        (&[(Environment, "settings", Changed)], "Settings"),
        (&[(Flag, "a", Added), (Flag, "b", Removed)], "2 flags"),
        (
            &[
                (Flag, "a", Added),
                (Flag, "b", Changed),
                (Flag, "c", Changed),
                (Segment, "s", Changed),
            ],
            "3 flags, 1 segment",
        ),
        (
            &[
                (Flag, "a", Added),
                (Identity, "x", Changed),
                (Identity, "y", Changed),
            ],
            "1 flag, 2 identities",
        ),
    ];
    for (touched, expected) in cases {
        assert_eq!(title(&moment(touched)), expected);
    }
    let mut many = moment(&[(Flag, "a", Changed), (Flag, "b", Changed)]);
    many.counts.changed = 1_200;
    assert_eq!(title(&many), "1,200 changes");
    many.name = Some("Before search rollout".into());
    assert_eq!(title(&many), "Before search rollout");
    let touched = &moment(&[(Segment, "Germany", Removed)]).touched[0];
    assert_eq!(part(touched), "Segment Germany removed");
}

#[test]
fn authors_are_named_or_counted() {
    let mut changed = moment(&[]);
    assert_eq!(by(&changed), None);
    changed.authors = vec![author("Maya Lindqvist"), author("Maya Lindqvist")];
    assert_eq!(by(&changed).as_deref(), Some("Maya Lindqvist"));
    changed.authors.push(author("Jonas Weber"));
    assert_eq!(by(&changed).as_deref(), Some("2 people"));
}

#[test]
fn a_gap_and_a_source_are_sentences() {
    let clock = Clock::of(TimeZone::UTC);
    let from = at("2026-11-18T12:30:00Z");
    assert_eq!(
        gap(from, at("2026-11-18T13:58:00Z"), now(), &clock),
        "Nothing is known of the time from 12:30 to 13:58. The change, or several, fell into it."
    );
    assert_eq!(
        gap(from, at("2026-11-20T09:00:00Z"), now(), &clock),
        "Nothing is known of the time from 18 November, 12:30 to 20 November, 09:00. The change, or several, fell into it."
    );
    let was = |edits| as_it_was(&moment(&[]), "Production", edits, now(), &clock);
    assert_eq!(
        was(0),
        "Production as it was on 18 November, 14:05 (seen until 15:20), 2 days ago"
    );
    assert_eq!(
        was(2),
        "Production as it was on 18 November, 14:05 (seen until 15:20), 2 days ago, plus 2 edits"
    );
    let mut once = moment(&[]);
    once.last_seen = once.first_seen;
    assert_eq!(
        as_it_was(&once, "Production", 0, now(), &clock),
        "Production as it was on 18 November, 14:05, 2 days ago"
    );
}

#[test]
fn how_sure_it_is_comes_with_the_reason() {
    let clock = Clock::of(TimeZone::UTC);
    let facts = |first: &str, last: &str| MomentFacts {
        moment: Moment {
            first_seen: at(first),
            last_seen: at(last),
            ..moment(&[])
        },
        current: false,
        gap: None,
    };
    let one = || Some(facts("2026-11-18T14:05:00Z", "2026-11-18T15:20:00Z"));
    let two = || Some(facts("2026-11-18T15:50:00Z", "2026-11-21T11:00:00Z"));
    let cases = [
        (
            None,
            None,
            Sureness::NothingYet,
            "Nothing of Staging was seen yet.",
        ),
        (
            None,
            one(),
            Sureness::NothingYet,
            "Nothing was seen by then: the history of Staging begins on 18 November, 14:05.",
        ),
        (
            one(),
            two(),
            Sureness::Seen,
            "Staging was seen so from 18 November, 14:05 to 15:20.",
        ),
        (
            two(),
            None,
            Sureness::StillSo,
            "Staging was first seen so on 18 November, 15:50, and still was at the last look.",
        ),
        (
            one(),
            two(),
            Sureness::Between,
            "Nothing is known of the time between 18 November, 15:20 and 15:50. It was this, or already what was seen at 15:50, or something in between.",
        ),
        (
            two(),
            None,
            Sureness::NotLookedSince,
            "This was seen last on 21 November, 11:00. Nobody has looked since.",
        ),
        (
            one(),
            two(),
            Sureness::NotKept,
            "What was seen then is no longer kept. This is from before, and was seen until 18 November, 15:20.",
        ),
    ];
    for (moment, next, sureness_of_it, expected) in cases {
        let found = MomentAt {
            moment,
            next,
            sureness: sureness_of_it,
        };
        assert_eq!(sureness(&found, "Staging", now(), &clock), expected);
    }
}

#[test]
fn the_summary_counts_snapshots_and_bytes() {
    let keep = |days, bytes| Retention { days, bytes };
    let size = |moments, bytes| HistorySize { moments, bytes };
    for (size, keep, expected) in [
        (
            size(214, 18_400_000),
            Retention::default(),
            "214 snapshots, 18.4 MB. Kept 90 days",
        ),
        (
            size(1, 50_000),
            keep(Some(1), None),
            "1 snapshot, under 0.1 MB. Kept 1 day",
        ),
        (size(0, 0), keep(None, None), "0 snapshots, 0 MB. Kept for ever"),
        (
            size(2_140, 900_000_000),
            keep(None, Some(512 * 1024 * 1024)),
            "2,140 snapshots, 900.0 MB. Kept up to 512 MB",
        ),
    ] {
        assert_eq!(summary(size, &keep), expected);
    }
    let clock = Clock::of(TimeZone::UTC);
    assert_eq!(
        damaged("flag new_checkout", &moment(&[]), "Production", now(), &clock),
        "Damaged: flag new_checkout in the snapshot of Production of 18 November, 14:05. The rest of it can be read."
    );
}
