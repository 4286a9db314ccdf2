//! Limits in words: what they are, by whose word, how old that is, and who
//! takes the most.

use halyard_console::{Contributor, LimitFacts, LimitKind, LimitLevel, LimitSource};
use halyard_model::{Service, Timestamp};

use super::number;

/// For people, such as `Segment overrides`.
pub fn name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Flags => "Flags",
        LimitKind::Segments => "Segments",
        LimitKind::SegmentOverrides => "Segment overrides",
        LimitKind::Conditions => "Conditions of a segment",
        LimitKind::ValueBytes => "Longest flag value",
        LimitKind::ConditionBytes => "Longest condition value",
        LimitKind::IdentityOverrides => "Identity overrides",
        LimitKind::DocumentBytes => "Environment document",
        LimitKind::DefinitionBytes => "Largest definition",
        LimitKind::MonthlyCalls => "Calls this month",
    }
}

/// Where the limit comes from and how old that is, then where and when the
/// use was counted.
pub fn source(limit: &LimitFacts, service: Service, now: Timestamp) -> String {
    if limit.kind == LimitKind::MonthlyCalls {
        return monthly_source(limit, service, now);
    }
    let of_limit = match (limit.source, limit.kind) {
        (LimitSource::Told { at }, _) => format!("The limit was read from the API {}.", ago(at, now)),
        (LimitSource::Documented, LimitKind::Flags | LimitKind::Segments | LimitKind::SegmentOverrides) => {
            "The limit is the documented default; the project may have another.".to_owned()
        }
        (LimitSource::Documented, LimitKind::IdentityOverrides | LimitKind::DocumentBytes) => {
            "The limit is about what is documented for the hosted Edge API.".to_owned()
        }
        (LimitSource::Documented, LimitKind::DefinitionBytes) => {
            "The limit is the documented size of one request.".to_owned()
        }
        (LimitSource::Documented, _) => {
            "The limit is the documented default; the server does not tell its own.".to_owned()
        }
        (LimitSource::Unlimited, _) if service == Service::EdgeFlags => {
            "EdgeFlags documents no limit.".to_owned()
        }
        (LimitSource::Unlimited, _) => "No limit is documented for a server of one's own.".to_owned(),
        (LimitSource::Untold, _) => "The service has not told the limit.".to_owned(),
    };
    match limit.as_of {
        Some(at) => format!("{of_limit} Counted in the copy of {}.", ago(at, now)),
        None => format!("{of_limit} Nothing has been counted yet."),
    }
}

fn monthly_source(limit: &LimitFacts, service: Service, now: Timestamp) -> String {
    let read = limit.as_of.map(|at| ago(at, now));
    match (read, limit.used, limit.limit) {
        _ if service == Service::EdgeFlags => "EdgeFlags tells neither usage nor a plan.".to_owned(),
        (None, ..) => "The API has not been asked yet, or refuses to tell.".to_owned(),
        (Some(read), None, None) => format!("Asked {read}, the API told neither usage nor a plan."),
        (Some(read), None, Some(_)) => {
            format!("The plan was read from the API {read}. Usage is not recorded there, or not yet.")
        }
        (Some(read), Some(_), None) => format!("Read from the API {read}. The plan names no number."),
        (Some(read), Some(_), Some(_)) => {
            format!("Read from the API {read}. Flags, identities and environment documents are counted.")
        }
    }
}

/// Such as `12 more than a week ago.`
pub fn trend(limit: &LimitFacts) -> Option<String> {
    let (trend, used) = limit.trend.zip(limit.used)?;
    let word = if used > trend.before { "more" } else { "fewer" };
    let word = if is_bytes(limit.kind) && word == "fewer" {
        "less"
    } else {
        word
    };
    let then = match trend.days {
        1 => "yesterday".to_owned(),
        7 => "a week ago".to_owned(),
        days => format!("{days} days ago"),
    };
    let moved = amount(limit.kind, used.abs_diff(trend.before));
    Some(format!("{moved} {word} than {then}."))
}

/// Who takes the most, where it is worth a word: near the limit, and of a
/// document that has none.
pub fn note(limit: &LimitFacts) -> Option<String> {
    let heaviest = heaviest(limit);
    match (limit.level(), limit.kind) {
        (None, LimitKind::DocumentBytes) if limit.limit.is_none() => heaviest,
        (None, _) => None,
        (Some(level), kind) => {
            let consequence = consequence(kind, level);
            Some(match heaviest {
                Some(heaviest) => format!("{heaviest} {consequence}"),
                None => consequence.to_owned(),
            })
        }
    }
}

fn consequence(kind: LimitKind, level: LimitLevel) -> &'static str {
    match (kind, level) {
        (LimitKind::MonthlyCalls, LimitLevel::Near) => "Longer polls and local evaluation need fewer calls.",
        (LimitKind::MonthlyCalls, LimitLevel::Reached) => {
            "A free plan is blocked some days after a warning by mail; others are billed."
        }
        (LimitKind::DocumentBytes, _) => {
            "Beyond it the document comes in pages; fewer overrides make it smaller."
        }
        (LimitKind::IdentityOverrides, _) => "Beyond it some may not count in local evaluation.",
        (LimitKind::ValueBytes | LimitKind::ConditionBytes | LimitKind::DefinitionBytes, _) => {
            "A longer one is refused."
        }
        (_, LimitLevel::Near) => "At the limit no more can be added.",
        (_, LimitLevel::Reached) => "No more can be added.",
    }
}

