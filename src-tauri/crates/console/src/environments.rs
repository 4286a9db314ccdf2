//! Keeping what is known about environments up to date: a service may have
//! turned versions or change requests on since they were chosen.

use halyard_model::{Connection, Environment};
use halyard_provider::{Access, Credential};

use crate::{Console, ConsoleError, Event, incidents::SecondLook};

/// How long what is known about environments is taken as it is.
const KNOWN_MILLIS: i64 = 10 * 60_000;

impl Console {
    /// Reads a connection's environments again where that was long ago. A
    /// failure is only noted: what follows meets the same cause and tells it.
    pub(crate) async fn keep_environments_known(&self, connection: &Connection, credential: &Credential) {
        let now = self.inner.clock.now();
        {
            let mut volatile = self.volatile();
            let known = volatile.environments_known_at.get(&connection.id);
            if known.is_some_and(|at| now.millis_since(*at) < KNOWN_MILLIS) {
                return;
            }
            volatile.environments_known_at.insert(connection.id.clone(), now);
        }
        if let Err(error) = self.update_environments(connection, credential).await {
            tracing::info!(
                connection = connection.id.0,
                error = error.for_log(),
                "the environments could not be read again"
            );
        }
    }

    /// Those that were chosen are updated; new ones are not added, and those
    /// that the service does not name stay, with what is mirrored of them.
    async fn update_environments(
        &self,
        connection: &Connection,
        credential: &Credential,
    ) -> Result<(), ConsoleError> {
        let provider = (self.inner.providers)(&connection.endpoint);
        let provider = SecondLook::around(provider, self, connection);
        let listed = provider
            .environments(
                Access::new(&connection.endpoint, credential).of(&connection.id),
                &connection.project,
            )
            .await?;
        let listed = self.heard(&connection.id, listed);
        let before = self.inner.mirror.environments(&connection.id).await?;
        let after: Vec<Environment> = before
            .iter()
            .map(|known| {
                let found = listed.iter().find(|found| found.key == known.key);
                found.map_or_else(
                    || known.clone(),
                    |found| Environment {
                        protection: known.protection,
                        ..found.clone()
                    },
                )
            })
            .collect();
        if after != before {
            self.inner
                .mirror
                .replace_environments(&connection.id, &after)
                .await?;
            self.tell(Event::App);
        }
        Ok(())
    }
}
