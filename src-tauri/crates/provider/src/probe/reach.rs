//! Finding out how far a connection comes, step by step.

use std::time::Instant;

use halyard_model::Timestamp;
use reqwest::header::{DATE, HeaderMap};
use url::Url;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Reach, Reached};
use crate::http::{Call, Reply, Timeout, plain_address, shorten};
use crate::{Answer, Failure};

/// Tries an address: name, encryption, answer. Sends one request, once.
pub(crate) async fn reach(call: Call<'_>, url: Url) -> Answer<Reach> {
    let mut reach = Reach {
        address: plain_address(&url),
        ..Reach::default()
    };
    let transport = call.transport();
    let proxy = transport.proxy_for(&url);
    // Through a proxy the name is the proxy's to find.
    let addresses = match &proxy {
        Some(_) => Some(Vec::new()),
        None => transport.addresses_of(&url).await.ok(),
    };
    if let Some(addresses) = addresses {
        reach.steps.push(Reached::Name {
            addresses: addresses.iter().map(ToString::to_string).collect(),
            proxy,
        });
    }
    let is_secure = url.scheme() == "https";
    let began = Instant::now();
    let sent = (call.settings().now)();
    match call.ask_once(url, &[], Timeout::Ordinary).await {
        Err(failure) => reach.failure = Some(Box::new(failure)),
        Ok(reply) => {
            if is_secure {
                reach.steps.push(encrypted(reply.certificate.as_deref()));
            }
            reach.steps.push(Reached::Answered {
                status: reply.status,
                took: began.elapsed(),
                clock_ahead_millis: clock_ahead(&reply.headers, sent, (call.settings().now)()),
                version: call.server_version(),
            });
            reach.failure = refusal(&call, &reply).map(Box::new);
        }
    }
    call.answer(reach)
}

/// A way that ended before anything was sent.
pub(crate) fn nowhere(address: &str, failure: Failure) -> Answer<Reach> {
    Answer {
        value: Reach {
            address: Url::parse(address).map_or_else(|_| shorten(address, 200), |url| plain_address(&url)),
            steps: Vec::new(),
            failure: Some(Box::new(failure)),
        },
        limits: None,
        requests: 0,
    }
}

fn refusal(call: &Call<'_>, reply: &Reply) -> Option<Failure> {
    (!(200..300).contains(&reply.status)).then(|| call.status_failure(reply))
}

/// What the certificate tells; nothing through an HTTP proxy, behind which the
/// client does not show it.
fn encrypted(certificate: Option<&[u8]>) -> Reached {
    let read = certificate.and_then(|certificate| X509Certificate::from_der(certificate).ok());
    let Some((_, certificate)) = read else {
        return Reached::Encrypted {
            expires: None,
            issuer: None,
        };
    };
    let issuer = certificate.issuer();
    let named = issuer
        .iter_common_name()
        .chain(issuer.iter_organization())
        .find_map(|name| name.as_str().ok());
    Reached::Encrypted {
        expires: Some(Timestamp(
            certificate.validity().not_after.timestamp().saturating_mul(1000),
        )),
        issuer: named.map(|name| shorten(name, 120)),
    }
}

/// How far a server's clock is ahead, in milliseconds. The header names whole
/// seconds, so that half of one is the best guess for the rest; the request
/// took its way in half of the time between.
fn clock_ahead(headers: &HeaderMap, sent: Timestamp, answered: Timestamp) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    let told = i64::try_from(seconds).ok()?.checked_mul(1000)?.checked_add(500)?;
    let here = sent.plus_millis(answered.millis_since(sent) / 2);
    told.checked_sub(here.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_clock_is_compared_with_the_middle_of_the_request() {
        let mut headers = HeaderMap::new();
        let ahead = |headers: &HeaderMap| {
            clock_ahead(
                headers,
                Timestamp(1_795_000_000_000),
                Timestamp(1_795_000_001_000),
            )
        };
        assert_eq!(ahead(&headers), None);
        for (date, expected) in [
            ("Wed, 18 Nov 2026 11:06:40 GMT", Some(0)),
            ("Wed, 18 Nov 2026 11:11:40 GMT", Some(300_000)),
            ("Wed, 18 Nov 2026 10:06:40 GMT", Some(-3_600_000)),
            ("yesterday", None),
        ] {
            headers.insert(DATE, date.parse().unwrap());
            assert_eq!(ahead(&headers), expected, "{date}");
        }
    }

    #[test]
    fn a_certificate_tells_its_end_and_its_issuer() {
        let pem = include_str!("../http/test_authority.pem");
        let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        let Reached::Encrypted { expires, issuer } = encrypted(Some(&block.contents)) else {
            panic!("not a step of encryption");
        };
        assert_eq!(issuer.as_deref(), Some("Halyard test authority"));
        // 28 October 2126, 12:24:45 UTC.
        assert_eq!(expires, Some(Timestamp(4_948_863_885_000)));
        let unread = encrypted(Some(b"no certificate"));
        assert!(matches!(
            unread,
            Reached::Encrypted {
                expires: None,
                issuer: None
            }
        ));
    }
}
