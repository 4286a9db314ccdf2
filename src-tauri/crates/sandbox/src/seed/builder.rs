//! Puts rows into a store in the words of a seed: names instead of ids, minutes instead of moments.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::words::{FlagSeed, InnerRule, Override};
use crate::flagsmith::NewState;
use crate::flagsmith::rows::{
    Condition, Environment, Feature, FeatureOption, Organisation, OrganisationKey, Project, Rule, Segment,
    ServerKey, Tag, Trait, User,
};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

/// When a seed's rows were made, before the start.
const AGE: SignedDuration = SignedDuration::from_hours(24 * 200);

/// A store that is being filled.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) store: Store,
    pub(crate) project: u64,
    started: Timestamp,
}

impl Builder {
    /// An organisation with one project.
    pub(crate) fn new(organisation: &str, project: &str) -> Self {
        let now = Timestamp::now();
        let started = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let created_at = started - AGE;
        let row = Organisation {
            id: 1,
            uuid: Uuid::nil(),
            name: organisation.to_owned(),
            created_at,
            persist_trait_data: true,
        };
        let mut store = Store::new(row, created_at);
        store.organisation.uuid = store.next_uuid("organisation");
        let id = store.next_id("project");
        let uuid = store.next_uuid("project");
        let row = Project {
            id,
            uuid,
            name: project.to_owned(),
            use_edge_identities: false,
            hide_disabled_flags: false,
        };
        store.projects.insert(id, row);
        store.next_id("organisation key");
        store.organisation_keys.push(OrganisationKey {
            key: "sandbox1.NotASecretOnlyForTheSandbox00000".to_owned(),
            name: "Halyard".to_owned(),
            created_at,
            expires_at: None,
            created_by: Some(1),
        });
        Self {
            store,
            project: id,
            started,
        }
    }

    /// A person with a token of 40 hexadecimal digits made of one repeated mark.
    pub(crate) fn user(&mut self, first_name: &str, last_name: &str, mark: &str, staff: bool) -> u64 {
        let id = self.store.next_id("user");
        let uuid = self.store.next_uuid("user");
        let email = format!("{}@acme.example", first_name.to_lowercase());
        let row = User {
            id,
            uuid,
            email,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            joined_at: self.store.now,
            password: "sandbox-password".to_owned(),
            token: mark.repeat(5),
            staff,
        };
        self.store.users.insert(id, row);
        id
    }

    /// An environment. The keys are the mark, filled to the usual length.
    pub(crate) fn environment(&mut self, name: &str, mark: &str, versioned: bool) -> u64 {
        let id = self.store.next_id("environment");
        let uuid = self.store.next_uuid("environment");
        let key = format!("sandbox{mark:0<15}");
        let server_key = ServerKey {
            id: self.store.next_id("server key"),
            key: format!("ser.{key}"),
            name: "local evaluation".to_owned(),
            created_at: self.store.now,
        };
        let row = Environment {
            id,
            uuid,
            name: name.to_owned(),
            project: self.project,
            description: None,
            client_key: key,
            server_keys: vec![server_key],
            versioned,
            hide_disabled_flags: None,
            approvals: None,
            updated_at: self.store.now,
        };
        self.store.environments.insert(id, row);
        id
    }

    /// A tag.
    pub(crate) fn tag(&mut self, label: &str, color: &str) -> u64 {
        let id = self.store.next_id("tag");
        let uuid = self.store.next_uuid("tag");
        let row = Tag {
            id,
            uuid,
            project: self.project,
            label: label.to_owned(),
            color: color.to_owned(),
            description: None,
        };
        self.store.tags.insert(id, row);
        id
    }

