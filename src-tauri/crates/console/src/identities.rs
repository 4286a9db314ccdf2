//! Identities that a service knows.

use halyard_model::{ConnectionId, EnvironmentKey, IdentityRecord};
use serde_json::Value;

use crate::{Console, ConsoleError};

impl Console {
    /// Identities the service knows whose identifier contains a text.
    pub async fn find_identities(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        search: &str,
    ) -> Result<Vec<IdentityRecord>, ConsoleError> {
        let reach = self.reach(&(connection.clone(), environment.clone())).await?;
        let answer = reach.provider.identities(reach.target(), search).await?;
        Ok(self.heard(connection, answer))
    }

    /// The traits the service stores for an identity.
    pub async fn identity_traits(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        identity: &IdentityRecord,
    ) -> Result<Vec<(String, Value)>, ConsoleError> {
        let reach = self.reach(&(connection.clone(), environment.clone())).await?;
        let answer = reach.provider.traits(reach.target(), identity).await?;
        Ok(self.heard(connection, answer))
    }
}
