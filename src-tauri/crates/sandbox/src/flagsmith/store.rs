//! What the server remembers: plain rows, and the lookups over them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::audit::AuditLog;
use super::condition::Account;
use super::rows::{
    Environment, Feature, FeatureSegment, FeatureState, Identity, Organisation, OrganisationKey, Project,
    Segment, Tag, User, Version,
};
use super::tracked::Tracked;

/// Every row of the server. Ids are unique within a kind of row, as in the real one's tables.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// What the plan and the operator allow, and how many tasks wait.
    pub(crate) account: Account,
    pub(crate) audit: AuditLog,
    pub(crate) organisation: Organisation,
    pub(crate) users: BTreeMap<u64, User>,
    pub(crate) organisation_keys: Vec<OrganisationKey>,
    pub(crate) projects: BTreeMap<u64, Project>,
    pub(crate) environments: BTreeMap<u64, Environment>,
    pub(crate) tags: BTreeMap<u64, Tag>,
    pub(crate) features: BTreeMap<u64, Feature>,
    pub(crate) states: Tracked<u64, FeatureState>,
    pub(crate) links: Tracked<u64, FeatureSegment>,
    pub(crate) segments: BTreeMap<u64, Segment>,
    pub(crate) identities: BTreeMap<u64, Identity>,
    pub(crate) versions: Tracked<Uuid, Version>,
    /// State ids by environment and feature, so that 10,000 flags do not mean 10,000 scans.
    pub(crate) states_by_flag: BTreeMap<(u64, u64), Vec<u64>>,
    /// Version ids by environment and feature, in order of creation.
    pub(crate) versions_by_flag: BTreeMap<(u64, u64), Vec<Uuid>>,
    /// The moment of the request being answered, in whole microseconds.
    pub(crate) now: Timestamp,
    /// How far this server's clock is ahead of the computer's, because time was let pass.
    pub(crate) ahead: SignedDuration,
    serials: BTreeMap<&'static str, u64>,
}

impl Store {
    /// A server with an organisation and nothing in it.
    pub(crate) fn new(organisation: Organisation, now: Timestamp) -> Self {
        Self {
            account: Account::default(),
            audit: AuditLog::default(),
            organisation,
            users: BTreeMap::new(),
            organisation_keys: Vec::new(),
            projects: BTreeMap::new(),
            environments: BTreeMap::new(),
            tags: BTreeMap::new(),
            features: BTreeMap::new(),
            states: Tracked::default(),
            links: Tracked::default(),
            segments: BTreeMap::new(),
            identities: BTreeMap::new(),
            versions: Tracked::default(),
            states_by_flag: BTreeMap::new(),
            versions_by_flag: BTreeMap::new(),
            now,
            ahead: SignedDuration::ZERO,
            serials: BTreeMap::new(),
        }
    }

    /// Moves the clock. It never stands still, so that two writes never share a time stamp.
    pub(crate) fn tick(&mut self) {
        let now = Timestamp::now();
        let now = now.saturating_add(self.ahead).unwrap_or(now);
        let micros = now.as_microsecond();
        let now = Timestamp::from_microsecond(micros).unwrap_or(now);
        self.now = if now > self.now {
            now
        } else {
            self.now + SignedDuration::from_micros(1)
        };
    }

    /// The next id of a kind of row, from 1.
    pub(crate) fn next_id(&mut self, kind: &'static str) -> u64 {
        let serial = self.serials.entry(kind).or_insert(0);
        *serial += 1;
        *serial
    }

    /// The next uuid of a kind of row: the same seed and the same requests give the same ones.
    pub(crate) fn next_uuid(&mut self, kind: &'static str) -> Uuid {
        let serial = self.next_id("uuid");
        let digest = Sha256::digest(format!("halyard sandbox {kind} {serial}"));
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The environment whose client-side key is this.
    pub(crate) fn environment_by_key(&self, key: &str) -> Option<&Environment> {
        self.environments
            .values()
            .find(|environment| environment.client_key == key)
    }

    /// The environment with this name (letter case aside) or client-side key.
    pub(crate) fn environment_by_name_or_key(&self, text: &str) -> Option<&Environment> {
        self.environments
            .values()
            .find(|environment| environment.name.eq_ignore_ascii_case(text) || environment.client_key == text)
    }

    /// Whether an environment's flags can only be changed by change requests.
    pub(crate) fn asks_for_change_requests(&self, environment: u64) -> bool {
        self.environments
            .get(&environment)
            .is_some_and(|environment| environment.approvals.is_some())
    }

    /// The feature of a project with this name; names differ by more than letter case.
    pub(crate) fn feature_by_name(&self, project: u64, name: &str) -> Option<&Feature> {
        self.features
            .values()
            .find(|feature| feature.project == project && feature.name.eq_ignore_ascii_case(name))
    }

    /// A project's environments, oldest first.
    pub(crate) fn environments_of(&self, project: u64) -> impl Iterator<Item = &Environment> {
        self.environments
            .values()
            .filter(move |environment| environment.project == project)
    }

    /// A project's features, oldest first.
    pub(crate) fn features_of(&self, project: u64) -> impl Iterator<Item = &Feature> {
        self.features
            .values()
            .filter(move |feature| feature.project == project)
    }

    /// A project's segments, oldest first.
    pub(crate) fn segments_of(&self, project: u64) -> impl Iterator<Item = &Segment> {
        self.segments
            .values()
            .filter(move |segment| segment.project == project)
    }

    /// An environment's identities, oldest first.
    pub(crate) fn identities_of(&self, environment: u64) -> impl Iterator<Item = &Identity> {
        self.identities
            .values()
            .filter(move |identity| identity.environment == environment)
    }

    /// An environment's identity with this identifier.
    pub(crate) fn identity_by_identifier(&self, environment: u64, identifier: &str) -> Option<&Identity> {
        self.identities_of(environment)
            .find(|identity| identity.identifier == identifier)
    }

    /// Notes that an environment's document changed now.
    pub(crate) fn touch(&mut self, environment: u64) {
        let now = self.now;
        if let Some(environment) = self.environments.get_mut(&environment) {
            environment.updated_at = now;
        }
    }

    /// Notes that the documents of all of a project's environments changed now.
    pub(crate) fn touch_project(&mut self, project: u64) {
        let now = self.now;
        for environment in self
            .environments
            .values_mut()
            .filter(|environment| environment.project == project)
        {
            environment.updated_at = now;
        }
    }

    /// Adds an identity, or finds the one that has the identifier.
    pub(crate) fn identity_or_new(&mut self, environment: u64, identifier: &str) -> u64 {
        if let Some(identity) = self.identity_by_identifier(environment, identifier) {
            return identity.id;
        }
        let id = self.next_id("identity");
        let uuid = self.next_uuid("identity");
        let created_at = self.now;
        let row = Identity {
            id,
            uuid,
            identifier: identifier.to_owned(),
            environment,
            created_at,
            dashboard_alias: None,
            traits: Vec::new(),
        };
        self.identities.insert(id, row);
        id
    }

    /// Removes an identity with its overrides.
    pub(crate) fn remove_identity(&mut self, identity: u64) {
        let overrides: Vec<u64> = self.identity_overrides(identity).map(|state| state.id).collect();
        for state in overrides {
            self.remove_state(state);
        }
        self.identities.remove(&identity);
    }
}
