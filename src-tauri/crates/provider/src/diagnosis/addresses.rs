//! Addresses that lead elsewhere.

use url::Url;

use super::evidence::{Class, Evidence, Outcome, Unsent};
use super::row::{Row, happened};
use super::{Diagnosis, Remedy, own_words};
use crate::FailureKind;
use crate::http::Service;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::NotAnAddress,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::NotAnAddress { .. })),
        words: |e| {
            let (detail, sentence) = match &e.outcome {
                Outcome::Unsent(Unsent::NotAnAddress { detail, sentence }) => (*detail, *sentence),
                _ => ("", ""),
            };
            happened(sentence)
                .then("Paste the address of the service, such as https://flags.example.com.")
                .by(Remedy::EditConnection)
                .sorted(FailureKind::BadAddress {
                    detail: detail.to_owned(),
                })
        },
    },
    Row {
        diagnosis: Diagnosis::OtherService,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::OtherService)),
        words: |e| {
            let (leads, not) = match e.service() {
                Service::EdgeFlags => ("Flagsmith", "EdgeFlags"),
                _ => ("EdgeFlags", "Flagsmith"),
            };
            happened(format!("This connection leads to {leads}, not to {not}."))
                .then("Choose the service that the address belongs to.")
                .by(Remedy::EditConnection)
                .sorted(FailureKind::BadAddress {
                    detail: format!("an {leads} connection"),
                })
        },
    },
    Row {
        diagnosis: Diagnosis::RedirectWithoutTarget,
        applies: |e| is_redirect(e) && location(e).is_empty(),
        words: |e| {
            happened(format!(
                "{} redirects the request and does not say where to.",
                e.name()
            ))
            .because("The base address is probably wrong.")
            .then("Check the base address of the connection.")
            .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::RedirectedWrite,
        applies: |e| is_redirect(e) && e.asked.class() == Class::Write,
        words: |e| {
            let words = happened(format!(
                "{} redirects the edit to {}. Redirects are not followed, so the edit did not arrive.",
                e.name(),
                location(e)
            ))
            .because(match way(e) {
                Way::Slash => "The address lacks the slash at its end; a followed redirect would have turned the edit into a read.",
                Way::Https => "The server wants https:// instead of http://; a followed redirect would have turned the edit into a read.",
                _ => "The base address is probably wrong, or a sign-in page stands in front of the API; a followed redirect would have turned the edit into a read.",
            })
            .then("Correct the base address of the connection.");
            words.by(correction(e))
        },
    },
    Row {
        diagnosis: Diagnosis::MissingSlash,
        applies: |e| is_redirect(e) && way(e) == Way::Slash,
        words: |e| {
            happened(redirected(e))
                .because("The address lacks the slash at its end.")
                .then("Correct the base address of the connection.")
                .by(correction(e))
        },
    },
    Row {
        diagnosis: Diagnosis::WantsHttps,
        applies: |e| is_redirect(e) && way(e) == Way::Https,
        words: |e| {
            happened(redirected(e))
                .because("The server wants https:// instead of http://.")
                .then("Correct the base address of the connection.")
                .by(correction(e))
        },
    },
    Row {
        diagnosis: Diagnosis::WantsHttps,
        applies: |e| e.status() == 400 && (e.shows("https port") || e.shows("https server")) && !e.is_json(),
        words: |e| {
            happened(format!(
                "{} was asked without encryption at a port that speaks https.",
                e.asked.host()
            ))
            .because("The connection's address begins with http:// and should begin with https://.")
            .then("Correct the base address of the connection.")
            .by(correction(e))
            .sorted(FailureKind::BadAddress {
                detail: "the port speaks https".into(),
            })
        },
    },
    Row {
        diagnosis: Diagnosis::SignInRedirect,
        applies: |e| is_redirect(e) && way(e) == Way::OtherHost,
        words: |e| {
            happened(redirected(e))
                .because("The base address is probably wrong, or a sign-in page stands in front of the API.")
                .then("Open the address in a browser and sign in there, or correct the base address of the connection.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::RedirectedElsewhere,
        applies: is_redirect,
        words: |e| {
            happened(redirected(e))
                .because("The base address is probably wrong, or a sign-in page stands in front of the API.")
                .then("Correct the base address of the connection.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::AllowedHosts,
        applies: |e| {
            matches!(e.service(), Service::Flagsmith | Service::FlagsApi)
                && e.status() == 400
                && !e.is_json()
                && !e.asked.is_hosted()
        },
        words: |e| {
            happened(format!(
                "The server refuses to be called {} (status 400 with a web page).",
                e.asked.host()
            ))
            .because("Its setting DJANGO_ALLOWED_HOSTS does not name this host.")
            .then("Add the host to DJANGO_ALLOWED_HOSTS and restart the server, or use a name that is in it.")
            .by(Remedy::EditConnection)
            .sorted(FailureKind::BadAddress {
                detail: "the server does not go by this name".into(),
            })
        },
    },
    Row {
        diagnosis: Diagnosis::MissingApiPrefix,
        applies: |e| {
            e.status() == 404
                && !e.is_json()
                && e.service() != Service::EdgeFlags
                && !e.asked.base.trim_end_matches('/').ends_with("/api/v1")
        },
        words: |e| {
            let base = e.asked.base.trim_end_matches('/');
            happened(format!("There is no API at {}.", e.asked.address))
                .because("The base address lacks /api/v1/.")
                .then("Correct the base address: it should end in /api/v1/.")
                .by(Remedy::CorrectAddress {
                    to: format!("{base}/api/v1/"),
                })
        },
    },
    Row {
        diagnosis: Diagnosis::NoApiHere,
        applies: |e| e.status() == 404 && !e.is_json(),
        words: |e| {
            happened(format!("There is no API at {}.", e.asked.address))
                .because("The base address is probably wrong.")
                .then(match e.service() {
                    Service::EdgeFlags => "Check the base address, such as https://edgeflags.net.",
                    _ => "Check the base address: it should end in /api/v1/.",
                })
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::Gone,
        applies: |e| e.status() == 404,
        words: |e| {
            let mut words = happened(format!("{} has nothing at this place.", e.name()))
                .then("Refresh: it may have been deleted, or the key belongs to another project.")
                .by(Remedy::Refresh);
            words.cause = own_words(e);
            words
        },
    },
    Row {
        diagnosis: Diagnosis::MethodNotAllowed,
        applies: |e| e.status() == 405,
        words: |e| {
            happened(format!("{} does not take {} at this place.", e.name(), e.asked.method))
                .because("The server's version may be too old for it, or a proxy in between lets only reads through.")
                .then("Compare the server's version with the supported ones, and let PUT, PATCH and DELETE through.")
                .by(Remedy::RunDoctor)
        },
    },
];

fn is_redirect(e: &Evidence) -> bool {
    (300..=399).contains(&e.status())
}

fn location(e: &Evidence) -> &str {
    e.answer()
        .and_then(|answer| answer.location.as_deref())
        .unwrap_or_default()
}

fn redirected(e: &Evidence) -> String {
    format!(
        "{} redirects the request to {}. Redirects are not followed.",
        e.name(),
        location(e)
    )
}

#[derive(PartialEq, Eq)]
enum Way {
    Slash,
    Https,
    OtherHost,
    OtherPath,
}

fn way(e: &Evidence) -> Way {
    let (asked, target) = (e.asked.address.as_str(), location(e));
    if target == format!("{asked}/") || asked == format!("{target}/") {
        return Way::Slash;
    }
    let (from, to) = (Url::parse(asked).ok(), Url::parse(target).ok());
    let host = |url: &Option<Url>| url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
    if host(&from) != host(&to) {
        return Way::OtherHost;
    }
    let path = |url: &Option<Url>| {
        url.as_ref()
            .map(|url| url.path().trim_end_matches('/').to_owned())
    };
    if asked.starts_with("http://") && target.starts_with("https://") && path(&from) == path(&to) {
        return Way::Https;
    }
    Way::OtherPath
}

/// The base address as the server seems to want it.
fn correction(e: &Evidence) -> Remedy {
    let base = &e.asked.base;
    let corrected = match way(e) {
        Way::Https => at_origin_of(location(e), base),
        Way::Slash if !base.ends_with('/') => Some(format!("{base}/")),
        _ if e.status() == 400 => base.strip_prefix("http://").map(|rest| format!("https://{rest}")),
        _ => None,
    };
    corrected.map_or(Remedy::EditConnection, |to| Remedy::CorrectAddress { to })
}

/// The path of one address at the scheme, host and port of another.
fn at_origin_of(target: &str, base: &str) -> Option<String> {
    let (mut target, base) = (Url::parse(target).ok()?, Url::parse(base).ok()?);
    target.set_path(base.path());
    Some(target.to_string())
}
