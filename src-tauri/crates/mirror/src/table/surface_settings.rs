//! What the user set about the surfaces of a connection.

use halyard_model::ConnectionId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::{decode, encode};
use crate::{Mirror, Result};

impl Mirror {
    /// What was set about a connection's surfaces, or nothing where it was
    /// never saved or cannot be read: the caller's default then holds.
    pub async fn surface_settings<T: DeserializeOwned>(
        &self,
        connection: &ConnectionId,
    ) -> Result<Option<T>> {
        let row = sqlx::query("SELECT record FROM surface_settings WHERE connection_id = ?")
            .bind(&connection.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        Ok(row.and_then(|row| decode(&row, "record").ok()))
    }

    /// Saves what was set. It goes with the connection.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where the
    /// connection is not there.
    pub async fn save_surface_settings<T: Serialize + ?Sized>(
        &self,
        connection: &ConnectionId,
        settings: &T,
    ) -> Result<()> {
        let record = encode(settings)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO surface_settings (connection_id, record) VALUES (?, ?)
             ON CONFLICT (connection_id) DO UPDATE SET record = excluded.record",
        )
        .bind(&connection.0)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
