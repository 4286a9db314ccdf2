//! Why a server says something else, as clauses that begin with `because`.

use halyard_console::{Difference, DifferenceCause, Said};
use halyard_model::Timestamp;
use serde_json::Value;

use super::{
    number::{count, cut, series, value},
    source::age,
};

/// Traits named before the rest is counted.
const MOST_TRAITS: usize = 3;

/// Whom a comparison was about, and when.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Who was previewed.
    pub identifier: &'a str,
    /// When the server was asked.
    pub asked_at: Timestamp,
    /// When the mirror last made sure of what it holds.
    pub mirror_checked_at: Option<Timestamp>,
}

/// The likely cause: `because the server has order_count 3 stored for u_48213`.
pub fn because(cause: &DifferenceCause, around: Circumstances<'_>) -> String {
    match cause {
        DifferenceCause::StoredTraits { traits } => format!(
            "because the server has {} stored for {}",
            stored(traits),
            cut(around.identifier)
        ),
        DifferenceCause::ServerOnly => {
            "because the flag is server-side only and this key is client-side".into()
        }
        DifferenceCause::HiddenWhenOff => {
            "because the flag is off and this environment hides flags that are off".into()
        }
        DifferenceCause::PinnedOption => {
            "because the identity override pins an option, which the document does not show".into()
        }
        DifferenceCause::TiedPriorities { segment } => {
            format!("because two overrides have the same priority and the server takes the one for {segment}")
        }
        DifferenceCause::BucketByRecord => {
            "because the server buckets identities by its own record numbers here".into()
        }
        DifferenceCause::Blanks { identifier } => format!(
            "because the server strips the blanks around the identifier and takes it for {}",
            cut(identifier)
        ),
        DifferenceCause::OverridesNotInDocument => {
            "because identity overrides are not part of this environment's document".into()
        }
        DifferenceCause::StaleMirror => match around.mirror_checked_at {
            Some(at) => format!(
                "because the flag changed on the server since the mirror was read {} ago",
                age(at, around.asked_at)
            ),
            None => "because the flag changed on the server since the mirror was read".into(),
        },
        DifferenceCause::StaleServer => "because the server answers from an older document".into(),
        DifferenceCause::Drafts => "because the server does not have the edits laid over the mirror".into(),
        DifferenceCause::UnusedSegment { segment } => format!(
            "because evaluating the document fails on the segment {segment}, which this server does not look at"
        ),
        DifferenceCause::Unknown => {
            "because of something Halyard cannot see from here, such as a trait that the server sets by itself".into()
        }
    }
}

fn stored(traits: &[(String, Value)]) -> String {
    let mut named: Vec<String> = traits
        .iter()
        .take(MOST_TRAITS)
        .map(|(name, stored)| format!("{name} {}", value(stored)))
        .collect();
    match traits.len().saturating_sub(MOST_TRAITS) {
        0 => {}
        1 => named.push("1 more trait".into()),
        more => named.push(format!("{more} more traits")),
    }
    if named.is_empty() {
        return "other traits".into();
    }
    series(&named)
}

/// What the server says, as far as it differs: a value, `On`, `Off`, `Nothing`.
pub fn theirs(difference: &Difference) -> String {
    let Some(there) = &difference.there else {
        return "Nothing".into();
    };
    let same_state = difference
        .here
        .as_ref()
        .is_some_and(|here| here.enabled == there.enabled);
    match (there.enabled, has_value(there), same_state) {
        (true, true, true) => value(&there.value.0),
        (true, true, false) => format!("On, {}", value(&there.value.0)),
        (true, false, _) => "On".into(),
        (false, true, true) => format!("Off, {}", value(&there.value.0)),
        (false, ..) => "Off".into(),
    }
}

fn has_value(said: &Said) -> bool {
    !said.value.0.is_null() && said.value.0.as_str() != Some("")
}

