//! Edits: written down, sent under their precondition, verified, recorded.
//!
//! The order matters. An edit is a row in the mirror before anything is sent,
//! and marked as sent before the request leaves, so that after a crash at any
//! instant each edit either surely was not sent or is read again.

mod open;
mod settle;
mod turn;

use halyard_model::{
    Change, Connection, ConnectionId, Edit, EditId, EditState, Environment, EnvironmentKey, Flag, FlagKey,
    FlagState, Protection, Timestamp, differences,
};
use halyard_provider::{Write, WriteOutcome};
use uuid::Uuid;

use self::turn::Underway;
use crate::{Console, ConsoleError, revision, state::Site};

/// A change as the user asks for it.
#[derive(Clone, Debug)]
pub struct EditInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The flag.
    pub flag: FlagKey,
    /// [`revision`] of the state the user saw.
    pub revision: String,
    /// What they ask for.
    pub change: Change,
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
struct Desk {
    site: Site,
    connection: Connection,
    environment: Environment,
}

impl Console {
    /// Writes a change under its precondition.
    pub async fn edit(&self, input: EditInput) -> Result<Outcome, ConsoleError> {
        let desk = self.desk(&input.connection, &input.environment).await?;
        check_writable(&desk.environment)?;
        check_confirmed(&desk.environment, input.confirmed.as_deref())?;
        let _turn = self.flag_turn(&desk.site, &input.flag).await;
        let base = self.mirrored(&desk.site, &input.flag).await?;
        if revision(&base.state) != input.revision {
            return Err(ConsoleError::StaleView);
        }
        self.write_down_and_send(&desk, base, input.change).await
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
        let _turn = self.flag_turn(&desk.site, &edit.flag).await;
        let mut base = self.mirrored(&desk.site, &edit.flag).await?;
        let left = edit.change.applied_to(&edit.base);
        if !differences(&left, &base.state).is_empty() {
            // The mirror already knows that somebody moved on. Resting on what
            // the edit left makes the write's own check say so.
            base.state = FlagState {
                version: None,
                ..left
            };
        }
        let back = edit.change.inverse(&edit.base);
        self.write_down_and_send(&desk, base, back).await
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
        let _turn = self.flag_turn(&desk.site, &edit.flag).await;
        // Looked at in its turn: a second click finds the conflict settled.
        let edit = self.known_edit(id).await?;
        let EditState::Conflicted { theirs, .. } = &edit.state else {
            return Err(ConsoleError::Gone { what: "the conflict" });
        };
        if resolution == Resolution::KeepTheirs {
            return Ok(Outcome::NotDone {
                edit: self.recorded(edit, EditState::Dropped).await?,
            });
        }
        check_writable(&desk.environment)?;
        check_confirmed(&desk.environment, confirmed)?;
        let mut base = self.mirrored(&desk.site, &edit.flag).await?;
        base.state = (**theirs).clone();
        let change = edit.change.clone();
        // The new edit carries the wish on; two rows asking for the same would
        // ask the user twice.
        let outcome = self.write_down_and_send(&desk, base, change).await?;
        self.recorded(edit, EditState::Dropped).await?;
        Ok(outcome)
    }

    async fn write_down_and_send(
        &self,
        desk: &Desk,
        base: Flag,
        change: Change,
    ) -> Result<Outcome, ConsoleError> {
        let edit = Edit {
            id: EditId(Uuid::new_v4().to_string()),
            connection: desk.site.0.clone(),
            environment: desk.site.1.clone(),
            flag: base.key.clone(),
            base: base.state.clone(),
            change,
            state: EditState::Pending,
            created_at: self.inner.clock.now(),
        };
        let reach = self
            .reach_of(desk.connection.clone(), desk.environment.clone())
            .await?;
        self.inner.mirror.save_edit(&edit).await?;
        // Begun first: nobody may take an edit marked as sent for one that its
        // sender has given up.
        let underway = Underway::begin(self, &desk.site, &edit.id);
        let edit = *self.recorded(edit, EditState::Sent).await?;
        let write = Write {
            base: &base,
            change: &edit.change,
        };
        let sent_at = self.inner.clock.now();
        let written = reach.provider.write(reach.target(), write).await;
        let outcome = match written {
            Ok(answer) => {
                let outcome = self.heard(&desk.site.0, answer);
                self.record(desk, edit, outcome, sent_at).await
            }
            Err(failure) => {
                let state = EditState::Refused {
                    reason: failure.sentence.clone(),
                };
                self.recorded(edit, state).await?;
                Err(ConsoleError::Service(failure))
            }
        };
        drop(underway);
        outcome
    }

