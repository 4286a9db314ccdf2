//! Personas: identities kept by name, to preview and to weigh edits with.

use halyard_mirror::{Persona, PersonaId, SavedPersona};
use halyard_model::{ConnectionId, IdentityRef};
use uuid::Uuid;

use crate::{Console, ConsoleError};

/// A persona as typed.
#[derive(Clone, Debug)]
pub struct PersonaInput {
    /// Which one it replaces; `None` for a new one.
    pub id: Option<PersonaId>,
    /// What people call it; unique within the connection.
    pub name: String,
    /// Who it stands for.
    pub identity: IdentityRef,
}

impl Console {
    /// A connection's personas, by name.
    pub async fn personas(&self, connection: &ConnectionId) -> Result<Vec<Persona>, ConsoleError> {
        Ok(self.inner.mirror.personas(connection).await?)
    }

    /// Keeps a persona, and gives it as it is kept: with its identifier, and
    /// with a name without blanks around it.
    ///
    /// [`ConsoleError::Input`] on `name` where it is empty or another persona
    /// of the connection has it, and on `identifier` where that is empty.
    pub async fn save_persona(
        &self,
        connection: &ConnectionId,
        input: PersonaInput,
    ) -> Result<Persona, ConsoleError> {
        self.known_connection(connection).await?;
        let name = input.name.trim();
        if name.is_empty() {
            return Err(refused("name", "Give the persona a name."));
        }
        if input.identity.identifier.is_empty() {
            return Err(refused("identifier", "Type an identifier."));
        }
        let persona = Persona {
            id: input.id.unwrap_or_else(|| PersonaId(Uuid::new_v4().to_string())),
            name: name.to_owned(),
            identity: input.identity,
        };
        match self.inner.mirror.save_persona(connection, &persona).await? {
            SavedPersona::Saved => Ok(persona),
            SavedPersona::NameTaken => Err(refused("name", "Another persona has this name.")),
        }
    }

    /// Forgets a persona. One that is not there is no error.
    pub async fn delete_persona(
        &self,
        connection: &ConnectionId,
        id: &PersonaId,
    ) -> Result<(), ConsoleError> {
        Ok(self.inner.mirror.delete_persona(connection, id).await?)
    }
}

fn refused(field: &'static str, sentence: &str) -> ConsoleError {
    ConsoleError::Input {
        field,
        sentence: sentence.to_owned(),
    }
}
