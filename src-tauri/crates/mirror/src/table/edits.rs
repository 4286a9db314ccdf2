//! Edits: rows laid over what was fetched, never mixed with it.

use halyard_model::{
    Attempt, ChangeSetId, ConnectionId, Edit, EditId, EditState, EnvironmentKey, FlagKey, Timestamp,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

const COLUMNS: &str = "SELECT id, connection_id, environment_key, subject, created_at, state, base, wish,
                              change_set_id, position, ticked, rounds, undoes, attempt";

impl Mirror {
    /// Writes an edit, or replaces the one with the same identifier.
    ///
    /// [`MirrorError::Missing`] where its connection or its change set is not there.
    pub async fn save_edit(&self, edit: &Edit) -> Result<()> {
        let mut transaction = self.write().await?;
        insert(&mut transaction, edit).await?;
        Ok(transaction.commit().await?)
    }

    /// Writes several edits, all or none.
    pub async fn save_edits(&self, edits: &[Edit]) -> Result<()> {
        let mut transaction = self.write().await?;
        for edit in edits {
            insert(&mut transaction, edit).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Writes down how far an edit's way to the service has come.
    ///
    /// [`MirrorError::Missing`] where the edit is not there.
    pub async fn set_attempt(&self, id: &EditId, attempt: &Attempt) -> Result<()> {
        let record = encode(attempt)?;
        let mut transaction = self.write().await?;
        let done = sqlx::query("UPDATE edits SET attempt = ? WHERE id = ?")
            .bind(record)
            .bind(&id.0)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(MirrorError::Missing);
        }
        Ok(transaction.commit().await?)
    }

    /// The edits of a change set in their order, whatever became of them.
    pub async fn edits_of_change_set(&self, id: &ChangeSetId) -> Result<Vec<Edit>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} FROM edits WHERE change_set_id = ? ORDER BY position, created_at, rowid"
        )))
        .bind(&id.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("edits", "id", &rows, read).readable())
    }

    /// The edits of a connection that are in change sets and not on their way:
    /// staged, refused and conflicted. In their order; a change set may since
    /// be given up.
    pub async fn waiting_edits(&self, connection: &ConnectionId) -> Result<Vec<Edit>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} FROM edits
             WHERE connection_id = ? AND change_set_id IS NOT NULL
               AND state_name IN ('staged', 'refused', 'conflicted')
             ORDER BY position, created_at, rowid"
        )))
        .bind(&connection.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("edits", "id", &rows, read).readable())
    }

    /// Gives edits their places in their change sets, all or none. Nothing else
    /// of them is touched, so that one that is being sent stays what it is.
    pub async fn set_edit_places(&self, places: &[(EditId, u32)]) -> Result<()> {
        let mut transaction = self.write().await?;
        for (id, position) in places {
            sqlx::query("UPDATE edits SET position = ? WHERE id = ?")
                .bind(position)
                .bind(&id.0)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Ticks an edit or takes the tick away; nothing else of it is touched.
    ///
    /// [`MirrorError::Missing`] where the edit is not there.
    pub async fn set_edit_ticked(&self, id: &EditId, ticked: bool) -> Result<()> {
        let mut transaction = self.write().await?;
        let done = sqlx::query("UPDATE edits SET ticked = ? WHERE id = ?")
            .bind(ticked)
            .bind(&id.0)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(MirrorError::Missing);
        }
        Ok(transaction.commit().await?)
    }

    /// Moves an edit to another state at `now`.
    ///
    /// [`MirrorError::Missing`] where the edit is not there.
    pub async fn set_edit_state(&self, id: &EditId, state: &EditState, now: Timestamp) -> Result<()> {
        let record = encode(state)?;
        let mut transaction = self.write().await?;
        let done = sqlx::query("UPDATE edits SET state_name = ?, state = ?, changed_at = ? WHERE id = ?")
            .bind(state_name(state))
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

    /// One edit.
    pub async fn edit(&self, id: &EditId) -> Result<Option<Edit>> {
        sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} FROM edits WHERE id = ?")))
            .bind(&id.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// The edits that somebody or something still has to settle: pending,
    /// sent, conflicted and those of unknown outcome. The oldest first; of one
    /// connection, or of all.
    pub async fn open_edits(&self, connection: Option<&ConnectionId>) -> Result<Vec<Edit>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} FROM edits
             WHERE state_name IN ('pending', 'sent', 'conflicted', 'unknown')
               AND (?1 IS NULL OR connection_id = ?1)
             ORDER BY created_at, rowid"
        )))
        .bind(connection.map(|connection| &connection.0))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("edits", "id", &rows, read).readable())
    }

    /// The edits of a connection that were seen to be carried out since a time.
    pub async fn edits_confirmed_since(
        &self,
        connection: &ConnectionId,
        since: Timestamp,
    ) -> Result<Vec<Edit>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} FROM edits
             WHERE connection_id = ? AND state_name = 'confirmed' AND json_extract(attempt, '$.settled_at') >= ?
             ORDER BY created_at, rowid"
        )))
        .bind(&connection.0)
        .bind(since.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("edits", "id", &rows, read).readable())
    }

    /// Every edit of one flag in one environment, whatever became of it; the
    /// oldest first.
    pub async fn edits_for_flag(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
    ) -> Result<Vec<Edit>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} FROM edits
             WHERE connection_id = ? AND environment_key = ? AND flag_key = ?
             ORDER BY created_at, rowid"
        )))
        .bind(&connection.0)
        .bind(&environment.0)
        .bind(&flag.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("edits", "id", &rows, read).readable())
    }
}

