//! What can be set about a connection's surfaces after it was made.

use halyard_model::{ConnectionId, EdgeProxy, Endpoint, Service};
use halyard_provider::{CaBundle, default_status_url, normalise_address};
use serde::{Deserialize, Serialize};

use crate::{Console, ConsoleError, Event};

/// In seconds. A proxy that is asked or trusted for longer than this is a
/// slip of the fingers.
const A_WEEK: u32 = 7 * 24 * 60 * 60;

/// What can be set about a connection's surfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceSettings {
    /// An own Flags API address; `None` where it is the admin API's.
    pub flags_address: Option<String>,
    /// The Edge Proxies.
    pub edge_proxies: Vec<EdgeProxy>,
    /// Certificates accepted beside the system's, as PEM text.
    pub ca_bundle: Option<String>,
    /// The provider's status feed is read.
    pub status_feed: bool,
    /// Another address of it; `None` for the provider's own.
    pub status_feed_url: Option<String>,
}

/// The part that no endpoint holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    status_feed: bool,
    status_feed_url: Option<String>,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept {
            status_feed: true,
            status_feed_url: None,
        }
    }
}

impl Console {
    /// What is set about a connection's surfaces.
    pub async fn surface_settings(&self, id: &ConnectionId) -> Result<SurfaceSettings, ConsoleError> {
        let endpoint = self.known_connection(id).await?.endpoint;
        let kept: Kept = self.inner.mirror.surface_settings(id).await?.unwrap_or_default();
        let flags_address = match &endpoint {
            Endpoint::Flagsmith(flagsmith) => flagsmith.flags_base.clone(),
            Endpoint::EdgeFlags { .. } | Endpoint::File { .. } => None,
        };
        Ok(SurfaceSettings {
            flags_address,
            edge_proxies: endpoint.edge_proxies().to_vec(),
            ca_bundle: endpoint.ca_bundle().map(str::to_owned),
            status_feed: kept.status_feed,
            status_feed_url: kept.status_feed_url,
        })
    }

    /// Where the status of a connection's provider is read; `None` where it is
    /// switched off or no feed is known.
    pub async fn status_feed_url(&self, id: &ConnectionId) -> Result<Option<String>, ConsoleError> {
        let connection = self.known_connection(id).await?;
        let kept: Kept = self.inner.mirror.surface_settings(id).await?.unwrap_or_default();
        let url = kept
            .status_feed_url
            .or_else(|| default_status_url(&connection.endpoint).map(str::to_owned));
        Ok(url.filter(|_| kept.status_feed))
    }

    /// Changes them. Addresses are corrected as when connecting; the key and
    /// the environments stay. Nothing is changed where anything is refused.
    pub async fn change_surfaces(
        &self,
        id: &ConnectionId,
        settings: SurfaceSettings,
    ) -> Result<SurfaceSettings, ConsoleError> {
        let _turn = self.inner.save_turn.lock().await;
        let mut connection = self.known_connection(id).await?;
        let ca_bundle = filled(settings.ca_bundle);
        if let Some(pem) = &ca_bundle {
            CaBundle::read(pem).map_err(|failure| refused("ca_bundle", failure.in_full()))?;
        }
        let kept = Kept {
            status_feed: settings.status_feed,
            status_feed_url: filled(settings.status_feed_url)
                .map(|typed| feed_address(&typed))
                .transpose()?,
        };
        match &mut connection.endpoint {
            Endpoint::Flagsmith(flagsmith) => {
                flagsmith.flags_base = filled(settings.flags_address)
                    .map(|address| base("flags_address", &address))
                    .transpose()?;
                flagsmith.edge_proxies = proxies(settings.edge_proxies)?;
                flagsmith.ca_bundle = ca_bundle;
            }
            Endpoint::EdgeFlags { ca_bundle: kept, .. } => *kept = ca_bundle,
            Endpoint::File { .. } => return Err(ConsoleError::FromFile),
        }
        let environments = self.inner.mirror.environments(id).await?;
        self.inner
            .mirror
            .save_connection(&connection, &environments)
            .await?;
        self.inner.mirror.save_surface_settings(id, &kept).await?;
        self.tell(Event::App);
        self.tell(Event::Status {
            connection: id.clone(),
        });
        self.surface_settings(id).await
    }
}

fn proxies(typed: Vec<EdgeProxy>) -> Result<Vec<EdgeProxy>, ConsoleError> {
    let mut proxies: Vec<EdgeProxy> = Vec::new();
    for (row, proxy) in typed.into_iter().enumerate() {
        if proxy.base.trim().is_empty() {
            continue;
        }
        let refused = |part, sentence: String| ConsoleError::ListInput {
            list: "edge_proxies",
            row,
            part,
            sentence,
        };
        if let Some((part, sentence)) = not_a_proxy(&proxy) {
            return Err(refused(part, sentence.to_owned()));
        }
        let base = normalise_address(Service::Flagsmith, &proxy.base)
            .map_err(|failure| refused("address", failure.in_full()))?
            .base;
        // Named twice, it would be asked twice.
        if proxies.iter().all(|known| known.base != base) {
            proxies.push(EdgeProxy { base, ..proxy });
        }
    }
    Ok(proxies)
}

/// A number that no Edge Proxy can be configured with, and why.
fn not_a_proxy(proxy: &EdgeProxy) -> Option<(&'static str, &'static str)> {
    let too_long = "A week, which is 604,800 seconds, is the most.";
    if proxy.poll_seconds == 0 {
        Some(("poll_seconds", "An Edge Proxy polls every second at most."))
    } else if proxy.poll_seconds > A_WEEK {
        Some(("poll_seconds", too_long))
    } else if proxy.grace_seconds.is_some_and(|grace| grace > A_WEEK) {
        Some(("grace_seconds", too_long))
    } else if proxy.key_pairs == 0 {
        Some(("key_pairs", "An Edge Proxy has at least one pair of keys."))
    } else {
        None
    }
}

fn base(field: &'static str, address: &str) -> Result<String, ConsoleError> {
    let normal = normalise_address(Service::Flagsmith, address);
    Ok(normal.map_err(|failure| refused(field, failure.in_full()))?.base)
}

/// An address of a feed without user information and query.
fn feed_address(typed: &str) -> Result<String, ConsoleError> {
    let not_usable = || {
        refused(
            "status_feed_url",
            "The address must begin with https:// or http://.".into(),
        )
    };
    let mut url = url::Url::parse(typed).map_err(|_| not_usable())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(not_usable());
    }
    // Both fail only for addresses that cannot have user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    Ok(url.to_string())
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

fn refused(field: &'static str, sentence: String) -> ConsoleError {
    ConsoleError::Input { field, sentence }
}