/// Such as `Most: homepage_hero (12), store_pickup (4).`
fn heaviest(limit: &LimitFacts) -> Option<String> {
    if limit.heaviest.is_empty() {
        return None;
    }
    let named = |one: &Contributor| {
        let name = number::cut(&one.name);
        format!("{name} ({})", amount(limit.kind, one.amount))
    };
    let named: Vec<String> = limit.heaviest.iter().map(named).collect();
    Some(format!("Most: {}.", named.join(", ")))
}

/// The service has stopped serving flags.
pub fn blocked() -> String {
    "The service has stopped serving flags to this organisation, because its plan is used up.".to_owned()
}

/// An amount with its unit, such as `312 KB` or `1,200`.
pub fn amount(kind: LimitKind, amount: u64) -> String {
    if !is_bytes(kind) {
        return number::count(amount);
    }
    match amount {
        0..1_024 => number::plural(amount, "byte", "bytes"),
        1_024..1_048_576 => format!("{} KB", scaled(amount, 1_024)),
        _ => format!("{} MB", scaled(amount, 1_048_576)),
    }
}

/// One decimal below ten, none from there on.
fn scaled(amount: u64, unit: u64) -> String {
    let tenths = amount.saturating_mul(10) / unit;
    match tenths {
        0..100 if !tenths.is_multiple_of(10) => format!("{}.{}", tenths / 10, tenths % 10),
        _ => number::count(tenths / 10),
    }
}

fn is_bytes(kind: LimitKind) -> bool {
    matches!(
        kind,
        LimitKind::ValueBytes
            | LimitKind::ConditionBytes
            | LimitKind::DocumentBytes
            | LimitKind::DefinitionBytes
    )
}

/// Such as `3 min ago`.
/// Such as `4 min ago`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.millis_since(at) / 1_000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_console::LimitTrend;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn facts(kind: LimitKind, used: Option<u64>, limit: Option<u64>, source: LimitSource) -> LimitFacts {
        LimitFacts {
            kind,
            used,
            as_of: used.map(|_| NOW.plus_millis(-12_000)),
            limit,
            source,
            heaviest: vec![Contributor {
                name: "homepage_hero".into(),
                amount: 12,
            }],
            trend: None,
        }
    }

    #[test]
    fn a_source_says_whose_word_it_is_and_how_old() {
        let told = LimitSource::Told {
            at: NOW.plus_millis(-180_000),
        };
        let cases = [
            (
                facts(LimitKind::SegmentOverrides, Some(87), Some(100), told),
                Service::Flagsmith,
                "The limit was read from the API 3 min ago. Counted in the copy of 12 s ago.",
            ),
            (
                facts(LimitKind::Conditions, Some(4), Some(100), LimitSource::Documented),
                Service::Flagsmith,
                "The limit is the documented default; the server does not tell its own. Counted in the copy of 12 s ago.",
            ),
            (
                facts(LimitKind::Flags, None, None, LimitSource::Unlimited),
                Service::EdgeFlags,
                "EdgeFlags documents no limit. Nothing has been counted yet.",
            ),
            (
                facts(LimitKind::MonthlyCalls, None, None, LimitSource::Untold),
                Service::Flagsmith,
                "The API has not been asked yet, or refuses to tell.",
            ),
        ];
        for (limit, service, expected) in cases {
            assert_eq!(source(&limit, service, NOW), expected);
        }
        let mut unrecorded = facts(LimitKind::MonthlyCalls, None, Some(50_000), told);
        unrecorded.as_of = Some(NOW.plus_millis(-7_200_000));
        assert_eq!(
            source(&unrecorded, Service::Flagsmith, NOW),
            "The plan was read from the API 2 h ago. Usage is not recorded there, or not yet."
        );
    }

    #[test]
    fn a_trend_is_told_in_its_unit() {
        let trend_of = |kind, used, before, days| {
            let mut limit = facts(kind, Some(used), None, LimitSource::Documented);
            limit.trend = Some(LimitTrend { before, days });
            trend(&limit).unwrap()
        };
        assert_eq!(
            trend_of(LimitKind::Flags, 128, 116, 7),
            "12 more than a week ago."
        );
        assert_eq!(trend_of(LimitKind::Segments, 3, 5, 1), "2 fewer than yesterday.");
        assert_eq!(
            trend_of(LimitKind::DocumentBytes, 2_048, 20_480, 3),
            "18 KB less than 3 days ago."
        );
        assert_eq!(
            trend_of(LimitKind::ValueBytes, 7, 8, 3),
            "1 byte less than 3 days ago."
        );
        assert_eq!(
            trend_of(LimitKind::DocumentBytes, 1_700_000, 100, 3),
            "1.6 MB more than 3 days ago."
        );
    }

    #[test]
    fn who_takes_the_most_is_named_near_the_limit() {
        let documented = LimitSource::Documented;
        let note_of = |kind, used, limit| note(&facts(kind, Some(used), limit, documented));
        assert_eq!(note_of(LimitKind::SegmentOverrides, 79, Some(100)), None);
        assert_eq!(
            note_of(LimitKind::SegmentOverrides, 87, Some(100)).unwrap(),
            "Most: homepage_hero (12). At the limit no more can be added."
        );
        assert_eq!(
            note_of(LimitKind::SegmentOverrides, 100, Some(100)).unwrap(),
            "Most: homepage_hero (12). No more can be added."
        );
        assert_eq!(
            note_of(LimitKind::DocumentBytes, 5_000, None).unwrap(),
            "Most: homepage_hero (12 bytes)."
        );
    }
}
