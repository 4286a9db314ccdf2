//! What is typed and not sent: kept in the local copy for the window, so that
//! it is there again after a crash, and encrypted where the copy is.

use halyard_mirror::Unsent;
use halyard_model::ConnectionId;

use crate::{Console, ConsoleError};

impl Console {
    /// Everything that is typed and not sent.
    pub async fn unsent(&self) -> Result<Vec<Unsent>, ConsoleError> {
        Ok(self.inner.mirror.unsent().await?)
    }

    /// Keeps what is typed about a subject, in place of what was.
    pub async fn keep_unsent(&self, unsent: &Unsent) -> Result<(), ConsoleError> {
        Ok(self.inner.mirror.keep_unsent(unsent).await?)
    }

    /// Forgets what was typed about a subject. Where there is none, nothing
    /// happens.
    pub async fn drop_unsent(&self, connection: &ConnectionId, subject: &str) -> Result<(), ConsoleError> {
        Ok(self.inner.mirror.drop_unsent(connection, subject).await?)
    }
}
