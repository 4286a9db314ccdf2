//! An Edge Proxy in front of the sandbox's own Flagsmith.

use std::time::Duration;

use axum::Router;
use tokio_util::sync::CancellationToken;

/// An Edge Proxy; clones share one state.
#[derive(Debug, Clone)]
pub struct EdgeProxy {}

impl EdgeProxy {
    /// A proxy of `upstream_base` (ending in `/api/v1/`) for pairs of client and server keys.
    pub fn new(_upstream_base: String, _pairs: Vec<(String, String)>, _poll: Duration, _grace: Duration) -> Self {
        Self {}
    }

    /// The proxy's routes.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// Polls the upstream until cancelled.
    pub fn start_polling(&self, _stop: CancellationToken) {}

    /// Stops taking new documents, or takes them again.
    pub fn freeze(&self, _frozen: bool) {}
}
