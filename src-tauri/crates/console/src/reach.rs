//! Everything a call to a service needs, looked up in one place.

use std::sync::Arc;

use halyard_model::{Connection, Environment, Service};
use halyard_provider::{Access, Credential, Provider, Target, Urgency};

use crate::{Console, ConsoleError, incidents::SecondLook, state::Site};

/// An environment within reach: its connection, the key for it and the client.
/// Short-lived, because it holds the key.
pub(crate) struct Reach {
    connection: Connection,
    environment: Environment,
    credential: Credential,
    urgency: Urgency,
    /// The client that speaks the connection's service.
    pub(crate) provider: Arc<dyn Provider>,
}

impl Reach {
    /// Goes first, or yields to what somebody waits for.
    pub(crate) fn going(mut self, urgency: Urgency) -> Reach {
        self.urgency = urgency;
        self
    }

    /// It leads to Flagsmith.
    pub(crate) fn is_flagsmith(&self) -> bool {
        self.connection.endpoint.service() == Service::Flagsmith
    }

    /// What a call to the service is addressed to.
    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            access: Access::new(&self.connection.endpoint, &self.credential)
                .of(&self.connection.id)
                .with(self.urgency),
            project: &self.connection.project,
            environment: &self.environment,
        }
    }
}

impl Console {
    /// Looks up an environment and its key. Fails where either is gone.
    pub(crate) async fn reach(&self, site: &Site) -> Result<Reach, ConsoleError> {
        let connection = self.known_connection(&site.0).await?;
        let environment = self.known_environment(&site.0, &site.1).await?;
        self.reach_of(connection, environment).await
    }

    /// As [`Console::reach`], for what has been looked up already.
    pub(crate) async fn reach_of(
        &self,
        connection: Connection,
        environment: Environment,
    ) -> Result<Reach, ConsoleError> {
        if connection.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        let credential = self.credential(&connection.id).await?;
        let provider = (self.inner.providers)(&connection.endpoint);
        let provider = SecondLook::around(provider, self, &connection);
        Ok(Reach {
            connection,
            environment,
            credential,
            urgency: Urgency::Interactive,
            provider,
        })
    }
}
