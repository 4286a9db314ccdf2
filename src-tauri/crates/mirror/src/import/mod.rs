//! Bringing in what a snapshot file holds, all of it or nothing.
//!
//! A file may hold thousands of moments, and while they are written nobody
//! waits longer than one stretch of them takes ([`STRETCH_MOMENTS`],
//! [`STRETCH_BYTES`]): each is a transaction of its own. Until the last one they
//! stand under a connection that no list has ([`UNFINISHED`]); one last
//! transaction hands them over to the real one. What is left of an import that
//! did not come to its end is removed at the next opening, or by the next import.

mod claim;
mod unfinished;

use halyard_model::{Connection, ConnectionId, Environment, FetchStatus, Snapshot};

use crate::history::write_given;
use crate::record::encode;
use crate::table::{replace_current, write_connection, write_fetch_status};
use crate::{Mirror, MirrorError, OpenedMoment, Result};
use claim::Claim;

/// Under this the moments stand until all of them are there.
pub(crate) const UNFINISHED: &str = "unfinished import";

/// How many moments are written at once, at most.
pub const STRETCH_MOMENTS: usize = 64;

/// How much text is written at once where that is fewer moments, in bytes; a
/// moment that has more is written alone.
pub const STRETCH_BYTES: u64 = 4 * 1024 * 1024;

/// A connection that is coming in with its moments. Dropped before
/// [`Import::finish`], what it wrote is seen by nobody, and removed later;
/// [`Import::abandon`] removes it at once.
pub struct Import {
    mirror: Mirror,
    connection: Connection,
    environments: Vec<Environment>,
    newest: Option<OpenedMoment>,
    claim: Option<Claim>,
}

impl Mirror {
    /// Begins to bring in a connection that the mirror does not have.
    ///
    /// [`MirrorError::Busy`] where another import into the same file is under
    /// way; [`MirrorError::Full`] where there is hardly any room.
    pub async fn begin_import(
        &self,
        connection: &Connection,
        environments: &[Environment],
    ) -> Result<Import> {
        let claim = self.directory().map(Claim::stake).transpose()?;
        unfinished::remove(self).await?;
        let mut transaction = self.write().await?;
        sqlx::query("INSERT INTO connections (id, ordinal, record) VALUES (?, 0, ?)")
            .bind(UNFINISHED)
            .bind(encode(connection)?)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Import {
            mirror: self.clone(),
            connection: connection.clone(),
            environments: environments.to_vec(),
            newest: None,
            claim,
        })
    }

    /// Removes what an import left that did not come to its end. One that is
    /// under way, here or in another process, is left alone.
    pub(crate) async fn remove_unfinished_import(&self) -> Result<()> {
        let Some(directory) = self.directory() else {
            return Ok(());
        };
        let Some(claim) = Claim::left_behind(directory)? else {
            return Ok(());
        };
        tracing::warn!("a snapshot file was not brought in to its end; what came in is removed");
        unfinished::remove(self).await?;
        claim.give_up()
    }
}

impl Import {
    /// The next moments, the oldest first, in one transaction: others wait to
    /// write for as long as it takes.
    ///
    /// [`MirrorError::Missing`] where one is of another connection.
    pub async fn add(&mut self, moments: Vec<OpenedMoment>) -> Result<()> {
        let mut transaction = self.mirror.write().await?;
        for mut given in moments {
            if given.moment.connection != self.connection.id {
                return Err(MirrorError::Missing);
            }
            given.moment.connection = ConnectionId(UNFINISHED.into());
            write_given(&mut transaction, &given).await?;
            self.newest = Some(given);
        }
        Ok(transaction.commit().await?)
    }

    /// Makes all of it true at once. The newest moment is what the mirror holds
    /// now, as of when it was last seen. Without any moment there is no
    /// connection either.
    ///
    /// [`MirrorError::Missing`] where the newest moment is of another environment.
    pub async fn finish(mut self) -> Result<()> {
        let Some(OpenedMoment { moment, snapshot, .. }) = self.newest.take() else {
            return self.abandon().await;
        };
        let connection = &self.connection.id;
        let mut transaction = self.mirror.write().await?;
        write_connection(&mut transaction, &self.connection, &self.environments).await?;
        sqlx::query("UPDATE timelines SET connection_id = ? WHERE connection_id = ?")
            .bind(&connection.0)
            .bind(UNFINISHED)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM connections WHERE id = ?")
            .bind(UNFINISHED)
            .execute(&mut *transaction)
            .await?;
        let status = FetchStatus {
            checked_at: Some(moment.last_seen),
            changed_at: Some(moment.first_seen),
            ..FetchStatus::default()
        };
        write_fetch_status(&mut transaction, connection, &moment.environment, &status).await?;
        let snapshot = Snapshot {
            fetched_at: moment.last_seen,
            ..snapshot
        };
        replace_current(&mut transaction, connection, &snapshot).await?;
        transaction.commit().await?;
        self.claim.take().map_or(Ok(()), Claim::give_up)
    }

    /// Removes what came in so far, also where the disk is full. Where that
    /// fails, the next opening does it.
    pub async fn abandon(mut self) -> Result<()> {
        if let Some(claim) = &self.claim {
            claim.make_room()?;
        }
        unfinished::remove(&self.mirror).await?;
        self.claim.take().map_or(Ok(()), Claim::give_up)
    }
}
