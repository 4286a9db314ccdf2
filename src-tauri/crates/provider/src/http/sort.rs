//! The one place where answers and broken connections become failures.

use halyard_model::Timestamp;
use url::Url;

use super::{Reply, broken};
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Answered, Asked, Evidence, Outcome, Shape};
use crate::{Failure, FailureKind, Remedy};

/// The address of a request without query, fragment and user information.
pub(crate) fn plain_address(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for addresses that cannot have user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Sorts an answer whose status is not a success.
pub(crate) fn status_failure(reply: &Reply, now: Timestamp) -> Failure {
    diagnose(Evidence::new(
        reply.asked.clone(),
        Outcome::Answered(Box::new(reply.answered(now, None))),
    ))
}

/// Sorts an error below HTTP. The error's own text is never kept: it holds the
/// whole address, query included.
pub(crate) fn broken(error: &reqwest::Error, asked: Asked, answering: bool) -> Failure {
    let broken = broken::read(error, &asked, answering);
    diagnose(Evidence::new(asked, Outcome::Broken(broken)))
}

/// Whether a request that ended so cannot have reached the service.
pub(crate) fn surely_not_sent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_dns() || error.is_builder()
}

/// Takes a secret out of every text of a failure.
pub(crate) fn redact(failure: &mut Failure, secret: &str) {
    if secret.is_empty() {
        return;
    }
    let clean = |text: &mut String| *text = without(text, secret);
    match &mut failure.kind {
        FailureKind::Refused { detail } | FailureKind::BadAddress { detail } => clean(detail),
        FailureKind::Malformed { place } => clean(place),
        FailureKind::Unauthorised
        | FailureKind::Forbidden
        | FailureKind::NotFound
        | FailureKind::RateLimited { .. }
        | FailureKind::Unreachable(_)
        | FailureKind::ServerFault => {}
    }
    clean(&mut failure.sentence);
    [
        &mut failure.cause,
        &mut failure.next_step,
        &mut failure.request,
        &mut failure.excerpt,
    ]
    .into_iter()
    .flatten()
    .for_each(clean);
    failure.evidence.iter_mut().for_each(clean);
    failure.said.iter_mut().for_each(|said| clean(&mut said.words));
    if let Some(facts) = &mut failure.facts {
        facts.clean(&clean);
    }
    if let Some(Remedy::CorrectAddress { to }) = &mut failure.remedy {
        clean(to);
    }
}

/// A text without a secret, also where shortening left only its beginning.
pub(crate) fn without(text: &str, secret: &str) -> String {
    let text = text.replace(secret, "…");
    let Some(shortened) = text.strip_suffix('…') else {
        return text;
    };
    let beginning = (4..secret.len())
        .rev()
        .filter_map(|length| secret.get(..length))
        .find(|beginning| shortened.ends_with(beginning));
    match beginning {
        Some(beginning) => format!("{}…", &shortened[..shortened.len() - beginning.len()]),
        None => text,
    }
}

/// A failure for an answer beyond the limit.
pub(crate) fn too_large(limit: usize, status: u16, asked: Asked) -> Failure {
    let answered = Answered {
        status,
        shape: Some(Shape::TooLarge(limit)),
        ..Answered::default()
    };
    diagnose(Evidence::new(asked, Outcome::Answered(Box::new(answered))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_even_where_it_was_cut() {
        const SECRET: &str = "Ab3dE6gH.Qb6bHVRCUyn2Yq9f";
        assert_eq!(
            without("key Ab3dE6gH.Qb6bHVRCUyn2Yq9f here", SECRET),
            "key … here"
        );
        assert_eq!(without("unknown key Ab3dE6gH.Qb6…", SECRET), "unknown key …");
        assert_eq!(without("nothing of it…", SECRET), "nothing of it…");
    }

    #[test]
    fn addresses_are_told_without_query_and_user() {
        let url = Url::parse("https://me:pass@host.test:8443/api/v1/flags?context=%7B%7D#x").unwrap();
        assert_eq!(plain_address(&url), "https://host.test:8443/api/v1/flags");
    }
}
