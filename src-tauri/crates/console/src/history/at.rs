//! What an environment was at a time.

use halyard_model::{ConnectionId, EnvironmentKey, Moment, Sureness, Timestamp};

use super::MomentFacts;
use crate::{Console, ConsoleError};

/// What an environment was at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct MomentAt {
    /// The newest moment first seen by then.
    pub moment: Option<MomentFacts>,
    /// The one that follows it; the first that is kept where nothing was seen
    /// by then.
    pub next: Option<MomentFacts>,
    /// How sure it is that the environment was so then.
    pub sureness: Sureness,
}

impl Console {
    /// What an environment was at a time, as far as the mirror saw it.
    pub async fn moment_at(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        at: Timestamp,
    ) -> Result<MomentAt, ConsoleError> {
        let mirror = &self.inner.mirror;
        let moment = mirror.moment_at(connection, environment, at).await?;
        let next = mirror
            .moment_behind(connection, environment, moment.as_ref().map(|moment| moment.id))
            .await?;
        let sureness = Sureness::of(at, moment.as_ref(), next.as_ref());
        let facts = async |moment: Option<Moment>| -> Result<Option<MomentFacts>, ConsoleError> {
            Ok(self.moment_facts(moment.into_iter().collect()).await?.pop())
        };
        Ok(MomentAt {
            moment: facts(moment).await?,
            next: facts(next).await?,
            sureness,
        })
    }
}
