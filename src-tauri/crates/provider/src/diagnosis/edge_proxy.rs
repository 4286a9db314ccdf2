//! Flagsmith's Edge Proxy, whose statuses mean other things.

use super::evidence::{Class, Evidence};
use super::key::KeyKind;
use super::row::{Row, happened};
use super::{Diagnosis, Remedy, ended};
use crate::FailureKind;
use crate::http::Service;

fn is_proxy(e: &Evidence) -> bool {
    e.service() == Service::EdgeProxy
}

fn unknown_there() -> FailureKind {
    FailureKind::BadAddress {
        detail: "the environment's key is unknown there".into(),
    }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::ProxyNoDocument,
        applies: |e| is_proxy(e) && e.proxy_unready.is_some(),
        words: |e| {
            happened("The Edge Proxy has no document of this environment yet.")
                .because(e.proxy_unready.clone().unwrap_or_default())
                .then("Look into its log: it cannot reach its upstream.")
                .by(Remedy::RunDoctor)
                .sorted(FailureKind::ServerFault)
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyServerKey,
        applies: |e| is_proxy(e) && e.status() == 401 && e.asked.key == KeyKind::ServerSideKey,
        words: |_| {
            happened("The Edge Proxy does not know this server-side key.")
                .because(
                    "The key is not, or no more, the server_side_key of one of its environment_key_pairs.",
                )
                .then("Put the environment's pair of keys into its configuration, then restart it.")
                .by(Remedy::CopyProxyConfig)
                .sorted(unknown_there())
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyKeyUnknown,
        applies: |e| is_proxy(e) && e.status() == 401,
        words: |_| {
            happened("The Edge Proxy does not know this environment's key.")
                .because("The environment is missing from its environment_key_pairs.")
                .then("Add the pair of keys and restart it.")
                .by(Remedy::CopyProxyConfig)
                .sorted(unknown_there())
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyKeyMissing,
        applies: |e| is_proxy(e) && e.status() == 500 && !e.is_json() && e.asked.class() != Class::Health,
        words: |_| {
            happened("The Edge Proxy failed with status 500.")
                .because("It fails so when the key's header does not arrive: something in between may drop X-Environment-Key.")
                .then("Let the header through at the proxy or load balancer in front of it, and look into the Edge Proxy's log.")
                .by(Remedy::ShowRequests)
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyNotReady,
        applies: |e| is_proxy(e) && matches!(e.status(), 500 | 503) && e.asked.class() == Class::Health,
        words: |e| {
            let words = happened("The Edge Proxy says that it is not ready.")
                .then("Look into its log for error_fetching_document: one wrong pair of keys holds back the time stamp of all.")
                .by(Remedy::RunDoctor);
            match e.own_words() {
                Some(own) => words.because(ended(format!("Its own words: {own}"))),
                None => words.because("Its documents are out of date, or it never got any."),
            }
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyFeatureNotFound,
        applies: |e| is_proxy(e) && e.status() == 404 && e.says("feature"),
        words: |e| {
            happened(ended(format!(
                "The Edge Proxy does not serve the flag: {}",
                e.own_words().unwrap_or_default()
            )))
            .because("It is unknown there, served only to server-side keys, or hidden while it is off.")
            .then("Compare the environment with what the Edge Proxy serves; it may be behind.")
            .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyRouteMissing,
        applies: |e| is_proxy(e) && e.status() == 404,
        words: |e| {
            happened(format!("The Edge Proxy has nothing at {}.", e.asked.address))
                .because("The base address is probably wrong: the Edge Proxy serves flags, identities and documents below /api/v1/, and no Admin API.")
                .then("Check the Edge Proxy's address: it should end in /api/v1/.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::Unprocessable,
        applies: |e| is_proxy(e) && e.status() == 422,
        words: |e| {
            let words = e.own_words().unwrap_or("no reason given");
            happened(ended(format!("The Edge Proxy refused the request: {words}")))
                .because("It checks the types of identifiers and traits more strictly than the server does.")
                .then("Correct the identifier or the trait that it names.")
        },
    },
];
