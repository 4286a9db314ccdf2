//! Environments of a connection and how far a write to each asks first.

use halyard_model::{ConnectionId, Environment, EnvironmentKey, Protection};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

impl Mirror {
    /// The environments of a connection, in the order in which they were saved.
    pub async fn environments(&self, connection: &ConnectionId) -> Result<Vec<Environment>> {
        let rows = sqlx::query(
            "SELECT key, protection, record FROM environments WHERE connection_id = ? ORDER BY ordinal",
        )
        .bind(&connection.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("environments", "key", &rows, read).readable())
    }

    /// Replaces the list of environments. Those already known keep their
    /// protection, which is the user's; those not given go, with their
    /// snapshots. Edits stay, since their outcome may be open.
    ///
    /// [`MirrorError::Missing`] where the connection is not there.
    pub async fn replace_environments(
        &self,
        connection: &ConnectionId,
        environments: &[Environment],
    ) -> Result<()> {
        let mut transaction = self.write().await?;
        write_environments(&mut transaction, connection, environments).await?;
        Ok(transaction.commit().await?)
    }

    /// Sets how much a write to an environment asks first.
    ///
    /// [`MirrorError::Missing`] where the environment is not there.
    pub async fn set_protection(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        protection: Protection,
    ) -> Result<()> {
        let mut transaction = self.write().await?;
        let done = sqlx::query("UPDATE environments SET protection = ? WHERE connection_id = ? AND key = ?")
            .bind(encode(&protection)?)
            .bind(&connection.0)
            .bind(&environment.0)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(MirrorError::Missing);
        }
        Ok(transaction.commit().await?)
    }
}

pub(super) async fn write_environments(
    connection: &mut SqliteConnection,
    id: &ConnectionId,
    environments: &[Environment],
) -> Result<()> {
    let keys: Vec<&str> = environments
        .iter()
        .map(|environment| environment.key.0.as_str())
        .collect();
    sqlx::query(
        "DELETE FROM environments
         WHERE connection_id = ? AND key NOT IN (SELECT value FROM json_each(?))",
    )
    .bind(&id.0)
    .bind(encode(&keys)?)
    .execute(&mut *connection)
    .await?;
    for (ordinal, environment) in (0_i64..).zip(environments) {
        sqlx::query(
            "INSERT INTO environments (connection_id, key, ordinal, protection, record)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (connection_id, key)
             DO UPDATE SET ordinal = excluded.ordinal, record = excluded.record",
        )
        .bind(&id.0)
        .bind(&environment.key.0)
        .bind(ordinal)
        .bind(encode(&environment.protection)?)
        .bind(encode(environment)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) fn read(row: &SqliteRow) -> std::result::Result<Environment, MirrorError> {
    Ok(Environment {
        protection: decode(row, "protection")?,
        ..decode(row, "record")?
    })
}
