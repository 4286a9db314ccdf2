//! What is told of a step holds no key and nothing of a person.
//!
//! The clients leave out the key that they sent; a service that repeats
//! another one, or somebody's address, is caught here.

use halyard_provider::{Credential, Failure, FailureKind};

use super::{DoctorFinding, StepFact};
use crate::activity::without_secrets;

/// Takes the keys given, server-side keys and addresses of people out of
/// every text of a finding.
pub(super) fn redact(finding: &mut DoctorFinding, keys: &[Credential]) {
    for text in finding.facts.iter_mut().flat_map(texts_of) {
        without_secrets(text, keys);
    }
    if let Some(failure) = &mut finding.failure {
        for text in texts_in(failure) {
            without_secrets(text, keys);
        }
    }
}

fn texts_of(fact: &mut StepFact) -> Vec<&mut String> {
    match fact {
        StepFact::Address(text)
        | StepFact::Request(text)
        | StepFact::Path(text)
        | StepFact::Proxy(text)
        | StepFact::Issuer(text)
        | StepFact::Version(text)
        | StepFact::Environment(text)
        | StepFact::ProxyReason(text) => vec![text],
        StepFact::Addresses(texts) => texts.iter_mut().collect(),
        StepFact::Expires { .. }
        | StepFact::ClockAhead(_)
        | StepFact::Took(_)
        | StepFact::Status(_)
        | StepFact::Header(_)
        | StepFact::Key(_)
        | StepFact::DocumentUpdatedAt(_)
        | StepFact::LastUpdate(_)
        | StepFact::ContentDiffers
        | StepFact::FlagsDiffer(_)
        | StepFact::FlagsCompared(_)
        | StepFact::MirrorNotReady => Vec::new(),
    }
}

fn texts_in(failure: &mut Failure) -> Vec<&mut String> {
    let mut texts = vec![&mut failure.sentence];
    texts.extend(&mut failure.cause);
    texts.extend(&mut failure.next_step);
    texts.extend(&mut failure.request);
    texts.extend(&mut failure.excerpt);
    texts.extend(&mut failure.evidence);
    texts.extend(match &mut failure.kind {
        FailureKind::Refused { detail } | FailureKind::BadAddress { detail } => Some(detail),
        FailureKind::Malformed { place } => Some(place),
        _ => None,
    });
    texts
}
