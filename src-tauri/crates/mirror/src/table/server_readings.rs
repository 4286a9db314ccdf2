//! What self-hosted servers said about themselves. Bounded: the newest stay.

use halyard_model::{ConnectionId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, Result};

/// How many readings of a server are kept.
pub const SERVER_READINGS_KEPT: u32 = 120;

impl Mirror {
    /// Keeps what a server said at a moment, and drops the oldest beyond
    /// [`SERVER_READINGS_KEPT`]. Nothing is kept for a connection that is gone.
    pub async fn record_server_reading<T: Serialize + ?Sized>(
        &self,
        connection: &ConnectionId,
        at: Timestamp,
        record: &T,
    ) -> Result<()> {
        let record = encode(record)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT OR REPLACE INTO server_readings (connection_id, at, record)
             SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM connections WHERE id = ?1)",
        )
        .bind(&connection.0)
        .bind(at.0)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        // A clock that was set back must not make room by dropping what is new:
        // what claims to be of the future goes.
        sqlx::query(
            "DELETE FROM server_readings WHERE connection_id = ?1 AND at NOT IN
                (SELECT at FROM server_readings WHERE connection_id = ?1 AND at <= ?2
                 ORDER BY at DESC LIMIT ?3)",
        )
        .bind(&connection.0)
        .bind(at.0)
        .bind(SERVER_READINGS_KEPT)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// What a server said, the newest first; what cannot be read is left out.
    pub async fn server_readings<T: DeserializeOwned>(&self, connection: &ConnectionId) -> Result<Vec<T>> {
        let rows = sqlx::query(
            "SELECT connection_id, record FROM server_readings WHERE connection_id = ? ORDER BY at DESC",
        )
        .bind(&connection.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("server_readings", "connection_id", &rows, |row| {
            decode(row, "record")
        })
        .readable())
    }
}
