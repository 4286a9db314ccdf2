//! What an environment was at a time.

use halyard_mirror::MomentFilter;
use halyard_model::{ConnectionId, EnvironmentKey, Moment, Sureness, Timestamp};

use super::MomentFacts;
use crate::{Console, ConsoleError};

/// How many moments are read at once to find the one behind another.
const STRIDE: u32 = 100;

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
        let next = self
            .moment_behind(connection, environment, moment.as_ref())
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

    /// The moment that follows another; the oldest where there is none.
    async fn moment_behind(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        moment: Option<&Moment>,
    ) -> Result<Option<Moment>, ConsoleError> {
        let mut filter = MomentFilter {
            environments: vec![(connection.clone(), environment.clone())],
            limit: STRIDE,
            ..MomentFilter::default()
        };
        let mut later = None;
        loop {
            let page = self.inner.mirror.moments(&filter).await?;
            let is_last = page.len() < STRIDE as usize;
            for one in page {
                if moment.is_some_and(|moment| moment.id == one.id) {
                    return Ok(later);
                }
                filter.before = Some(one.id);
                later = Some(one);
            }
            if is_last {
                return Ok(later.filter(|_| moment.is_none()));
            }
        }
    }
}
