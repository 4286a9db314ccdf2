//! Publishing: a change set's edits are sent one after the other by exactly
//! one owner, each step written down before it is taken.
//!
//! An edit of a set that is being published is *pending* until its turn,
//! *sent* from before its request leaves, and then what became of it. What is
//! found after the end of a process says what is to be done: a pending edit
//! was not sent; a sent one whose request never left was not either; any other
//! sent one is read before anything else.

pub(crate) mod order;
mod owner;
mod prepare;
mod recover;
mod roll_back;
mod run;
mod settle_set;

use std::collections::BTreeMap;

use halyard_model::{
    ChangeSet, ChangeSetId, ChangeSetState, ConnectionId, Edit, EditId, EditState, EnvironmentKey,
    PauseReason, Scope, Timestamp,
};

pub(crate) use owner::Owner;
pub(crate) use run::Run;

use crate::{
    Console, ConsoleError,
    edit::{check_confirmed, check_writable},
};

/// How far publishing a change set has come. The numbers are of edits that
/// were to be sent, and add up to `total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishProgress {
    /// The set.
    pub set: ChangeSetId,
    /// Whether it goes on, stands still, or is over.
    pub state: ChangeSetState,
    /// How many were to be sent.
    pub total: u32,
    /// A read showed them.
    pub confirmed: u32,
    /// Not carried out, with the reason.
    pub refused: u32,
    /// They wait for a decision.
    pub conflicted: u32,
    /// No answer could tell; they are read again.
    pub unknown: u32,
    /// Not sent yet, and the one that is being sent.
    pub left: u32,
    /// The one that is being sent.
    pub sending: Option<EditId>,
    /// Until when nothing is sent, where the service asked for patience or
    /// could not be reached.
    pub waits_until: Option<Timestamp>,
    /// Why, in a sentence.
    pub waits_because: Option<String>,
}

impl Console {
    /// Begins to publish a change set: its ticked edits are sent one after the
    /// other from now on, also those that were refused before. Returns once
    /// that is written down; [`crate::Event::Changes`] tells of every step.
    ///
    /// `confirmed` holds the name of each protected environment that it
    /// changes, as the user confirmed it; one that a change to every
    /// environment reaches counts, too.
    ///
    /// [`ConsoleError::ReadOnly`] where another process publishes from the
    /// same folder, another set of the connection is being published, or an
    /// environment takes no changes.
    pub async fn publish(
        &self,
        id: &ChangeSetId,
        confirmed: &BTreeMap<EnvironmentKey, String>,
    ) -> Result<ChangeSet, ConsoleError> {
        let owning = self.inner.outbox.take(self.inner.mirror.directory())?;
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if !matches!(set.state, ChangeSetState::Open | ChangeSetState::Paused(_)) {
            return Err(ConsoleError::Gone {
                what: "the open change set",
            });
        }
        self.check_alone(&set).await?;
        let mut edits = self.inner.mirror.edits_of_change_set(id).await?;
        edits.retain(|edit| edit.ticked && order::is_unsent(edit));
        if edits.is_empty() {
            return Err(ConsoleError::Input {
                field: "change_set",
                sentence: "Nothing in this change set can be sent.".into(),
            });
        }
        self.check_touched(&set, &edits, confirmed).await?;
        for edit in &mut edits {
            edit.state = EditState::Pending;
        }
        self.move_set(&mut set, ChangeSetState::Publishing);
        self.inner.mirror.save_together(&[set.clone()], &edits).await?;
        self.begin_run(&set.id, owning);
        self.tell_changes(&set.connection);
        Ok(set)
    }

