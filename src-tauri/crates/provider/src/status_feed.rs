//! A provider's public status feed, as hosted status pages offer it.

use halyard_model::Timestamp;
use serde::{Deserialize, Serialize};

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
