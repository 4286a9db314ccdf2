//! Doubtful conditions and overrides of an environment.

use halyard_engine::Finding;
use halyard_model::{ConnectionId, EnvironmentKey};

use crate::{Console, ConsoleError, engines::computed};

impl Console {
    /// What is doubtful about the mirror's document, worst first.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself.
    pub async fn findings(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<Finding>, ConsoleError> {
        let compiled = self.compiled(&(connection.clone(), environment.clone())).await?;
        computed(move || Ok(compiled.findings().to_vec())).await
    }
}
