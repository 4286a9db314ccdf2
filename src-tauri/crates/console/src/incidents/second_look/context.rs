//! What the console knows beside a failure, from the mirror alone.

use std::time::Duration;

use halyard_model::{Connection, EnvironmentKey, FailingKind, Surface, Timestamp};
use halyard_provider::{Failure, Incident, diagnosis::Context};

use crate::{
    ActivityFilter, Console, ConsoleError, ExchangeFacts, ExchangeOutcome, SurfaceKind,
    incidents::feed::KeptFeed, incidents::matched::concerned, watch::surfaces_of,
};

/// How far back requests are looked at.
const BACK_MILLIS: i64 = 3_600_000;

/// How many requests are looked at.
const MOST: u32 = 300;

/// A reading older than this says nothing about now.
const LATELY_MILLIS: i64 = 300_000;

/// A copy of the status feed older than this says nothing about now.
const TOLD_LATELY_MILLIS: i64 = 1_800_000;

impl Console {
    /// What is known beside a failure at a surface of a connection.
    pub(super) async fn context_of(
        &self,
        connection: &Connection,
        environment: Option<&EnvironmentKey>,
        surface: &Surface,
        failure: &Failure,
    ) -> Result<Context, ConsoleError> {
        // The request that failed belongs to what is looked at.
        self.inner.activity.written().await;
        let now = self.inner.clock.now();
        let kind = surface_kind(surface);
        let filter = ActivityFilter {
            connection: Some(connection.id.clone()),
            surface: Some(kind),
            since: Some(now.plus_millis(-BACK_MILLIS)),
            ..ActivityFilter::default()
        };
        let mut rows = self.exchanges_kept(&filter, MOST).await?.rows;
        if let Some(origin) = failure.request.as_deref().and_then(origin_of) {
            // Edge Proxies share a kind and nothing else.
            rows.retain(|row| row.origin == origin);
        }
        let faults = rows
            .iter()
            .filter(|row| row.outcome == ExchangeOutcome::ServerFault);
        let reach = rows.last().map_or(0, |oldest| now.millis_since(oldest.at));
        let last_minute = rows.iter().filter(|row| now.millis_since(row.at) < 60_000);
        let budget = self
            .budgets(&connection.id)
            .into_iter()
            .find(|budget| SurfaceKind::of(budget.class) == Some(kind));
        let document_bytes = match environment {
            Some(key) => self.document_bytes(connection, key).await?,
            None => None,
        };
        let others = match environment {
            Some(key) => self.others(connection, key, surface, now).await?,
            None => Vec::new(),
        };
        Ok(Context {
            now,
            last_success: self
                .last_success(connection, environment, surface, failure, &rows)
                .await?,
            requests: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            server_faults: u32::try_from(faults.count()).unwrap_or(u32::MAX),
            window: Duration::from_millis(u64::try_from(reach).unwrap_or_default()),
            version_change: version_change(&rows),
            clock_ahead_millis: rows.iter().find_map(|row| row.clock_ahead_millis),
            incidents: self.incidents_at(connection, kind, now).await?,
            document_bytes,
            others,
            healthy: healthy(&rows, now),
            own_requests: u32::try_from(last_minute.count()).ok(),
            budget: budget.and_then(|budget| budget.limit),
        })
    }

    /// When the same was last answered. A key's surfaces and routes differ in
    /// what they allow, so a refusal is compared with the same request; and
    /// surfaces that take an environment's key, with the same environment.
    async fn last_success(
        &self,
        connection: &Connection,
        environment: Option<&EnvironmentKey>,
        surface: &Surface,
        failure: &Failure,
        rows: &[ExchangeFacts],
    ) -> Result<Option<Timestamp>, ConsoleError> {
        if *surface != Surface::Admin {
            let Some(key) = environment else { return Ok(None) };
            let record = self.inner.mirror.surface_record(&connection.id, key, surface);
            return Ok(record.await?.checked_at);
        }
        let asked = failure.request.as_deref().unwrap_or_default();
        let same = |row: &&ExchangeFacts| {
            let path = row.path.split('?').next().unwrap_or_default();
            failure.status != Some(403) || asked == format!("{} {}{path}", row.method, row.origin)
        };
        let well =
            |row: &&ExchangeFacts| matches!(row.outcome, ExchangeOutcome::Done | ExchangeOutcome::Unchanged);
        Ok(rows.iter().filter(well).find(same).map(|row| row.at))
    }

