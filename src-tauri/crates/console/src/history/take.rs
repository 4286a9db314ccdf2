//! What a user says of moments: keep this one, call it so.

use halyard_model::{ConnectionId, EnvironmentKey, MomentId};

use super::{GONE, MomentFacts};
use crate::{Console, ConsoleError};

/// The longest name, in characters.
const LONGEST_NAME: usize = 120;

impl Console {
    /// Refreshes an environment, and keeps for ever what is there then: under a
    /// name, or pinned where none is given.
    ///
    /// Where the refresh fails nothing is kept, and the failure says why: what
    /// was seen last is the newest moment, and can be pinned as it is.
    /// [`ConsoleError::FromFile`] where nobody can be asked.
    pub async fn take(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        name: Option<&str>,
    ) -> Result<MomentFacts, ConsoleError> {
        let name = name.map(named).transpose()?.flatten();
        if self.known_connection(connection).await?.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        let site = (connection.clone(), environment.clone());
        self.refreshed(&site).await?;
        let newest = self.newest_moment(&site).await?.ok_or(GONE)?.id;
        match &name {
            Some(name) => self.inner.mirror.name_moment(newest, Some(name)).await?,
            None => self.inner.mirror.pin_moment(newest, true).await?,
        }
        self.tell_timeline(connection);
        let taken = self.moment(newest).await?;
        self.moment_facts(vec![taken]).await?.pop().ok_or(GONE)
    }

    /// Gives a moment a name, or takes it away where it is empty. A named one
    /// is never pruned.
    ///
    /// [`ConsoleError::Gone`] where the moment is not there.
    pub async fn name_moment(&self, id: MomentId, name: &str) -> Result<(), ConsoleError> {
        let name = named(name)?;
        let moment = self.moment(id).await?;
        self.inner.mirror.name_moment(id, name.as_deref()).await?;
        self.tell_timeline(&moment.connection);
        Ok(())
    }

    /// Keeps a moment for ever, or no longer.
    ///
    /// [`ConsoleError::Gone`] where the moment is not there.
    pub async fn pin_moment(&self, id: MomentId, pinned: bool) -> Result<(), ConsoleError> {
        let moment = self.moment(id).await?;
        self.inner.mirror.pin_moment(id, pinned).await?;
        self.tell_timeline(&moment.connection);
        Ok(())
    }
}

/// A name as it is kept; none for an empty one.
fn named(name: &str) -> Result<Option<String>, ConsoleError> {
    let name = name.trim();
    if name.chars().count() > LONGEST_NAME {
        return Err(ConsoleError::Input {
            field: "name",
            sentence: format!("A name has at most {LONGEST_NAME} characters."),
        });
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}