    /// Lets publishing stand still after the write that is on its way. A wait
    /// for the service is given up at once.
    pub async fn hold(&self, id: &ChangeSetId) -> Result<ChangeSet, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if set.state == ChangeSetState::Publishing {
            self.move_set(&mut set, ChangeSetState::Paused(PauseReason::Held));
            self.inner.mirror.save_change_set(&set).await?;
            self.halt_run(id);
            self.tell_changes(&set.connection);
        }
        Ok(set)
    }

    /// Goes on with a set that stands still, with what is left of it.
    pub async fn resume(&self, id: &ChangeSetId) -> Result<ChangeSet, ConsoleError> {
        let owning = self.inner.outbox.take(self.inner.mirror.directory())?;
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if matches!(set.state, ChangeSetState::Paused(_)) {
            self.check_alone(&set).await?;
            self.move_set(&mut set, ChangeSetState::Publishing);
            self.inner.mirror.save_change_set(&set).await?;
            self.begin_run(id, owning);
            self.tell_changes(&set.connection);
        }
        Ok(set)
    }

    /// Ends publishing after the write that is on its way. What was not sent
    /// is staged again, in a set of its own where something was.
    pub async fn cancel_rest(&self, id: &ChangeSetId) -> Result<ChangeSet, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if !matches!(set.state, ChangeSetState::Publishing | ChangeSetState::Paused(_)) {
            return Ok(set);
        }
        let mut edits = self.inner.mirror.edits_of_change_set(id).await?;
        edits.retain(|edit| edit.state == EditState::Pending);
        for edit in &mut edits {
            edit.state = EditState::Staged;
        }
        self.move_set(&mut set, ChangeSetState::Paused(PauseReason::Held));
        self.inner.mirror.save_together(&[set.clone()], &edits).await?;
        if self.halt_run(id) {
            // What is on its way comes to its end first.
            self.volatile().cancelled.insert(id.clone());
        } else {
            set = self.part_with_rest(set).await?;
        }
        self.tell_changes(&set.connection);
        Ok(set)
    }

    /// How far the set has come that is being published or stands still; the
    /// newest, where there are several.
    pub async fn publishing(
        &self,
        connection: &ConnectionId,
    ) -> Result<Option<PublishProgress>, ConsoleError> {
        let sets = self.inner.mirror.change_sets(Some(connection)).await?;
        let rank = |set: &ChangeSet| match set.state {
            ChangeSetState::Publishing => Some((1, set.changed_at)),
            ChangeSetState::Paused(_) => Some((0, set.changed_at)),
            _ => None,
        };
        let Some(set) = sets
            .into_iter()
            .filter(|set| rank(set).is_some())
            .max_by_key(|set| rank(set))
        else {
            return Ok(None);
        };
        let edits = self.inner.mirror.edits_of_change_set(&set.id).await?;
        Ok(self.progress_of(&set, &edits))
    }

    pub(crate) fn progress_of(&self, set: &ChangeSet, edits: &[Edit]) -> Option<PublishProgress> {
        if matches!(set.state, ChangeSetState::Open | ChangeSetState::Discarded) {
            return None;
        }
        let mut progress = PublishProgress {
            set: set.id.clone(),
            state: set.state.clone(),
            total: 0,
            confirmed: 0,
            refused: 0,
            conflicted: 0,
            unknown: 0,
            left: 0,
            sending: None,
            waits_until: None,
            waits_because: None,
        };
        for edit in edits {
            let counter = match edit.state {
                EditState::Pending | EditState::Sent => &mut progress.left,
                EditState::Confirmed => &mut progress.confirmed,
                EditState::Refused(_) => &mut progress.refused,
                EditState::Conflicted { .. } => &mut progress.conflicted,
                EditState::Unknown { .. } => &mut progress.unknown,
                EditState::Staged | EditState::Dropped => continue,
            };
            *counter += 1;
            progress.total += 1;
        }
        if let Some(run) = self.volatile().runs.get(&set.id) {
            progress.sending.clone_from(&run.sending);
            if let Some((until, why)) = &run.waits {
                progress.waits_until = Some(*until);
                progress.waits_because = Some(why.clone());
            }
        }
        Some(progress)
    }

    /// One set of a connection at a time, since each rests on what the others
    /// leave.
    async fn check_alone(&self, set: &ChangeSet) -> Result<(), ConsoleError> {
        let sets = self.inner.mirror.change_sets(Some(&set.connection)).await?;
        let other = sets
            .into_iter()
            .find(|other| other.id != set.id && other.state == ChangeSetState::Publishing);
        match other {
            Some(other) => Err(ConsoleError::ReadOnly {
                reason: format!("{} is being published.", other.name),
            }),
            None => Ok(()),
        }
    }

    /// Whether everything that edits change may be changed and was confirmed.
    async fn check_touched(
        &self,
        set: &ChangeSet,
        edits: &[Edit],
        confirmed: &BTreeMap<EnvironmentKey, String>,
    ) -> Result<(), ConsoleError> {
        let everywhere = edits.iter().any(|edit| edit.subject.scope() == Scope::Project);
        for environment in self.inner.mirror.environments(&set.connection).await? {
            let own = edits.iter().any(|edit| edit.environment == environment.key);
            if own {
                check_writable(&environment)?;
            }
            if own || everywhere {
                check_confirmed(&environment, confirmed.get(&environment.key).map(String::as_str))?;
            }
        }
        Ok(())
    }
}
