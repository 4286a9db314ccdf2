//! Where flags live: connections, projects and environments.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Names one connection for its whole life; also names its keychain item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub String);

/// Names an environment within a connection: Flagsmith's client-side key, or
/// the name of an EdgeFlags environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnvironmentKey(pub String);

/// The flag services that Halyard speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Flagsmith: hosted, self-hosted, or through an Edge Proxy.
    Flagsmith,
    /// EdgeFlags.
    EdgeFlags,
}

/// A thing with the service's own identifier and a name for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The service's identifier, as text.
    pub id: String,
    /// The name people gave it.
    pub name: String,
}

/// Which of Flagsmith's two admin credentials the keychain holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagsmithAuth {
    /// `Authorization: Api-Key …`, an organisation key.
    OrganisationKey,
    /// `Authorization: Token …`, a user's token.
    UserToken,
}

/// The addresses of one Flagsmith installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagsmithEndpoint {
    /// Base of the admin API, ending in `/api/v1/`.
    pub admin_base: String,
    /// Base of the Flags API where it differs from the admin API.
    pub flags_base: Option<String>,
    /// The Edge Proxies in front of it.
    pub edge_proxies: Vec<EdgeProxy>,
    /// The kind of credential.
    pub auth: FlagsmithAuth,
    /// Certificates accepted beside the system's, as PEM text. Public data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<String>,
}

/// An Edge Proxy and what is known about its configuration, which a console
/// cannot read from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "EdgeProxyRecord")]
pub struct EdgeProxy {
    /// Base of its API, ending in `/api/v1/`.
    pub base: String,
    /// `api_poll_frequency_seconds`.
    pub poll_seconds: u32,
    /// `health_check.environment_update_grace_period_seconds`; `None` where
    /// the proxy is set to never call itself stale.
    pub grace_seconds: Option<u32>,
    /// How many pairs `environment_key_pairs` has.
    pub key_pairs: u32,
}

impl EdgeProxy {
    /// A proxy with the defaults of its release: 10 s, 30 s, one pair.
    pub fn at(base: impl Into<String>) -> EdgeProxy {
        EdgeProxy {
            base: base.into(),
            poll_seconds: 10,
            grace_seconds: Some(30),
            key_pairs: 1,
        }
    }
}

/// As written down: older mirrors hold the address alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum EdgeProxyRecord {
    Base(String),
    Whole {
        base: String,
        poll_seconds: u32,
        grace_seconds: Option<u32>,
        key_pairs: u32,
    },
}

impl From<EdgeProxyRecord> for EdgeProxy {
    fn from(record: EdgeProxyRecord) -> EdgeProxy {
        match record {
            EdgeProxyRecord::Base(base) => EdgeProxy::at(base),
            EdgeProxyRecord::Whole {
                base,
                poll_seconds,
                grace_seconds,
                key_pairs,
            } => EdgeProxy {
                base,
                poll_seconds,
                grace_seconds,
                key_pairs,
            },
        }
    }
}

/// One of the places where a service can be asked, each with a freshness of
/// its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "base", rename_all = "snake_case")]
pub enum Surface {
    /// Flagsmith's admin API, EdgeFlags' management routes.
    Admin,
    /// Flagsmith's Flags API, EdgeFlags' evaluation.
    FlagsApi,
    /// The Edge Proxy at this base address.
    EdgeProxy(String),
}

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "service", rename_all = "snake_case")]
pub enum Endpoint {
    /// A Flagsmith installation.
    Flagsmith(FlagsmithEndpoint),
    /// An EdgeFlags service.
    EdgeFlags {
        /// Base address without a trailing slash, such as `https://edgeflags.net`.
        base: String,
        /// Certificates accepted beside the system's, as PEM text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_bundle: Option<String>,
    },
    /// A snapshot file that was opened. Nobody can be asked for more, and
    /// nothing is ever written.
    File {
        /// The service that the snapshots came from.
        of: Service,
        /// The file's name, without its folder.
        name: String,
        /// When it was written.
        made_at: Timestamp,
    },
}

