//! What is doubtful about a whole environment, one sentence each, and what the
//! ways out are called.

use halyard_console::{Doubt, EnvironmentLint, LimitFacts, LimitLevel, LintGap, NeverApplies, Remedying};
use halyard_model::{Environment, Subject, Timestamp, ValueKind};

use super::{
    finding, limits,
    number::{plural, series, short},
};

/// A stable name for programs, such as `unused_segment`.
pub fn kind(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Engine(found) => return finding::key(found.kind),
        Doubt::OverrideNeverApplies { .. } => "override_never_applies",
        Doubt::OverrideLikeDefault { .. } => "override_like_default",
        Doubt::IdentityLikeDefault { .. } => "identity_like_default",
        Doubt::UnusedSegment { .. } => "unused_segment",
        Doubt::WeightsDoNotAddUp { .. } => "weights_do_not_add_up",
        Doubt::TypeDiffers { .. } => "type_differs",
        Doubt::ArchivedButOn { .. } => "archived_but_on",
        Doubt::RolledOut { .. } => "rolled_out",
        Doubt::OffEverywhere { .. } => "off_everywhere",
        Doubt::Unchanged { .. } => "unchanged",
        Doubt::NearLimit { .. } => "near_limit",
    }
    .to_owned()
}

/// What those of a kind have in common.
pub fn heading(doubt: &Doubt) -> &'static str {
    match doubt {
        Doubt::Engine(found) => finding::heading(found.kind),
        Doubt::OverrideNeverApplies { .. } => "Overrides that never apply",
        Doubt::OverrideLikeDefault { .. } => "Segment overrides that change nothing",
        Doubt::IdentityLikeDefault { .. } => "Identity overrides that change nothing",
        Doubt::UnusedSegment { .. } => "Segments that nothing uses",
        Doubt::WeightsDoNotAddUp { .. } => "Weights that do not add up",
        Doubt::TypeDiffers { .. } => "Values of another type elsewhere",
        Doubt::ArchivedButOn { .. } => "Archived flags that are on",
        Doubt::RolledOut { .. } => "Flags rolled out to everybody",
        Doubt::OffEverywhere { .. } => "Flags off in every environment",
        Doubt::Unchanged { .. } => "Flags nobody has touched for long",
        Doubt::NearLimit { .. } => "Growth against limits",
    }
}

/// What it is about, for people.
pub fn name(doubt: &Doubt) -> String {
    match doubt {
        Doubt::NearLimit { limit, .. } => limits::name(limit.kind).to_owned(),
        other => other.name(),
    }
}

/// What tells two of one kind and name apart, for programs.
pub fn detail(doubt: &Doubt) -> String {
    match doubt {
        Doubt::OverrideNeverApplies { segment, .. } | Doubt::OverrideLikeDefault { segment, .. } => {
            format!(" {}", segment.0)
        }
        Doubt::IdentityLikeDefault { identity, .. } => format!(" {identity}"),
        Doubt::UnusedSegment { segment, .. } => format!(" {}", segment.0),
        Doubt::WeightsDoNotAddUp { segment, .. } => {
            segment.as_ref().map_or(String::new(), |name| format!(" {name}"))
        }
        _ => String::new(),
    }
}

/// What is doubtful and why.
pub fn sentence(doubt: &Doubt, here: &Environment, now: Timestamp) -> String {
    let place = &here.name;
    match doubt {
        Doubt::Engine(found) => match finding::conditions(found) {
            Some(conditions) => format!("{} ({conditions})", finding::sentence(found)),
            None => finding::sentence(found),
        },
        Doubt::OverrideNeverApplies { name, why, .. } => match why {
            NeverApplies::NobodyMatches => {
                format!("Its override for {name} never applies: nobody can be in that segment.")
            }
            NeverApplies::Shadowed { by } => format!(
                "Its override for {name} never applies: the one for {by} comes first and matches everybody it matches."
            ),
        },
        Doubt::OverrideLikeDefault { name, .. } => format!(
            "Its override for {name} gives what {place} gives anyway, and keeps nobody from another override."
        ),
        Doubt::IdentityLikeDefault { identity, .. } => {
            format!("The override for {identity} gives what {place} gives anyway.")
        }
        Doubt::UnusedSegment { environments, .. } => format!(
            "Nothing uses it in {} that Halyard reads.",
            match environments {
                1 => "the one environment".to_owned(),
                2 => "either environment".to_owned(),
                many => format!("any of the {many} environments"),
            }
        ),
        Doubt::WeightsDoNotAddUp { segment, sum, .. } => match segment {
            Some(name) => format!(
                "The weights for {name} add up to {}%: the last options get less than they say.",
                short(*sum)
            ),
            None => format!(
                "The shares add up to {}%: they cannot be given out as they say.",
                short(*sum)
            ),
        },
        Doubt::TypeDiffers { here, elsewhere, .. } => {
            let others: Vec<String> = elsewhere
                .iter()
                .map(|(name, kind)| format!("{} in {name}", type_name(*kind)))
                .collect();
            format!(
                "Its value is {} in {place}, but {}. Applications read it as one type.",
                type_name(*here),
                series(&others)
            )
        }
        Doubt::ArchivedButOn { .. } => {
            format!("It is archived and still on in {place}. Archived flags are served like others.")
        }
        Doubt::RolledOut { since, .. } => format!(
            "It is on for everybody and alike in every environment, and nobody has touched it in {place} for {}. \
             The code may no longer need it.",
            age(*since, now)
        ),
        Doubt::OffEverywhere { since, .. } => format!(
            "It is off in every environment, and nobody has touched it in {place} for {}.",
            age(*since, now)
        ),
        Doubt::Unchanged { since, .. } => format!(
            "As far as Halyard has looked, nobody has touched it in {place} for {}.",
            age(*since, now)
        ),
        Doubt::NearLimit { limit, days_left } => near_limit(limit, *days_left),
    }
}

