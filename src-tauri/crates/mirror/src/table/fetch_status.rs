//! What is known about fetching each environment.

use halyard_model::{ConnectionId, EnvironmentKey, FetchStatus};
use sqlx::sqlite::SqliteConnection;

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
        let mut transaction = self.write().await?;
        write_fetch_status(&mut transaction, connection, environment, status).await?;
        Ok(transaction.commit().await?)
    }
}

pub(crate) async fn write_fetch_status(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    environment: &EnvironmentKey,
    status: &FetchStatus,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO fetch_status (connection_id, environment_key, record) VALUES (?, ?, ?)
         ON CONFLICT (connection_id, environment_key) DO UPDATE SET record = excluded.record",
    )
    .bind(&connection.0)
    .bind(&environment.0)
    .bind(encode(status)?)
    .execute(&mut *transaction)
    .await?;
    Ok(())
}
