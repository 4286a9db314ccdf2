//! Edits whose outcome is open, and what a start makes of them.

use halyard_model::{ConnectionId, Edit, EditId, EditState, Refusal};

use crate::{Console, ConsoleError};

impl Console {
    /// One edit, whatever became of it.
    ///
    /// [`ConsoleError::Gone`] where there is none of that name.
    pub async fn known(&self, id: &EditId) -> Result<Edit, ConsoleError> {
        self.known_edit(id).await
    }

    /// Edits whose outcome is open: pending, sent, unknown or conflicted.
    pub async fn open_edits(&self, connection: &ConnectionId) -> Result<Vec<Edit>, ConsoleError> {
        Ok(self.inner.mirror.open_edits(Some(connection)).await?)
    }

    /// Writes that are on their way to a connection right now.
    pub fn writes_underway(&self, connection: &ConnectionId) -> u32 {
        self.volatile()
            .writes_open
            .get(connection)
            .copied()
            .unwrap_or_default()
    }

    /// Sorts the edits that an earlier run left unfinished. One that was
    /// written down and never marked as sent surely changed nothing. One that
    /// was being sent is read again with the next refresh. Those of change sets
    /// wait for [`Console::keep_publishing`].
    pub async fn recover_edits(&self) -> Result<(), ConsoleError> {
        self.recover_sets().await?;
        for edit in self.inner.mirror.open_edits(None).await? {
            if edit.change_set.is_some() {
                continue;
            }
            let state = match edit.state {
                EditState::Pending => EditState::Refused(Refusal::because(
                    "Halyard ended before it was sent. Nothing was changed.",
                )),
                EditState::Sent => EditState::Unknown {
                    reason: "Halyard ended while it was being sent.".into(),
                },
                _ => continue,
            };
            self.inner
                .mirror
                .set_edit_state(&edit.id, &state, self.inner.clock.now())
                .await?;
        }
        Ok(())
    }
}
