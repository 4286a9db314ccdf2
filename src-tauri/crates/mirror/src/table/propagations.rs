//! Changes that were followed until each surface served them. Bounded: the
//! newest stay.

use halyard_model::{ConnectionId, EnvironmentKey, FlagKey, Lane, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

/// How many checks are kept, of all environments together.
pub const PROPAGATIONS_KEPT: u32 = 200;

/// Names one propagation check.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropagationId(pub String);

/// A propagation check as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptPropagation {
    /// Its name.
    pub id: PropagationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The flag.
    pub flag: FlagKey,
    /// When the change was published, or the check begun.
    pub published_at: Timestamp,
    /// It was still followed when this was written.
    pub running: bool,
    /// Each surface, in the order of the watch.
    pub lanes: Vec<Lane>,
}

impl Mirror {
    /// The checks of an environment, the newest first; at most `most`.
    pub async fn propagations(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        most: u32,
    ) -> Result<Vec<KeptPropagation>> {
        let rows = sqlx::query(
            "SELECT id, connection_id, environment_key, flag_key, published_at, running, lanes
             FROM propagations WHERE connection_id = ? AND environment_key = ?
             ORDER BY ordinal DESC LIMIT ?",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(most)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("propagations", "id", &rows, read).readable())
    }

    /// Writes a check, or what became of it, and drops the oldest beyond
    /// [`PROPAGATIONS_KEPT`]. One that was dropped before it ended comes back
    /// as the newest.
    ///
    /// [`MirrorError::Missing`] where the environment is not there.
    pub async fn save_propagation(&self, check: &KeptPropagation) -> Result<()> {
        let lanes = encode(&check.lanes)?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO propagations
                (id, connection_id, environment_key, flag_key, published_at, running, lanes)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET running = excluded.running, lanes = excluded.lanes",
        )
        .bind(&check.id.0)
        .bind(&check.connection.0)
        .bind(&check.environment.0)
        .bind(&check.flag.0)
        .bind(check.published_at.0)
        .bind(check.running)
        .bind(lanes)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM propagations WHERE ordinal NOT IN
                (SELECT ordinal FROM propagations ORDER BY ordinal DESC LIMIT ?)",
        )
        .bind(PROPAGATIONS_KEPT)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

pub(super) fn read(row: &SqliteRow) -> std::result::Result<KeptPropagation, MirrorError> {
    Ok(KeptPropagation {
        id: PropagationId(row.try_get("id")?),
        connection: ConnectionId(row.try_get("connection_id")?),
        environment: EnvironmentKey(row.try_get("environment_key")?),
        flag: FlagKey(row.try_get("flag_key")?),
        published_at: Timestamp(row.try_get("published_at")?),
        running: row.try_get("running")?,
        lanes: decode(row, "lanes")?,
    })
}
