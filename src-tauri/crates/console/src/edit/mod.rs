//! Edits: written down, sent under their precondition, verified, recorded.
//!
//! The order matters. An edit is a row in the mirror before anything is sent,
//! and marked as sent before the request leaves, so that after a crash at any
//! instant each edit either surely was not sent or is read again.

mod conflict;
mod leftover;
mod open;
mod send;
mod settle;
mod turn;

use halyard_model::{
    BadField, Connection, ConnectionId, Edit, EditId, EditState, Environment, EnvironmentKey, FieldChanges,
    Protection, Subject, SubjectState, changed, changed_fields,
};
use uuid::Uuid;

pub use conflict::ConflictFacts;
pub(crate) use send::{Carried, Marked, refusal};

use crate::{Console, ConsoleError, state::Site};

/// A change as the user asks for it.
#[derive(Clone, Debug)]
pub struct EditInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// What it is about.
    pub subject: Subject,
    /// [`revision_of`](crate::revision_of) the state the user saw.
    pub revision: String,
    /// What they ask for.
    pub changes: FieldChanges,
    /// What they confirmed it with, in a protected environment: its name.
    pub confirmed: Option<String>,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A read after the write showed it.
    Confirmed {
        /// The edit.
        edit: Box<Edit>,
    },
    /// It already was as asked; nothing was sent.
    AlreadyThere {
        /// The edit.
        edit: Box<Edit>,
    },
    /// Somebody else changed the flag; the edit's state holds theirs.
    Conflict {
        /// The edit.
        edit: Box<Edit>,
    },
    /// No answer can tell.
    Unknown {
        /// The edit.
        edit: Box<Edit>,
    },
    /// It surely was not carried out.
    NotDone {
        /// The edit.
        edit: Box<Edit>,
    },
    /// It waits in its change set, as decided, and is sent with that.
    Staged {
        /// The edit.
        edit: Box<Edit>,
    },
}

/// How to settle a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Give the edit up.
    KeepTheirs,
    /// Send it again, resting on what the service holds now.
    SendMine,
}

/// Everything a write needs, looked up once.
pub(crate) struct Desk {
    pub(crate) site: Site,
    pub(crate) connection: Connection,
    pub(crate) environment: Environment,
}

impl Console {
    /// Writes a change under its precondition.
    pub async fn edit(&self, input: EditInput) -> Result<Outcome, ConsoleError> {
        let desk = self.desk(&input.connection, &input.environment).await?;
        check_writable(&desk.environment)?;
        check_confirmed(&desk.environment, input.confirmed.as_deref())?;
        let _turn = self.subject_turn(&desk.site, &input.subject).await;
        let base = self.mirrored_state(&desk.site, &input.subject).await?;
        if crate::revision_of(base.as_ref()) != input.revision {
            return Err(ConsoleError::StaleView);
        }
        let wish = changed(&input.subject, base.as_ref(), &input.changes).map_err(bad_field)?;
        let edit = self.new_edit(&desk.site, input.subject, base, wish);
        self.write_down_and_send(&desk, edit).await
    }

    /// Leads a confirmed edit back, itself under a precondition: what it
    /// replaces must still be what the edit left.
    pub async fn undo(&self, id: &EditId) -> Result<Outcome, ConsoleError> {
        let edit = self.known_edit(id).await?;
        if edit.state != EditState::Confirmed {
            return Err(ConsoleError::Gone {
                what: "the edit to be undone",
            });
        }
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        check_writable(&desk.environment)?;
        check_confirmed(&desk.environment, None)?;
        let _turn = self.subject_turn(&desk.site, &edit.subject).await;
        let now = self.mirrored_state(&desk.site, &edit.subject).await?;
        let moved = !changed_fields(edit.wish.as_ref(), now.as_ref()).is_empty();
        // Where the mirror already knows that somebody moved on, resting on
        // what the edit left makes the write's own check say so.
        let base = if moved { edit.wish } else { now };
        let mut back = self.new_edit(&desk.site, edit.subject, base, edit.base);
        back.undoes = Some(edit.id);
        self.write_down_and_send(&desk, back).await
    }

