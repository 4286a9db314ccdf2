//! Snapshots: the newest of each environment, replaced whole.

use std::collections::HashMap;

use halyard_model::{ConnectionId, EnvironmentKey, Snapshot, Timestamp};
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{QueryBuilder, Row};

use crate::content::content_hash;
use crate::history::{write_fetched, write_seen_again};
use crate::record::encode;
use crate::{Mirror, Result};

/// Rows of one insert: few enough to stay far below SQLite's limit on bound
/// values, and always the same number, so that the statement is prepared once.
const ROWS_AT_ONCE: usize = 250;

/// The longest that collecting a snapshot takes, in milliseconds. A flag
/// fetched on its own within this time after the collection began is newer
/// than the snapshot; one that claims to be newer by more comes from a clock
/// that was since set back.
const LONGEST_COLLECTION_MILLIS: i64 = 5 * 60 * 1000;

/// What storing a snapshot did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Something in it differs from what the mirror held.
    Changed,
    /// Everything is as it was; only the moment of fetching moved on.
    Unchanged,
}

/// What is known about a snapshot without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFacts {
    /// When its collection began.
    pub fetched_at: Timestamp,
    /// When the service says the document last changed.
    pub document_updated_at: Option<Timestamp>,
    /// Number of flags.
    pub flag_count: u32,
    /// Number of segments.
    pub segment_count: u32,
    /// Size of the document in bytes.
    pub document_bytes: u64,
}

/// A flag that was fetched on its own after the snapshot's collection began.
struct NewerFlag {
    fetched_at: i64,
    record: String,
}

impl Mirror {
    /// Replaces an environment's snapshot, so that what the service no longer
    /// has is gone. A flag fetched on its own after the collection of this
    /// snapshot began stays as it is: the snapshot may hold what it was
    /// before, and an edit would seem to jump back.
    ///
    /// [`MirrorError::Missing`](crate::MirrorError::Missing) where the
    /// environment is not there.
    pub async fn store_snapshot(&self, connection: &ConnectionId, snapshot: &Snapshot) -> Result<Stored> {
        let mut flags = snapshot.flags.iter().map(encode).collect::<Result<Vec<_>>>()?;
        let segments = snapshot.segments.iter().map(encode).collect::<Result<Vec<_>>>()?;
        let hash = content_hash(&snapshot.document, &flags, &segments);

        let mut transaction = self.write().await?;
        let held = sqlx::query(
            "SELECT id, content_hash FROM snapshots WHERE connection_id = ? AND environment_key = ?",
        )
        .bind(&connection.0)
        .bind(&snapshot.environment.0)
        .fetch_optional(&mut *transaction)
        .await?;
        let mut newer = HashMap::new();
        if let Some(held) = held {
            let id = held.try_get("id")?;
            if held.try_get::<Option<Vec<u8>>, _>("content_hash")?.as_ref() == Some(&hash) {
                touch(&mut transaction, id, snapshot).await?;
                if !write_seen_again(&mut transaction, connection, snapshot).await? {
                    write_fetched(&mut transaction, connection, snapshot).await?;
                }
                transaction.commit().await?;
                return Ok(Stored::Unchanged);
            }
            newer = newer_flags(&mut transaction, id, snapshot.fetched_at).await?;
        }

        let mut fetched_at = vec![None; flags.len()];
        let mut as_collected = true;
        for (index, flag) in snapshot.flags.iter().enumerate() {
            if let Some(kept) = newer.remove(&flag.key.0) {
                as_collected &= kept.record == flags[index];
                flags[index] = kept.record;
                fetched_at[index] = Some(kept.fetched_at);
            }
        }
        let id = replace_head(
            &mut transaction,
            connection,
            snapshot,
            as_collected.then_some(hash),
        )
        .await?;
        insert_flags(&mut transaction, id, snapshot, &flags, &fetched_at).await?;
        insert_segments(&mut transaction, id, snapshot, &segments).await?;
        // As it was collected: a flag fetched alone is no moment of its own,
        // and the next collection shows it.
        write_fetched(&mut transaction, connection, snapshot).await?;
        transaction.commit().await?;
        Ok(Stored::Changed)
    }

    /// What is known about an environment's snapshot; nothing where there is none.
    pub async fn snapshot_facts(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Option<SnapshotFacts>> {
        let row = sqlx::query(
            "SELECT fetched_at, document_updated_at, flag_count, segment_count, document_bytes
             FROM snapshots WHERE connection_id = ? AND environment_key = ?",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(SnapshotFacts {
            fetched_at: Timestamp(row.try_get("fetched_at")?),
            document_updated_at: row
                .try_get::<Option<i64>, _>("document_updated_at")?
                .map(Timestamp),
            flag_count: row.try_get("flag_count")?,
            segment_count: row.try_get("segment_count")?,
            document_bytes: row.try_get::<i64, _>("document_bytes")?.unsigned_abs(),
        }))
    }

    /// The environment document of the snapshot, letter for letter.
    pub async fn document(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Option<String>> {
        let document = sqlx::query_scalar(
            "SELECT document FROM snapshots WHERE connection_id = ? AND environment_key = ?",
        )
        .bind(&connection.0)
        .bind(&environment.0)
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(document)
    }
}

