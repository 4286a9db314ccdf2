//! The rows of the server's tables.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::value::StoredValue;

#[derive(Debug, Clone)]
pub(crate) struct Organisation {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    /// Whether traits that an SDK sends are kept.
    pub(crate) persist_trait_data: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) joined_at: Timestamp,
    /// What the person signs in with. The sandbox guards nothing, so it is kept as it is.
    pub(crate) password: String,
    /// The person's one token.
    pub(crate) token: String,
    /// Whether the person may read the task queue.
    pub(crate) staff: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct OrganisationKey {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_by: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    /// Whether identities are kept in the hosted service's separate store.
    pub(crate) use_edge_identities: bool,
    pub(crate) hide_disabled_flags: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ServerKey {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) name: String,
    pub(crate) project: u64,
    pub(crate) description: Option<String>,
    pub(crate) client_key: String,
    pub(crate) server_keys: Vec<ServerKey>,
    pub(crate) versioned: bool,
    pub(crate) hide_disabled_flags: Option<bool>,
    /// How many have to approve a change request; without a number changes need none.
    pub(crate) approvals: Option<u64>,
    /// When the document last changed, as far as the server admits it.
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) project: u64,
    pub(crate) label: String,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
}

/// One of the values of a multivariate feature besides its control value.
#[derive(Debug, Clone)]
pub(crate) struct FeatureOption {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) value: StoredValue,
    pub(crate) default_percentage: f64,
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Feature {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) project: u64,
    pub(crate) name: String,
    pub(crate) multivariate: bool,
    pub(crate) default_enabled: bool,
    /// Always text, whatever type it was given as.
    pub(crate) initial_value: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<u64>,
    pub(crate) options: Vec<FeatureOption>,
    pub(crate) is_archived: bool,
    pub(crate) is_server_key_only: bool,
    pub(crate) owners: Vec<u64>,
}

/// How much of the range an option gets in one state; percent.
#[derive(Debug, Clone)]
pub(crate) struct Weight {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) option: u64,
    pub(crate) percentage: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct FeatureState {
    pub(crate) id: u64,
    /// The id of the state from which this one descends by cloning. The environment document shows this
    /// one as `django_id`, so on a versioned environment it is not the administration id.
    pub(crate) origin: u64,
    pub(crate) uuid: Uuid,
    pub(crate) feature: u64,
    pub(crate) environment: u64,
    pub(crate) identity: Option<u64>,
    /// The link to a segment, on an override.
    pub(crate) link: Option<u64>,
    pub(crate) enabled: bool,
    pub(crate) value: StoredValue,
    pub(crate) weights: Vec<Weight>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) live_from: Option<Timestamp>,
    pub(crate) version: Option<u64>,
    /// The version that holds it, on a versioned environment.
    pub(crate) feature_version: Option<Uuid>,
}

/// A link between a feature and a segment in one environment, with its place in the order of overrides.
#[derive(Debug, Clone)]
pub(crate) struct FeatureSegment {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) feature: u64,
    pub(crate) segment: u64,
    pub(crate) environment: u64,
    /// 0 wins.
    pub(crate) priority: u64,
    pub(crate) feature_version: Option<Uuid>,
    /// Counts up with each change of its priority: of links that share one, the server reads the one first
    /// that it wrote first.
    pub(crate) moved: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) id: u64,
    pub(crate) operator: String,
    pub(crate) property: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) project: u64,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// The only feature that may use it, if it belongs to one.
    pub(crate) feature: Option<u64>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Trait {
    pub(crate) id: u64,
    pub(crate) key: String,
    /// Text, integer, fraction or boolean; null where a write named no typed column.
    pub(crate) value: Value,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) id: u64,
    pub(crate) uuid: Uuid,
    pub(crate) identifier: String,
    pub(crate) environment: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) dashboard_alias: Option<String>,
    pub(crate) traits: Vec<Trait>,
}

/// One version of a feature in a versioned environment.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) uuid: Uuid,
    pub(crate) feature: u64,
    pub(crate) environment: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) published: bool,
    pub(crate) live_from: Option<Timestamp>,
    pub(crate) published_by: Option<u64>,
    pub(crate) created_by: Option<u64>,
    pub(crate) description: Option<String>,
}

impl Version {
    /// Whether it is published and its time has come.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.published && self.live_from.is_some_and(|from| from <= now)
    }
}
