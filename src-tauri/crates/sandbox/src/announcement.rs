//! Where everything is, told once the sandbox serves.

use serde::Serialize;
use serde_json::Value;

/// Addresses and credentials of a running sandbox: the one JSON object that the binary prints.
///
/// The credentials open nothing but this sandbox; still they stay out of debug output, as any would.
#[derive(Clone, Serialize)]
pub struct Announcement {
    /// `url` (ending in `/api/v1/`), `api_key`, `token`, `staff_token` (of somebody who may read the task
    /// queue), `organisation`, `project` and `environments`, each with `name`, `id`, `client_key`, `server_key` and `versioned`.
    pub flagsmith: Value,
    /// The Edge Proxy; its address ends in `/api/v1/`.
    pub edge_proxy: Place,
    /// EdgeFlags.
    pub edgeflags: EdgeFlagsPlace,
    /// The status feed's root, above `/api/v2/summary.json`.
    pub status: Place,
    /// The control route; its address ends in `/`.
    pub control: Place,
    /// Flagsmith over HTTPS, where the sandbox was started with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<HttpsPlace>,
    /// The forward proxy, where the sandbox was started with it. `http://…` is its own address, and it takes
    /// HTTPS by `CONNECT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Place>,
}

/// Flagsmith over HTTPS: the right certificate and those that a client must refuse. Every address ends in
/// `/api/v1/` and names 127.0.0.1; the right certificate is also for `localhost` and `flagsmith.test`, which
/// only the forward proxy can resolve.
#[derive(Debug, Clone, Serialize)]
pub struct HttpsPlace {
    /// With a certificate that the authority below has signed.
    pub url: String,
    /// The certificate of the private authority, which no system trusts.
    pub ca_pem: String,
    /// With a certificate whose time is over.
    pub expired_url: String,
    /// With a certificate whose time has not come.
    pub not_yet_valid_url: String,
    /// With a certificate for another host.
    pub wrong_name_url: String,
    /// With a certificate that vouches for itself.
    pub self_signed_url: String,
}

/// An address.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// An absolute address on the loopback interface.
    pub url: String,
}

/// EdgeFlags' address with what is needed to use it.
#[derive(Clone, Serialize)]
pub struct EdgeFlagsPlace {
    /// The base address, without `/api/v1` and without a slash at its end.
    pub url: String,
    /// An admin token.
    pub token: String,
    /// The project's environments.
    pub environments: Vec<String>,
}

impl Announcement {
    /// A text member of `flagsmith`, such as `url`, `api_key` or `token`; empty where there is none.
    pub fn flagsmith_text(&self, member: &str) -> &str {
        self.flagsmith[member].as_str().unwrap_or_default()
    }
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Announcement")
            .field("flagsmith", &self.flagsmith_text("url"))
            .field("edge_proxy", &self.edge_proxy.url)
            .field("edgeflags", &self.edgeflags.url)
            .field("status", &self.status.url)
            .field("control", &self.control.url)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for EdgeFlagsPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EdgeFlagsPlace")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
