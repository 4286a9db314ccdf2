//! The one place where answers and broken connections become failures.

use std::error::Error as _;

use halyard_model::Timestamp;
use url::Url;

use super::{Reply, Service, limits, reply::shorten};
use crate::{Failure, FailureKind, Stage};

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
pub(crate) fn status_failure(reply: &Reply, service: Service, now: Timestamp) -> Failure {
    let mut failure = match reply.status {
        300..=399 => redirected(reply, service),
        401 => unauthorised(service),
        403 => forbidden(reply, service),
        404 => not_found(reply, service),
        429 => rate_limited(reply, service, now),
        status if status < 500 => refused(reply, service),
        status => server_fault(status, service),
    };
    failure.request = Some(reply.request.clone());
    failure.status = Some(reply.status);
    failure.excerpt = reply.excerpt();
    failure
}

/// A sentence with its full stop, whatever a service's own words end in.
fn ended(text: String) -> String {
    if text.ends_with(['.', '!', '?', '…']) {
        text
    } else {
        text + "."
    }
}

fn told(kind: FailureKind, sentence: String, cause: Option<&str>, next_step: Option<&str>) -> Failure {
    let mut failure = Failure::new(kind, sentence);
    failure.cause = cause.map(str::to_owned);
    failure.next_step = next_step.map(str::to_owned);
    failure
}

fn redirected(reply: &Reply, service: Service) -> Failure {
    let name = service.name();
    let asked = reply.request.split_once(' ').map_or("", |(_, address)| address);
    let target = reply
        .header("location")
        .and_then(|location| Url::parse(asked).ok()?.join(location).ok())
        .map(|url| plain_address(&url));
    let Some(target) = target else {
        return told(
            FailureKind::BadAddress {
                detail: "a redirect without a target".into(),
            },
            format!("{name} redirects the request and does not say where to."),
            Some("The base address is probably wrong."),
            Some("Check the base address of the connection."),
        );
    };
    let cause = if target == format!("{asked}/") {
        "The address lacks the slash at its end."
    } else if target.strip_prefix("https://") == asked.strip_prefix("http://") {
        "The server wants https:// instead of http://."
    } else {
        "The base address is probably wrong, or a sign-in page stands in front of the API."
    };
    told(
        FailureKind::BadAddress {
            detail: format!("redirects to {target}"),
        },
        format!("{name} redirects the request to {target}. Redirects are not followed."),
        Some(cause),
        Some("Correct the base address of the connection."),
    )
}

fn unauthorised(service: Service) -> Failure {
    let next_step = match service {
        Service::Flagsmith => "Check the key and the kind of key chosen.",
        Service::FlagsApi => "Check the Flags API address of the connection.",
        Service::EdgeProxy => {
            "Compare its environment_key_pairs with the environment's keys, then restart it."
        }
        Service::EdgeFlags => "Check the token: it may be wrong, deleted or expired.",
        Service::StatusFeed => "Check the address of the status feed: a public one needs no key.",
    };
    told(
        FailureKind::Unauthorised,
        format!("{} did not accept the key.", service.name()),
        None,
        Some(next_step),
    )
}

fn forbidden(reply: &Reply, service: Service) -> Failure {
    let next_step = match service {
        // Flagsmith answers the same where an environment is gone.
        Service::Flagsmith => {
            "Use a key with more permissions, or look whether the environment was deleted: the answer is the same."
        }
        _ => "Use a key with more permissions, or have them added to this one.",
    };
    let mut failure = told(
        FailureKind::Forbidden,
        format!("{} accepts the key and does not allow this.", service.name()),
        None,
        Some(next_step),
    );
    failure.cause = reply
        .words()
        .map(|words| ended(format!("Its own words: {words}")));
    failure
}

fn not_found(reply: &Reply, service: Service) -> Failure {
    let name = service.name();
    if reply.is_json() {
        let mut failure = told(
            FailureKind::NotFound,
            format!("{name} has nothing at this place."),
            None,
            Some("Refresh: it may have been deleted, or the key belongs to another project."),
        );
        failure.cause = reply
            .words()
            .map(|words| ended(format!("Its own words: {words}")));
        return failure;
    }
    let address = reply.request.split_once(' ').map_or("", |(_, address)| address);
    let next_step = match service {
        Service::EdgeFlags => "Check the base address, such as https://edgeflags.net.",
        _ => "Check the base address: it should end in /api/v1/.",
    };
    told(
        FailureKind::NotFound,
        format!("There is no API at {address}."),
        Some("The base address is probably wrong."),
        Some(next_step),
    )
}

fn rate_limited(reply: &Reply, service: Service, now: Timestamp) -> Failure {
    let retry_at = limits::retry_at(&reply.headers, now);
    let name = service.name();
    let sentence = match retry_at {
        Some(moment) => {
            let seconds =
                moment.millis_since(now).div_euclid(1000) + i64::from(moment.millis_since(now) % 1000 > 0);
            format!("{name} limits the rate of requests and asks for a pause of {seconds} s.")
        }
        None => format!("{name} limits the rate of requests and does not say for how long."),
    };
    told(
        FailureKind::RateLimited { retry_at },
        sentence,
        Some("This key made too many requests in a short time, perhaps from several programs."),
        None,
    )
}

fn refused(reply: &Reply, service: Service) -> Failure {
    let name = service.name();
    let words = reply.words();
    let sentence = match &words {
        Some(words) => ended(format!("{name} refused the request: {words}")),
        None => format!("{name} refused the request with status {}.", reply.status),
    };
    let detail = words.unwrap_or_else(|| format!("status {}", reply.status));
    told(FailureKind::Refused { detail }, sentence, None, None)
}

