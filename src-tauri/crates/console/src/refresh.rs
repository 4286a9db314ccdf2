//! Refreshing: what the service holds comes into the mirror.

use std::time::Duration;

use halyard_mirror::Stored;
use halyard_model::{ConnectionId, EnvironmentKey, FetchStatus, Snapshot};
use halyard_provider::{Failure, FailureKind, Progress, Urgency};

use crate::{Console, ConsoleError, Event, incidents::with_cause, state::Site};

/// How often a collection is begun again because somebody wrote meanwhile.
const ATTEMPTS: u32 = 3;

/// How long a refresh that was asked for waits for more of the same.
const GATHER: Duration = Duration::from_millis(200);

impl Console {
    /// Refreshes an environment. While one refresh of it runs, a second call
    /// returns at once: its result would be the same.
    pub async fn refresh(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<(), ConsoleError> {
        self.refresh_as(connection, environment, Urgency::Interactive)
            .await
    }

    /// As [`Console::refresh`], going first or yielding to what somebody waits for.
    pub(crate) async fn refresh_as(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        urgency: Urgency,
    ) -> Result<(), ConsoleError> {
        if self.known_connection(connection).await?.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        let site = (connection.clone(), environment.clone());
        if !self.volatile().refreshing.insert(site.clone()) {
            return Ok(());
        }
        let ending = Ending {
            console: self,
            site: &site,
        };
        self.tell_environment(&site);
        let result = self.refresh_once(&site, urgency).await;
        drop(ending);
        if let Err(error) = &result {
            tracing::info!(
                connection = connection.0,
                environment = environment.0,
                error = error.for_log(),
                "refresh failed"
            );
        }
        result
    }

    /// Asks for a refresh because something was written that only a whole
    /// refresh shows. Several in a short time are one.
    pub(crate) fn refresh_soon(&self, site: &Site) {
        if !self.volatile().refresh_soon.insert(site.clone()) {
            return;
        }
        let (console, site) = (self.clone(), site.clone());
        tokio::spawn(async move {
            tokio::time::sleep(GATHER).await;
            console.volatile().refresh_soon.remove(&site);
            // A failure is in the fetch status, where it is shown.
            let _recorded = console.refreshed(&site).await;
        });
    }

    /// Whether an environment is being refreshed.
    pub fn is_refreshing(&self, connection: &ConnectionId, environment: &EnvironmentKey) -> bool {
        self.volatile()
            .refreshing
            .contains(&(connection.clone(), environment.clone()))
    }

    async fn refresh_once(&self, site: &Site, urgency: Urgency) -> Result<(), ConsoleError> {
        let connection = self.known_connection(&site.0).await?;
        let before = self.inner.mirror.fetch_status(&site.0, &site.1).await?;
        let collected = match self.credential(&site.0).await {
            Ok(credential) => {
                self.keep_environments_known(&connection, &credential).await;
                self.collect(site, urgency).await
            }
            Err(error) => Err(error),
        };
        let now = self.inner.clock.now();
        match collected {
            Ok(snapshot) => {
                let stored = self.inner.mirror.store_snapshot(&site.0, &snapshot).await?;
                let changed = matches!(stored, Stored::Changed);
                // Nothing in the snapshot is older than the beginning of its
                // collection: that is the age that can be claimed.
                let status = before.succeeded(snapshot.fetched_at, changed);
                self.inner
                    .mirror
                    .save_fetch_status(&site.0, &site.1, &status)
                    .await?;
                if changed {
                    self.moment_made(&site.0);
                }
                self.count_parts(site, &snapshot, stored, &status).await?;
                self.admin_showed(site, &snapshot).await?;
                self.settle_by_snapshot(site, &snapshot).await?;
                self.look_for_author(site, changed).await;
                self.rebase_staged(site).await
            }
            Err(error) => {
                let status = failed(&before, &error, now);
                self.inner
                    .mirror
                    .save_fetch_status(&site.0, &site.1, &status)
                    .await?;
                Err(error)
            }
        }
    }

    /// Collects until no write of ours fell into the collection.
    async fn collect(&self, site: &Site, urgency: Urgency) -> Result<Snapshot, ConsoleError> {
        let reach = self.reach(site).await?.going(urgency);
        let report = |progress: Progress| {
            self.tell(Event::Progress {
                connection: site.0.clone(),
                environment: site.1.clone(),
                what: Some(progress.what),
                done: progress.done,
                total: progress.total,
            });
        };
        let mut attempt = 1;
        loop {
            let writes = self.writes(site);
            let answer = reach
                .provider
                .collect(reach.target(), self.inner.clock.now(), &report)
                .await?;
            let snapshot = self.heard(&site.0, answer);
            if self.writes(site) == writes || attempt == ATTEMPTS {
                return Ok(snapshot);
            }
            attempt += 1;
        }
    }

    fn writes(&self, site: &Site) -> u64 {
        self.volatile().writes.get(site).copied().unwrap_or_default()
    }

    pub(crate) fn tell_environment(&self, site: &Site) {
        self.tell(Event::Environment {
            connection: site.0.clone(),
            environment: site.1.clone(),
        });
        self.tell(Event::Status {
            connection: site.0.clone(),
        });
    }
}

/// Ends a refresh however it ends, also when its task is dropped.
struct Ending<'a> {
    console: &'a Console,
    site: &'a Site,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.console.volatile().refreshing.remove(self.site);
        let (connection, environment) = self.site.clone();
        self.console.tell(Event::Progress {
            connection,
            environment,
            what: None,
            done: 0,
            total: None,
        });
        self.console.tell_environment(self.site);
    }
}

fn failed(before: &FetchStatus, error: &ConsoleError, now: halyard_model::Timestamp) -> FetchStatus {
    let (unreachable, retry_at) = match error {
        ConsoleError::Service(Failure {
            kind: FailureKind::Unreachable(_),
            ..
        }) => (true, None),
        ConsoleError::Service(Failure {
            kind: FailureKind::RateLimited { retry_at },
            ..
        }) => (false, *retry_at),
        _ => (false, None),
    };
    let reason = match error {
        ConsoleError::Service(failure) => with_cause(failure),
        other => other.to_string(),
    };
    before.failed(now, reason, unreachable, retry_at)
}
