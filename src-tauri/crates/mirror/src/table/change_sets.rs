//! Change sets: what is published together. Their edits are in their own table.

use halyard_model::{ChangeSet, ChangeSetId, ChangeSetState, ConnectionId, Edit, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

const COLUMNS: &str =
    "SELECT id, connection_id, name, state, created_at, changed_at, undoes FROM change_sets";

impl Mirror {
    /// Writes a change set, or replaces the one with the same identifier.
    ///
    /// [`MirrorError::Missing`] where its connection is not there.
    pub async fn save_change_set(&self, set: &ChangeSet) -> Result<()> {
        self.save_together(std::slice::from_ref(set), &[]).await
    }

    /// Writes change sets and edits, all or none: what moves from one state to
    /// the next together is never found half moved.
    ///
    /// [`MirrorError::Missing`] where a connection is not there.
    pub async fn save_together(&self, sets: &[ChangeSet], edits: &[Edit]) -> Result<()> {
        let mut transaction = self.write().await?;
        for set in sets {
            insert(&mut transaction, set).await?;
        }
        for edit in edits {
            super::edits::insert(&mut transaction, edit).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Moves a change set to another state at `now`.
    ///
    /// [`MirrorError::Missing`] where it is not there.
    pub async fn set_change_set_state(
        &self,
        id: &ChangeSetId,
        state: &ChangeSetState,
        now: Timestamp,
    ) -> Result<()> {
        let record = encode(state)?;
        let mut transaction = self.write().await?;
        let done = sqlx::query("UPDATE change_sets SET state = ?, changed_at = ? WHERE id = ?")
            .bind(record)
            .bind(now.0)
            .bind(&id.0)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(MirrorError::Missing);
        }
        Ok(transaction.commit().await?)
    }

    /// One change set.
    pub async fn change_set(&self, id: &ChangeSetId) -> Result<Option<ChangeSet>> {
        sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?")))
            .bind(&id.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// The change sets of a connection, or of all; the oldest first.
    pub async fn change_sets(&self, connection: Option<&ConnectionId>) -> Result<Vec<ChangeSet>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE ?1 IS NULL OR connection_id = ?1 ORDER BY created_at, rowid"
        )))
        .bind(connection.map(|connection| &connection.0))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("change_sets", "id", &rows, read).readable())
    }
}

async fn insert(transaction: &mut sqlx::Transaction<'_, sqlx::Sqlite>, set: &ChangeSet) -> Result<()> {
    sqlx::query(
        "INSERT INTO change_sets (id, connection_id, name, state, created_at, changed_at, undoes)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state,
            changed_at = excluded.changed_at, undoes = excluded.undoes",
    )
    .bind(&set.id.0)
    .bind(&set.connection.0)
    .bind(&set.name)
    .bind(encode(&set.state)?)
    .bind(set.created_at.0)
    .bind(set.changed_at.0)
    .bind(set.undoes.as_ref().map(|id| &id.0))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(super) fn read(row: &SqliteRow) -> std::result::Result<ChangeSet, MirrorError> {
    Ok(ChangeSet {
        id: ChangeSetId(row.try_get("id")?),
        connection: ConnectionId(row.try_get("connection_id")?),
        name: row.try_get("name")?,
        state: decode(row, "state")?,
        created_at: Timestamp(row.try_get("created_at")?),
        changed_at: Timestamp(row.try_get("changed_at")?),
        undoes: row.try_get::<Option<String>, _>("undoes")?.map(ChangeSetId),
    })
}
