//! Bringing in what a snapshot file holds, all of it or nothing.

use halyard_model::{Connection, Environment, FetchStatus, Snapshot};
use sqlx::Transaction;
use sqlx::sqlite::Sqlite;

use crate::history::write_given;
use crate::table::{replace_current, write_connection, write_fetch_status};
use crate::{Mirror, OpenedMoment, Result};

/// A connection that is coming in with its moments. Dropped before
/// [`Import::finish`], it leaves nothing behind.
///
/// Whoever holds it must not ask the mirror for anything else: nothing is
/// written beside it.
pub struct Import {
    transaction: Transaction<'static, Sqlite>,
    newest: Option<OpenedMoment>,
}

impl Mirror {
    /// Begins to bring in a connection that the mirror does not have.
    pub async fn begin_import(
        &self,
        connection: &Connection,
        environments: &[Environment],
    ) -> Result<Import> {
        let mut transaction = self.write().await?;
        write_connection(&mut transaction, connection, environments).await?;
        Ok(Import {
            transaction,
            newest: None,
        })
    }
}

impl Import {
    /// The next moment, the oldest first.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where it is of
    /// another connection or environment.
    pub async fn add(&mut self, moment: OpenedMoment) -> Result<()> {
        write_given(&mut self.transaction, &moment).await?;
        self.newest = Some(moment);
        Ok(())
    }

    /// Makes all of it true at once. The newest moment is what the mirror holds
    /// now, as of when it was last seen.
    pub async fn finish(mut self) -> Result<()> {
        let Some(OpenedMoment { moment, snapshot, .. }) = self.newest else {
            return Ok(());
        };
        let status = FetchStatus {
            checked_at: Some(moment.last_seen),
            changed_at: Some(moment.first_seen),
            ..FetchStatus::default()
        };
        write_fetch_status(
            &mut self.transaction,
            &moment.connection,
            &moment.environment,
            &status,
        )
        .await?;
        let snapshot = Snapshot {
            fetched_at: moment.last_seen,
            ..snapshot
        };
        replace_current(&mut self.transaction, &moment.connection, &snapshot).await?;
        Ok(self.transaction.commit().await?)
    }
}
