//! Two sides beside each other, in words.

use halyard_console::{CheckWarning, StaleSide, TargetRefusal, UnknownImpact};
use halyard_model::{
    Blocked, FieldPath, LeftOutWhy, Line, LineKind, Moment, SameCounts, Service, SideDifference, Subject,
    Timestamp, Unmapped, UnmappedKind,
};

use super::{
    limits,
    number::{count, list, plural},
    time::Clock,
};

/// When a side was: `now`, the moment's name, `today 14:32`, `18 November, 14:05`.
pub fn when(moment: Option<&Moment>, now: Timestamp, clock: &Clock) -> String {
    match moment {
        None => "now".into(),
        Some(Moment { name: Some(name), .. }) => name.clone(),
        Some(moment) => {
            let at = moment.first_seen;
            match clock.day(at, now) == clock.day(now, now) {
                true => format!("today {}", clock.time(at)),
                false => clock.moment(at, now),
            }
        }
    }
}

/// Which part of a subject differs: `State`, `Value, 2 of 5 lines`, `Override,
/// Cities with a store`. `rules` are those of a segment or of targeting.
pub fn label(one: &SideDifference, lines: &[Line]) -> String {
    let part = match (&one.subject, &one.field) {
        (Subject::IdentityOverride { identity, .. }, _) => format!("Identity override, {identity}"),
        (Subject::Flag { .. }, FieldPath::Existence) => "Flag".into(),
        (Subject::Segment { .. }, FieldPath::Existence) => "Segment".into(),
        (Subject::Config { .. }, FieldPath::Existence) => "Config".into(),
        (_, FieldPath::Override(id)) => format!("Override, {}", one.segment.as_deref().unwrap_or(id)),
        (_, FieldPath::HasTargeting) => "Targeting".into(),
        (Subject::Config { .. }, FieldPath::EnvironmentValue(_)) => "Value here".into(),
        (subject, field) => super::field::label(field, subject, "", super::field::Place::Change),
    };
    match changed_lines(lines) {
        Some((changed, all)) => {
            let what = match one.field {
                FieldPath::Rules => plural(all, "rule", "rules"),
                _ => plural(all, "line", "lines"),
            };
            format!("{part}, {} of {what}", count(changed))
        }
        None => part,
    }
}

/// How many lines differ, out of how many.
fn changed_lines(lines: &[Line]) -> Option<(u64, u64)> {
    let only = |kind: LineKind| lines.iter().filter(|line| line.kind == kind).count();
    let changed = only(LineKind::OnlyA).max(only(LineKind::OnlyB));
    let last = |number: fn(&Line) -> Option<usize>| lines.iter().filter_map(number).max().unwrap_or(0);
    let all = last(|line| line.a).max(last(|line| line.b));
    (changed > 0).then_some((changed as u64, all as u64))
}

/// `117 flags are the same`.
pub fn same(same: &SameCounts) -> String {
    match same.flags {
        0 => "No flag is the same".into(),
        1 => "1 flag is the same".into(),
        flags => format!("{} flags are the same", count(flags as u64)),
    }
}

/// Why a difference cannot be taken over.
pub fn blocked(blocked: &Blocked, side: &str) -> String {
    match blocked {
        Blocked::RulesUnknown { segment } => {
            format!("The rules of {segment} are in no document, so it cannot be taken over.")
        }
        Blocked::SegmentMissing { segment } => {
            format!("{side} does not have the segment {segment}, and it cannot be made from here.")
        }
        Blocked::ValueNotKept => "The other service does not keep a value of this type.".into(),
    }
}

/// Why nothing can be taken over to a side.
pub fn refusal(refusal: TargetRefusal, environment: &str) -> String {
    match refusal {
        TargetRefusal::Moment => {
            "B is a snapshot, which cannot be changed. To take its content over, make it A.".into()
        }
        TargetRefusal::File => "B is a snapshot file, which cannot be changed.".into(),
        TargetRefusal::ReadOnly => {
            format!("{environment} is read-only in Halyard. Its protection can be changed in Settings.")
        }
        TargetRefusal::ChangeRequests => {
            format!("{environment} takes changes only through change requests, which Halyard does not send.")
        }
    }
}

