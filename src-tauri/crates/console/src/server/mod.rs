//! How a self-hosted server is: its health, its version and its task queue.
//!
//! Each reading is kept in the mirror, a bounded number of them, so that a
//! queue has a direction and a version a moment at which it changed.

mod reading;
mod trend;

use halyard_mirror::ExchangeFilter;
use halyard_model::{ConnectionId, Endpoint, FlagsmithAuth, Timestamp};
use halyard_provider::{Access, Urgency};
use serde::Deserialize;

pub(crate) use reading::ServerReading;
pub use reading::TaskQueue;
pub use trend::QueueTrend;

use crate::{Console, ConsoleError, Event};

/// How long a change of the version is worth a word.
const CHANGE_MILLIS: i64 = 60 * 60_000;

/// Of the requests within that time, so many are looked at.
const REQUESTS: u32 = 400;

/// A version that took another one's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionChange {
    /// The one before.
    pub from: String,
    /// When the newer one was first seen.
    pub at: Timestamp,
}

/// What is known about a self-hosted server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// The base of its admin API.
    pub address: String,
    /// `/health` passes; `None`: unknown. A server may be healthy by its own
    /// account while flags fail.
    pub healthy: Option<bool>,
    /// Each named check with the server's words, such as
    /// `MigrationsHealthCheck` and `working`.
    pub checks: Vec<(String, String)>,
    /// Why its health could not be read.
    pub failure: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version changed within the last hour.
    pub version_change: Option<VersionChange>,
    /// Its task queue, or why that is not known; `None` before the first reading.
    pub queue: Option<TaskQueue>,
    /// Where the queue is heading; `None` before the second reading of it.
    pub queue_trend: Option<QueueTrend>,
    /// The kind of key that asks.
    pub auth: FlagsmithAuth,
    /// When it was read; `None`: never.
    pub checked_at: Option<Timestamp>,
}

/// Whether an endpoint is the provider's own installation.
pub(crate) fn is_hosted(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Flagsmith(flagsmith) => {
            let rest = flagsmith
                .admin_base
                .split_once("://")
                .map_or("", |(_, rest)| rest);
            let host = rest.split(['/', ':']).next().unwrap_or_default();
            host == "flagsmith.com" || host.ends_with(".flagsmith.com")
        }
        Endpoint::EdgeFlags { .. } => true,
        Endpoint::File { .. } => false,
    }
}

impl Console {
    /// What is known about a connection's server, from the mirror; `None` where
    /// it is the provider's own.
    pub async fn server(&self, connection: &ConnectionId) -> Result<Option<ServerFacts>, ConsoleError> {
        let endpoint = self.known_connection(connection).await?.endpoint;
        let Endpoint::Flagsmith(flagsmith) = &endpoint else {
            return Ok(None);
        };
        if is_hosted(&endpoint) {
            return Ok(None);
        }
        let readings: Vec<ServerReading> = self.inner.mirror.server_readings(connection).await?;
        let versions = self
            .versions_seen(connection, &flagsmith.admin_base, &readings)
            .await?;
        let queue: Vec<(Timestamp, u64)> = readings
            .iter()
            .map_while(|reading| Some((reading.at, reading.queue.waiting()?)))
            .collect();
        let newest = readings.into_iter().next();
        let reading = newest.clone().unwrap_or_default();
        Ok(Some(ServerFacts {
            address: flagsmith.admin_base.clone(),
            healthy: reading.healthy,
            checks: reading.checks,
            failure: reading.failure,
            version: reading.version,
            version_change: reading::version_change(&versions, self.inner.clock.now(), CHANGE_MILLIS),
            queue: newest.as_ref().map(|newest| newest.queue),
            queue_trend: trend::queue_trend(&queue),
            auth: flagsmith.auth,
            checked_at: newest.map(|newest| newest.at),
        }))
    }

    /// The versions that the server's answers have named, the newest first:
    /// those of the readings and those of every request to the same place. A
    /// server in the middle of a deployment answers with both.
    async fn versions_seen(
        &self,
        connection: &ConnectionId,
        base: &str,
        readings: &[ServerReading],
    ) -> Result<Vec<(Timestamp, String)>, ConsoleError> {
        #[derive(Deserialize)]
        struct Answered {
            at: Timestamp,
            origin: String,
            server_version: Option<String>,
        }
        let filter = ExchangeFilter {
            connection: Some(connection.clone()),
            since: Some(self.inner.clock.now().plus_millis(-CHANGE_MILLIS)),
            ..ExchangeFilter::default()
        };
        let (requests, _) = self
            .inner
            .mirror
            .exchanges::<Answered>(&filter, None, REQUESTS)
            .await?;
        let requests = requests.into_iter().map(|kept| kept.record);
        let mut seen: Vec<(Timestamp, String)> = requests
            .filter(|request| base.starts_with(&request.origin))
            .filter_map(|request| Some((request.at, request.server_version?)))
            .chain(
                readings
                    .iter()
                    .filter_map(|reading| Some((reading.at, reading.version.clone()?))),
            )
            .collect();
        seen.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(seen)
    }

    /// Asks a connection's server how it is and keeps the answer, also where it
    /// is that there is none. Returns at once for the provider's own servers.
    pub(crate) async fn read_server(
        &self,
        connection: &ConnectionId,
        urgency: Urgency,
    ) -> Result<(), ConsoleError> {
        let known = self.known_connection(connection).await?;
        if known.endpoint.is_file() || is_hosted(&known.endpoint) {
            return Ok(());
        }
        let credential = self.credential(connection).await?;
        let provider = (self.inner.providers)(&known.endpoint);
        let access = Access::new(&known.endpoint, &credential)
            .of(connection)
            .with(urgency);
        let at = self.inner.clock.now();
        let answer = provider.server_health(access).await;
        let reading = ServerReading::new(self.heard(connection, answer), at);
        let before: Vec<ServerReading> = self.inner.mirror.server_readings(connection).await?;
        self.inner
            .mirror
            .record_server_reading(connection, at, &reading)
            .await?;
        if let Some(version) = &reading.version {
            self.volatile()
                .server_versions
                .insert(connection.clone(), version.clone());
        }
        if before
            .first()
            .is_none_or(|before| !before.says_the_same(&reading))
        {
            self.tell(Event::Health {
                connection: connection.clone(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FlagsmithEndpoint;

    #[test]
    fn the_providers_own_installations_are_known_by_their_host() {
        for (base, expected) in [
            ("https://api.flagsmith.com/api/v1/", true),
            ("https://api.flagsmith.com:443/api/v1/", true),
            ("https://flagsmith.com/api/v1/", true),
            ("https://flagsmith.acme.example/api/v1/", false),
            ("https://notflagsmith.com/api/v1/", false),
            ("https://flags.acme.example/api.flagsmith.com/api/v1/", false),
            ("http://127.0.0.1:8000/api/v1/", false),
        ] {
            let endpoint = Endpoint::Flagsmith(FlagsmithEndpoint {
                admin_base: base.into(),
                flags_base: None,
                edge_proxies: Vec::new(),
                auth: FlagsmithAuth::UserToken,
                ca_bundle: None,
            });
            assert_eq!(is_hosted(&endpoint), expected, "{base}");
        }
    }
}
