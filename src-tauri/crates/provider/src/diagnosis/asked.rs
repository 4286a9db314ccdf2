//! A request as it was made, and what its address says about it.

use url::Url;

use super::key::KeyKind;
use crate::http::Service;

/// The header that a key travels in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeyHeader {
    /// `Authorization: Api-Key …`.
    ApiKey,
    /// `Authorization: Token …`.
    Token,
    /// `Authorization: Bearer …`.
    Bearer,
    /// `X-Environment-Key`.
    EnvironmentKey,
    /// No key is sent.
    #[default]
    None,
}

impl KeyHeader {
    /// The header as its documentation writes it, without the key.
    pub(crate) fn name(self) -> &'static str {
        match self {
            KeyHeader::ApiKey => "Authorization: Api-Key",
            KeyHeader::Token => "Authorization: Token",
            KeyHeader::Bearer => "Authorization: Bearer",
            KeyHeader::EnvironmentKey => "X-Environment-Key",
            KeyHeader::None => "no key",
        }
    }

    /// By the scheme that stands before the key.
    pub(crate) fn of_scheme(scheme: &str) -> KeyHeader {
        match scheme {
            "Api-Key " => KeyHeader::ApiKey,
            "Token " => KeyHeader::Token,
            "Bearer " => KeyHeader::Bearer,
            _ => KeyHeader::EnvironmentKey,
        }
    }
}

/// What kind of thing was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// An environment document, the largest answer there is.
    Document,
    /// What an identity gets.
    Evaluation,
    /// A health check.
    Health,
    /// A change.
    Write,
    /// Anything else that is read.
    Read,
}

/// A request and the settings it was made with. Never the key itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Who is spoken to.
    pub(crate) service: Service,
    /// The verb.
    pub(crate) method: String,
    /// The address without query, fragment and user information.
    pub(crate) address: String,
    /// The base address of the connection or of this surface.
    pub(crate) base: String,
    /// The base of the admin API, where another surface was asked.
    pub(crate) admin_base: Option<String>,
    /// Which header the key travelled in.
    pub(crate) header: KeyHeader,
    /// What the key looks like.
    pub(crate) key: KeyKind,
    /// Size of the body sent, in bytes.
    pub(crate) sent_bytes: usize,
    /// An HTTP proxy is set for this address; its address without user information.
    pub(crate) proxy: Option<String>,
}

impl Asked {
    /// Method and address, as a failure names them.
    pub(crate) fn request(&self) -> Option<String> {
        (!self.address.is_empty()).then(|| format!("{} {}", self.method, self.address))
    }

    pub(crate) fn host(&self) -> String {
        let url = Url::parse(&self.address).ok();
        let host = url.as_ref().and_then(Url::host_str);
        host.unwrap_or("the server").to_owned()
    }

    /// Whether the address belongs to the service's own hosts.
    pub(crate) fn is_hosted(&self) -> bool {
        is_hosted(&self.address)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.address.starts_with("https://")
    }

    /// The path below the base.
    pub(crate) fn path(&self) -> &str {
        let after_scheme = self.address.split_once("://").map_or("", |(_, rest)| rest);
        after_scheme.find('/').map_or("", |start| &after_scheme[start..])
    }

    pub(crate) fn class(&self) -> Class {
        let path = self.path();
        if path.contains("environment-document") || path.ends_with("/document/") {
            Class::Document
        } else if path.contains("/health") || path.ends_with("/version/") {
            Class::Health
        } else if path.ends_with("/identities/") && self.service.evaluates()
            || path.ends_with("/evaluate")
            || path.ends_with("/flags/") && self.service.evaluates()
        {
            Class::Evaluation
        } else if matches!(self.method.as_str(), "GET" | "HEAD" | "") {
            Class::Read
        } else {
            Class::Write
        }
    }
}

/// Whether an address belongs to a service's own hosts rather than to
/// somebody's server.
pub(crate) fn is_hosted(address: &str) -> bool {
    let url = Url::parse(address).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    ["flagsmith.com", "edgeflags.net"]
        .into_iter()
        .any(|own| host == own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
}
