//! Plans, limits of plans, and the rules that an environment was given.

use super::evidence::{Evidence, Outcome, Unsent};
use super::row::{Row, happened};
use super::{Diagnosis, Remedy, ended, own_words};
use crate::FailureKind;
use crate::http::Service;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::ServingStopped,
        applies: |e| matches!(e.status(), 401 | 403) && e.says("disabled from serving"),
        words: |e| {
            let mut words = happened(format!("{} has stopped serving this organisation's flags.", e.name()))
                .then("Look at the organisation's usage and plan: a free plan over its allowance is blocked until it is upgraded or 30 days have passed.")
                .by(Remedy::ShowLimits)
                .sorted(FailureKind::Forbidden);
            words.cause = own_words(e);
            words
        },
    },
    Row {
        diagnosis: Diagnosis::ChangeRequestsRequired,
        applies: |e| {
            matches!(e.outcome, Outcome::Unsent(Unsent::ChangeRequests { .. }))
                || e.code() == "change_requests_enabled"
                || matches!(e.status(), 400 | 403 | 409) && e.says("change request")
        },
        words: |e| {
            let name = match &e.outcome {
                Outcome::Unsent(Unsent::ChangeRequests { environment }) => environment.as_str(),
                _ => "The environment",
            };
            let mut words = happened(format!(
                "{name} takes changes only through change requests, which Halyard does not send."
            ))
            .then("Make the change in Flagsmith's own dashboard.")
            .by(Remedy::OpenDashboard);
            words.cause = own_words(e);
            words.kind = Some(FailureKind::Refused {
                detail: "change requests are required".into(),
            });
            words
        },
    },
    Row {
        diagnosis: Diagnosis::VersioningOn,
        applies: |e| e.status() == 400 && e.says("uses v2 feature versioning"),
        words: |e| {
            happened(format!(
                "{} refused the edit: the environment keeps versions now.",
                e.name()
            ))
            .because("Feature versioning was switched on after the environment was last read.")
            .then("Refresh the environment; edits are sent as versions then.")
            .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::VersioningOff,
        applies: |e| e.status() == 400 && e.says("must use v2 feature versioning"),
        words: |e| {
            happened(format!(
                "{} refused the edit: the environment keeps no versions.",
                e.name()
            ))
            .because("Feature versioning was switched off after the environment was last read.")
            .then("Refresh the environment; edits are sent directly then.")
            .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::VersionPublished,
        applies: |e| e.status() == 400 && e.says("published version"),
        words: |e| {
            happened(format!(
                "{} refused the edit: this version is published already.",
                e.name()
            ))
            .because("Somebody published the draft while it was being edited.")
            .then("Refresh the flag and make the edit again.")
            .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::OverrideConflict,
        applies: |e| e.status() == 400 && e.says("unresolvable conflict"),
        words: |e| {
            let mut words = happened(format!(
                "{} refused the edit: the segment overrides have changed since.",
                e.name()
            ))
            .then("Look at both states and choose.")
            .by(Remedy::ResolveConflict);
            words.cause = own_words(e);
            words
        },
    },
    Row {
        diagnosis: Diagnosis::LimitReached,
        applies: |e| {
            is_refusal(e)
                && (e.says("maximum allowed") || e.says("limit of") || e.says("reached the maximum"))
        },
        words: |e| {
            happened(ended(format!(
                "{} refused the request: {}",
                e.name(),
                e.own_words().unwrap_or_default()
            )))
            .because("One of the provider's limits is reached.")
            .then("Remove what nobody needs, or have the limit raised.")
            .by(Remedy::ShowLimits)
        },
    },
    Row {
        diagnosis: Diagnosis::PlanNeeded,
        applies: |e| {
            e.status() == 402
                || is_refusal(e)
                    && ["subscription", "your plan", "upgrade"]
                        .into_iter()
                        .any(|word| e.says(word))
        },
        words: |e| {
            let mut words = happened(format!(
                "{} does not include this in the organisation's plan.",
                e.name()
            ))
            .then("Look at the organisation's plan.")
            .by(Remedy::ShowLimits)
            .sorted(FailureKind::Forbidden);
            words.cause = own_words(e);
            words
        },
    },
];

fn is_refusal(e: &Evidence) -> bool {
    e.service() != Service::EdgeFlags && matches!(e.status(), 400 | 403)
}