    /// A segment of one rule, whose inner rules are of a type with conditions of operator, property and
    /// value. An empty property is none.
    pub(crate) fn segment(&mut self, name: &str, description: &str, rules: &[InnerRule<'_>]) -> u64 {
        let outer = self.store.next_id("rule");
        let inner = rules
            .iter()
            .map(|(kind, conditions)| Rule {
                id: self.store.next_id("rule"),
                kind: (*kind).to_owned(),
                rules: Vec::new(),
                conditions: conditions
                    .iter()
                    .map(|(operator, property, value)| Condition {
                        id: self.store.next_id("condition"),
                        operator: (*operator).to_owned(),
                        property: (!property.is_empty()).then(|| (*property).to_owned()),
                        value: Some((*value).to_owned()),
                        description: None,
                    })
                    .collect(),
            })
            .collect();
        let id = self.store.next_id("segment");
        let uuid = self.store.next_uuid("segment");
        let row = Segment {
            id,
            uuid,
            project: self.project,
            name: name.to_owned(),
            description: (!description.is_empty()).then(|| description.to_owned()),
            feature: None,
            rules: vec![Rule {
                id: outer,
                kind: "ALL".to_owned(),
                rules: inner,
                conditions: Vec::new(),
            }],
            created_at: self.store.now,
            updated_at: self.store.now,
        };
        self.store.segments.insert(id, row);
        id
    }

    /// A feature, off everywhere.
    pub(crate) fn flag(&mut self, seed: &FlagSeed<'_>) -> u64 {
        let id = self.store.next_id("feature");
        let uuid = self.store.next_uuid("feature");
        let options = seed
            .options
            .iter()
            .map(|(value, percentage)| FeatureOption {
                id: self.store.next_id("option"),
                uuid: self.store.next_uuid("option"),
                value: StoredValue::from_initial(Some(value)),
                default_percentage: *percentage,
                key: None,
            })
            .collect();
        let row = Feature {
            id,
            uuid,
            project: self.project,
            name: seed.name.to_owned(),
            multivariate: !seed.options.is_empty(),
            default_enabled: false,
            initial_value: seed.value.map(str::to_owned),
            created_at: self.store.now,
            description: seed.description.map(str::to_owned),
            tags: seed.tags.clone(),
            options,
            is_archived: seed.archived,
            is_server_key_only: seed.server_only,
            owners: seed.owner.into_iter().collect(),
        };
        self.store.add_feature(row)
    }

    /// Sets a feature's default in an environment; a missing value leaves the initial one.
    pub(crate) fn set(&mut self, environment: u64, feature: u64, enabled: bool, value: Option<&Value>) {
        let Some(id) = self
            .store
            .default_state(environment, feature)
            .map(|state| state.id)
        else {
            return;
        };
        if let Some(state) = self.store.states.get_mut(&id) {
            state.enabled = enabled;
            if let Some(value) = value {
                state.value = StoredValue::from_typed(value);
            }
        }
    }

    /// Sets the weights of a feature's options in an environment, in the order of the options; percent.
    pub(crate) fn weigh(&mut self, environment: u64, feature: u64, weights: &[f64]) {
        let Some(id) = self
            .store
            .default_state(environment, feature)
            .map(|state| state.id)
        else {
            return;
        };
        let weights = self.by_option(feature, weights);
        self.store.set_weights(id, &weights);
    }

    fn by_option(&self, feature: u64, weights: &[f64]) -> Vec<(u64, f64)> {
        let options = self
            .store
            .features
            .get(&feature)
            .map_or(&[][..], |feature| feature.options.as_slice());
        options
            .iter()
            .map(|option| option.id)
            .zip(weights.iter().copied())
            .collect()
    }

    /// Adds a segment override after those that are there.
    pub(crate) fn over(&mut self, environment: u64, feature: u64, segment: u64, given: &Override) -> u64 {
        let version = self
            .store
            .live_version(environment, feature)
            .map(|version| version.uuid);
        let priority = u64::try_from(self.store.overrides(environment, feature).len()).unwrap_or(0);
        let link = self
            .store
            .add_link(environment, feature, segment, Some(priority), version);
        self.add(environment, feature, given, Some(link), None, version)
    }

    /// Adds an identity's override.
    pub(crate) fn over_identity(
        &mut self,
        environment: u64,
        feature: u64,
        identity: u64,
        given: &Override,
    ) -> u64 {
        self.add(environment, feature, given, None, Some(identity), None)
    }

    fn add(
        &mut self,
        environment: u64,
        feature: u64,
        given: &Override,
        link: Option<u64>,
        identity: Option<u64>,
        feature_version: Option<Uuid>,
    ) -> u64 {
        let default = self
            .store
            .default_state(environment, feature)
            .map(|state| state.value.clone());
        let value = match &given.value {
            Some(value) => StoredValue::from_typed(value),
            None => default.unwrap_or_else(StoredValue::empty),
        };
        let enabled = given.enabled;
        let new = NewState {
            feature,
            environment,
            identity,
            link,
            enabled,
            value,
            feature_version,
        };
        let id = self.store.add_state(new);
        let weights = self.by_option(feature, &given.weights);
        self.store.set_weights(id, &weights);
        id
    }

    /// An identity with traits.
    pub(crate) fn identity(&mut self, environment: u64, identifier: &str, traits: &Value) -> u64 {
        let id = self.store.identity_or_new(environment, identifier);
        let rows: Vec<Trait> = traits
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| Trait {
                id: self.store.next_id("trait"),
                key: key.clone(),
                value: value.clone(),
                created_at: self.store.now,
            })
            .collect();
        if let Some(identity) = self.store.identities.get_mut(&id) {
            identity.traits = rows;
        }
        id
    }

    /// Says how many minutes before the start a feature last changed in an environment, and by whom.
    pub(crate) fn changed(&mut self, environment: u64, feature: u64, minutes: i64, by: Option<u64>) {
        let moment = self.started - SignedDuration::from_mins(minutes);
        let version = self
            .store
            .live_version(environment, feature)
            .map(|version| version.uuid);
        if let Some(version) = version.and_then(|version| self.store.versions.get_mut(&version)) {
            version.created_at = moment;
            version.updated_at = moment;
            version.live_from = Some(moment);
            version.created_by = by;
            version.published_by = by;
        }
        if let Some(id) = self
            .store
            .default_state(environment, feature)
            .map(|state| state.id)
            && let Some(state) = self.store.states.get_mut(&id)
        {
            state.updated_at = moment;
        }
    }

    /// The store, at the present, with each environment as old as its last change.
    pub(crate) fn finish(mut self) -> Store {
        self.store.now = self.started;
        let mut latest: Vec<(u64, Timestamp)> = Vec::new();
        for environment in self.store.environments.keys() {
            let changes = self
                .store
                .states
                .values()
                .filter(|state| state.environment == *environment);
            let changes = changes.map(|state| state.updated_at);
            let published = self
                .store
                .versions
                .values()
                .filter(|version| version.environment == *environment);
            let published = published.map(|version| version.updated_at);
            latest.extend(
                changes
                    .chain(published)
                    .max()
                    .map(|moment| (*environment, moment)),
            );
        }
        for (environment, moment) in latest {
            if let Some(environment) = self.store.environments.get_mut(&environment) {
                environment.updated_at = moment;
            }
        }
        self.store
    }
}
