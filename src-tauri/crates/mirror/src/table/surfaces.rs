//! What each surface is known to serve.

use halyard_model::{ConnectionId, EnvironmentKey, Surface, SurfaceRecord};

use crate::record::{decode, encode};
use crate::{Mirror, Result};

impl Mirror {
    /// What is known about a surface for an environment; nothing known where
    /// nothing was saved, or where what was saved cannot be read.
    pub async fn surface_record(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        surface: &Surface,
    ) -> Result<SurfaceRecord> {
        let row = sqlx::query(
            "SELECT record FROM surface_readings
             WHERE connection_id = ? AND environment_key = ? AND surface = ?",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(encode(surface)?)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        let Some(row) = row else {
            return Ok(SurfaceRecord::default());
        };
        Ok(decode(&row, "record").unwrap_or_else(|_| {
            tracing::warn!(
                environment = environment.0,
                "what was read of a surface cannot be read back"
            );
            SurfaceRecord::default()
        }))
    }

    /// Saves what is known about a surface.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where the
    /// environment is not there.
    pub async fn save_surface_record(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        surface: &Surface,
        record: &SurfaceRecord,
    ) -> Result<()> {
        let (surface, record) = (encode(surface)?, encode(record)?);
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO surface_readings (connection_id, environment_key, surface, record)
             VALUES (?, ?, ?, ?)
             ON CONFLICT (connection_id, environment_key, surface) DO UPDATE SET record = excluded.record",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(surface)
        .bind(record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
