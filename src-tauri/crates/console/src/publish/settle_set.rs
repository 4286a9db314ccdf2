//! What becomes of a set when nothing more of it can be sent.

use halyard_model::{ChangeSet, ChangeSetId, ChangeSetState, Edit, EditState, PauseReason};

use crate::{Console, ConsoleError};

impl Console {
    /// Lets a set that is being published stand still.
    pub(super) async fn stand_still(&self, id: &ChangeSetId, why: PauseReason) -> Result<(), ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if set.state == ChangeSetState::Publishing {
            self.move_set(&mut set, ChangeSetState::Paused(why));
            self.inner.mirror.save_change_set(&set).await?;
            self.tell_changes(&set.connection);
        }
        Ok(())
    }

    /// Nothing more can be sent: the set is over, or somebody has to decide.
    /// The caller has the turn of changes.
    pub(super) async fn conclude(
        &self,
        mut set: ChangeSet,
        edits: Vec<Edit>,
    ) -> Result<ChangeSet, ConsoleError> {
        let needs_somebody = edits.iter().any(|edit| match edit.state {
            EditState::Pending
            | EditState::Sent
            | EditState::Unknown { .. }
            | EditState::Conflicted { .. }
            | EditState::Refused(_) => true,
            EditState::Staged => edit.ticked,
            EditState::Confirmed | EditState::Dropped => false,
        });
        if needs_somebody {
            self.move_set(&mut set, ChangeSetState::Paused(PauseReason::NeedsYou));
            self.inner.mirror.save_change_set(&set).await?;
            self.tell_changes(&set.connection);
            return Ok(set);
        }
        self.close_set(set, edits).await
    }

    /// After publishing was cancelled: what is not settled by the service goes
    /// into a set of its own. The caller has the turn of changes.
    pub(super) async fn part_with_rest(&self, set: ChangeSet) -> Result<ChangeSet, ConsoleError> {
        let mut edits = self.inner.mirror.edits_of_change_set(&set.id).await?;
        let undecided = |edit: &Edit| {
            matches!(
                edit.state,
                EditState::Sent
                    | EditState::Unknown { .. }
                    | EditState::Conflicted {
                        already_sent: true,
                        ..
                    }
            )
        };
        if edits.iter().any(undecided) {
            return self.conclude(set, edits).await;
        }
        for edit in edits.iter_mut().filter(|edit| edit.state == EditState::Pending) {
            edit.state = EditState::Staged;
        }
        self.close_set(set, edits).await
    }

    /// Ends a set of which something was published, and gives the rest a set of
    /// its own; one of which nothing was is open again.
    async fn close_set(&self, mut set: ChangeSet, edits: Vec<Edit>) -> Result<ChangeSet, ConsoleError> {
        let (done, mut rest): (Vec<Edit>, Vec<Edit>) = edits
            .into_iter()
            .partition(|edit| matches!(edit.state, EditState::Confirmed | EditState::Dropped));
        let published = done.iter().any(|edit| edit.state == EditState::Confirmed);
        let state = if published {
            ChangeSetState::Published
        } else {
            ChangeSetState::Open
        };
        self.move_set(&mut set, state);
        let mut sets = vec![set.clone()];
        if published && !rest.is_empty() {
            let mut other = self.blank_set(&set.connection, &set.name);
            other.undoes.clone_from(&set.undoes);
            for edit in &mut rest {
                edit.change_set = Some(other.id.clone());
            }
            sets.push(other);
        }
        self.inner.mirror.save_together(&sets, &rest).await?;
        self.tell_changes(&set.connection);
        Ok(set)
    }

    /// After something of a set was decided or settled: what waited for it goes
    /// on, or the set is over.
    pub(crate) async fn set_goes_on(&self, id: Option<&ChangeSetId>) -> Result<(), ConsoleError> {
        let Some(id) = id else { return Ok(()) };
        let _turn = self.inner.change_turn.lock().await;
        let mut set = self.known_set(id).await?;
        if set.state != ChangeSetState::Paused(PauseReason::NeedsYou) {
            return Ok(());
        }
        let edits = self.inner.mirror.edits_of_change_set(id).await?;
        let ready = edits.iter().any(|edit| {
            edit.state == EditState::Pending && super::order::waits_for(edit, &edits).next().is_none()
        });
        if !ready {
            self.conclude(set, edits).await?;
            return Ok(());
        }
        // Where another process publishes, that one comes to it.
        if let Ok(owning) = self.inner.outbox.take(self.inner.mirror.directory()) {
            self.move_set(&mut set, ChangeSetState::Publishing);
            self.inner.mirror.save_change_set(&set).await?;
            self.begin_run(id, owning);
            self.tell_changes(&set.connection);
        }
        Ok(())
    }
}