/// What came of it: `2 of 128 flags differ.`
pub fn summary(differing: usize, compared: u32) -> String {
    let all = count(compared.into());
    let found = match (differing, compared) {
        (_, 0) => "There is no flag to compare.".to_owned(),
        (0, 1) => "The only flag agrees.".into(),
        (0, _) => format!("All {all} flags agree."),
        (1, _) => format!("1 of {all} flags differs."),
        (some, _) => format!("{} of {all} flags differ.", count(some as u64)),
    };
    format!("{found} Traits typed here are not stored on the server.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{FlagKey, FlagValue};
    use serde_json::json;

    const AROUND: Circumstances<'static> = Circumstances {
        identifier: "u_48213",
        asked_at: Timestamp(1_000_000_000),
        mirror_checked_at: Some(Timestamp(1_000_000_000 - 240_000)),
    };

    #[test]
    fn every_cause_is_a_clause() {
        let stored = |names: &[(&str, Value)]| DifferenceCause::StoredTraits {
            traits: names
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        };
        let cases = [
            (
                stored(&[("order_count", json!(3))]),
                "because the server has order_count 3 stored for u_48213",
            ),
            (
                stored(&[
                    ("a", json!(1)),
                    ("b", json!(true)),
                    ("c", json!("x")),
                    ("d", json!(2)),
                    ("e", json!(3)),
                ]),
                "because the server has a 1, b true, c x and 2 more traits stored for u_48213",
            ),
            (
                DifferenceCause::ServerOnly,
                "because the flag is server-side only and this key is client-side",
            ),
            (
                DifferenceCause::HiddenWhenOff,
                "because the flag is off and this environment hides flags that are off",
            ),
            (
                DifferenceCause::PinnedOption,
                "because the identity override pins an option, which the document does not show",
            ),
            (
                DifferenceCause::TiedPriorities {
                    segment: "Germany".into(),
                },
                "because two overrides have the same priority and the server takes the one for Germany",
            ),
            (
                DifferenceCause::BucketByRecord,
                "because the server buckets identities by its own record numbers here",
            ),
            (
                DifferenceCause::Blanks {
                    identifier: "lena".into(),
                },
                "because the server strips the blanks around the identifier and takes it for lena",
            ),
            (
                DifferenceCause::OverridesNotInDocument,
                "because identity overrides are not part of this environment's document",
            ),
            (
                DifferenceCause::StaleMirror,
                "because the flag changed on the server since the mirror was read 4 min ago",
            ),
            (
                DifferenceCause::StaleServer,
                "because the server answers from an older document",
            ),
            (
                DifferenceCause::Drafts,
                "because the server does not have the edits laid over the mirror",
            ),
            (
                DifferenceCause::UnusedSegment {
                    segment: "Old".into(),
                },
                "because evaluating the document fails on the segment Old, which this server does not look at",
            ),
            (
                DifferenceCause::Unknown,
                "because of something Halyard cannot see from here, such as a trait that the server sets by itself",
            ),
        ];
        for (cause, clause) in cases {
            assert_eq!(because(&cause, AROUND), clause);
        }
    }

    #[test]
    fn what_the_server_says_is_told_as_far_as_it_differs() {
        let said = |enabled, value: Value| {
            Some(Said {
                enabled,
                value: FlagValue(value),
            })
        };
        let cases = [
            (said(true, json!(1.5)), said(true, json!(1)), "1"),
            (said(true, json!(1.5)), None, "Nothing"),
            (said(true, json!(null)), said(false, json!(null)), "Off"),
            (said(false, json!(null)), said(true, json!(null)), "On"),
            (said(false, json!("a")), said(true, json!("a")), "On, a"),
            (said(false, json!("a")), said(false, json!("b")), "Off, b"),
            (None, said(true, json!("b")), "On, b"),
        ];
        for (here, there, expected) in cases {
            let difference = Difference {
                flag: FlagKey("f".into()),
                here,
                there,
                cause: DifferenceCause::Unknown,
                verified: false,
                remedy: None,
            };
            assert_eq!(theirs(&difference), expected);
        }
    }

    #[test]
    fn the_summary_counts() {
        let end = "Traits typed here are not stored on the server.";
        assert_eq!(summary(2, 128), format!("2 of 128 flags differ. {end}"));
        assert_eq!(summary(1, 2_400), format!("1 of 2,400 flags differs. {end}"));
        assert_eq!(summary(0, 128), format!("All 128 flags agree. {end}"));
    }
}