    /// Settles a conflict. Sending again is a new conditional write against
    /// what the user has just seen; another change in between is another round.
    /// A protected environment wants the sending confirmed, as an edit there.
    pub async fn resolve(
        &self,
        id: &EditId,
        resolution: Resolution,
        confirmed: Option<&str>,
    ) -> Result<Outcome, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        let _turn = self.subject_turn(&desk.site, &edit.subject).await;
        // Looked at in its turn: a second click finds the conflict settled.
        let edit = self.known_edit(id).await?;
        let EditState::Conflicted { theirs, .. } = &edit.state else {
            return Err(ConsoleError::Gone { what: "the conflict" });
        };
        if resolution == Resolution::KeepTheirs {
            let edit = self.recorded(edit, EditState::Dropped).await?;
            self.tell_changes(&edit.connection);
            self.set_goes_on(edit.change_set.as_ref()).await?;
            return Ok(Outcome::NotDone { edit });
        }
        if edit.change_set.is_some() {
            return self.decide_mine(&desk, edit, confirmed).await;
        }
        check_writable(&desk.environment)?;
        check_confirmed(&desk.environment, confirmed)?;
        let theirs = theirs.as_deref().cloned();
        // What the edit asks for, laid over what is there now.
        let asked: FieldChanges = asked_for(&edit);
        let wish = changed(&edit.subject, theirs.as_ref(), &asked).map_err(bad_field)?;
        let mut again = self.new_edit(&desk.site, edit.subject.clone(), theirs, wish);
        again.rounds = edit.rounds + 1;
        again.undoes.clone_from(&edit.undoes);
        // The new edit carries the wish on; two rows asking for the same would
        // ask the user twice.
        let outcome = self.write_down_and_send(&desk, again).await?;
        self.recorded(edit, EditState::Dropped).await?;
        Ok(outcome)
    }

    /// An edit that is sent by itself.
    pub(crate) fn new_edit(
        &self,
        site: &Site,
        subject: Subject,
        base: Option<SubjectState>,
        wish: Option<SubjectState>,
    ) -> Edit {
        let id = EditId(Uuid::new_v4().to_string());
        Edit::new(id, site.clone(), subject, (base, wish), self.inner.clock.now())
    }

    /// What the mirror holds of a subject; `None` where it does not exist.
    pub(crate) async fn mirrored_state(
        &self,
        site: &Site,
        subject: &Subject,
    ) -> Result<Option<SubjectState>, ConsoleError> {
        let held = self.held(site, subject).await?;
        if held.state.is_none() && matches!(subject, Subject::FlagState { .. }) {
            return Err(ConsoleError::Gone { what: "the flag" });
        }
        Ok(held.state)
    }

    pub(crate) async fn desk(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Desk, ConsoleError> {
        let environment = self.known_environment(connection, environment).await?;
        let connection = self.known_connection(connection).await?;
        if connection.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        Ok(Desk {
            site: (connection.id.clone(), environment.key.clone()),
            connection,
            environment,
        })
    }

    pub(crate) async fn known_edit(&self, id: &EditId) -> Result<Edit, ConsoleError> {
        self.inner
            .mirror
            .edit(id)
            .await?
            .ok_or(ConsoleError::Gone { what: "the edit" })
    }
}

/// What an edit asks for, field by field.
fn asked_for(edit: &Edit) -> FieldChanges {
    let wished = halyard_model::fields_of(edit.wish.as_ref());
    edit.changes()
        .into_iter()
        .map(|field| {
            let value = wished.get(&field).cloned();
            (field, value)
        })
        .collect()
}

pub(crate) fn bad_field(bad: BadField) -> ConsoleError {
    ConsoleError::Input {
        field: "value",
        sentence: bad.reason,
    }
}

pub(crate) fn check_writable(environment: &Environment) -> Result<(), ConsoleError> {
    if environment.requires_change_requests {
        let reason = format!("{} takes changes only through change requests.", environment.name);
        return Err(ConsoleError::ReadOnly { reason });
    }
    if environment.protection == Protection::ReadOnly {
        let reason = format!("{} is set to read-only in Settings.", environment.name);
        return Err(ConsoleError::ReadOnly { reason });
    }
    Ok(())
}

pub(crate) fn check_confirmed(
    environment: &Environment,
    confirmed: Option<&str>,
) -> Result<(), ConsoleError> {
    match environment.protection {
        Protection::None => Ok(()),
        Protection::Confirm | Protection::TypeName if confirmed == Some(&environment.name) => Ok(()),
        Protection::Confirm | Protection::TypeName | Protection::ReadOnly => {
            Err(ConsoleError::ConfirmationNeeded)
        }
    }
}
