//! What happened, why, and what to do: the one place that knows.
//!
//! A failed request becomes [`evidence::Evidence`]. A table, in short files by
//! area, turns it into a [`Diagnosis`] with a sentence, the likely cause, the
//! next step and a [`Remedy`]. Every row of the table is made to happen by the
//! matrix of tests, from which the documentation is written.

mod addresses;
mod asked;
mod between;
mod causes;
mod content;
mod context;
mod edge_proxy;
mod edgeflags;
pub(crate) mod evidence;
mod facts;
pub(crate) mod key;
mod keys;
mod limits;
mod plan;
mod remedy;
mod row;
mod server;
mod shapes;
mod transport;

pub use causes::Diagnosis;
pub use context::{Context, in_context};
pub use remedy::Remedy;

use evidence::{Asked, Evidence, Outcome, Shape, Unsent};
use row::Row;

use crate::http::Service;
use crate::{Failure, FailureKind};

/// The areas in the order in which they are asked. An area asks for more than
/// the ones below it, so that the first row that applies is the most particular.
const AREAS: [&[Row]; 11] = [
    shapes::ROWS,
    transport::ROWS,
    between::ROWS,
    limits::ROWS,
    edge_proxy::ROWS,
    edgeflags::ROWS,
    addresses::ROWS,
    plan::ROWS,
    keys::ROWS,
    content::ROWS,
    server::ROWS,
];

/// Says what the evidence means.
pub(crate) fn diagnose(evidence: Evidence) -> Failure {
    let row = AREAS.into_iter().flatten().find(|row| (row.applies)(&evidence));
    let mut kind = kind_of(&evidence);
    let mut failure = match row {
        Some(row) => {
            let words = (row.words)(&evidence);
            kind = words.kind.unwrap_or(kind);
            let mut failure = Failure::new(kind, words.sentence);
            failure.cause = words.cause;
            failure.next_step = words.next_step;
            failure.remedy = words.remedy;
            failure.diagnosis = Some(row.diagnosis);
            failure
        }
        None => Failure::new(kind, "The request failed."),
    };
    failure.request = evidence.asked.request();
    if let Some(answer) = evidence.answer() {
        let is_whole = !matches!(answer.shape, Some(Shape::TooLarge(_)));
        failure.status = (answer.status > 0 && is_whole).then_some(answer.status);
        failure.excerpt.clone_from(&answer.excerpt);
    }
    failure.evidence = evidence.facts();
    failure.facts = Some(Box::new(evidence));
    failure
}

/// A connection that belongs to the other service than `spoken`.
pub(crate) fn other_service(spoken: Service) -> Failure {
    let asked = Asked {
        service: spoken,
        ..Asked::default()
    };
    diagnose(Evidence::new(asked, Outcome::Unsent(Unsent::OtherService)))
}

/// A refusal of an Edge Proxy, once its health check has told why.
pub(crate) fn of_unready_proxy(failure: Failure, reason: String) -> Failure {
    let Some(facts) = failure.facts else {
        return failure;
    };
    diagnose(Evidence {
        proxy_unready: Some(reason),
        ..*facts
    })
}

/// How callers are to treat a failure, as its status or the way it broke says.
fn kind_of(evidence: &Evidence) -> FailureKind {
    let answer = match &evidence.outcome {
        Outcome::Answered(answer) => answer,
        Outcome::Broken(broken) => return FailureKind::Unreachable(broken.stage),
        Outcome::Unsent(_) => return refused("not sent"),
    };
    match answer.status {
        300..=399 => FailureKind::BadAddress {
            detail: match &answer.location {
                Some(location) => format!("redirects to {location}"),
                None => "a redirect without a target".to_owned(),
            },
        },
        401 => FailureKind::Unauthorised,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        429 => FailureKind::RateLimited {
            retry_at: answer.retry_at,
        },
        status if status < 500 => match &answer.words {
            Some(words) => refused(words),
            None => refused(&format!("status {status}")),
        },
        _ => FailureKind::ServerFault,
    }
}

fn refused(detail: &str) -> FailureKind {
    FailureKind::Refused {
        detail: detail.to_owned(),
    }
}

/// A text with its full stop, whatever a service's own words end in.
pub(crate) fn ended(text: String) -> String {
    if text.ends_with(['.', '!', '?', '…']) {
        text
    } else {
        text + "."
    }
}

/// The service's own words, as a cause.
fn own_words(evidence: &Evidence) -> Option<String> {
    let words = evidence.own_words()?;
    Some(ended(format!("Its own words: {words}")))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Found by the clients in answers that are right by themselves, or by a
    /// second look.
    const FOUND_BY_CLIENTS: [Diagnosis; 14] = [
        Diagnosis::Offline,
        Diagnosis::ClockWrong,
        Diagnosis::KeyWithdrawn,
        Diagnosis::PermissionLost,
        Diagnosis::SharedKey,
        Diagnosis::DocumentOversized,
        Diagnosis::IncidentKnown,
        Diagnosis::HalfDeployed,
        Diagnosis::HealthLies,
        Diagnosis::SporadicFaults,
        Diagnosis::FlagNotServed,
        Diagnosis::FlagGone,
        Diagnosis::ChangingMeanwhile,
        Diagnosis::ListBehind,
    ];

    #[test]
    fn every_cause_has_one_name_and_at_least_one_row() {
        let mut names = HashMap::new();
        for diagnosis in Diagnosis::ALL {
            let id = diagnosis.id();
            assert_eq!(names.insert(id, diagnosis), None, "{id} is used twice");
            assert!(
                id.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{id}"
            );
            assert!(diagnosis.seen().ends_with('.'), "{id}");
            if FOUND_BY_CLIENTS.contains(diagnosis) {
                continue;
            }
            let rows = AREAS
                .into_iter()
                .flatten()
                .filter(|row| row.diagnosis == *diagnosis);
            assert!(rows.count() > 0, "{id} has no row");
        }
    }
}