/// What to do before anything is taken over.
pub fn advice(stale: StaleSide, a: &str, b: &str) -> String {
    match stale {
        StaleSide::A => format!("{a} is stale. Sync it first to be sure."),
        StaleSide::B => format!("{b} is stale. Sync it first to be sure."),
        StaleSide::Both if a == b => "Both sides are stale. Sync them first to be sure.".into(),
        StaleSide::Both => format!("{a} and {b} are stale. Sync them first to be sure."),
    }
}

/// What one side has that the other service has not, one sentence for each kind
/// and side.
pub fn unmapped(all: &[Unmapped], sides: [(&str, Service); 2]) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut rest = all;
    while let Some(first) = rest.first() {
        let alike = rest
            .iter()
            .take_while(|one| (one.side, one.kind) == (first.side, first.kind))
            .count();
        let (group, others) = rest.split_at(alike);
        rest = others;
        let place = usize::from(first.side == halyard_model::Side::B);
        let (own, other) = (sides[place], sides[1 - place]);
        sentences.push(unmapped_group(first.kind, group, own.0, other));
    }
    sentences
}

fn unmapped_group(
    kind: UnmappedKind,
    group: &[Unmapped],
    own: &str,
    (other, service): (&str, Service),
) -> String {
    let names: Vec<&str> = group.iter().map(|one| one.name.as_str()).collect();
    let number = group.iter().map(|one| one.count as u64).sum::<u64>();
    let flags = plural(group.len() as u64, "flag", "flags");
    let service = match service {
        Service::Flagsmith => "Flagsmith",
        Service::EdgeFlags => "EdgeFlags",
    };
    let (what, why) = match kind {
        UnmappedKind::SegmentOverrides => (
            format!(
                "{} on {flags}",
                plural(number, "segment override", "segment overrides")
            ),
            format!("{service} has rules in their place"),
        ),
        UnmappedKind::IdentityOverrides => (
            format!(
                "{} on {flags}",
                plural(number, "identity override", "identity overrides")
            ),
            format!("{service} has none"),
        ),
        UnmappedKind::Targeting => (
            format!("targeting on {flags}"),
            format!("{service} has segment overrides in its place"),
        ),
        UnmappedKind::Options => (
            format!("options with weights on {flags}"),
            format!("{service} has rollouts in their place"),
        ),
        UnmappedKind::Window => (
            format!("a window of time on {flags}"),
            format!("{service} has none"),
        ),
        UnmappedKind::ServerOnly => (
            format!("{flags} for server-side keys only"),
            format!("{service} has no such mark"),
        ),
        UnmappedKind::Archived => (format!("{flags} in the archive"), format!("{service} has none")),
        UnmappedKind::Described => (
            format!("a description or tags on {flags}"),
            format!("{other} shows none"),
        ),
        UnmappedKind::Segment => (
            plural(group.len() as u64, "segment", "segments"),
            "the two services write rules in different languages".into(),
        ),
        UnmappedKind::Config => (
            plural(group.len() as u64, "config", "configs"),
            format!("{service} has none"),
        ),
        UnmappedKind::Value => (
            format!("a value on {flags} of a type that {service} does not keep"),
            "it would become text".into(),
        ),
        UnmappedKind::AmbiguousSegment => (
            plural(group.len() as u64, "segment", "segments"),
            "another segment has the same name".into(),
        ),
    };
    format!("{own} has {what}: {}. Not compared, because {why}.", list(&names))
}

