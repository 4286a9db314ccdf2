//! What is known about fetching each environment.

use halyard_model::{ConnectionId, EnvironmentKey, FetchStatus};

use crate::record::{decode, encode};
use crate::{Mirror, Result};

impl Mirror {
    /// The state of fetching an environment; "never fetched" where nothing was
    /// saved, or where what was saved cannot be read.
    pub async fn fetch_status(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<FetchStatus> {
        let row =
            sqlx::query("SELECT record FROM fetch_status WHERE connection_id = ? AND environment_key = ?")
                .bind(&connection.0)
                .bind(&environment.0)
                .fetch_optional(&mut *self.reader().await?)
                .await?;
        let Some(row) = row else {
            return Ok(FetchStatus::default());
        };
        Ok(decode(&row, "record").unwrap_or_else(|_| {
            tracing::warn!(
                environment = environment.0,
                "the saved state of fetching cannot be read"
            );
            FetchStatus::default()
        }))
    }

    /// Saves the state of fetching an environment.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where the
    /// environment is not there.
    pub async fn save_fetch_status(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        status: &FetchStatus,
    ) -> Result<()> {
        let record = encode(status)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO fetch_status (connection_id, environment_key, record) VALUES (?, ?, ?)
             ON CONFLICT (connection_id, environment_key) DO UPDATE SET record = excluded.record",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
