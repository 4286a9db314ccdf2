//! Versions of a flag, on environments that keep them.

use jiff::Timestamp;
use uuid::Uuid;

use super::rows::Version;
use super::store::Store;

impl Store {
    /// The version that is served: of those whose time has come, the one whose time came last.
    pub(crate) fn live_version(&self, environment: u64, feature: u64) -> Option<&Version> {
        self.versions_of(environment, feature)
            .filter(|version| version.is_live(self.now))
            .max_by_key(|version| version.live_from)
    }

    /// A flag's versions in order of creation.
    pub(crate) fn versions_of(&self, environment: u64, feature: u64) -> impl Iterator<Item = &Version> {
        self.versions_by_flag
            .get(&(environment, feature))
            .into_iter()
            .flatten()
            .filter_map(|uuid| self.versions.get(uuid))
    }

    /// What a version replaces, or would replace: computed when asked, so it moves when others publish.
    pub(crate) fn previous_version(&self, version: &Version) -> Option<Uuid> {
        let before = version.live_from.filter(|_| version.published);
        self.versions_of(version.environment, version.feature)
            .filter(|other| other.uuid != version.uuid && other.is_live(self.now))
            .filter(|other| before.is_none_or(|before| other.live_from.is_some_and(|from| from < before)))
            .max_by_key(|other| other.live_from)
            .map(|other| other.uuid)
    }

    /// The version with which a flag begins in an environment. Nobody made it.
    pub(crate) fn first_version(&mut self, environment: u64, feature: u64) -> Uuid {
        let uuid = self.next_uuid("version");
        let row = Version {
            uuid,
            feature,
            environment,
            created_at: self.now,
            updated_at: self.now,
            published: true,
            live_from: Some(self.now),
            published_by: None,
            created_by: None,
            description: None,
        };
        self.index_version(row);
        uuid
    }

    /// Makes a draft: a copy of what is live, under new ids.
    pub(crate) fn draft(
        &mut self,
        environment: u64,
        feature: u64,
        created_by: Option<u64>,
        description: Option<String>,
        live_from: Option<Timestamp>,
    ) -> Uuid {
        let live = self
            .live_version(environment, feature)
            .map(|version| version.uuid);
        let uuid = self.next_uuid("version");
        let row = Version {
            uuid,
            feature,
            environment,
            created_at: self.now,
            updated_at: self.now,
            published: false,
            live_from,
            published_by: None,
            created_by,
            description,
        };
        self.index_version(row);
        let Some(live) = live else { return uuid };
        let sources: Vec<(u64, Option<(u64, u64)>)> = self
            .states_of_version(live)
            .iter()
            .map(|id| {
                let link = self
                    .states
                    .get(id)
                    .and_then(|state| state.link)
                    .and_then(|link| self.links.get(&link));
                (*id, link.map(|link| (link.segment, link.priority)))
            })
            .collect();
        for (state, over) in sources {
            let link = over.map(|(segment, priority)| {
                self.add_link(environment, feature, segment, Some(priority), Some(uuid))
            });
            self.clone_state(state, link, uuid);
        }
        uuid
    }

    fn index_version(&mut self, version: Version) {
        self.versions_by_flag
            .entry((version.environment, version.feature))
            .or_default()
            .push(version.uuid);
        self.versions.insert(version.uuid, version);
    }

    /// The ids of a version's states, the default first.
    pub(crate) fn states_of_version(&self, version: Uuid) -> Vec<u64> {
        let Some(row) = self.versions.get(&version) else {
            return Vec::new();
        };
        let Some(ids) = self.states_by_flag.get(&(row.environment, row.feature)) else {
            return Vec::new();
        };
        ids.iter()
            .filter(|id| {
                self.states
                    .get(id)
                    .is_some_and(|state| state.feature_version == Some(version))
            })
            .copied()
            .collect()
    }

    /// Publishes a version now or at a later moment. Publishing again changes nothing.
    pub(crate) fn publish(
        &mut self,
        version: Uuid,
        by: Option<u64>,
        live_from: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let now = self.now;
        let row = self.versions.get_mut(&version)?;
        if row.published {
            return row.live_from;
        }
        row.published = true;
        row.published_by = by;
        row.live_from = Some(live_from.or(row.live_from).unwrap_or(now));
        row.updated_at = now;
        let (environment, feature, live_from) = (row.environment, row.feature, row.live_from);
        self.log_version(environment, feature, version);
        self.touch(environment);
        live_from
    }

    /// Removes a version with its states and links.
    pub(crate) fn remove_version(&mut self, version: Uuid) {
        for state in self.states_of_version(version) {
            self.remove_state(state);
        }
        self.links.retain(|link| link.feature_version != Some(version));
        if let Some(row) = self.versions.remove(&version)
            && let Some(uuids) = self.versions_by_flag.get_mut(&(row.environment, row.feature))
        {
            uuids.retain(|uuid| *uuid != version);
        }
    }

    /// Turns an environment to versions: what counts now becomes each flag's first version.
    pub(crate) fn enable_versioning(&mut self, environment: u64) {
        let Some(project) = self
            .environments
            .get(&environment)
            .map(|environment| environment.project)
        else {
            return;
        };
        let features: Vec<u64> = self.features_of(project).map(|feature| feature.id).collect();
        for feature in features {
            let states: Vec<u64> = self
                .current_states(environment, feature)
                .iter()
                .map(|state| state.id)
                .collect();
            let version = self.first_version(environment, feature);
            for state in states {
                let Some(state) = self.states.get_mut(&state) else {
                    continue;
                };
                state.feature_version = Some(version);
                state.version = None;
                state.live_from = None;
                if let Some(link) = state.link.and_then(|link| self.links.get_mut(&link)) {
                    link.feature_version = Some(version);
                }
            }
        }
        if let Some(environment) = self.environments.get_mut(&environment) {
            environment.versioned = true;
        }
        self.touch(environment);
    }
}
