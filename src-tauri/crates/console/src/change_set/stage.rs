//! Staging: an edit is put into a change set, changed there, moved, given up
//! and brought back.

use halyard_model::EditState as State;
use halyard_model::{
    ChangeSet, ChangeSetId, ChangeSetState, ConnectionId, Edit, EditId, EditState, EnvironmentKey,
    FieldChanges, Subject, SubjectState, changed,
};

use crate::{Console, ConsoleError, edit::bad_field, revision_of, state::Site, subject::IsAbout};

/// A change that is to be published later.
#[derive(Clone, Debug)]
pub struct StageInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment, or where a change to every environment is decided.
    pub environment: EnvironmentKey,
    /// What it is about.
    pub subject: Subject,
    /// [`revision_of`] the mirror's state that the user saw.
    pub revision: String,
    /// What they ask for, laid over what is staged already.
    pub changes: FieldChanges,
    /// The set it goes into; the newest open one, or a new one, where there is
    /// none.
    pub change_set: Option<ChangeSetId>,
}

impl Console {
    /// Puts a change into a change set. One that is about a subject the set
    /// has an edit of already amends that edit. Nothing is sent.
    ///
    /// [`ConsoleError::StaleView`] where the mirror holds another state than
    /// the user saw.
    pub async fn stage(&self, input: StageInput) -> Result<Edit, ConsoleError> {
        if self.known_connection(&input.connection).await?.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        let _turn = self.inner.change_turn.lock().await;
        let environment = self
            .known_environment(&input.connection, &input.environment)
            .await?;
        let site = (input.connection.clone(), environment.key);
        let held = self.held(&site, &input.subject).await?;
        if revision_of(held.state.as_ref()) != input.revision {
            return Err(ConsoleError::StaleView);
        }
        let (set, is_new) = match &input.change_set {
            Some(id) => (self.known_set(id).await?, false),
            None => self.set_to_stage_into(&input.connection).await?,
        };
        if set.connection != input.connection || !takes_edits(&set) {
            return Err(ConsoleError::Gone {
                what: "the open change set",
            });
        }
        let edits = if is_new {
            Vec::new()
        } else {
            self.inner.mirror.edits_of_change_set(&set.id).await?
        };
        let known = edits.iter().find(|edit| {
            edit.is_about(&input.environment, &input.subject)
                && !matches!(edit.state, State::Dropped | State::Confirmed)
        });
        let edit = match known {
            Some(edit) => amended(edit, &input.changes)?,
            None => {
                let base = held.state.or_else(|| about_to_be(&input.subject, &edits));
                let wish = changed(&input.subject, base.as_ref(), &input.changes).map_err(bad_field)?;
                let mut edit = self.new_edit(&site, input.subject, base, wish);
                edit.state = EditState::Staged;
                edit.change_set = Some(set.id.clone());
                edit.position = edits.iter().map(|edit| edit.position + 1).max().unwrap_or(0);
                edit
            }
        };
        let sets = if is_new { vec![set] } else { Vec::new() };
        self.inner
            .mirror
            .save_together(&sets, std::slice::from_ref(&edit))
            .await?;
        self.tell_staged(&site);
        Ok(edit)
    }

    /// The newest open set of a connection, or a new one that is not written
    /// down yet, and whether it is new.
    async fn set_to_stage_into(&self, connection: &ConnectionId) -> Result<(ChangeSet, bool), ConsoleError> {
        let sets = self.inner.mirror.change_sets(Some(connection)).await?;
        let open = sets.into_iter().rfind(|set| set.state == ChangeSetState::Open);
        Ok(open.map_or_else(|| (self.blank_set(connection, ""), true), |set| (set, false)))
    }