/// Why something that was ticked is left out. `name` is its subject.
pub fn left_out(why: &LeftOutWhy, name: &str, side: &str) -> String {
    match why {
        LeftOutWhy::Gone => "A difference that was ticked is not there any more.".into(),
        LeftOutWhy::Blocked(why) => format!("{name}: {}", blocked(why, side)),
        LeftOutWhy::NeedsBlocked { .. } => {
            format!("{name}: what it needs cannot be taken over.")
        }
        LeftOutWhy::WithoutOverride { segment } => {
            format!("{name} is made without its override for {segment}, a segment that cannot be made.")
        }
        LeftOutWhy::OptionsFirst => {
            format!("{name}: the new options are made first. Take the weights over once they are published.")
        }
    }
}

/// What is made or taken along because what was ticked needs it.
pub fn needed(one: &SideDifference, name: &str, side: &str) -> String {
    match (&one.subject, &one.field) {
        (Subject::Segment { .. }, _) => format!("Segment {name} is not in {side} and will be made."),
        (Subject::Flag { .. }, FieldPath::Options) => {
            format!("{name} lacks options in {side}. They will be made, without a share.")
        }
        _ => format!("{name} is not in {side} and will be made."),
    }
}

/// What to know before taking over, other than what an edit's own warning says.
pub fn warning(warning: &CheckWarning) -> Option<String> {
    Some(match warning {
        CheckWarning::Edit { .. } => return None,
        CheckWarning::Limit {
            kind,
            would_be,
            limit,
        } => format!(
            "{}: {} would be more than the {} that the service takes.",
            limits::name(*kind),
            count(*would_be),
            count(*limit)
        ),
        CheckWarning::SimilarName { flag, known } => format!(
            "{} differs from {} in capitals alone. Flagsmith takes them for the same and will refuse it.",
            flag.0, known.0
        ),
        CheckWarning::BadKey { key } => {
            format!("{key} is no key for EdgeFlags, which takes small letters, digits and . _ - in it.")
        }
    })
}

/// Why it is not known what it does to users.
pub fn unknown_impact(unknown: &UnknownImpact) -> String {
    match unknown {
        UnknownImpact::RemoteOnly => {
            "EdgeFlags evaluates by itself, so the impact cannot be worked out here.".into()
        }
        UnknownImpact::Failed { reason } => format!("The impact is not known: {reason}."),
    }
}

/// `Staged 4 edits for Production.`
pub fn staged(edits: usize, environment: &str) -> String {
    format!(
        "Staged {} for {environment}.",
        plural(edits as u64, "edit", "edits")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{Side, lines};
    use serde_json::json;

    #[test]
    fn lines_are_counted() {
        let lines = lines(&json!({"a": 1, "b": 2, "c": 3}), &json!({"a": 1, "b": 3}));
        assert_eq!(changed_lines(&lines), Some((2, 5)));
        assert_eq!(changed_lines(&[]), None);
    }

    #[test]
    fn what_does_not_map_is_told_by_kind_and_side() {
        let one = |side, kind, name: &str, count| Unmapped {
            side,
            kind,
            name: name.into(),
            count,
        };
        let all = [
            one(Side::A, UnmappedKind::SegmentOverrides, "checkout", 2),
            one(Side::A, UnmappedKind::SegmentOverrides, "search", 1),
            one(Side::B, UnmappedKind::Targeting, "checkout", 1),
        ];
        let sides = [("Staging", Service::Flagsmith), ("live", Service::EdgeFlags)];
        assert_eq!(
            unmapped(&all, sides),
            [
                "Staging has 3 segment overrides on 2 flags: checkout, search. Not compared, because EdgeFlags has rules in their place.",
                "live has targeting on 1 flag: checkout. Not compared, because Flagsmith has segment overrides in its place.",
            ]
        );
    }

    #[test]
    fn advice_names_what_is_stale() {
        assert_eq!(
            advice(StaleSide::A, "Staging", "Production"),
            "Staging is stale. Sync it first to be sure."
        );
    }
}
