//! What a step found, in a few words.

use halyard_console::{DoctorFinding, DoctorStep, Failure, FailureKind, KeyKind, Stage, StepFact, StepState};
use halyard_model::{Surface, Timestamp};

use super::{Looked, compared, content_differs, last_update};
use crate::words::{
    number::{count, list},
    surface::{host, span},
};

/// Addresses beyond these are counted.
const ADDRESSES_SHOWN: usize = 2;

/// What a step found, such as `valid, 61 days left`; `None` where there is
/// nothing to say or it is still going on.
pub fn detail(finding: &DoctorFinding, looked: &Looked<'_>) -> Option<String> {
    match finding.state {
        StepState::Running => None,
        StepState::Waits => Some("Waits for the step above".to_owned()),
        StepState::Skipped => skipped(finding, looked).map(str::to_owned),
        StepState::Passed | StepState::Noted | StepState::Failed => match &finding.failure {
            Some(failure) => Some(failed(failure)),
            None => found(finding, looked),
        },
    }
}

/// Why a step does not apply.
fn skipped(finding: &DoctorFinding, looked: &Looked<'_>) -> Option<&'static str> {
    let is_admin = *looked.surface == Surface::Admin;
    Some(match finding.step {
        DoctorStep::Path => "any path will do",
        DoctorStep::Certificate => "plain http, not encrypted",
        DoctorStep::Clock => "the answer names no time",
        DoctorStep::Version => "not told",
        DoctorStep::UpToDate if is_admin => "the others are compared with it",
        DoctorStep::UpToDate => "serves no document, see the next step",
        DoctorStep::Evaluates if is_admin => "the Admin API does not evaluate",
        DoctorStep::Evaluates if finding.facts.contains(&StepFact::MirrorNotReady) => "sync first",
        DoctorStep::Evaluates => "EdgeFlags keeps its rules to itself",
        _ => return None,
    })
}

/// How a request failed.
fn failed(failure: &Failure) -> String {
    if let Some(status) = failure.status {
        return format!("status {status}");
    }
    match &failure.kind {
        FailureKind::Unreachable(Stage::Name) => "not found",
        FailureKind::Unreachable(Stage::Connect) => "no connection",
        FailureKind::Unreachable(Stage::Tls) => "not accepted",
        FailureKind::Unreachable(Stage::Timeout) => "no answer in time",
        FailureKind::Unreachable(Stage::Cut) => "the answer broke off",
        FailureKind::Unreachable(Stage::Other) => "no answer",
        FailureKind::Malformed { .. } => "unreadable answer",
        FailureKind::BadAddress { .. } => "address not usable",
        FailureKind::RateLimited { .. } => "asked to wait",
        FailureKind::Unauthorised | FailureKind::Forbidden | FailureKind::Refused { .. } => "refused",
        FailureKind::NotFound => "nothing there",
        FailureKind::ServerFault => "server fault",
    }
    .to_owned()
}

fn found(finding: &DoctorFinding, looked: &Looked<'_>) -> Option<String> {
    match finding.step {
        DoctorStep::UpToDate => up_to_date(finding, looked),
        DoctorStep::Evaluates => {
            let (compared, differ) = compared(finding);
            let agree = u64::from(compared.saturating_sub(differ));
            Some(format!(
                "{} of {} flags agree",
                count(agree),
                count(u64::from(compared))
            ))
        }
        DoctorStep::Certificate => Some(certificate(finding)),
        DoctorStep::KeyAccepted => Some("accepted".to_owned()),
        DoctorStep::Environment if finding.state == StepState::Failed => Some("not listed".to_owned()),
        DoctorStep::Address if finding.state == StepState::Failed => Some("not an address".to_owned()),
        _ => finding.facts.iter().find_map(fact),
    }
}

/// A fact that says everything by itself.
fn fact(fact: &StepFact) -> Option<String> {
    match fact {
        StepFact::Address(text) | StepFact::Path(text) | StepFact::Version(text) => Some(text.clone()),
        StepFact::Proxy(address) => Some(host(address).to_owned()),
        StepFact::Addresses(addresses) => addresses_in(addresses),
        StepFact::ClockAhead(millis) => Some(format!("{} apart", apart(*millis))),
        StepFact::Took(took) => Some(format!(
            "{} ms",
            count(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
        )),
        StepFact::Header(header) => Some((*header).to_owned()),
        StepFact::Key(kind) => Some(key(*kind).to_owned()),
        StepFact::Environment(name) => Some(name.clone()),
        _ => None,
    }
}

fn addresses_in(addresses: &[String]) -> Option<String> {
    let shown = addresses.get(..ADDRESSES_SHOWN.min(addresses.len()))?;
    match addresses.len().saturating_sub(shown.len()) {
        0 if shown.is_empty() => None,
        0 => Some(list(shown)),
        more => Some(format!("{} and {more} more", list(shown))),
    }
}

fn key(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Organisation => "organisation key, as needed",
        KeyKind::User => "user token, as needed",
        KeyKind::ClientSide => "client-side, as needed",
        KeyKind::ServerSide => "server-side, which is secret",
        KeyKind::AccessToken => "access token, as needed",
    }
}

fn certificate(finding: &DoctorFinding) -> String {
    let days = finding.facts.iter().find_map(|fact| match fact {
        StepFact::Expires { days, .. } => Some(*days),
        _ => None,
    });
    match days {
        None => "valid, its end is not told".to_owned(),
        Some(days) if days < 0 => "its time is over".to_owned(),
        Some(0) => "valid, ends today".to_owned(),
        Some(1) => "valid, 1 day left".to_owned(),
        Some(days) => format!("valid, {} days left", count(days.unsigned_abs())),
    }
}

/// A distance between clocks: `0.4 s`, `5 min`.
pub(super) fn apart(millis: i64) -> String {
    let millis = millis.saturating_abs();
    if millis < 60_000 {
        // Tenths are all that a time in whole seconds allows to guess.
        return format!("{}.{} s", millis / 1000, millis % 1000 / 100);
    }
    span(millis / 1000)
}

fn up_to_date(finding: &DoctorFinding, looked: &Looked<'_>) -> Option<String> {
    let is_served_old = finding.state == StepState::Failed && content_differs(finding);
    match last_update(finding) {
        Some(None) => Some("never fetched".to_owned()),
        Some(Some(_)) if is_served_old => Some("serves older content".to_owned()),
        Some(Some(at)) => Some(format!("{} old", age(at, looked.now))),
        None if is_served_old => Some("serves older content".to_owned()),
        None => Some("as the Admin API has it".to_owned()),
    }
}

/// How long ago a moment was, of the future now.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    span(now.millis_since(at) / 1000)
}
