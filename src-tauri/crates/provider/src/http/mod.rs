//! The transport: one set-up of the HTTP client, and the rules that hold for
//! both services.
//!
//! No redirect is followed, since a redirected write may arrive as a read and
//! look like success. Answers are parsed by their content type. Each request
//! waits for its turn at the governor and is reported to the observer. What
//! may be repeated, and when, is said in one place.

mod broken;
mod call;
mod client;
mod limits;
mod reply;
mod retry;
mod sort;
mod underway;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use halyard_model::Timestamp;
use url::{Host, Url};

pub(crate) use call::{Call, Service, Timeout, WriteFailure};
pub(crate) use client::Transport;
pub use client::{CaBundle, ProxyRule, Resolver};
pub(crate) use reply::{Reply, endless, malformed, parse, shorten};
pub(crate) use sort::plain_address;

use crate::{Governor, Observer};

/// Reads a clock: the moment it is called.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How requests are made.
#[derive(Clone)]
pub struct HttpSettings {
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long an ordinary answer may take as a whole.
    pub answer_timeout: Duration,
    /// How long an environment document may take as a whole. A large one takes
    /// several seconds to be made, and servers give up after 30 s.
    pub document_timeout: Duration,
    /// The largest answer that is read, in bytes after decompression.
    pub body_limit: usize,
    /// How often a safe request is sent again after it failed on its way.
    pub retries: usize,
    /// The pause before the first repetition; each later one doubles it.
    pub retry_pause: Duration,
    /// How often a request is repeated after the service limited its rate, as
    /// soon as the pause is over.
    pub limited_repeats: usize,
    /// How long an interactive request may be told to wait for its turn;
    /// beyond, it ends as
    /// [`FailureKind::RateLimited`](crate::FailureKind::RateLimited) at once.
    pub patience: Duration,
    /// How often a flag is read again to learn what became of a write whose
    /// answer was lost.
    pub settling_reads: usize,
    /// The pause before each such reading.
    pub settling_pause: Duration,
    /// Where the time comes from, for a moment named relative to now.
    pub now: Clock,
    /// Resolves names instead of the system.
    pub resolver: Option<Resolver>,
    /// Which HTTP proxy stands between.
    pub proxy: ProxyRule,
    /// Decides when a request may leave. All clients of one process share one.
    pub governor: Governor,
    /// Is told of every request.
    pub observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for HttpSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HttpSettings")
            .field("answer_timeout", &self.answer_timeout)
            .field("document_timeout", &self.document_timeout)
            .field("proxy", &self.proxy)
            .field("governor", &self.governor)
            .finish_non_exhaustive()
    }
}

impl Default for HttpSettings {
    fn default() -> HttpSettings {
        HttpSettings {
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            document_timeout: Duration::from_secs(60),
            body_limit: 64 * 1024 * 1024,
            retries: 2,
            retry_pause: Duration::from_millis(250),
            limited_repeats: 5,
            // As long as an answer itself may take: somebody who would wait
            // for one in silence would wait for its turn no longer.
            patience: Duration::from_secs(30),
            settling_reads: 4,
            settling_pause: Duration::from_millis(600),
            now: wall_clock(),
            resolver: None,
            proxy: ProxyRule::default(),
            governor: Governor::default(),
            observer: None,
        }
    }
}

/// The computer's clock.
pub(crate) fn wall_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    })
}

/// Whether an address leads to this computer itself.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
