//! What the provider says about itself, and what was seen here that matches:
//! the last copy of its status feed with an age, and a second look at
//! failures with everything that only the console knows.

mod feed;
mod matched;
mod rules;
mod second_look;
mod seen;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use halyard_model::{ConnectionId, Timestamp};
use halyard_provider::{Incident, StatusFeed, default_status_url};

pub use feed::FeedPace;
use feed::KeptFeed;
pub use rules::{Gravity, IncidentSign, IncidentWarning};
pub(crate) use second_look::{SecondLook, with_cause};

use crate::{Console, ConsoleError, SurfaceKind, state::Site};

/// What reading status feeds has come to while the console runs.
#[derive(Default)]
pub(crate) struct Feeds {
    /// A reader for each address, which knows what it was told last.
    readers: HashMap<String, Arc<StatusFeed>>,
    /// When each was last tried.
    tried_at: HashMap<String, Timestamp>,
    /// Those that are being read.
    running: HashSet<String>,
    /// What was last concluded for each environment, and when: a status bar
    /// asks again with every request.
    judged: HashMap<Site, (Timestamp, Vec<IncidentWarning>)>,
}

/// What is known of a provider's own word about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusFeedFacts {
    /// It is read.
    pub enabled: bool,
    /// Where; `None` where none is known for the service and none was set.
    pub url: Option<String>,
    /// When it was last read with success: the age of everything below.
    pub checked_at: Option<Timestamp>,
    /// Why the last reading failed; what is told is then the last copy.
    pub failure: Option<String>,
    /// In the feed's own words, such as `All Systems Operational`.
    pub description: Option<String>,
    /// The page for people.
    pub page: Option<String>,
    /// Incidents and maintenance going on, the gravest first.
    pub incidents: Vec<IncidentFacts>,
}

/// An incident with what was seen here that matches.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentFacts {
    /// As the provider tells of it.
    pub incident: Incident,
    /// The surfaces of this connection that it may concern; none where it is
    /// about something that the connection does not use.
    pub concerns: Vec<SurfaceKind>,
    /// Requests to these surfaces that failed since a quarter of an hour
    /// before the incident was told.
    pub matching: u64,
    /// The status that all matching requests share, where they share one.
    pub status: Option<u16>,
    /// Surfaces that answered within the last ten minutes and did not fail.
    pub unaffected: Vec<SurfaceKind>,
}

impl Console {
    /// What is known of the status of a connection's provider: the last copy
    /// of its feed, matched with the requests that were made. Asks nobody.
    pub async fn provider_status(&self, id: &ConnectionId) -> Result<StatusFeedFacts, ConsoleError> {
        let endpoint = self.known_connection(id).await?.endpoint;
        let settings = self.surface_settings(id).await?;
        let url = settings
            .status_feed_url
            .or_else(|| default_status_url(&endpoint).map(str::to_owned));
        let mut facts = StatusFeedFacts {
            enabled: settings.status_feed,
            url,
            ..StatusFeedFacts::default()
        };
        let Some(url) = facts.url.as_deref().filter(|_| facts.enabled) else {
            return Ok(facts);
        };
        let kept: KeptFeed = self.inner.mirror.provider_status(url).await?.unwrap_or_default();
        facts.checked_at = kept.checked_at;
        facts.failure.clone_from(&kept.failure);
        let going_on = kept.going_on();
        if let Some(status) = kept.status {
            facts.description = status.description;
            facts.page = status.page;
        }
        for incident in going_on {
            facts.incidents.push(self.matched(id, &endpoint, incident).await?);
        }
        Ok(facts)
    }
}
