//! Doubtful conditions and overrides of an environment.

use halyard_engine::Finding;
use halyard_model::At;

use crate::{
    Console, ConsoleError,
    engines::{computed, site_of},
};

impl Console {
    /// What is doubtful about an environment's document, now or at a moment,
    /// worst first.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] and [`ConsoleError::DamagedMoment`] as for an
    /// evaluation at the moment.
    pub async fn findings(&self, at: &At) -> Result<Vec<Finding>, ConsoleError> {
        let compiled = self.compiled_at(&site_of(at), at.moment).await?;
        computed(move || Ok(compiled.findings().to_vec())).await
    }
}
