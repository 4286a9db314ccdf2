//! Change sets: edits that are staged, reviewed and published together.
//!
//! Staging needs nobody: everything is a row in the mirror, so that it works
//! offline and is there after a crash. What moves from one state to the next
//! together is written in one transaction, in turn with the outbox.

mod rebase;
mod stage;

use halyard_mirror::MirrorError;
use halyard_model::{
    ChangeSet, ChangeSetId, ChangeSetState, ConnectionId, Edit, EditId, EditState, EnvironmentKey, Merge,
    Scope,
};
use halyard_provider::Leftover;
use uuid::Uuid;

pub(crate) use rebase::MOST_ROUNDS;
pub use stage::StageInput;
pub(crate) use stage::{about_to_be, amended, takes_edits};

use crate::{Console, ConsoleError, Event, PublishProgress, publish::order};

/// What a set is called until somebody names it.
const UNNAMED: &str = "Draft";

/// How a staged edit stands to what the mirror holds now.
#[derive(Clone, Debug, PartialEq)]
pub enum Ground {
    /// It rests on what the mirror holds.
    Firm,
    /// Somebody made the same change; nothing is left to send.
    AlreadyThere,
    /// Somebody changed the subject, and the changes do not touch: it will be
    /// sent as merged.
    Moved(Merge),
    /// Somebody changed the same: it needs a decision before it is sent.
    Contested(Merge),
    /// It is sent, or it is over.
    Past,
}

/// An edit of a change set with what is known around it.
#[derive(Clone, Debug)]
pub struct StagedFacts {
    /// The edit.
    pub edit: Edit,
    /// How it stands to what the mirror holds now.
    pub ground: Ground,
    /// Edits of the same set that must be confirmed before it is sent.
    pub waits_for: Vec<EditId>,
    /// What its write may have left behind, where that was looked for.
    pub leftovers: Vec<Leftover>,
}

/// An environment that publishing a set changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedEnvironment {
    /// The environment.
    pub environment: EnvironmentKey,
    /// Ticked edits that change something there alone.
    pub edits: u32,
    /// Ticked edits that change something in every environment.
    pub everywhere: u32,
}

/// A change set with its edits.
#[derive(Clone, Debug)]
pub struct ChangeSetFacts {
    /// The set.
    pub set: ChangeSet,
    /// Its edits in the order they were put in, with those that were given up.
    pub edits: Vec<StagedFacts>,
    /// The order in which the ticked ones that are not sent yet will be sent.
    pub sequence: Vec<EditId>,
    /// The environments that publishing it changes, in the connection's order.
    pub touches: Vec<TouchedEnvironment>,
    /// How far publishing has come; none while it is open.
    pub progress: Option<PublishProgress>,
}

impl Console {
    /// Begins a change set.
    pub async fn new_change_set(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<ChangeSet, ConsoleError> {
        let set = self.blank_set(connection, name);
        self.inner
            .mirror
            .save_change_set(&set)
            .await
            .map_err(no_connection)?;
        self.tell_changes(connection);
        Ok(set)
    }

    /// Gives a change set another name.
    pub async fn rename_change_set(&self, id: &ChangeSetId, name: &str) -> Result<ChangeSet, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        set.name = named(name);
        self.inner.mirror.save_change_set(&set).await?;
        self.tell_changes(&set.connection);
        Ok(set)
    }

    /// The change sets of a connection with their edits, the oldest first; also
    /// those that are published or given up.
    pub async fn change_sets(&self, connection: &ConnectionId) -> Result<Vec<ChangeSetFacts>, ConsoleError> {
        let mut all = Vec::new();
        for set in self.inner.mirror.change_sets(Some(connection)).await? {
            all.push(self.facts_of(set).await?);
        }
        Ok(all)
    }

    /// One change set with its edits.
    pub async fn change_set(&self, id: &ChangeSetId) -> Result<ChangeSetFacts, ConsoleError> {
        let set = self.known_set(id).await?;
        self.facts_of(set).await
    }

