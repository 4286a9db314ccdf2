//! The transport: one set-up of the HTTP client, and the rules that hold for
//! both services.
//!
//! No redirect is followed, since a redirected write may arrive as a read and
//! look like success. Answers are parsed by their content type. Only safe
//! requests are retried, a few times and not for a rate limit, which belongs
//! to the caller.

mod call;
mod limits;
mod reply;
mod sort;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use halyard_model::Timestamp;
use reqwest::redirect::Policy;
use url::{Host, Url};

pub(crate) use call::{Call, Service, Timeout, WriteFailure};
pub(crate) use reply::{Reply, malformed, parse, shorten};

use crate::{Failure, FailureKind};

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
        }
    }
}

fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// The HTTP clients and the settings they were made with.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    /// Honours the system's proxy.
    outward: reqwest::Client,
    /// Never uses a proxy: a proxy cannot reach this computer's loopback.
    loopback: reqwest::Client,
    pub(crate) settings: HttpSettings,
}

impl Transport {
    /// Sets the clients up. Fails where the system offers no usable TLS.
    pub(crate) fn new(settings: HttpSettings) -> Result<Transport, Failure> {
        Ok(Transport {
            outward: client(&settings, reqwest::Client::builder())?,
            loopback: client(&settings, reqwest::Client::builder().no_proxy())?,
            settings,
        })
    }

    fn client_for(&self, url: &Url) -> &reqwest::Client {
        if is_loopback(url) {
            &self.loopback
        } else {
            &self.outward
        }
    }
}

fn client(settings: &HttpSettings, builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Failure> {
    builder
        .user_agent(concat!("Halyard/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        .build()
        .map_err(|_| {
            let mut failure = Failure::new(
                FailureKind::Unreachable(crate::Stage::Tls),
                "This computer offers no usable encryption for connections.",
            );
            failure.next_step =
                Some("Install the system's certificates (on Debian: the package ca-certificates).".into());
            failure
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