    /// Says whether publishing its set sends an edit.
    pub async fn tick(&self, id: &EditId, ticked: bool) -> Result<Edit, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut edit = self.staged_edit(id).await?;
        self.inner.mirror.set_edit_ticked(id, ticked).await?;
        edit.ticked = ticked;
        self.tell_changes(&edit.connection);
        Ok(edit)
    }

    /// Moves an edit to a place among those of its set that are not given up,
    /// the first at 0. Returns the set's edits in their new order.
    pub async fn move_edit(&self, id: &EditId, to: u32) -> Result<Vec<Edit>, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let edit = self.staged_edit(id).await?;
        let Some(set) = &edit.change_set else {
            return Err(gone());
        };
        let edits = self.inner.mirror.edits_of_change_set(set).await?;
        let (over, mut live): (Vec<Edit>, Vec<Edit>) =
            edits.into_iter().partition(|edit| edit.state == State::Dropped);
        let Some(from) = live.iter().position(|one| one.id == *id) else {
            return Err(gone());
        };
        let moved = live.remove(from);
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(live.len());
        live.insert(to, moved);
        live.extend(over);
        for (position, one) in (0..).zip(&mut live) {
            one.position = position;
        }
        let places: Vec<(EditId, u32)> = live.iter().map(|one| (one.id.clone(), one.position)).collect();
        self.inner.mirror.set_edit_places(&places).await?;
        self.tell_changes(&edit.connection);
        Ok(live)
    }

    /// Changes what a staged edit wishes for: the changes are laid over its
    /// wish. One that was refused is staged again, with what was typed.
    pub async fn amend(&self, id: &EditId, changes: &FieldChanges) -> Result<Edit, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let edit = amended(&self.staged_edit(id).await?, changes)?;
        self.inner.mirror.save_edit(&edit).await?;
        self.tell_staged(&(edit.connection.clone(), edit.environment.clone()));
        Ok(edit)
    }

    /// Gives a staged, refused or conflicted edit of a set up.
    /// [`Console::restore_edit`] brings it back.
    pub async fn discard_edit(&self, id: &EditId) -> Result<Edit, ConsoleError> {
        let turn = self.inner.change_turn.lock().await;
        let mut edit = self.staged_edit(id).await?;
        edit.state = EditState::Dropped;
        self.inner.mirror.save_edit(&edit).await?;
        drop(turn);
        self.tell_staged(&(edit.connection.clone(), edit.environment.clone()));
        self.set_goes_on(edit.change_set.as_ref()).await?;
        Ok(edit)
    }

    /// Brings back an edit of a set that was given up: staged, as it was.
    ///
    /// [`ConsoleError::Input`] where the set has another edit of the subject
    /// by now.
    pub async fn restore_edit(&self, id: &EditId) -> Result<Edit, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let mut edit = self.known_edit(id).await?;
        let Some(set) = edit.change_set.clone().filter(|_| edit.state == State::Dropped) else {
            return Err(gone());
        };
        let set = self.known_set(&set).await?;
        let others = self.inner.mirror.edits_of_change_set(&set.id).await?;
        let taken = others.iter().any(|other| {
            other.id != edit.id
                && other.is_about(&edit.environment, &edit.subject)
                && !matches!(other.state, State::Dropped | State::Confirmed)
        });
        if taken {
            return Err(ConsoleError::Input {
                field: "edit",
                sentence: "The change set has another edit of the same by now.".into(),
            });
        }
        let mut sets = Vec::new();
        if !takes_edits(&set) {
            // Its set is over: it goes on in another.
            let (other, is_new) = self.set_to_stage_into(&edit.connection).await?;
            edit.change_set = Some(other.id.clone());
            edit.position = self.next_position(&other.id).await?;
            if is_new {
                sets.push(other);
            }
        }
        edit.state = EditState::Staged;
        self.inner
            .mirror
            .save_together(&sets, std::slice::from_ref(&edit))
            .await?;
        self.tell_staged(&(edit.connection.clone(), edit.environment.clone()));
        Ok(edit)
    }

    pub(crate) async fn next_position(&self, set: &ChangeSetId) -> Result<u32, ConsoleError> {
        let edits = self.inner.mirror.edits_of_change_set(set).await?;
        Ok(edits.iter().map(|edit| edit.position + 1).max().unwrap_or(0))
    }

    /// An edit that waits in a set and is not on its way.
    async fn staged_edit(&self, id: &EditId) -> Result<Edit, ConsoleError> {
        let edit = self.known_edit(id).await?;
        let waits = matches!(
            edit.state,
            State::Staged | State::Refused(_) | State::Conflicted { .. }
        );
        if edit.change_set.is_none() || !waits {
            return Err(gone());
        }
        Ok(edit)
    }

    pub(crate) fn tell_staged(&self, site: &Site) {
        self.tell_changes(&site.0);
        self.tell_environment(site);
    }
}

fn gone() -> ConsoleError {
    ConsoleError::Gone {
        what: "the staged edit",
    }
}

pub(crate) fn takes_edits(set: &ChangeSet) -> bool {
    matches!(set.state, ChangeSetState::Open | ChangeSetState::Paused(_))
}

/// An edit with changes laid over its wish.
pub(crate) fn amended(edit: &Edit, changes: &FieldChanges) -> Result<Edit, ConsoleError> {
    if !matches!(edit.state, State::Staged | State::Refused(_)) {
        return Err(gone());
    }
    let mut edit = edit.clone();
    edit.amend(changes).map_err(bad_field)?;
    edit.state = EditState::Staged;
    Ok(edit)
}

/// The state that a flag begins with where an edit of the same set makes it.
pub(crate) fn about_to_be(subject: &Subject, edits: &[Edit]) -> Option<SubjectState> {
    let Subject::FlagState { flag } = subject else {
        return None;
    };
    let made = edits.iter().find_map(|edit| match (&edit.subject, &edit.wish) {
        (Subject::Flag { flag: made }, Some(SubjectState::Flag(definition)))
            if made == flag && edit.base.is_none() && edit.state != State::Dropped =>
        {
            Some(definition)
        }
        _ => None,
    })?;
    Some(SubjectState::FlagState(made.first_state()))
}
