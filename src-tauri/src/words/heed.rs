//! What to know before an edit is sent, though nothing forbids it.

use halyard_model::{FieldPath, SegmentUse, ValueKind, Warning};

use super::number::{list, plural};

/// The same in a sentence. `label` names a field for people.
pub fn sentence(warning: &Warning, environment: &str, label: impl Fn(&FieldPath) -> String) -> String {
    match warning {
        Warning::KindChanges { field, from, to } => format!(
            "{} changes from {} to {}. Clients that read the old type may break.",
            label(field),
            kind(*from),
            kind(*to)
        ),
        Warning::BypassesChangeRequests => {
            format!("{environment} wants change requests, and an identity override goes live without one.")
        }
        Warning::OverridesActWhileOff { segments } => {
            let names: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
            format!(
                "An override is evaluated even when the flag is off by default: {} {} it on.",
                list(&names),
                if names.len() == 1 { "gets" } else { "get" }
            )
        }
        Warning::IdentityActsWhileOff => {
            "An override is evaluated even when the flag is off by default: this identity gets it on.".into()
        }
        Warning::ValueHidesTargeting => {
            "By the documented order, an explicit value hides the rules and the rollout.".into()
        }
        Warning::BaseDisabledWins => {
            format!("The flag itself is off, and by the documented order {environment} cannot turn it on.")
        }
        Warning::DisabledServesFalse { kind: of } => {
            format!(
                "While it is off, clients get false, though its value is {}.",
                kind(*of)
            )
        }
        Warning::ArchivedIsServed => "The flag is archived, and archived flags are still served.".into(),
        Warning::TouchesEveryEnvironment { environments, .. } => {
            format!(
                "It changes what users get in every environment: {}.",
                list(environments)
            )
        }
        Warning::DeletesStates {
            segment_overrides,
            identity_overrides,
        } => format!(
            "{} go with it in {environment}.",
            goes(*segment_overrides, *identity_overrides)
        ),
        Warning::DeletesUsedSegment { uses } => format!(
            "The segment is used, and its overrides go with it: {}.",
            used(uses)
        ),
        Warning::ChangesUsedSegment { uses } => {
            format!("Who is in the segment decides {}.", used(uses))
        }
    }
}

fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::None => "no value",
        ValueKind::Text => "text",
        ValueKind::Number => "a number",
        ValueKind::Boolean => "a boolean",
        ValueKind::Json => "JSON",
    }
}

fn goes(segments: usize, identities: Option<u32>) -> String {
    let segments = u64::try_from(segments).unwrap_or(u64::MAX);
    let segments = (segments > 0).then(|| plural(segments, "segment override", "segment overrides"));
    let identities = identities
        .filter(|count| *count > 0)
        .map(|count| plural(count.into(), "identity override", "identity overrides"));
    let both: Vec<String> = [segments, identities].into_iter().flatten().collect();
    both.join(" and ")
}

fn used(uses: &[SegmentUse]) -> String {
    let named: Vec<String> = uses
        .iter()
        .map(|one| match &one.environment {
            Some(environment) => format!("{} in {environment}", one.flag.0),
            None => one.flag.0.clone(),
        })
        .collect();
    list(&named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{FlagKey, Named};

    #[test]
    fn every_warning_has_a_sentence() {
        let named = |name: &str| Named {
            id: "1".into(),
            name: name.into(),
        };
        let uses = vec![SegmentUse {
            flag: FlagKey("a".into()),
            environment: Some("Staging".into()),
        }];
        let cases = [
            (
                Warning::KindChanges {
                    field: FieldPath::Value,
                    from: ValueKind::Number,
                    to: ValueKind::Text,
                },
                "Value changes from a number to text. Clients that read the old type may break.",
            ),
            (
                Warning::BypassesChangeRequests,
                "Production wants change requests, and an identity override goes live without one.",
            ),
            (
                Warning::OverridesActWhileOff {
                    segments: vec![named("VIP"), named("EU")],
                },
                "An override is evaluated even when the flag is off by default: VIP, EU get it on.",
            ),
            (
                Warning::ValueHidesTargeting,
                "By the documented order, an explicit value hides the rules and the rollout.",
            ),
            (
                Warning::ArchivedIsServed,
                "The flag is archived, and archived flags are still served.",
            ),
            (
                Warning::DeletesStates {
                    segment_overrides: 2,
                    identity_overrides: Some(1),
                },
                "2 segment overrides and 1 identity override go with it in Production.",
            ),
            (
                Warning::DeletesUsedSegment { uses: uses.clone() },
                "The segment is used, and its overrides go with it: a in Staging.",
            ),
            (
                Warning::ChangesUsedSegment { uses },
                "Who is in the segment decides a in Staging.",
            ),
        ];
        for (warning, told) in cases {
            let label = |_: &FieldPath| "Value".to_owned();
            assert_eq!(sentence(&warning, "Production", label), told);
        }
    }
}
