//! What the mirror knows, put together for the rules.

use halyard_model::{ConnectionId, EnvironmentKey, Service, Surface, Timestamp, Trouble};

use super::rules::{BACK_MILLIS, Behind, IncidentWarning, QueueSeen, Seen, warnings};
use crate::{ActivityFilter, Console, ConsoleError, QueueTrend, ServerFacts, server::is_hosted};

/// How many requests are looked at.
const MOST: u32 = 2_000;

/// How long a conclusion holds before it is drawn again.
const HOLDS_MILLIS: i64 = 3_000;

/// A reading of a server that is older than this says nothing about now.
const SERVER_LATELY_MILLIS: i64 = 600_000;

impl Console {
    /// The classes of incidents that are seen to happen at a connection, from
    /// an environment of it; the gravest first. What is the matter with a
    /// single surface is in [`Console::watched_surfaces`]. Asks nobody.
    pub async fn incident_warnings(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<IncidentWarning>, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let now = self.inner.clock.now();
        let judged = self.volatile().feeds.judged.get(&site).cloned();
        if let Some((at, warnings)) = judged
            && at <= now
            && now.millis_since(at) < HOLDS_MILLIS
        {
            return Ok(warnings);
        }
        let seen = self.seen(connection, environment, now).await?;
        let found = warnings(&seen);
        self.volatile().feeds.judged.insert(site, (now, found.clone()));
        Ok(found)
    }

    async fn seen(
        &self,
        id: &ConnectionId,
        environment: &EnvironmentKey,
        now: Timestamp,
    ) -> Result<Seen, ConsoleError> {
        let endpoint = self.known_connection(id).await?.endpoint;
        let filter = ActivityFilter {
            connection: Some(id.clone()),
            since: Some(now.plus_millis(-BACK_MILLIS)),
            ..ActivityFilter::default()
        };
        let requests = self.exchanges_kept(&filter, MOST).await?.rows;
        let admin = self
            .inner
            .mirror
            .surface_record(id, environment, &Surface::Admin)
            .await?;
        // EdgeFlags cuts nothing into pages.
        let is_paged = endpoint.service() == Service::Flagsmith;
        let served = admin.served.filter(|_| is_paged);
        let server = self.server(id).await?;
        let server = server.filter(|server| {
            let checked_at = server.checked_at;
            checked_at.is_some_and(|at| now.millis_since(at) < SERVER_LATELY_MILLIS)
        });
        let allowed = self.last_allowed(id).await?;
        Ok(Seen {
            now,
            hosted: is_hosted(&endpoint) && is_paged,
            requests,
            behind: self.behind(id).await?,
            document_bytes: served.and_then(|served| served.bytes),
            empty_traits: self.empty_traits(id).await?,
            queue: server.as_ref().and_then(queue),
            healthy: server.and_then(|server| server.healthy),
            plan_told: allowed.and_then(|allowed| allowed.plan_told()),
        })
    }

    /// The environments whose Flags API serves what is no longer current.
    async fn behind(&self, id: &ConnectionId) -> Result<Vec<Behind>, ConsoleError> {
        let mut behind = Vec::new();
        for environment in self.inner.mirror.environments(id).await? {
            let surfaces = self.watched_surfaces(id, &environment.key).await?;
            let flags = surfaces.into_iter().find(|one| one.surface == Surface::FlagsApi);
            if let Some(Trouble::Behind { since, .. }) = flags.and_then(|one| one.freshness.trouble) {
                behind.push(Behind { since });
            }
        }
        Ok(behind)
    }

    /// The personas that have an empty text as a trait, by name.
    async fn empty_traits(&self, id: &ConnectionId) -> Result<Vec<String>, ConsoleError> {
        let personas = self.inner.mirror.personas(id).await?;
        let has_empty = personas.into_iter().filter(|persona| {
            let mut traits = persona.identity.traits.iter();
            traits.any(|(_, value)| value.as_str() == Some(""))
        });
        Ok(has_empty.map(|persona| persona.name).collect())
    }
}

fn queue(server: &ServerFacts) -> Option<QueueSeen> {
    let trend = server.queue_trend;
    Some(QueueSeen {
        waiting: server.queue?.waiting()?,
        draining: trend.map(|trend| trend == QueueTrend::Draining),
    })
}
