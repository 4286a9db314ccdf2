//! What stands between this computer and the service and answers in its place.

use super::evidence::Evidence;
use super::row::{Row, happened};
use super::{Diagnosis, Remedy};
use crate::{FailureKind, Stage};

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::CaptivePortal,
        applies: |e| e.status() == 511,
        words: |e| {
            happened(format!(
                "The network wants a sign-in before it lets requests to {} through.",
                e.asked.host()
            ))
            .because("It is a guest network with a page of its own, as in a hotel or a train.")
            .then("Open any page in a browser, sign in to the network, and try again.")
            .by(Remedy::TryAgain)
            .sorted(FailureKind::Unreachable(Stage::Connect))
        },
    },
    Row {
        diagnosis: Diagnosis::GatewaySignIn,
        applies: |e| {
            let wanted = e.answer().and_then(|answer| answer.authenticate.as_deref());
            e.status() == 401
                && !e.is_json()
                && wanted.is_some_and(|wanted| {
                    let wanted = wanted.to_ascii_lowercase();
                    ["basic", "negotiate", "ntlm", "digest"]
                        .into_iter()
                        .any(|scheme| wanted.starts_with(scheme))
                })
        },
        words: |e| {
            happened(format!("Something in front of {} wants a sign-in of its own.", e.name()))
                .because("A gateway or web server asks for a user name and password before the service sees the request.")
                .then("Have the API's paths excepted from that sign-in, or use an address that does not lead through it.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyPayloadLimit,
        applies: |e| e.status() == 413 && !e.is_json(),
        words: |e| {
            happened(format!(
                "The edit is too large ({} bytes) for something in front of {}.",
                e.asked.sent_bytes,
                e.name()
            ))
            .because("A proxy limits the size of requests more than the service does.")
            .then("Raise its limit (client_max_body_size of nginx), or make the value smaller.")
            .sorted(FailureKind::Refused {
                detail: "status 413".into(),
            })
        },
    },
    Row {
        diagnosis: Diagnosis::CloudflareTls,
        applies: |e| matches!(e.status(), 525 | 526),
        words: |e| {
            happened(format!(
                "Cloudflare could not make a secure connection to {} (status {}).",
                e.name(),
                e.status()
            ))
            .because("The certificate of the server behind Cloudflare has expired or does not fit.")
            .then("Have the certificate of the server behind it renewed.")
            .by(status_or_doctor(e))
        },
    },
    Row {
        diagnosis: Diagnosis::CloudflareOrigin,
        applies: |e| matches!(e.status(), 520..=524 | 530),
        words: |e| {
            happened(format!(
                "Cloudflare got no answer from {} (status {}).",
                e.name(),
                e.status()
            ))
            .because(match e.status() {
                521 => "The server behind Cloudflare is down.",
                522 | 524 => "The server behind Cloudflare did not answer in time.",
                523 | 530 => "Cloudflare cannot find the server behind it.",
                _ => "The server behind Cloudflare answered with something that is no answer.",
            })
            .then("Try again in a minute.")
            .by(status_or_doctor(e))
        },
    },
];

/// The hosted services have a page that tells; one's own server does not.
fn status_or_doctor(e: &Evidence) -> Remedy {
    if e.asked.is_hosted() {
        Remedy::OpenStatusPage
    } else {
        Remedy::RunDoctor
    }
}
