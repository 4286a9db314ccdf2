//! What a write that was cut off, or carried out late, has left behind.

use halyard_model::EditId;
use halyard_provider::Leftover;

use crate::{Console, ConsoleError};

impl Console {
    /// Looks at the service for what an edit's write may have left behind: a
    /// draft nobody published, or something that is there twice. What is found
    /// is also told with the edit's change set.
    pub async fn leftovers(&self, id: &EditId) -> Result<Vec<Leftover>, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        let known = match edit.flag() {
            Some(flag) => self.inner.mirror.flag(&desk.site.0, &desk.site.1, flag).await?,
            None => None,
        };
        let reach = self.reach_of(desk.connection, desk.environment).await?;
        let answer = reach
            .provider
            .leftovers(
                reach.target(),
                &edit.subject,
                known.as_ref(),
                edit.attempt.handle.as_deref(),
            )
            .await?;
        let found = self.heard(&desk.site.0, answer);
        let before = {
            let mut volatile = self.volatile();
            if found.is_empty() {
                volatile.leftovers.remove(id)
            } else {
                volatile.leftovers.insert(id.clone(), found.clone())
            }
        };
        if before.unwrap_or_default() != found {
            self.tell_changes(&edit.connection);
        }
        Ok(found)
    }

    /// Removes one thing that an edit's write left behind, and looks again.
    ///
    /// [`ConsoleError::Gone`] where it is not there any more.
    pub async fn remove_leftover(&self, id: &EditId, handle: &str) -> Result<Vec<Leftover>, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let found = self.leftovers(id).await?;
        let Some(leftover) = found.iter().find(|one| one.handle == handle) else {
            return Err(ConsoleError::Gone {
                what: "what was left behind",
            });
        };
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        super::check_writable(&desk.environment)?;
        let _turn = self.subject_turn(&desk.site, &edit.subject).await;
        let known = match edit.flag() {
            Some(flag) => self.inner.mirror.flag(&desk.site.0, &desk.site.1, flag).await?,
            None => None,
        };
        let reach = self.reach_of(desk.connection, desk.environment).await?;
        let answer = reach
            .provider
            .remove_leftover(reach.target(), &edit.subject, known.as_ref(), leftover)
            .await?;
        self.heard(&desk.site.0, answer);
        self.refresh_soon(&desk.site);
        self.leftovers(id).await
    }
}
