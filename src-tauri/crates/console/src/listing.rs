//! Reading the mirror for lists and details.

use halyard_mirror::SnapshotFacts;
use halyard_model::{
    Connection, ConnectionId, EditState, Environment, EnvironmentKey, FetchStatus, Flag, FlagKey, FlagState,
    Freshness, FreshnessRule, Scope, SubjectState, Timestamp, freshness,
};
use halyard_provider::RateLimit;

use crate::{Console, ConsoleError};

/// What the mirror holds about an environment.
#[derive(Clone, Debug)]
pub struct EnvironmentFacts {
    /// The environment.
    pub environment: Environment,
    /// What is known about fetching it.
    pub status: FetchStatus,
    /// How fresh that makes it.
    pub freshness: Freshness,
    /// By which rule.
    pub rule: FreshnessRule,
    /// It is being refreshed now.
    pub refreshing: bool,
    /// The newest snapshot, where there is one.
    pub snapshot: Option<SnapshotFacts>,
    /// Edits whose outcome is open and that wait for no decision.
    pub open_edits: u32,
    /// Edits that wait for a decision.
    pub conflicts: u32,
}

/// A flag with what is known around it.
#[derive(Clone, Debug)]
pub struct FlagFacts {
    /// The flag.
    pub flag: Flag,
    /// Its open edit, else its staged one, where there is one.
    pub edit: Option<EditState>,
}

/// Names a state by its content and version: what goes back with an edit to
/// say which state the user saw.
pub fn revision(state: &FlagState) -> String {
    hashed(&serde_json::to_string(state).unwrap_or_default())
}

/// As [`revision`], of any subject's state; what does not exist has one, too.
pub fn revision_of(state: Option<&SubjectState>) -> String {
    match state {
        Some(SubjectState::FlagState(state)) => revision(state),
        other => hashed(&serde_json::to_string(&other).unwrap_or_default()),
    }
}

fn hashed(text: &str) -> String {
    // FNV-1a over the serialised state: enough to notice a change, and not
    // meant to withstand anybody who wants to hide one.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

impl Console {
    /// The connections, in the order they were made.
    pub async fn connections(&self) -> Result<Vec<Connection>, ConsoleError> {
        Ok(self.inner.mirror.connections().await?)
    }

    /// One connection.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Connection, ConsoleError> {
        self.known_connection(id).await
    }

    /// A connection's environments, in its order.
    pub async fn environments_of(&self, connection: &ConnectionId) -> Result<Vec<Environment>, ConsoleError> {
        Ok(self.inner.mirror.environments(connection).await?)
    }

    /// A connection's environments with what the mirror holds about each.
    pub async fn environments(
        &self,
        connection: &ConnectionId,
    ) -> Result<Vec<EnvironmentFacts>, ConsoleError> {
        let mut all = Vec::new();
        for environment in self.inner.mirror.environments(connection).await? {
            all.push(self.environment_facts(connection, environment).await?);
        }
        Ok(all)
    }

    /// One environment.
    pub async fn environment(
        &self,
        connection: &ConnectionId,
        key: &EnvironmentKey,
    ) -> Result<EnvironmentFacts, ConsoleError> {
        let environment = self.known_environment(connection, key).await?;
        self.environment_facts(connection, environment).await
    }

    async fn environment_facts(
        &self,
        connection: &ConnectionId,
        environment: Environment,
    ) -> Result<EnvironmentFacts, ConsoleError> {
        let mirror = &self.inner.mirror;
        let status = mirror.fetch_status(connection, &environment.key).await?;
        let edits = mirror.open_edits(Some(connection)).await?;
        let here = edits.iter().filter(|edit| edit.environment == environment.key);
        let (conflicts, open): (Vec<_>, Vec<_>) =
            here.partition(|edit| matches!(edit.state, EditState::Conflicted { .. }));
        let rule = self.pace().freshness_rule();
        Ok(EnvironmentFacts {
            freshness: freshness(&status, rule, self.inner.clock.now()),
            rule,
            refreshing: self.is_refreshing(connection, &environment.key),
            snapshot: mirror.snapshot_facts(connection, &environment.key).await?,
            open_edits: u32::try_from(open.len()).unwrap_or(u32::MAX),
            conflicts: u32::try_from(conflicts.len()).unwrap_or(u32::MAX),
            status,
            environment,
        })
    }

    /// An environment's flags with their open edits, sorted by key.
    pub async fn flags(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<FlagFacts>, ConsoleError> {
        let flags = self.inner.mirror.flags(connection, environment).await?;
        let edits = self.inner.mirror.open_edits(Some(connection)).await?;
        let mut open: std::collections::HashMap<FlagKey, EditState> = edits
            .into_iter()
            .filter(|edit| edit.environment == *environment)
            .filter_map(|edit| Some((edit.flag()?.clone(), edit.state)))
            .collect();
        for edit in self.staged_edits(connection).await? {
            let here = edit.environment == *environment || edit.subject.scope() == Scope::Project;
            if let (true, Some(flag)) = (here, edit.flag()) {
                open.entry(flag.clone()).or_insert(edit.state);
            }
        }
        Ok(flags
            .into_iter()
            .map(|flag| FlagFacts {
                edit: open.remove(&flag.key),
                flag,
            })
            .collect())
    }

    /// One flag, from the mirror.
    pub async fn flag(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        key: &FlagKey,
    ) -> Result<FlagFacts, ConsoleError> {
        let found = self.inner.mirror.flag(connection, environment, key).await?;
        let flag = found.ok_or(ConsoleError::Gone { what: "the flag" })?;
        let edits = self.inner.mirror.open_edits(Some(connection)).await?;
        // The newest, as in the list.
        let edit = edits
            .into_iter()
            .rfind(|edit| edit.environment == *environment && edit.flag() == Some(key));
        let edit = match edit {
            Some(edit) => Some(edit),
            None => self.staged_edits(connection).await?.into_iter().rfind(|edit| {
                let here = edit.environment == *environment || edit.subject.scope() == Scope::Project;
                here && edit.flag() == Some(key)
            }),
        };
        Ok(FlagFacts {
            flag,
            edit: edit.map(|edit| edit.state),
        })
    }

    /// What the service last said about the requests left.
    pub fn limits(&self, connection: &ConnectionId) -> Option<RateLimit> {
        self.volatile().limits.get(connection).cloned()
    }

    /// The server's version, where it told.
    pub fn server_version(&self, connection: &ConnectionId) -> Option<String> {
        self.volatile().server_versions.get(connection).cloned()
    }

    /// The moment it is, by the console's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}
