//! An Edge Proxy in front of the sandbox's own Flagsmith, as version 2.23 behaves.
//!
//! It really polls its upstream over HTTP, keeps what it got in memory, and answers from there for as long as
//! it runs. Only its health says how old that is.

mod answers;
mod poll;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// An Edge Proxy; clones share one state.
#[derive(Debug, Clone)]
pub struct EdgeProxy {
    settings: Arc<Settings>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Settings {
    client: OnceLock<Option<reqwest::Client>>,
    upstream_base: String,
    pairs: Vec<KeyPair>,
    poll: Duration,
    grace: Duration,
}

/// An environment's two keys.
struct KeyPair {
    client: String,
    server: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeyPair").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Shared {
    /// The newest document of each environment, by client-side key.
    documents: BTreeMap<String, Arc<Value>>,
    /// When every environment was last fetched, or known to be unchanged.
    success: Option<(Instant, Timestamp)>,
    /// How far the proxy's clock is ahead of the computer's.
    ahead: Duration,
    frozen: bool,
    /// Whether it is as if its upstream had never answered.
    cold: bool,
    /// The client-side keys of environments whose server-side key is refused upstream.
    bad: BTreeSet<String>,
}

/// How old what the proxy serves may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Fresh,
    /// Not every environment was ever fetched.
    NeverUpdated,
    Stale,
}

impl EdgeProxy {
    /// A proxy of `upstream_base` (ending in `/api/v1/`) for pairs of client- and server-side keys. It asks
    /// every `poll`, and calls itself stale when the last success is older than `poll` and `grace` times the
    /// number of pairs.
    pub fn new(upstream_base: String, pairs: Vec<(String, String)>, poll: Duration, grace: Duration) -> Self {
        let pairs = pairs
            .into_iter()
            .map(|(client, server)| KeyPair { client, server })
            .collect();
        Self {
            settings: Arc::new(Settings {
                client: OnceLock::new(),
                upstream_base,
                pairs,
                poll,
                grace,
            }),
            shared: Arc::new(Mutex::new(Shared::default())),
        }
    }

    /// The proxy's routes: `/api/v1/flags/`, `/api/v1/identities/`, `/api/v1/environment-document`,
    /// `/proxy/health` with `/readiness` and `/liveness`, and `/health`.
    pub fn router(&self) -> Router {
        let proxy = self.clone();
        Router::new().fallback(move |request: Request<Body>| {
            let proxy = proxy.clone();
            async move { answers::answer(&proxy, request).await }
        })
    }

    /// Polls the upstream at once and then again and again, until cancelled. It needs a running Tokio.
    pub fn start_polling(&self, stop: CancellationToken) {
        let proxy = self.clone();
        tokio::spawn(async move {
            let turns = async {
                loop {
                    proxy.poll().await;
                    tokio::time::sleep(proxy.settings.poll).await;
                }
            };
            tokio::select! {
                () = turns => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Polls the upstream once, now.
    pub async fn poll(&self) {
        if let Some(client) = self.settings.client.get_or_init(poll::client) {
            poll::poll_once(self, client).await;
        }
    }

    /// Lets so much time pass for the proxy at once.
    pub fn advance(&self, by: Duration) {
        let mut shared = self.lock();
        shared.ahead += by;
        if let Some((at, _)) = &mut shared.success {
            *at = at.checked_sub(by).unwrap_or(*at);
        }
    }

    /// Stops taking new documents, or takes them again. A frozen proxy goes on asking, so its health stays
    /// green: that is what makes it dangerous.
    pub fn freeze(&self, frozen: bool) {
        self.lock().frozen = frozen;
    }

    /// Makes the proxy as if it had been started just now while its upstream is down, or lets it poll again.
    /// It forgets every document, so that it calls valid keys unknown.
    pub fn chill(&self, cold: bool) {
        let mut shared = self.lock();
        shared.cold = cold;
        if cold {
            shared.documents.clear();
            shared.success = None;
        }
    }

    /// Lets the upstream refuse the server-side keys of the environments with these client-side keys, and
    /// only these. Their last documents are still served.
    pub fn spoil_pairs(&self, client_keys: impl IntoIterator<Item = String>) {
        self.lock().bad = client_keys.into_iter().collect();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document for a key, and whether the key is server-side. A key whose document has not come yet is
    /// as unknown as one that is not configured.
    fn document(&self, key: &str) -> Option<(Arc<Value>, bool)> {
        let pair = self
            .settings
            .pairs
            .iter()
            .find(|pair| pair.client == key || pair.server == key)?;
        let document = self.lock().documents.get(&pair.client).cloned()?;
        Some((document, pair.server == key))
    }

    fn health(&self) -> (Health, Option<Timestamp>) {
        let Some((at, moment)) = self.lock().success else {
            return (Health::NeverUpdated, None);
        };
        let pairs = u32::try_from(self.settings.pairs.len()).unwrap_or(u32::MAX);
        let allowed = self.settings.poll + self.settings.grace.saturating_mul(pairs);
        let health = if at.elapsed() > allowed {
            Health::Stale
        } else {
            Health::Fresh
        };
        (health, Some(moment))
    }
}
