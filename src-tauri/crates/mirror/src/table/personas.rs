//! Personas: identities kept by name.

use halyard_model::{ConnectionId, IdentityRef};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::record::{Rows, decode, encode};
use crate::{Mirror, MirrorError, Result};

/// Names one persona for its whole life.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonaId(pub String);

/// An identity kept by name, to preview it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    /// Its identifier here; no service knows it.
    pub id: PersonaId,
    /// What people call it; unique within its connection.
    pub name: String,
    /// Who it stands for.
    pub identity: IdentityRef,
}

/// What came of saving a persona.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum SavedPersona {
    /// It is saved.
    Saved,
    /// Another persona of the connection has the name; nothing was changed.
    NameTaken,
}

impl Mirror {
    /// A connection's personas, by name; letters of either case side by side.
    pub async fn personas(&self, connection: &ConnectionId) -> Result<Vec<Persona>> {
        let rows = sqlx::query(
            "SELECT id, name, identifier, traits FROM personas WHERE connection_id = ?
             ORDER BY name COLLATE NOCASE, name",
        )
        .bind(&connection.0)
        .fetch_all(&mut *self.reader().await?)
        .await?;
        Ok(Rows::of("personas", "name", &rows, read).readable())
    }

    /// Writes a persona, or replaces the connection's one with the same identifier.
    ///
    /// [`MirrorError::Missing`] where the connection is not there, or where the
    /// identifier is another connection's.
    pub async fn save_persona(&self, connection: &ConnectionId, persona: &Persona) -> Result<SavedPersona> {
        let traits = encode(&persona.identity.traits)?;
        let mut transaction = self.write().await?;
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM personas WHERE connection_id = ? AND name = ? AND id <> ?)",
        )
        .bind(&connection.0)
        .bind(&persona.name)
        .bind(&persona.id.0)
        .fetch_one(&mut *transaction)
        .await?;
        if taken {
            return Ok(SavedPersona::NameTaken);
        }
        let done = sqlx::query(
            "INSERT INTO personas (id, connection_id, name, identifier, traits) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET
                name = excluded.name, identifier = excluded.identifier, traits = excluded.traits
             WHERE connection_id = excluded.connection_id",
        )
        .bind(&persona.id.0)
        .bind(&connection.0)
        .bind(&persona.name)
        .bind(&persona.identity.identifier)
        .bind(traits)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Err(MirrorError::Missing);
        }
        transaction.commit().await?;
        Ok(SavedPersona::Saved)
    }

    /// Deletes a connection's persona. One that is not there is no error.
    pub async fn delete_persona(&self, connection: &ConnectionId, id: &PersonaId) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM personas WHERE connection_id = ? AND id = ?")
            .bind(&connection.0)
            .bind(&id.0)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

pub(super) fn read(row: &SqliteRow) -> std::result::Result<Persona, MirrorError> {
    Ok(Persona {
        id: PersonaId(row.try_get("id")?),
        name: row.try_get("name")?,
        identity: IdentityRef {
            identifier: row.try_get("identifier")?,
            traits: decode(row, "traits")?,
        },
    })
}
