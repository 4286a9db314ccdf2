//! The history of environments: what each was, and when.

use halyard_mirror::OpenedMoment;
use halyard_model::{Moment, MomentId};

use crate::{Console, ConsoleError, state::Site};

impl Console {
    /// A moment of an environment, without its content.
    ///
    /// [`ConsoleError::Gone`] where the environment has no such moment.
    pub async fn moment(&self, id: MomentId) -> Result<Moment, ConsoleError> {
        self.inner.mirror.moment(id).await?.ok_or(GONE)
    }

    /// A moment of an environment with its content, all of it.
    ///
    /// [`ConsoleError::Gone`] where the environment has no such moment;
    /// [`ConsoleError::DamagedMoment`] where not all of it can be read.
    pub(crate) async fn opened_moment(
        &self,
        site: &Site,
        id: MomentId,
    ) -> Result<OpenedMoment, ConsoleError> {
        let opened = self.inner.mirror.open_moment(id).await?;
        let is_of_it =
            |opened: &OpenedMoment| opened.moment.connection == site.0 && opened.moment.environment == site.1;
        let opened = opened.filter(is_of_it).ok_or(GONE)?;
        if !opened.damaged.is_empty() {
            return Err(ConsoleError::DamagedMoment {
                parts: opened.damaged.into_iter().map(|part| part.what).collect(),
            });
        }
        Ok(opened)
    }
}

const GONE: ConsoleError = ConsoleError::Gone { what: "the snapshot" };
