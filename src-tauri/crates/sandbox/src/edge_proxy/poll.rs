//! Asking the upstream for documents.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::{EdgeProxy, KeyPair};

/// How long the proxy waits for a document; the real one's default.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What a pair asks with whose server-side key was rotated without telling the proxy.
const REVOKED: &str = "ser.RevokedLongAgoOnlyForTheSandbox";

/// A client that goes straight to the upstream.
pub(super) fn client() -> Option<Client> {
    match Client::builder().no_proxy().timeout(TIMEOUT).build() {
        Ok(client) => Some(client),
        Err(error) => {
            tracing::error!(%error, "the edge proxy cannot poll");
            None
        }
    }
}

/// Asks for every environment, one after the other. Only when all of them answered is it a success.
pub(super) async fn poll_once(proxy: &EdgeProxy, client: &Client) {
    if proxy.lock().cold {
        return;
    }
    let mut all = true;
    for pair in &proxy.settings.pairs {
        all &= fetch(proxy, client, pair).await;
    }
    let mut shared = proxy.lock();
    if all && !shared.cold {
        let now = Timestamp::now().saturating_add(shared.ahead);
        shared.success = now.ok().map(|now| (Instant::now(), now));
    }
}

/// Fetches one document; whether the upstream answered with one, or said that it is unchanged.
async fn fetch(proxy: &EdgeProxy, client: &Client, pair: &KeyPair) -> bool {
    let (known, is_bad) = {
        let shared = proxy.lock();
        (
            shared.documents.get(&pair.client).cloned(),
            shared.bad.contains(&pair.client),
        )
    };
    let server_key = if is_bad { REVOKED } else { &pair.server };
    let url = format!("{}environment-document/", proxy.settings.upstream_base);
    let mut request = client
        .get(url)
        .header("X-Environment-Key", server_key)
        .header("Accept", "application/json");
    if let Some(since) = known.as_deref().and_then(updated_at) {
        request = request.header("If-Modified-Since", since);
    }
    let Ok(response) = request.send().await else {
        return false;
    };
    match response.status() {
        StatusCode::NOT_MODIFIED => true,
        StatusCode::OK => {
            let Ok(document) = response.json::<Value>().await else {
                return false;
            };
            let mut shared = proxy.lock();
            if shared.cold {
                return false;
            }
            if !shared.frozen || known.is_none() {
                shared.documents.insert(pair.client.clone(), Arc::new(document));
            }
            true
        }
        _ => false,
    }
}

/// The document's own time as an HTTP date, which is what the proxy remembers a document by.
fn updated_at(document: &Value) -> Option<String> {
    let moment: Timestamp = document.get("updated_at")?.as_str()?.parse().ok()?;
    let seconds = u64::try_from(moment.as_second()).ok()?;
    Some(httpdate::fmt_http_date(
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
    ))
}