fn near_limit(limit: &LimitFacts, days_left: Option<u32>) -> String {
    let amount = |number: Option<u64>| limits::amount(limit.kind, number.unwrap_or_default());
    let (used, allowed) = (amount(limit.used), amount(limit.limit));
    let taken = match limit.level() {
        Some(LimitLevel::Reached) => format!("All of the {allowed} allowed are used."),
        Some(LimitLevel::Near) | None => format!("{used} of {allowed} allowed are used."),
    };
    let pace = days_left.map(|days| {
        format!(
            " At the pace of late the limit is reached in {}.",
            plural(u64::from(days), "day", "days")
        )
    });
    let heaviest = limit
        .heaviest
        .first()
        .map(|one| format!(" {} takes the most.", one.name));
    format!(
        "{taken}{}{}",
        pace.unwrap_or_default(),
        heaviest.unwrap_or_default()
    )
}

/// What was looked at.
pub fn summary(lint: &EnvironmentLint, here: &Environment, now: Timestamp) -> String {
    let Some(as_of) = lint.as_of else {
        return format!("Nothing of {} has been fetched yet.", here.name);
    };
    let scope = lint.scope;
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let mut parts = vec![plural(wide(scope.flags), "flag", "flags")];
    if scope.segments > 0 {
        parts.push(plural(wide(scope.segments), "segment", "segments"));
    }
    if scope.identities > 0 {
        parts.push(plural(
            wide(scope.identities),
            "identity override",
            "identity overrides",
        ));
    }
    let beside = match scope.environments {
        0 | 1 => String::new(),
        many => format!(
            " beside {}",
            plural(wide(many - 1), "other environment", "other environments")
        ),
    };
    format!(
        "Looked at {} of {}{beside}, in the copy of {}.",
        series(&parts),
        here.name,
        limits::ago(as_of, now)
    )
}

/// What could not be looked at.
pub fn gap(gap: &LintGap, now: Timestamp) -> String {
    match gap {
        LintGap::NotFetched => "Nothing has been fetched yet. Refresh first.".into(),
        LintGap::NoDocument => {
            "The service evaluates by itself, so conditions were not looked into one by one.".into()
        }
        LintGap::UnreadableDocument => {
            "The environment document cannot be read, so conditions were not looked into.".into()
        }
        LintGap::Environments(names) => format!(
            "{} not been fetched yet, so nothing is said of all environments together.",
            match names.as_slice() {
                [one] => format!("{one} has"),
                many => format!("{} have", series(many)),
            }
        ),
        LintGap::AbridgedDefinitions => {
            "The service's lists leave out parts of flags, so it is not known which segments are used.".into()
        }
        LintGap::Timeline { since: None, days } => format!(
            "Halyard has no history of it yet. It tells which flags were left alone once it has looked for {}.",
            plural(u64::from(*days), "day", "days")
        ),
        LintGap::Timeline {
            since: Some(since),
            days,
        } => format!(
            "Halyard has looked for {}. It tells which flags were left alone once it has looked for {}.",
            age(*since, now),
            plural(u64::from(*days), "day", "days")
        ),
    }
}

/// What a button says that stages.
pub fn staging(what: Remedying) -> &'static str {
    match what {
        Remedying::RemoveOverride => "Stage its removal",
        Remedying::DeleteSegment => "Stage its deletion",
        Remedying::Archive => "Stage archiving it",
        Remedying::TakeOutOfArchive => "Stage taking it out of the archive",
        Remedying::TurnOff => "Stage turning it off",
    }
}