/// Makes a snapshot what the mirror holds of its environment, whatever that was.
pub(crate) async fn replace_current(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    snapshot: &Snapshot,
) -> Result<()> {
    let flags = snapshot.flags.iter().map(encode).collect::<Result<Vec<_>>>()?;
    let segments = snapshot.segments.iter().map(encode).collect::<Result<Vec<_>>>()?;
    let hash = content_hash(&snapshot.document, &flags, &segments);
    let id = replace_head(transaction, connection, snapshot, Some(hash)).await?;
    insert_flags(transaction, id, snapshot, &flags, &vec![None; flags.len()]).await?;
    insert_segments(transaction, id, snapshot, &segments).await
}

/// The same content was fetched again.
async fn touch(connection: &mut SqliteConnection, id: i64, snapshot: &Snapshot) -> Result<()> {
    sqlx::query("UPDATE snapshots SET fetched_at = ?, document_updated_at = ? WHERE id = ?")
        .bind(snapshot.fetched_at.0)
        .bind(snapshot.document_updated_at.map(|moment| moment.0))
        .bind(id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE flags SET fetched_at = NULL
         WHERE snapshot_id = ? AND fetched_at IS NOT NULL AND fetched_at NOT BETWEEN ? AND ?",
    )
    .bind(id)
    .bind(snapshot.fetched_at.0)
    .bind(snapshot.fetched_at.plus_millis(LONGEST_COLLECTION_MILLIS).0)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

async fn newer_flags(
    connection: &mut SqliteConnection,
    id: i64,
    fetched_at: Timestamp,
) -> Result<HashMap<String, NewerFlag>> {
    let rows = sqlx::query(
        "SELECT key, fetched_at, record FROM flags
         WHERE snapshot_id = ? AND fetched_at > ? AND fetched_at <= ?",
    )
    .bind(id)
    .bind(fetched_at.0)
    .bind(fetched_at.plus_millis(LONGEST_COLLECTION_MILLIS).0)
    .fetch_all(&mut *connection)
    .await?;
    // A row that cannot be read has nothing worth keeping over the snapshot.
    Ok(rows
        .iter()
        .filter_map(|row| {
            let newer = NewerFlag {
                fetched_at: row.try_get("fetched_at").ok()?,
                record: row.try_get("record").ok()?,
            };
            Some((row.try_get("key").ok()?, newer))
        })
        .collect())
}

/// Writes the snapshot's own row and empties the lists under it.
async fn replace_head(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    snapshot: &Snapshot,
    hash: Option<Vec<u8>>,
) -> Result<i64> {
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO snapshots (connection_id, environment_key, fetched_at, document_updated_at,
                                flag_count, segment_count, document_bytes, content_hash, document)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (connection_id, environment_key) DO UPDATE SET
            fetched_at = excluded.fetched_at, document_updated_at = excluded.document_updated_at,
            flag_count = excluded.flag_count, segment_count = excluded.segment_count,
            document_bytes = excluded.document_bytes, content_hash = excluded.content_hash,
            document = excluded.document
         RETURNING id",
    )
    .bind(&connection.0)
    .bind(&snapshot.environment.0)
    .bind(snapshot.fetched_at.0)
    .bind(snapshot.document_updated_at.map(|moment| moment.0))
    .bind(count(snapshot.flags.len()))
    .bind(count(snapshot.segments.len()))
    .bind(count(snapshot.document.len()))
    .bind(hash)
    .bind(&snapshot.document)
    .fetch_one(&mut *transaction)
    .await?;
    for emptied in [
        "DELETE FROM flags WHERE snapshot_id = ?",
        "DELETE FROM segments WHERE snapshot_id = ?",
    ] {
        sqlx::query(emptied).bind(id).execute(&mut *transaction).await?;
    }
    Ok(id)
}

async fn insert_flags(
    transaction: &mut SqliteConnection,
    id: i64,
    snapshot: &Snapshot,
    records: &[String],
    fetched_at: &[Option<i64>],
) -> Result<()> {
    let rows: Vec<_> = (0_i64..)
        .zip(&snapshot.flags)
        .zip(records.iter().zip(fetched_at))
        .collect();
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let mut insert =
            QueryBuilder::<Sqlite>::new("INSERT INTO flags (snapshot_id, ordinal, key, fetched_at, record) ");
        insert.push_values(chunk, |mut row, ((ordinal, flag), (record, fetched_at))| {
            row.push_bind(id)
                .push_bind(*ordinal)
                .push_bind(&flag.key.0)
                .push_bind(**fetched_at)
                .push_bind(record.as_str());
        });
        insert.build().execute(&mut *transaction).await?;
    }
    Ok(())
}

async fn insert_segments(
    transaction: &mut SqliteConnection,
    id: i64,
    snapshot: &Snapshot,
    records: &[String],
) -> Result<()> {
    let rows: Vec<_> = (0_i64..).zip(&snapshot.segments).zip(records).collect();
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let mut insert =
            QueryBuilder::<Sqlite>::new("INSERT INTO segments (snapshot_id, ordinal, name, record) ");
        insert.push_values(chunk, |mut row, ((ordinal, segment), record)| {
            row.push_bind(id)
                .push_bind(*ordinal)
                .push_bind(&segment.name)
                .push_bind(record.as_str());
        });
        insert.build().execute(&mut *transaction).await?;
    }
    Ok(())
}
