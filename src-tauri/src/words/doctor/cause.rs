//! Why a step did not pass, and what to do.

use halyard_console::{DoctorFinding, DoctorStep, StepFact, StepState};
use halyard_model::Surface;

use super::{
    Looked, compared, content_differs,
    detail::{age, apart},
    last_update,
};
use crate::words::{number::plural, surface::span};

/// Why a step failed or is worth a look; `None` for the others.
pub fn cause(finding: &DoctorFinding, looked: &Looked<'_>) -> Option<String> {
    if let Some(failure) = &finding.failure {
        return Some(match &failure.cause {
            Some(cause) => format!("{} {cause}", failure.sentence),
            None => failure.sentence.clone(),
        });
    }
    match (finding.state, finding.step) {
        (StepState::Failed, DoctorStep::Address) => {
            Some("The address of this surface is no address of the web.".to_owned())
        }
        (StepState::Failed, DoctorStep::Path) => {
            Some("Everything that Flagsmith answers is below /api/v1/.".to_owned())
        }
        (StepState::Failed, DoctorStep::Environment) => Some(
            "The key is accepted, and the project lists no such environment: it was deleted or moved."
                .to_owned(),
        ),
        (StepState::Failed, DoctorStep::UpToDate) => Some(behind(finding, looked)),
        (StepState::Failed | StepState::Noted, DoctorStep::Evaluates) => Some(differs(finding)),
        (StepState::Noted, DoctorStep::Certificate) => Some("The certificate ends soon.".to_owned()),
        (StepState::Noted, DoctorStep::Clock) => clocks(finding),
        (StepState::Noted, DoctorStep::KeyType) => Some(
            "A server-side key opens the whole document; whoever sees it in a window may use it.".to_owned(),
        ),
        _ => None,
    }
}

/// What to do about it; `None` where there is nothing to do.
pub fn next_step(finding: &DoctorFinding, looked: &Looked<'_>) -> Option<String> {
    if let Some(failure) = &finding.failure {
        return failure.next_step.clone();
    }
    match (finding.state, finding.step) {
        (StepState::Failed, DoctorStep::Address | DoctorStep::Path) => {
            Some("Correct the address in the connection's settings.".to_owned())
        }
        (StepState::Failed, DoctorStep::Environment) => {
            Some("Sync, so that Halyard reads which environments there are.".to_owned())
        }
        (StepState::Failed, DoctorStep::UpToDate) => Some(catch_up(finding, looked)),
        (StepState::Failed, DoctorStep::Evaluates) => {
            Some("Sync and run this again; Preview compares the two flag by flag.".to_owned())
        }
        (StepState::Noted, DoctorStep::Certificate) => Some("Have it renewed before then.".to_owned()),
        (StepState::Noted, DoctorStep::Clock) => Some(
            "Set both clocks by a time server: conditional reads and expiry times go by them.".to_owned(),
        ),
        (StepState::Noted, DoctorStep::KeyType) => {
            Some("Connect with the environment's client-side key.".to_owned())
        }
        _ => None,
    }
}

fn clocks(finding: &DoctorFinding) -> Option<String> {
    let millis = finding.facts.iter().find_map(|fact| match fact {
        StepFact::ClockAhead(millis) => Some(*millis),
        _ => None,
    })?;
    let side = if millis > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "The server's clock is {} {side} this computer's.",
        apart(millis)
    ))
}

fn behind(finding: &DoctorFinding, looked: &Looked<'_>) -> String {
    let own_words = finding.facts.iter().find_map(|fact| match fact {
        StepFact::ProxyReason(words) => Some(format!(" Its own words: {}.", words.trim_end_matches('.'))),
        _ => None,
    });
    let own_words = own_words.unwrap_or_default();
    match (last_update(finding), content_differs(finding)) {
        (Some(None), _) => format!(
            "The proxy answers, but it has never fetched all of its environments.{own_words} A server-side key is refused, or its upstream is out of reach."
        ),
        (Some(Some(at)), differs) if !own_words.is_empty() || !differs => {
            let also = if differs { " What it serves is no longer what the Admin API holds." } else { "" };
            format!(
                "The proxy answers, but its last whole fetch was {} ago.{own_words}{also} One of its server-side keys is refused, or its upstream is out of reach.",
                age(at, looked.now)
            )
        }
        (Some(Some(_)), _) => {
            "The proxy is healthy by its own account and serves something else than the Admin API holds.".to_owned()
        }
        (None, _) => "It serves something else than the Admin API holds: caches or the task queue of the service hold a change back."
            .to_owned(),
    }
}

fn catch_up(finding: &DoctorFinding, looked: &Looked<'_>) -> String {
    let is_proxy = matches!(looked.surface, Surface::EdgeProxy(_));
    let healthy = is_proxy
        && content_differs(finding)
        && !finding
            .facts
            .iter()
            .any(|fact| matches!(fact, StepFact::ProxyReason(_)));
    if healthy {
        let poll = looked.proxy.map_or(10, |proxy| proxy.poll_seconds);
        return format!(
            "Wait for its next poll, {} at most, and run this again. If it stays so, restart the proxy.",
            span(i64::from(poll))
        );
    }
    if is_proxy {
        return "Compare `environment_key_pairs` with the environments' keys and restart the proxy. Then run this again."
            .to_owned();
    }
    "Wait a minute and run this again. If it stays so, look at the service's task processor and caches."
        .to_owned()
}

fn differs(finding: &DoctorFinding) -> String {
    let (_, differ) = compared(finding);
    let flags = plural(u64::from(differ), "flag differs", "flags differ");
    if finding.state == StepState::Noted {
        format!("{flags} from what the mirror gives, for reasons that were checked.")
    } else {
        format!("{flags} from what the mirror gives, and not every one for a reason that is known.")
    }
}