pub(super) async fn insert(transaction: &mut sqlx::Transaction<'_, sqlx::Sqlite>, edit: &Edit) -> Result<()> {
    sqlx::query(
        "INSERT INTO edits (id, connection_id, environment_key, subject, flag_key, created_at, changed_at,
                            state_name, state, base, wish, change_set_id, position, ticked, rounds, undoes, attempt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (id) DO UPDATE SET
            connection_id = excluded.connection_id, environment_key = excluded.environment_key,
            subject = excluded.subject, flag_key = excluded.flag_key, created_at = excluded.created_at,
            changed_at = excluded.changed_at, state_name = excluded.state_name, state = excluded.state,
            base = excluded.base, wish = excluded.wish, change_set_id = excluded.change_set_id,
            position = excluded.position, ticked = excluded.ticked, rounds = excluded.rounds,
            undoes = excluded.undoes, attempt = excluded.attempt",
    )
    .bind(&edit.id.0)
    .bind(&edit.connection.0)
    .bind(&edit.environment.0)
    .bind(encode(&edit.subject)?)
    .bind(edit.flag().map(|flag| &flag.0))
    .bind(edit.created_at.0)
    .bind(state_name(&edit.state))
    .bind(encode(&edit.state)?)
    .bind(encode(&edit.base)?)
    .bind(encode(&edit.wish)?)
    .bind(edit.change_set.as_ref().map(|id| &id.0))
    .bind(edit.position)
    .bind(edit.ticked)
    .bind(edit.rounds)
    .bind(edit.undoes.as_ref().map(|id| &id.0))
    .bind(encode(&edit.attempt)?)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(super) fn read(row: &SqliteRow) -> std::result::Result<Edit, MirrorError> {
    Ok(Edit {
        id: EditId(row.try_get("id")?),
        connection: ConnectionId(row.try_get("connection_id")?),
        environment: EnvironmentKey(row.try_get("environment_key")?),
        subject: decode(row, "subject")?,
        base: decode(row, "base")?,
        wish: decode(row, "wish")?,
        state: decode(row, "state")?,
        created_at: Timestamp(row.try_get("created_at")?),
        change_set: row
            .try_get::<Option<String>, _>("change_set_id")?
            .map(ChangeSetId),
        position: row.try_get("position")?,
        ticked: row.try_get("ticked")?,
        rounds: row.try_get("rounds")?,
        undoes: row.try_get::<Option<String>, _>("undoes")?.map(EditId),
        attempt: decode(row, "attempt")?,
    })
}

/// The name a state is looked up by; the same word as in its record.
fn state_name(state: &EditState) -> &'static str {
    match state {
        EditState::Staged => "staged",
        EditState::Pending => "pending",
        EditState::Sent => "sent",
        EditState::Confirmed => "confirmed",
        EditState::Conflicted { .. } => "conflicted",
        EditState::Refused(_) => "refused",
        EditState::Unknown { .. } => "unknown",
        EditState::Dropped => "dropped",
    }
}
