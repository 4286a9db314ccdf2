//! Reading servers and limits now and then, beside the surfaces.

use std::collections::{HashMap, HashSet};

use halyard_model::{ConnectionId, EnvironmentKey, Timestamp};
use halyard_provider::Urgency;
use tokio_util::sync::CancellationToken;

use super::ticking::each_second;
use crate::{
    Console, ConsoleError,
    server::{ServerReading, is_hosted},
};

/// What is read of a connection as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// How its server is.
    Server,
    /// What the service allows, asked for this environment.
    Allowances(EnvironmentKey),
}

/// What checking has come to while the console runs.
#[derive(Default)]
pub(crate) struct Checks {
    tried_at: HashMap<(ConnectionId, Kind), Timestamp>,
    running: HashSet<(ConnectionId, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Server,
    Allowances,
}

impl Check {
    fn kind(&self) -> Kind {
        match self {
            Check::Server => Kind::Server,
            Check::Allowances(_) => Kind::Allowances,
        }
    }
}

/// The longest wait between two tries of a server that does not answer.
const LONGEST_WAIT_MILLIS: i64 = 10 * 60_000;

impl Kind {
    /// How often it is read, in milliseconds. A server takes up to half a
    /// second for its health; limits and usage hardly move.
    fn every(self, in_view: bool) -> i64 {
        match (self, in_view) {
            (Kind::Server, true) => 60_000,
            (Kind::Server, false) => 5 * 60_000,
            (Kind::Allowances, true) => 15 * 60_000,
            (Kind::Allowances, false) => 60 * 60_000,
        }
    }
}

impl Console {
    /// Reads what is due of servers and limits until cancelled.
    pub(super) async fn keep_checking(&self, cancel: CancellationToken) {
        each_second(
            cancel,
            || self.due_checks(),
            |(connection, check)| {
                let console = self.clone();
                async move {
                    // What the service refuses is kept; a missing key is told
                    // by whatever else needs it.
                    let _kept = console.check(&connection, &check, Urgency::Background).await;
                }
            },
        )
        .await;
    }

    /// What is due now to be read of connections as a whole.
    pub async fn due_checks(&self) -> Result<Vec<(ConnectionId, Check)>, ConsoleError> {
        let now = self.inner.clock.now();
        let seen = self.volatile().in_view.clone();
        let mut all = Vec::new();
        for connection in self.inner.mirror.connections().await? {
            if connection.endpoint.is_file() {
                continue;
            }
            let id = &connection.id;
            let viewed = seen.as_ref().filter(|(of, _)| of == id).map(|(_, key)| key);
            let mut due = Vec::new();
            if !is_hosted(&connection.endpoint) {
                let readings: Vec<ServerReading> = self.inner.mirror.server_readings(id).await?;
                let failures = readings.iter().take_while(|reading| reading.has_failed()).count();
                let every = Kind::Server.every(viewed.is_some());
                let wait = every << failures.min(4);
                let wait = wait.min(LONGEST_WAIT_MILLIS.max(every));
                let read_at = readings.first().map(|reading| reading.at);
                if self.is_due(id, Kind::Server, read_at, wait, now) {
                    due.push(Check::Server);
                }
            }
            let read_at = self.last_allowed(id).await?.map(|allowed| allowed.at);
            let every = Kind::Allowances.every(viewed.is_some());
            if self.is_due(id, Kind::Allowances, read_at, every, now) {
                let environments = self.inner.mirror.environments(id).await?;
                let known = |key: &&EnvironmentKey| environments.iter().any(|one| one.key == **key);
                let asked = viewed.filter(known).or(environments.first().map(|one| &one.key));
                due.extend(asked.cloned().map(Check::Allowances));
            }
            // Asked last: it may ask a person to unlock the keychain.
            if !due.is_empty() && self.has_key(id).await {
                all.extend(due.into_iter().map(|check| (id.clone(), check)));
            }
        }
        Ok(all)
    }

    fn is_due(
        &self,
        connection: &ConnectionId,
        kind: Kind,
        read_at: Option<Timestamp>,
        wait: i64,
        now: Timestamp,
    ) -> bool {
        let place = (connection.clone(), kind);
        let volatile = self.volatile();
        if volatile.checks.running.contains(&place) {
            return false;
        }
        // A clock that was set back must neither end the readings nor hurry them.
        let past = |at: &Timestamp| *at <= now;
        let tried_at = volatile.checks.tried_at.get(&place).copied();
        let last = read_at.filter(past).max(tried_at.filter(past));
        last.is_none_or(|last| last.plus_millis(wait) <= now)
    }

    /// Reads what is said about a connection as a whole, and keeps it. Returns
    /// at once while the same is being read. What the service itself answers,
    /// also a failure, is no failure of this.
    pub async fn check(
        &self,
        connection: &ConnectionId,
        check: &Check,
        urgency: Urgency,
    ) -> Result<(), ConsoleError> {
        let place = (connection.clone(), check.kind());
        let now = self.inner.clock.now();
        {
            let checks = &mut self.volatile().checks;
            if !checks.running.insert(place.clone()) {
                return Ok(());
            }
            checks.tried_at.insert(place.clone(), now);
        }
        let _ending = Ending { console: self, place };
        match check {
            Check::Server => self.read_server(connection, urgency).await,
            Check::Allowances(environment) => {
                let site = (connection.clone(), environment.clone());
                self.read_allowances(&site, urgency).await
            }
        }
    }
}

/// Ends a check however it ends, also when its task is dropped.
struct Ending<'a> {
    console: &'a Console,
    place: (ConnectionId, Kind),
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.console.volatile().checks.running.remove(&self.place);
    }
}