fn server_fault(status: u16, service: Service) -> Failure {
    let (cause, next_step) = match status {
        502 => (
            "A proxy in front of the service got no usable answer from it, as during a restart.",
            "Try again in a minute.",
        ),
        503 => (
            "It is starting, overloaded or under maintenance.",
            "Try again in a minute.",
        ),
        504 => (
            "A proxy in front of the service gave up waiting, as with a very large environment.",
            "Try again; if it stays so, raise the proxy's time limit.",
        ),
        _ => (
            "Something failed inside the service.",
            "Try again; if it stays so, look into the server's log.",
        ),
    };
    told(
        FailureKind::ServerFault,
        format!("{} failed with status {status}.", service.name()),
        Some(cause),
        Some(next_step),
    )
}

/// Sorts an error below HTTP. The error's own text is never kept: it holds the
/// whole address, query included.
pub(crate) fn broken(error: &reqwest::Error, request: &str, url: &Url) -> Failure {
    let host = url.host_str().unwrap_or("the server");
    let stage = stage_of(error);
    let (sentence, cause, next_step) = match stage {
        Stage::Name => (
            format!("The name {host} was not found."),
            "This computer is offline, or the address is mistyped.",
            "Check the network and the address.",
        ),
        Stage::Connect => (
            format!("No connection to {host} could be made."),
            "The server is down, or a firewall or a wrong port is in the way.",
            "Check that the server runs and that the port is right.",
        ),
        Stage::Tls => (
            format!("The connection to {host} could not be secured."),
            "Its certificate is not accepted by this computer, or the port does not speak https.",
            "Check the certificate, or the scheme of the address.",
        ),
        Stage::Timeout => (
            format!("{host} did not answer in time."),
            "The server is overloaded, or the network is slow.",
            "Try again.",
        ),
        Stage::Cut => (
            format!("The connection to {host} ended before the answer was whole."),
            "The server or a proxy in between was restarted or gave up.",
            "Try again.",
        ),
        Stage::Other => (
            format!("The request to {host} failed."),
            "The connection broke, or the other side does not speak HTTP.",
            "Try again; check the address if it stays so.",
        ),
    };
    let mut failure = told(
        FailureKind::Unreachable(stage),
        sentence,
        Some(cause),
        Some(next_step),
    );
    failure.request = Some(request.to_owned());
    failure
}

fn stage_of(error: &reqwest::Error) -> Stage {
    if error.is_dns() {
        return Stage::Name;
    }
    if error.is_connect() {
        if says(
            error,
            &["certificate", "handshake", "tls", "ssl", "InvalidContentType"],
        ) {
            return Stage::Tls;
        }
        return if error.is_timeout() {
            Stage::Timeout
        } else {
            Stage::Connect
        };
    }
    if error.is_timeout() {
        return Stage::Timeout;
    }
    if error.is_body() || error.is_decode() || error.is_request() {
        return Stage::Cut;
    }
    Stage::Other
}

/// Whether a text in the chain of causes holds one of these words. The TLS
/// library's own error types are not part of the HTTP client's interface.
fn says(error: &reqwest::Error, words: &[&str]) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if words.iter().any(|word| text.contains(word)) {
            return true;
        }
        source = cause.source();
    }
    false
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
pub(crate) fn too_large(limit: usize, request: &str) -> Failure {
    let megabytes = limit / (1024 * 1024);
    let size = if megabytes > 0 {
        format!("{megabytes} MB")
    } else {
        format!("{limit} bytes")
    };
    let mut failure = told(
        FailureKind::Malformed {
            place: format!("whole answer: more than {size}"),
        },
        format!("The answer is larger than {size} and was not read."),
        Some(
            "The environment is far beyond the service's own limits, or the address leads to something else.",
        ),
        None,
    );
    failure.request = Some(shorten(request, 500));
    failure
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

    #[test]
    fn a_redirect_names_what_is_wrong_with_the_address() {
        const ASKED: &str = "http://host.test/api/v1/projects";
        for (location, cause) in [
            ("/api/v1/projects/", "The address lacks the slash at its end."),
            (
                "https://host.test/api/v1/projects",
                "The server wants https:// instead of http://.",
            ),
            (
                "https://sign-in.test/?next=/api",
                "a sign-in page stands in front of the API",
            ),
            ("", "a sign-in page stands in front of the API"),
        ] {
            let mut headers = reqwest::header::HeaderMap::new();
            headers.insert("location", location.parse().unwrap());
            let reply = Reply {
                status: 301,
                headers,
                body: bytes::Bytes::new(),
                request: format!("PUT {ASKED}"),
                certificate: None,
            };
            let failure = status_failure(&reply, Service::Flagsmith, Timestamp(0));
            assert!(matches!(failure.kind, FailureKind::BadAddress { .. }));
            assert!(
                failure.in_full().contains(cause),
                "{location}: {}",
                failure.in_full()
            );
            assert!(!failure.in_full().contains("next=/api"), "a query is not told");
        }
    }

    #[test]
    fn a_pause_is_told_in_whole_seconds() {
        for (header, told) in [
            ("18", "asks for a pause of 18 s"),
            ("0.2", "asks for a pause of 1 s"),
        ] {
            let mut headers = reqwest::header::HeaderMap::new();
            headers.insert("retry-after", header.parse().unwrap());
            let reply = Reply {
                status: 429,
                headers,
                body: bytes::Bytes::new(),
                request: "GET https://host.test/".into(),
                certificate: None,
            };
            let failure = status_failure(&reply, Service::EdgeFlags, Timestamp(5));
            assert!(failure.sentence.contains(told), "{failure}");
        }
    }
}
