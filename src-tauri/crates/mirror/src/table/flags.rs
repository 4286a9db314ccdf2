//! Flags, each with the moment it was fetched.

use halyard_model::{ConnectionId, EnvironmentKey, Flag, FlagKey, Segment, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

/// A flag and its age.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagRow {
    /// The flag as the service gave it.
    pub flag: Flag,
    /// When it was fetched: with its snapshot, or later on its own. Then the
    /// snapshot's document is older than the flag.
    pub fetched_at: Timestamp,
}

/// The flags of an environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlagRows {
    /// Those that could be read, in the snapshot's order.
    pub rows: Vec<FlagRow>,
    /// Those that are there and could not be read.
    pub unreadable: Vec<FlagKey>,
}

const FLAGS: &str = "SELECT flags.key, flags.record,
        coalesce(flags.fetched_at, snapshots.fetched_at) AS fetched_at
    FROM snapshots JOIN flags ON flags.snapshot_id = snapshots.id
    WHERE snapshots.connection_id = ? AND snapshots.environment_key = ?";

impl Mirror {
    /// The flags of an environment with their ages, in the snapshot's order;
    /// none where there is no snapshot.
    pub async fn flag_rows(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<FlagRows> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{FLAGS} ORDER BY flags.ordinal")))
            .bind(&connection.0)
            .bind(&environment.0)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        let rows = Rows::of("flags", "key", &rows, read);
        Ok(FlagRows {
            unreadable: rows.unreadable_keys(),
            rows: rows.readable(),
        })
    }

    /// The flags of an environment that could be read, in the snapshot's order.
    pub async fn flags(&self, connection: &ConnectionId, environment: &EnvironmentKey) -> Result<Vec<Flag>> {
        let FlagRows { rows, .. } = self.flag_rows(connection, environment).await?;
        Ok(rows.into_iter().map(|row| row.flag).collect())
    }

    /// One flag with its age.
    pub async fn flag_row(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
    ) -> Result<Option<FlagRow>> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "{FLAGS} AND flags.key = ? ORDER BY flags.ordinal LIMIT 1"
        )))
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(&flag.0)
        .fetch_optional(&mut *self.reader().await?)
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// One flag.
    pub async fn flag(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
    ) -> Result<Option<Flag>> {
        let row = self.flag_row(connection, environment, flag).await?;
        Ok(row.map(|row| row.flag))
    }

    /// The segments of an environment's snapshot that could be read, in its order.
    pub async fn segments(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<Segment>> {
        let rows = sqlx::query(
            "SELECT segments.name, segments.record
             FROM snapshots JOIN segments ON segments.snapshot_id = snapshots.id
             WHERE snapshots.connection_id = ? AND snapshots.environment_key = ?
             ORDER BY segments.ordinal",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("segments", "name", &rows, |row| decode(row, "record")).readable())
    }

    /// Replaces one flag with what was just fetched on its own at
    /// `fetched_at`. A flag that the snapshot does not have goes behind the
    /// others. Only fetched responses come here; what a user means to change
    /// is an edit.
    ///
    /// [`MirrorError::Missing`] where the environment has no snapshot.
    pub async fn store_flag(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &Flag,
        fetched_at: Timestamp,
    ) -> Result<()> {
        let record = encode(flag)?;
        let mut transaction = self.write().await?;
        let snapshot: Option<i64> =
            sqlx::query_scalar("SELECT id FROM snapshots WHERE connection_id = ? AND environment_key = ?")
                .bind(&connection.0)
                .bind(&environment.0)
                .fetch_optional(&mut *transaction)
                .await?;
        let Some(snapshot) = snapshot else {
            return Err(MirrorError::Missing);
        };
        // What is held is no longer what the hash was taken of, unless the
        // flag came back as it was.
        sqlx::query(
            "UPDATE snapshots SET content_hash = NULL WHERE id = ?1 AND NOT EXISTS
                (SELECT 1 FROM flags WHERE snapshot_id = ?1 AND key = ?2 AND record = ?3)",
        )
        .bind(snapshot)
        .bind(&flag.key.0)
        .bind(&record)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO flags (snapshot_id, ordinal, key, fetched_at, record)
             VALUES (?1, coalesce(
                    (SELECT min(ordinal) FROM flags WHERE snapshot_id = ?1 AND key = ?2),
                    (SELECT coalesce(max(ordinal), 0) + 1 FROM flags WHERE snapshot_id = ?1)), ?2, ?3, ?4)
             ON CONFLICT (snapshot_id, ordinal)
             DO UPDATE SET fetched_at = excluded.fetched_at, record = excluded.record",
        )
        .bind(snapshot)
        .bind(&flag.key.0)
        .bind(fetched_at.0)
        .bind(&record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

pub(super) fn read(row: &SqliteRow) -> std::result::Result<FlagRow, MirrorError> {
    Ok(FlagRow {
        flag: decode(row, "record")?,
        fetched_at: Timestamp(row.try_get("fetched_at")?),
    })
}
