//! The transport: one set-up of the HTTP client, and the rules that hold for
//! both services.
//!
//! No redirect is followed, since a redirected write may arrive as a read and
//! look like success. Answers are parsed by their content type. Only safe
//! requests are retried, a few times and not for a rate limit, which belongs
//! to the caller.

mod broken;
mod call;
mod client;
mod limits;
mod reply;
mod sort;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use halyard_model::Timestamp;
use url::{Host, Url};

pub(crate) use call::{Call, Service, Timeout, WriteFailure};
pub(crate) use client::Transport;
pub use client::{CaBundle, ProxyRule, Resolver};
pub(crate) use reply::{Reply, endless, malformed, parse, shorten};
pub(crate) use sort::plain_address;

/// Reads a clock: the moment it is called.
pub type Clock = fn() -> Timestamp;

/// How requests are made.
#[derive(Clone, Debug)]
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
            settling_reads: 4,
            settling_pause: Duration::from_millis(600),
            now: wall_clock,
            resolver: None,
            proxy: ProxyRule::default(),
        }
    }
}

fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
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
