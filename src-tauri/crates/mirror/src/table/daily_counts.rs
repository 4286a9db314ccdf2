//! How much an environment held, once per day. Bounded: the newest stay.

use halyard_model::{ConnectionId, EnvironmentKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, Result};

/// How many days of an environment are kept.
pub const DAYS_KEPT: u32 = 60;

impl Mirror {
    /// Keeps how much an environment held on a day, in days since the Unix
    /// epoch (UTC), in place of what was kept for that day. Drops the oldest
    /// beyond [`DAYS_KEPT`], and days that are not over by this one.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where the
    /// environment is not there.
    pub async fn save_daily_counts<T: Serialize + ?Sized>(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        day: i64,
        record: &T,
    ) -> Result<()> {
        let record = encode(record)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO daily_counts (connection_id, environment_key, day, record) VALUES (?, ?, ?, ?)
             ON CONFLICT (connection_id, environment_key, day) DO UPDATE SET record = excluded.record",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(day)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM daily_counts WHERE connection_id = ?1 AND environment_key = ?2
             AND day NOT IN
                (SELECT day FROM daily_counts
                 WHERE connection_id = ?1 AND environment_key = ?2 AND day <= ?3
                 ORDER BY day DESC LIMIT ?4)",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(day)
        .bind(DAYS_KEPT)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// How much an environment held on each day that is kept, the newest
    /// first; what cannot be read is left out.
    pub async fn daily_counts<T: DeserializeOwned>(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<(i64, T)>> {
        let rows = sqlx::query(
            "SELECT environment_key, day, record FROM daily_counts
             WHERE connection_id = ? AND environment_key = ? ORDER BY day DESC",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let read = |row: &_| {
            Ok((
                sqlx::sqlite::SqliteRow::try_get(row, "day")?,
                decode(row, "record")?,
            ))
        };
        Ok(Rows::of("daily_counts", "environment_key", &rows, read).readable())
    }
}