impl Endpoint {
    /// The service spoken at this endpoint.
    pub fn service(&self) -> Service {
        match self {
            Endpoint::Flagsmith(_) => Service::Flagsmith,
            Endpoint::EdgeFlags { .. } => Service::EdgeFlags,
            Endpoint::File { of, .. } => *of,
        }
    }

    /// Whether it is a file: read-only, and of one moment or a few.
    pub fn is_file(&self) -> bool {
        matches!(self, Endpoint::File { .. })
    }

    /// The address shown to people; a file's name.
    pub fn address(&self) -> &str {
        match self {
            Endpoint::Flagsmith(endpoint) => &endpoint.admin_base,
            Endpoint::EdgeFlags { base, .. } => base,
            Endpoint::File { name, .. } => name,
        }
    }

    /// Certificates accepted beside the system's, as PEM text.
    pub fn ca_bundle(&self) -> Option<&str> {
        match self {
            Endpoint::Flagsmith(endpoint) => endpoint.ca_bundle.as_deref(),
            Endpoint::EdgeFlags { ca_bundle, .. } => ca_bundle.as_deref(),
            Endpoint::File { .. } => None,
        }
    }

    /// Its Edge Proxies; EdgeFlags has none.
    pub fn edge_proxies(&self) -> &[EdgeProxy] {
        match self {
            Endpoint::Flagsmith(endpoint) => &endpoint.edge_proxies,
            Endpoint::EdgeFlags { .. } | Endpoint::File { .. } => &[],
        }
    }
}

/// One project of one service. Never holds a credential: that is in the
/// keychain, under [`Connection::id`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its name in the mirror and in the keychain.
    pub id: ConnectionId,
    /// What the switcher shows.
    pub name: String,
    /// Where it leads.
    pub endpoint: Endpoint,
    /// The organisation, where the service has them.
    pub organisation: Option<Named>,
    /// The project.
    pub project: Named,
    /// Leads to the sandbox inside the app.
    pub demo: bool,
}

/// How much a write to an environment asks first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Edits are sent at once and can be undone.
    #[default]
    None,
    /// A sheet shows before and after, and asks.
    Confirm,
    /// As [`Protection::Confirm`], and the environment's name must be typed.
    TypeName,
    /// Nothing is written from here, by the user's own wish.
    ReadOnly,
}

impl Protection {
    /// The protection an environment starts with: those named like production
    /// ask first, since a wrong toggle there reaches customers.
    pub fn suggested_for(name: &str) -> Protection {
        let name = name.to_lowercase();
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
        let production_like =
            words.iter().any(|word| matches!(*word, "prod" | "prd" | "live")) || name.contains("production");
        let before_production = words
            .iter()
            .any(|word| matches!(*word, "pre" | "non" | "nonprod" | "preprod"));
        if production_like && !before_production {
            Protection::Confirm
        } else {
            Protection::None
        }
    }
}

/// An environment of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name within the connection.
    pub key: EnvironmentKey,
    /// The service's identifier where it differs from the key (Flagsmith's
    /// integer id).
    pub remote_id: String,
    /// The name people gave it.
    pub name: String,
    /// Flagsmith's feature versioning v2 is on: writes publish versions.
    pub versioned: bool,
    /// The service refuses direct writes and wants change requests.
    pub requires_change_requests: bool,
    /// The project keeps its identities in the hosted ("edge") store.
    pub edge_identities: bool,
    /// How much a write asks first.
    pub protection: Protection,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_like_names_start_protected() {
        for (name, expected) in [
            ("Production", Protection::Confirm),
            ("EU Production", Protection::Confirm),
            ("prod", Protection::Confirm),
            ("shop-prod-eu", Protection::Confirm),
            ("Live", Protection::Confirm),
            ("Staging", Protection::None),
            ("Development", Protection::None),
            ("product catalogue", Protection::None),
            ("delivery", Protection::None),
            ("pre-production", Protection::None),
            ("non-prod", Protection::None),
        ] {
            assert_eq!(Protection::suggested_for(name), expected, "{name}");
        }
    }
}