    async fn document_bytes(
        &self,
        connection: &Connection,
        environment: &EnvironmentKey,
    ) -> Result<Option<u64>, ConsoleError> {
        let mirror = &self.inner.mirror;
        let record = mirror.surface_record(&connection.id, environment, &Surface::Admin);
        Ok(record.await?.served.and_then(|served| served.bytes))
    }

    /// Whether each other surface answered lately; those that were not asked
    /// lately are left out. One that fails or refuses still answers.
    async fn others(
        &self,
        connection: &Connection,
        environment: &EnvironmentKey,
        asked: &Surface,
        now: Timestamp,
    ) -> Result<Vec<(String, bool)>, ConsoleError> {
        let mut others = Vec::new();
        for (surface, address) in surfaces_of(&connection.endpoint) {
            if surface == *asked {
                continue;
            }
            let mirror = &self.inner.mirror;
            let (asked_at, answers) = if surface == Surface::Admin {
                let status = mirror.fetch_status(&connection.id, environment).await?;
                let answers = !(status.unreachable && status.failures > 0);
                (status.failed_at.max(status.checked_at), answers)
            } else {
                let record = mirror
                    .surface_record(&connection.id, environment, &surface)
                    .await?;
                let failing = record.failing.as_ref();
                let answers = failing.is_none_or(|failing| failing.kind != FailingKind::Unreachable);
                (failing.map(|failing| failing.at).max(record.checked_at), answers)
            };
            if asked_at.is_some_and(|at| now.millis_since(at) < LATELY_MILLIS) {
                others.push((address, answers));
            }
        }
        Ok(others)
    }

    /// Incidents going on that may concern a kind of surface.
    async fn incidents_at(
        &self,
        connection: &Connection,
        kind: SurfaceKind,
        now: Timestamp,
    ) -> Result<Vec<Incident>, ConsoleError> {
        let Some(url) = self.status_feed_url(&connection.id).await? else {
            return Ok(Vec::new());
        };
        let kept: KeptFeed = self.inner.mirror.provider_status(&url).await?.unwrap_or_default();
        let is_new = kept
            .checked_at
            .is_some_and(|at| now.millis_since(at) < TOLD_LATELY_MILLIS);
        let mut incidents = kept.going_on();
        incidents.retain(|one| is_new && concerned(one, &connection.endpoint).contains(&kind));
        Ok(incidents)
    }
}

fn surface_kind(surface: &Surface) -> SurfaceKind {
    match surface {
        Surface::Admin => SurfaceKind::Admin,
        Surface::FlagsApi => SurfaceKind::FlagsApi,
        Surface::EdgeProxy(_) => SurfaceKind::EdgeProxy,
    }
}

/// Scheme, host and port of a request such as `GET https://host/path`.
fn origin_of(request: &str) -> Option<String> {
    let (_, address) = request.split_once(' ')?;
    Some(url::Url::parse(address).ok()?.origin().ascii_serialization())
}

/// The version before, the one now, and when the one now was first seen.
/// `rows` are the newest first.
fn version_change(rows: &[ExchangeFacts]) -> Option<(String, String, Timestamp)> {
    let mut told = rows
        .iter()
        .filter_map(|row| Some((row.server_version.as_deref()?, row.at)));
    let (now, mut since) = told.next()?;
    for (version, at) in told {
        if version != now {
            return Some((version.to_owned(), now.to_owned(), since));
        }
        since = at;
    }
    None
}

/// Whether the health endpoint said that all is well lately.
fn healthy(rows: &[ExchangeFacts], now: Timestamp) -> Option<bool> {
    let asked = rows
        .iter()
        .find(|row| row.path.trim_end_matches('/').ends_with("/health"))?;
    (now.millis_since(asked.at) < LATELY_MILLIS).then_some(asked.outcome == ExchangeOutcome::Done)
}
