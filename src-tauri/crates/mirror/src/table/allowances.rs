//! The providers' own numbers, as last read.

use halyard_model::{ConnectionId, EnvironmentKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, Result};

impl Mirror {
    /// Keeps what the service allows an environment, in place of what it said
    /// before.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where the
    /// environment is not there.
    pub async fn save_allowances<T: Serialize + ?Sized>(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        record: &T,
    ) -> Result<()> {
        let record = encode(record)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO allowances (connection_id, environment_key, record) VALUES (?, ?, ?)
             ON CONFLICT (connection_id, environment_key) DO UPDATE SET record = excluded.record",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// What the service allows a connection's environments, in no order; what
    /// cannot be read is left out.
    pub async fn allowances<T: DeserializeOwned>(&self, connection: &ConnectionId) -> Result<Vec<T>> {
        let rows = sqlx::query("SELECT environment_key, record FROM allowances WHERE connection_id = ?")
            .bind(&connection.0)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(Rows::of("allowances", "environment_key", &rows, |row| {
            decode(row, "record")
        })
        .readable())
    }
}