/// What a button says that opens.
pub fn opening(subject: &Subject) -> String {
    match subject {
        Subject::FlagState { flag } | Subject::Flag { flag } => format!("Open {}", flag.0),
        Subject::IdentityOverride { flag, identity } => format!("Open {} for {identity}", flag.0),
        Subject::Segment { .. } => "Open the segment".into(),
        Subject::Traits { identity } => format!("Open {identity}"),
        Subject::Config { key } => format!("Open {key}"),
    }
}

fn type_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::None => "nothing",
        ValueKind::Text => "text",
        ValueKind::Number => "a number",
        ValueKind::Boolean => "true or false",
        ValueKind::Json => "JSON",
    }
}

/// Whole days, or less than one.
fn age(since: Timestamp, now: Timestamp) -> String {
    match u64::try_from(now.millis_since(since) / 86_400_000).unwrap_or_default() {
        0 => "less than a day".into(),
        days => plural(days, "day", "days"),
    }
}

#[cfg(test)]
mod tests {
    use halyard_console::{LimitKind, LimitSource, LimitTrend};
    use halyard_model::{EnvironmentKey, FlagKey, Protection, SegmentKey};

    use super::*;

    const DAY: i64 = 86_400_000;
    const NOW: Timestamp = Timestamp(1_000 * DAY);

    fn here() -> Environment {
        Environment {
            key: EnvironmentKey("k".into()),
            remote_id: "1".into(),
            name: "Production".into(),
            versioned: false,
            requires_change_requests: false,
            edge_identities: false,
            protection: Protection::None,
        }
    }

    #[test]
    fn doubts_are_one_sentence_or_two() {
        let flag = || FlagKey("a".into());
        let segment = || SegmentKey("1".into());
        let since = Timestamp(NOW.0 - 120 * DAY);
        let limit = |used, before: Option<u64>| {
            Box::new(LimitFacts {
                kind: LimitKind::Flags,
                used: Some(used),
                as_of: Some(NOW),
                limit: Some(1_000),
                source: LimitSource::Documented,
                heaviest: Vec::new(),
                trend: before.map(|before| LimitTrend { before, days: 7 }),
            })
        };
        for (doubt, expected) in [
            (
                Doubt::OverrideNeverApplies {
                    flag: flag(),
                    segment: segment(),
                    name: "Germany".into(),
                    why: NeverApplies::Shadowed { by: "EU".into() },
                },
                "Its override for Germany never applies: the one for EU comes first and matches everybody it matches.",
            ),
            (
                Doubt::OverrideLikeDefault {
                    flag: flag(),
                    segment: segment(),
                    name: "Germany".into(),
                },
                "Its override for Germany gives what Production gives anyway, and keeps nobody from another override.",
            ),
            (
                Doubt::UnusedSegment {
                    segment: segment(),
                    name: "Germany".into(),
                    environments: 4,
                },
                "Nothing uses it in any of the 4 environments that Halyard reads.",
            ),
            (
                Doubt::WeightsDoNotAddUp {
                    flag: flag(),
                    segment: Some("Germany".into()),
                    sum: 120.5,
                },
                "The weights for Germany add up to 120.5%: the last options get less than they say.",
            ),
            (
                Doubt::TypeDiffers {
                    flag: flag(),
                    here: ValueKind::Text,
                    elsewhere: vec![
                        ("Staging".into(), ValueKind::Number),
                        ("Test".into(), ValueKind::Json),
                    ],
                },
                "Its value is text in Production, but a number in Staging and JSON in Test. Applications read it as one \
                 type.",
            ),
            (
                Doubt::Unchanged { flag: flag(), since },
                "As far as Halyard has looked, nobody has touched it in Production for 120 days.",
            ),
            (
                Doubt::NearLimit {
                    limit: limit(900, Some(870)),
                    days_left: Some(24),
                },
                "900 of 1,000 allowed are used. At the pace of late the limit is reached in 24 days.",
            ),
            (
                Doubt::NearLimit {
                    limit: limit(1_000, None),
                    days_left: None,
                },
                "All of the 1,000 allowed are used.",
            ),
        ] {
            assert_eq!(sentence(&doubt, &here(), NOW), expected);
        }
    }

    #[test]
    fn gaps_say_what_is_not_known() {
        for (gap_of, expected) in [
            (
                LintGap::Environments(vec!["Staging".into(), "Test".into()]),
                "Staging and Test have not been fetched yet, so nothing is said of all environments together.",
            ),
            (
                LintGap::Timeline {
                    since: Some(Timestamp(NOW.0 - 3 * DAY)),
                    days: 90,
                },
                "Halyard has looked for 3 days. It tells which flags were left alone once it has looked for 90 days.",
            ),
        ] {
            assert_eq!(gap(&gap_of, NOW), expected);
        }
    }
}