    /// Puts what became of a write into the mirror: the flag as it was read
    /// back, and the edit's state.
    async fn record(
        &self,
        desk: &Desk,
        edit: Edit,
        outcome: WriteOutcome,
        sent_at: Timestamp,
    ) -> Result<Outcome, ConsoleError> {
        if let Some(flag) = read_back(&outcome) {
            let now = self.inner.clock.now();
            self.inner
                .mirror
                .store_flag(&desk.site.0, &desk.site.1, flag, now)
                .await?;
        }
        Ok(match outcome {
            WriteOutcome::Confirmed { flag } => {
                self.follow_edit(&edit, &flag, sent_at).await;
                Outcome::Confirmed {
                    edit: self.recorded(edit, EditState::Confirmed).await?,
                }
            }
            WriteOutcome::AlreadyThere { .. } => Outcome::AlreadyThere {
                edit: self.recorded(edit, EditState::Confirmed).await?,
            },
            WriteOutcome::Conflict { theirs } => {
                let state = EditState::Conflicted {
                    theirs: Box::new(theirs.state),
                    already_sent: false,
                };
                Outcome::Conflict {
                    edit: self.recorded(edit, state).await?,
                }
            }
            WriteOutcome::Replaced { replaced, .. } => {
                let state = EditState::Conflicted {
                    theirs: replaced,
                    already_sent: true,
                };
                Outcome::Conflict {
                    edit: self.recorded(edit, state).await?,
                }
            }
            WriteOutcome::Overtaken { now } => {
                let state = EditState::Conflicted {
                    theirs: Box::new(now.state),
                    already_sent: true,
                };
                Outcome::Conflict {
                    edit: self.recorded(edit, state).await?,
                }
            }
            WriteOutcome::Unknown { reason, .. } => Outcome::Unknown {
                edit: self.recorded(edit, EditState::Unknown { reason }).await?,
            },
        })
    }

    async fn recorded(&self, mut edit: Edit, state: EditState) -> Result<Box<Edit>, ConsoleError> {
        self.inner
            .mirror
            .set_edit_state(&edit.id, &state, self.inner.clock.now())
            .await?;
        edit.state = state;
        self.tell_environment(&(edit.connection.clone(), edit.environment.clone()));
        Ok(Box::new(edit))
    }

    async fn desk(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Desk, ConsoleError> {
        let environment = self.known_environment(connection, environment).await?;
        let connection = self.known_connection(connection).await?;
        Ok(Desk {
            site: (connection.id.clone(), environment.key.clone()),
            connection,
            environment,
        })
    }

    async fn mirrored(&self, site: &Site, flag: &FlagKey) -> Result<Flag, ConsoleError> {
        let found = self.inner.mirror.flag(&site.0, &site.1, flag).await?;
        found.ok_or(ConsoleError::Gone { what: "the flag" })
    }

    async fn known_edit(&self, id: &EditId) -> Result<Edit, ConsoleError> {
        self.inner
            .mirror
            .edit(id)
            .await?
            .ok_or(ConsoleError::Gone { what: "the edit" })
    }
}

fn read_back(outcome: &WriteOutcome) -> Option<&Flag> {
    match outcome {
        WriteOutcome::Confirmed { flag } | WriteOutcome::AlreadyThere { flag } => Some(flag),
        WriteOutcome::Conflict { theirs } => Some(theirs),
        WriteOutcome::Replaced { now, .. } | WriteOutcome::Overtaken { now } => Some(now),
        WriteOutcome::Unknown { now, .. } => now.as_deref(),
    }
}

fn check_writable(environment: &Environment) -> Result<(), ConsoleError> {
    if environment.requires_change_requests {
        let reason = format!("{} takes changes only through change requests.", environment.name);
        return Err(ConsoleError::ReadOnly { reason });
    }
    Ok(())
}

fn check_confirmed(environment: &Environment, confirmed: Option<&str>) -> Result<(), ConsoleError> {
    match environment.protection {
        Protection::None => Ok(()),
        Protection::Confirm | Protection::TypeName if confirmed == Some(&environment.name) => Ok(()),
        Protection::Confirm | Protection::TypeName => Err(ConsoleError::ConfirmationNeeded),
    }
}
