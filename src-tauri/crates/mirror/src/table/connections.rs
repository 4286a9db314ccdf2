//! Connections, without their credentials.

use halyard_model::{Connection, ConnectionId, Environment};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::environments::write_environments;
use crate::history::remove_orphans;
use crate::import::UNFINISHED;
use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

impl Mirror {
    /// Writes a connection and its environments, in the order given. A
    /// connection that is already there keeps its place, and its environments
    /// keep their protection; those not given go, with all they hold.
    pub async fn save_connection(&self, connection: &Connection, environments: &[Environment]) -> Result<()> {
        let mut transaction = self.write().await?;
        write_connection(&mut transaction, connection, environments).await?;
        Ok(transaction.commit().await?)
    }

    /// All connections, the oldest first.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        let rows = sqlx::query("SELECT id, record FROM connections WHERE id <> ? ORDER BY ordinal")
            .bind(UNFINISHED)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(Rows::of("connections", "id", &rows, read).readable())
    }

    /// One connection.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>> {
        sqlx::query("SELECT id, record FROM connections WHERE id = ?")
            .bind(&id.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// Deletes a connection and everything that belongs to it: environments,
    /// snapshots, their history, fetch states, personas and edits, also those whose outcome is
    /// open. One that is not there is no error.
    pub async fn delete_connection(&self, id: &ConnectionId) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM connections WHERE id = ?")
            .bind(&id.0)
            .execute(&mut *transaction)
            .await?;
        remove_orphans(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

fn read(row: &SqliteRow) -> std::result::Result<Connection, MirrorError> {
    decode(row, "record")
}

pub(crate) async fn write_connection(
    transaction: &mut SqliteConnection,
    connection: &Connection,
    environments: &[Environment],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO connections (id, ordinal, record)
         VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM connections), ?)
         ON CONFLICT (id) DO UPDATE SET record = excluded.record",
    )
    .bind(&connection.id.0)
    .bind(encode(connection)?)
    .execute(&mut *transaction)
    .await?;
    write_environments(transaction, &connection.id, environments).await
}
