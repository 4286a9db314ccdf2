//! What is typed and not sent, kept for the window across restarts.

use halyard_model::ConnectionId;
use sqlx::Row;

use crate::{Mirror, Result};

/// What is typed about one subject of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Whose subject it is.
    pub connection: ConnectionId,
    /// The window's name for the subject and its environment.
    pub subject: String,
    /// What the window wrote; nobody else reads it.
    pub record: String,
}

impl Mirror {
    /// Everything that is typed and not sent, by connection and subject.
    pub async fn unsent(&self) -> Result<Vec<Unsent>> {
        let rows =
            sqlx::query("SELECT connection_id, subject, record FROM unsent ORDER BY connection_id, subject")
                .fetch_all(&mut *self.reader().await?)
                .await?;
        rows.iter()
            .map(|row| {
                Ok(Unsent {
                    connection: ConnectionId(row.try_get("connection_id")?),
                    subject: row.try_get("subject")?,
                    record: row.try_get("record")?,
                })
            })
            .collect()
    }

    /// Keeps what is typed about a subject, in place of what was.
    /// [`crate::MirrorError::Missing`] where the connection is not there.
    pub async fn keep_unsent(&self, unsent: &Unsent) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO unsent (connection_id, subject, record) VALUES (?, ?, ?)
             ON CONFLICT (connection_id, subject) DO UPDATE SET record = excluded.record",
        )
        .bind(&unsent.connection.0)
        .bind(&unsent.subject)
        .bind(&unsent.record)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets what was typed about a subject. Where there is none, nothing
    /// happens.
    pub async fn drop_unsent(&self, connection: &ConnectionId, subject: &str) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM unsent WHERE connection_id = ? AND subject = ?")
            .bind(&connection.0)
            .bind(subject)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