    /// Gives a change set up with everything in it that is not sent. Nothing
    /// is deleted: [`Console::restore_change_set`] brings it back.
    pub async fn discard_change_set(&self, id: &ChangeSetId) -> Result<(), ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if matches!(set.state, ChangeSetState::Publishing | ChangeSetState::Published) {
            return Err(ConsoleError::Gone {
                what: "the open change set",
            });
        }
        let mut edits = self.inner.mirror.edits_of_change_set(id).await?;
        edits.retain(|edit| edit.state == EditState::Pending);
        for edit in &mut edits {
            edit.state = EditState::Staged;
        }
        self.move_set(&mut set, ChangeSetState::Discarded);
        self.inner.mirror.save_together(&[set.clone()], &edits).await?;
        self.tell_changes(&set.connection);
        Ok(())
    }

    /// Brings back a change set that was given up.
    pub async fn restore_change_set(&self, id: &ChangeSetId) -> Result<ChangeSet, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if set.state != ChangeSetState::Discarded {
            return Ok(set);
        }
        let edits = self.inner.mirror.edits_of_change_set(id).await?;
        let begun = edits.iter().any(|edit| edit.attempt.tries > 0);
        let state = if begun {
            ChangeSetState::Paused(halyard_model::PauseReason::Held)
        } else {
            ChangeSetState::Open
        };
        self.move_set(&mut set, state);
        self.inner.mirror.save_change_set(&set).await?;
        self.tell_changes(&set.connection);
        Ok(set)
    }

    async fn facts_of(&self, set: ChangeSet) -> Result<ChangeSetFacts, ConsoleError> {
        let edits = self.inner.mirror.edits_of_change_set(&set.id).await?;
        let environments = self.inner.mirror.environments(&set.connection).await?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let to_send: Vec<&Edit> = edits
            .iter()
            .filter(|edit| edit.ticked && order::is_unsent(edit))
            .collect();
        let everywhere = to_send
            .iter()
            .filter(|edit| edit.subject.scope() == Scope::Project)
            .count();
        let touches = environments
            .iter()
            .map(|environment| TouchedEnvironment {
                environment: environment.key.clone(),
                edits: count(
                    to_send
                        .iter()
                        .filter(|edit| {
                            edit.subject.scope() == Scope::Environment && edit.environment == environment.key
                        })
                        .count(),
                ),
                everywhere: count(everywhere),
            })
            .filter(|touched| touched.edits > 0 || touched.everywhere > 0)
            .collect();
        let sequence = order::sequence(&edits)
            .into_iter()
            .filter(|edit| edit.ticked && order::is_unsent(edit))
            .map(|edit| edit.id.clone())
            .collect();
        let progress = self.progress_of(&set, &edits);
        let mut staged = Vec::with_capacity(edits.len());
        for edit in &edits {
            staged.push(StagedFacts {
                ground: self.ground_of(edit).await?,
                waits_for: order::waits_for(edit, &edits)
                    .map(|other| other.id.clone())
                    .collect(),
                leftovers: self
                    .volatile()
                    .leftovers
                    .get(&edit.id)
                    .cloned()
                    .unwrap_or_default(),
                edit: edit.clone(),
            });
        }
        Ok(ChangeSetFacts {
            set,
            edits: staged,
            sequence,
            touches,
            progress,
        })
    }

    pub(crate) async fn known_set(&self, id: &ChangeSetId) -> Result<ChangeSet, ConsoleError> {
        let found = self.inner.mirror.change_set(id).await?;
        found.ok_or(ConsoleError::Gone {
            what: "the change set",
        })
    }

    /// A set that is not written down yet.
    pub(crate) fn blank_set(&self, connection: &ConnectionId, name: &str) -> ChangeSet {
        let now = self.inner.clock.now();
        ChangeSet {
            id: ChangeSetId(Uuid::new_v4().to_string()),
            connection: connection.clone(),
            name: named(name),
            state: ChangeSetState::Open,
            created_at: now,
            changed_at: now,
            undoes: None,
        }
    }

    pub(crate) fn move_set(&self, set: &mut ChangeSet, state: ChangeSetState) {
        set.state = state;
        set.changed_at = self.inner.clock.now();
    }

    /// Edits that wait in a set which is not over: what is laid over the mirror.
    pub(crate) async fn staged_edits(&self, connection: &ConnectionId) -> Result<Vec<Edit>, ConsoleError> {
        let edits = self.inner.mirror.waiting_edits(connection).await?;
        if edits.is_empty() {
            return Ok(edits);
        }
        let sets = self.inner.mirror.change_sets(Some(connection)).await?;
        let rank = |edit: &Edit| {
            let is_its = |set: &ChangeSet| Some(&set.id) == edit.change_set.as_ref();
            let place = sets.iter().position(is_its)?;
            let over = matches!(
                sets[place].state,
                ChangeSetState::Published | ChangeSetState::Discarded
            );
            (!over).then_some(place)
        };
        let mut ranked: Vec<(usize, Edit)> = edits
            .into_iter()
            .filter_map(|edit| Some((rank(&edit)?, edit)))
            .collect();
        // The newest set's comes last, which is what is shown.
        ranked.sort_by_key(|(place, _)| *place);
        Ok(ranked.into_iter().map(|(_, edit)| edit).collect())
    }

    pub(crate) fn tell_changes(&self, connection: &ConnectionId) {
        self.tell(Event::Changes {
            connection: connection.clone(),
        });
    }
}

fn named(name: &str) -> String {
    let name = name.trim();
    if name.is_empty() { UNNAMED } else { name }.to_owned()
}

fn no_connection(error: MirrorError) -> ConsoleError {
    match error {
        MirrorError::Missing => ConsoleError::Gone {
            what: "the connection",
        },
        other => other.into(),
    }
}
