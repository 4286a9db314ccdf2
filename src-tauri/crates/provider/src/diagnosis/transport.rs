//! Connections that break before there is an answer.

use super::evidence::{Class, Evidence, Outcome, TlsTrouble, TunnelTrouble, Unsent};
use super::row::{Row, Words, happened};
use super::{Diagnosis, Remedy};
use crate::{FailureKind, Stage};

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::NoEncryption,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::NoEncryption)),
        words: |_| {
            happened("This computer offers no usable encryption for connections.")
                .because("The system's certificates are missing or cannot be read.")
                .then("Install the system's certificates (on Debian: the package ca-certificates).")
                .sorted(FailureKind::Unreachable(Stage::Tls))
        },
    },
    Row {
        diagnosis: Diagnosis::BadBundle,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::BadBundle { .. })),
        words: |e| {
            let (why, next_step) = match &e.outcome {
                Outcome::Unsent(Unsent::BadBundle { why, next_step }) => (why.as_str(), *next_step),
                _ => ("", ""),
            };
            happened(format!("The connection's CA certificates cannot be used: {why}."))
                .then(next_step)
                .by(Remedy::AddCertificate)
                .sorted(FailureKind::BadAddress {
                    detail: format!("CA certificates: {why}"),
                })
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyAuthentication,
        applies: |e| e.tunnel() == Some(TunnelTrouble::WhoAsks) || e.status() == 407,
        words: |e| {
            happened(format!("{} wants to know who asks before it lets requests through.", proxy(e)))
                .because("It asks for a user name and a password (407), and none or wrong ones were sent.")
                .then("Put user name and password into the proxy's address in the system's settings, or have this address excepted from it.")
                .by(Remedy::RunDoctor)
                .sorted(FailureKind::Unreachable(Stage::Connect))
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyRefusesTunnel,
        applies: |e| e.tunnel() == Some(TunnelTrouble::Refused),
        words: |e| {
            happened(format!("{} lets nothing through to {}.", proxy(e), e.asked.host()))
                .because("It refused CONNECT: its rules do not allow this address or port, or it cannot reach it itself.")
                .then("Have the address allowed there, or except it from the proxy with NO_PROXY.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::ProxyUnreachable,
        applies: |e| e.tunnel() == Some(TunnelTrouble::Unreachable),
        words: |e| {
            happened(format!("{} could not be reached.", proxy(e)))
                .because("The address of the proxy in the system's settings is wrong, or the proxy is down.")
                .then("Check HTTPS_PROXY or the system's proxy settings.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::UnknownIssuer,
        applies: |e| e.tls() == Some(TlsTrouble::UnknownIssuer),
        words: |e| {
            unsecured(e)
                .because("Its certificate was issued by an authority that this computer does not know, such as a company's own.")
                .then("Add that authority's certificate to the connection.")
                .by(Remedy::AddCertificate)
        },
    },
    Row {
        diagnosis: Diagnosis::CertificateExpired,
        applies: |e| e.tls() == Some(TlsTrouble::Expired),
        words: |e| {
            unsecured(e)
                .because("Its certificate has expired, or this computer's clock is far ahead.")
                .then("Have the certificate renewed, and check this computer's date.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::CertificateNotYetValid,
        applies: |e| e.tls() == Some(TlsTrouble::NotYetValid),
        words: |e| {
            unsecured(e)
                .because(
                    "Its certificate is not valid yet, most often because this computer's clock is behind.",
                )
                .then("Check this computer's date and time.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::CertificateWrongName,
        applies: |e| e.tls() == Some(TlsTrouble::WrongName),
        words: |e| {
            unsecured(e)
                .because("Its certificate is for another name, as when the address is a number or an alias.")
                .then("Use the name that the certificate is for as the connection's address.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::CertificateRefused,
        applies: |e| matches!(e.tls(), Some(TlsTrouble::Revoked | TlsTrouble::OtherCertificate)),
        words: |e| {
            unsecured(e)
                .because("Its certificate was revoked, or is not made for a server.")
                .then("Have the server's certificate replaced.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::NotTls,
        applies: |e| e.tls() == Some(TlsTrouble::NotTls),
        words: |e| {
            let words = unsecured(e)
                .because("The port does not speak https.")
                .then("Use http:// in the connection's address if the server is meant to be asked so, or the port that speaks https.");
            match e.asked.base.strip_prefix("https://") {
                Some(rest) => words.by(Remedy::CorrectAddress {
                    to: format!("http://{rest}"),
                }),
                None => words.by(Remedy::EditConnection),
            }
        },
    },
    Row {
        diagnosis: Diagnosis::TlsNothingInCommon,
        applies: |e| e.tls() == Some(TlsTrouble::NothingInCommon),
        words: |e| {
            unsecured(e)
                .because("The server offers only TLS versions or ciphers that are not safe any more.")
                .then("Have TLS 1.2 or newer switched on at the server or at the proxy in front of it.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::TlsFailed,
        applies: |e| e.stage() == Some(Stage::Tls),
        words: |e| {
            unsecured(e)
                .because(
                    "Its certificate is not accepted by this computer, or the port does not speak https.",
                )
                .then("Check the certificate, or the scheme of the address.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::NameNotFound,
        applies: |e| e.stage() == Some(Stage::Name),
        words: |e| {
            happened(format!("The name {} was not found.", e.asked.host()))
                .because("This computer is offline, or the address is mistyped.")
                .then("Check the network and the address.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::NotHttp,
        applies: |e| e.broken().is_some_and(|broken| broken.not_http),
        words: |e| {
            let words = happened(format!("What {} answered is not HTTP.", e.asked.host()))
                .because("The port belongs to another program, or it speaks https and was asked without.")
                .then("Check the port and the scheme of the connection's address.");
            match e.asked.base.strip_prefix("http://") {
                Some(rest) => words.by(Remedy::CorrectAddress {
                    to: format!("https://{rest}"),
                }),
                None => words.by(Remedy::EditConnection),
            }
        },
    },
    Row {
        diagnosis: Diagnosis::ConnectionRefused,
        applies: |e| e.stage() == Some(Stage::Connect),
        words: |e| {
            happened(format!("No connection to {} could be made.", e.asked.host()))
                .because("The server is down, or a firewall or a wrong port is in the way.")
                .then("Check that the server runs and that the port is right.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::ConnectTimeout,
        applies: |e| {
            e.broken()
                .is_some_and(|broken| broken.stage == Stage::Timeout && broken.while_connecting)
        },
        words: |e| {
            happened(format!("No connection to {} came about in time.", e.asked.host()))
                .because("A firewall drops the connection silently, the server is down, or a VPN is needed.")
                .then("Check the network, the VPN and the port.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::DocumentTimeout,
        applies: |e| e.stage() == Some(Stage::Timeout) && e.asked.class() == Class::Document,
        words: |e| {
            happened(format!("{} did not deliver the environment document in time.", e.asked.host()))
                .because("The document is very large, or the server is making it anew without a cache.")
                .then("Try again; if it stays so, switch the server's document cache on and remove flags, segments or overrides that nobody needs.")
                .by(Remedy::ShowLimits)
        },
    },
    Row {
        diagnosis: Diagnosis::AnswerTimeout,
        applies: |e| e.stage() == Some(Stage::Timeout),
        words: |e| {
            happened(format!("{} did not answer in time.", e.asked.host()))
                .because("The server is overloaded, or the network is slow.")
                .then("Try again.")
                .by(Remedy::TryAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::CutBody,
        applies: |e| {
            e.broken()
                .is_some_and(|broken| broken.stage == Stage::Cut && broken.answering)
        },
        words: |e| {
            happened(format!(
                "The connection to {} ended before the answer was whole.",
                e.asked.host()
            ))
            .because("The server or a proxy in between was restarted or gave up.")
            .then("Try again.")
            .by(Remedy::TryAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::NoAnswer,
        applies: |e| e.stage() == Some(Stage::Cut),
        words: |e| {
            happened(format!("The connection to {} ended without an answer.", e.asked.host()))
                .because("The server or a proxy in between was restarted, gave up, or closes connections of this kind.")
                .then("Try again.")
                .by(Remedy::TryAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::ConnectionBroke,
        applies: |e| e.broken().is_some(),
        words: |e| {
            happened(format!("The request to {} failed.", e.asked.host()))
                .because("The connection broke, or the other side does not speak HTTP.")
                .then("Try again; check the address if it stays so.")
                .by(Remedy::RunDoctor)
        },
    },
];

fn unsecured(e: &Evidence) -> Words {
    happened(format!(
        "The connection to {} could not be secured.",
        e.asked.host()
    ))
}

fn proxy(e: &Evidence) -> String {
    match &e.asked.proxy {
        Some(address) => format!("The HTTP proxy {address}"),
        None => "The HTTP proxy in the way".to_owned(),
    }
}
