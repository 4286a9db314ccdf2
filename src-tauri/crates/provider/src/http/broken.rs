//! How far a request came that was not answered, read from the error's chain
//! of causes.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use crate::Stage;
use crate::diagnosis::evidence::{Asked, Break, TlsTrouble, TunnelTrouble};

/// Reads an error. `answering`: the beginning of an answer had arrived.
pub(super) fn read(error: &reqwest::Error, asked: &Asked, answering: bool) -> Break {
    let tls = tls_trouble(error);
    let tunnel = tunnel_trouble(error, asked);
    let not_http = !answering && speaks_otherwise(error);
    let stage = if tunnel.is_some() {
        Stage::Connect
    } else if tls.is_some() {
        Stage::Tls
    } else if not_http {
        Stage::Other
    } else {
        stage_of(error)
    };
    Break {
        stage,
        tls,
        tunnel,
        while_connecting: error.is_connect(),
        answering,
        not_http,
    }
}

fn stage_of(error: &reqwest::Error) -> Stage {
    if error.is_dns() {
        return Stage::Name;
    }
    if error.is_connect() {
        // A handshake that ends without a word of the TLS library.
        if says(error, &["handshake", "tls"]) {
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

fn tls_trouble(error: &reqwest::Error) -> Option<TlsTrouble> {
    let mut found = None;
    walk(error, &mut |cause| {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            found = Some(sorted(tls));
        }
    });
    found
}

fn sorted(error: &rustls::Error) -> TlsTrouble {
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => TlsTrouble::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsTrouble::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsTrouble::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsTrouble::WrongName
            }
            CertificateError::Revoked => TlsTrouble::Revoked,
            // A certificate that was signed by itself and made for an authority.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                TlsTrouble::UnknownIssuer
            }
            _ => TlsTrouble::OtherCertificate,
        },
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsTrouble::NotTls,
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity,
        ) => TlsTrouble::NothingInCommon,
        _ => TlsTrouble::Other,
    }
}

/// The HTTP client does not show the type of these errors, only their words.
fn tunnel_trouble(error: &reqwest::Error, asked: &Asked) -> Option<TunnelTrouble> {
    let mut found = None;
    walk(error, &mut |cause| {
        if found.is_some() {
            return;
        }
        found = match cause.to_string().strip_prefix("tunnel error: ") {
            Some("proxy authorization required") => Some(TunnelTrouble::WhoAsks),
            Some("failed to create underlying connection") => Some(TunnelTrouble::Unreachable),
            Some(_) => Some(TunnelTrouble::Refused),
            None => None,
        };
    });
    if found.is_none() && asked.proxy.is_some() && !asked.is_https() && error.is_connect() {
        found = Some(TunnelTrouble::Unreachable);
    }
    found
}

/// Whether the other side answered with something that is not HTTP.
fn speaks_otherwise(error: &reqwest::Error) -> bool {
    let mut found = false;
    walk(error, &mut |cause| {
        found |= cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_parse);
    });
    found
}

fn says(error: &reqwest::Error, words: &[&str]) -> bool {
    let mut found = false;
    walk(error, &mut |cause| {
        let text = cause.to_string();
        // The client's own error holds the address, which may hold any word.
        found |= !cause.is::<reqwest::Error>() && words.iter().any(|word| text.contains(word));
    });
    found
}

/// Shows every cause. What an input-output error wraps is not among the
/// sources that it names, so it is looked into.
fn walk(error: &(dyn Error + 'static), see: &mut dyn FnMut(&(dyn Error + 'static))) {
    see(error);
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => walk(wrapped, see),
        None => {
            if let Some(source) = error.source() {
                walk(source, see);
            }
        }
    }
}
