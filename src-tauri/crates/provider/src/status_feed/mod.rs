//! A provider's public status feed, as hosted status pages offer it.

mod parse;

use std::sync::{Mutex, PoisonError};

use halyard_model::{Endpoint, Timestamp};
use reqwest::header::{HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::{Call, HttpSettings, Service, Timeout, Transport, malformed};
use crate::probe::stamp_of;
use crate::{Answer, Failure, Stamp};

/// The hosted Flagsmith's page.
const FLAGSMITH: &str = "https://status.flagsmith.com";

/// A feed is a few kilobytes; one larger than this is something else.
const LARGEST: usize = 2 * 1024 * 1024;

/// Where the status of an endpoint's provider is told; `None` where no feed is
/// known, as for an installation of one's own.
pub fn default_status_url(endpoint: &Endpoint) -> Option<&'static str> {
    let Endpoint::Flagsmith(_) = endpoint else {
        return None;
    };
    let url = Url::parse(endpoint.address()).ok()?;
    let host = url.host_str()?;
    (host == "flagsmith.com" || host.ends_with(".flagsmith.com")).then_some(FLAGSMITH)
}

/// Reads a provider's status feed. Asks politely: conditionally, and only when
/// told to.
#[derive(Debug)]
pub struct StatusFeed {
    transport: Transport,
    last: Mutex<Option<Kept>>,
}

/// The last answer, for when the feed says that nothing changed.
#[derive(Clone, Debug)]
struct Kept {
    url: Url,
    stamp: Stamp,
    status: ProviderStatus,
}

impl StatusFeed {
    /// A reader with a connection pool of its own. Fails where the system
    /// offers no usable encryption.
    pub fn new(settings: HttpSettings) -> Result<StatusFeed, Failure> {
        Ok(StatusFeed {
            transport: Transport::new(settings)?,
            last: Mutex::new(None),
        })
    }

    /// Reads the feed of a status page, by the page's address or by the
    /// feed's own, which ends in `.json`. Lenient about what the feed holds.
    ///
    /// # Errors
    /// What is no feed at all, such as a page, is
    /// [`FailureKind::Malformed`](crate::FailureKind::Malformed).
    pub async fn read(&self, url: &str) -> Result<Answer<ProviderStatus>, Failure> {
        let call = Call::open(&self.transport, Service::StatusFeed, url)?;
        let url = if call.base().path().ends_with(".json") {
            call.base().clone()
        } else {
            call.at(&["api", "v2", "summary.json"])
        };
        let known = self.known(&url);
        let conditions = known.as_ref().map(conditions).unwrap_or_default();
        let reply = call.ask(url.clone(), &conditions, Timeout::Ordinary).await?;
        if let (304, Some(known)) = (reply.status, known) {
            return Ok(call.answer(known.status));
        }
        if !(200..300).contains(&reply.status) {
            return Err(call.status_failure(&reply));
        }
        if reply.body.len() > LARGEST {
            return Err(call.about(&url, malformed("status feed", "a feed of a plausible size")));
        }
        let told: serde_json::Value = call.parsed(&reply, "status feed")?;
        let Some(status) = parse::status(&told) else {
            let expected = "the members of a status page: `status` or `incidents`";
            return Err(call.about(&url, malformed("status feed", expected)));
        };
        let kept = Kept {
            url,
            stamp: stamp_of(&reply.headers, (call.settings().now)()),
            status: status.clone(),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(call.answer(status))
    }

    fn known(&self, url: &Url) -> Option<Kept> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone().filter(|last| last.url == *url)
    }
}

fn conditions(known: &Kept) -> Vec<(HeaderName, String)> {
    // A tag is exact; the time is for a feed that has none.
    if let Some(tag) = &known.stamp.etag {
        return vec![(IF_NONE_MATCH, tag.clone())];
    }
    let time = known.stamp.last_modified.iter();
    time.map(|time| (IF_MODIFIED_SINCE, time.clone())).collect()
}

/// What the feed says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProviderStatus {
    /// In the feed's own words, such as `All Systems Operational`.
    pub description: Option<String>,
    /// The page for people.
    pub page: Option<String>,
    /// Incidents that are not resolved, the gravest first.
    pub incidents: Vec<Incident>,
    /// Maintenance announced or going on.
    pub maintenances: Vec<Incident>,
}

/// An incident as the provider tells of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The feed's identifier.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `minor`, `major`, `critical`, `maintenance` or whatever the feed says.
    pub impact: String,
    /// `investigating`, `identified`, `monitoring`, …
    pub status: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was last spoken of.
    pub updated_at: Option<Timestamp>,
    /// The newest update, in the provider's words.
    pub words: Option<String>,
    /// The components concerned.
    pub components: Vec<String>,
    /// The page for people.
    pub link: Option<String>,
}
