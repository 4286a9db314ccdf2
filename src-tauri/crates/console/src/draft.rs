//! Changes somebody considers and has not sent.

use halyard_model::{
    Change, ChangeSetId, Edit, EditId, EditState, FieldChanges, FieldPath, FlagKey, Scope, Subject,
    SubjectState, Timestamp, fields_of,
};

use crate::{Console, ConsoleError, state::Site};

/// A change to a subject that is laid over the mirror's document before it is
/// evaluated. Nothing of it is written down or sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What it is about.
    pub subject: Subject,
    /// What becomes of it, field by field.
    pub changes: FieldChanges,
}

impl Draft {
    /// A change to a flag where no override decides.
    pub fn of_flag(flag: &FlagKey, change: &Change) -> Draft {
        Draft {
            subject: Subject::state_of(flag),
            changes: change.fields(),
        }
    }

    /// What an edit changes between its base and its wish. What somebody else
    /// has made of the other fields since stays.
    pub fn of_edit(edit: &Edit) -> Draft {
        let wished = fields_of(edit.wish.as_ref());
        let is_gone = edit.wish.is_none() && !matches!(edit.subject, Subject::Traits { .. });
        let changes: FieldChanges = match is_gone {
            true => [(FieldPath::Existence, None)].into(),
            false => edit
                .changes()
                .into_iter()
                .map(|field| {
                    let to = wished.get(&field).cloned();
                    (field, to)
                })
                .collect(),
        };
        Draft {
            subject: edit.subject.clone(),
            changes,
        }
    }
}

impl Draft {
    /// What leads a subject from one state to another.
    pub(crate) fn of_states(
        site: &Site,
        subject: &Subject,
        states: (Option<SubjectState>, Option<SubjectState>),
    ) -> Draft {
        let nowhere = EditId(String::new());
        Draft::of_edit(&Edit::new(
            nowhere,
            site.clone(),
            subject.clone(),
            states,
            Timestamp(0),
        ))
    }
}

/// Where a draft that is laid over comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DraftOrigin {
    /// A staged edit of the change set.
    Staged(EditId),
    /// The draft at this place among those that were given, from 0.
    Typed(usize),
}

/// Drafts to be laid over, staged ones first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Considered {
    pub(crate) drafts: Vec<Draft>,
    staged: Vec<EditId>,
}

impl Considered {
    /// Drafts that were given, behind the ticked edits of a change set.
    pub(crate) fn new(edits: &[Edit], typed: Vec<Draft>) -> Considered {
        let mut drafts: Vec<Draft> = edits.iter().map(Draft::of_edit).collect();
        drafts.extend(typed);
        Considered {
            drafts,
            staged: edits.iter().map(|edit| edit.id.clone()).collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// Where the draft at a place comes from.
    pub(crate) fn origin(&self, place: usize) -> DraftOrigin {
        match self.staged.get(place) {
            Some(edit) => DraftOrigin::Staged(edit.clone()),
            None => DraftOrigin::Typed(place.saturating_sub(self.staged.len())),
        }
    }

    /// The flags that drafts are about.
    pub(crate) fn flags(&self) -> Vec<&str> {
        let flags = self.drafts.iter().filter_map(|draft| draft.subject.flag());
        flags.map(|flag| flag.0.as_str()).collect()
    }
}

impl Console {
    /// The drafts of a question: the ticked edits of its change set that are
    /// not sent and hold in its environment, then those that were given.
    ///
    /// [`ConsoleError::Gone`] where the change set is not there.
    pub(crate) async fn considered(
        &self,
        site: &Site,
        change_set: Option<&ChangeSetId>,
        typed: Vec<Draft>,
    ) -> Result<Considered, ConsoleError> {
        let edits = match change_set {
            Some(id) => self.edits_to_come(site, id).await?,
            None => Vec::new(),
        };
        Ok(Considered::new(&edits, typed))
    }

    /// The ticked edits of a change set that are not sent and hold in an
    /// environment, in their order.
    pub(crate) async fn edits_to_come(
        &self,
        site: &Site,
        id: &ChangeSetId,
    ) -> Result<Vec<Edit>, ConsoleError> {
        let mirror = &self.inner.mirror;
        let known = mirror.change_set(id).await?;
        if known.is_none_or(|known| known.connection != site.0) {
            return Err(ConsoleError::Gone {
                what: "the change set",
            });
        }
        let holds_here = |edit: &Edit| edit.environment == site.1 || edit.subject.scope() == Scope::Project;
        let mut edits = mirror.edits_of_change_set(id).await?;
        edits.retain(|edit| edit.ticked && is_to_come(&edit.state) && holds_here(edit));
        Ok(edits)
    }
}

/// Whether an edit is still to be sent.
fn is_to_come(state: &EditState) -> bool {
    match state {
        EditState::Staged | EditState::Pending => true,
        EditState::Conflicted { already_sent, .. } => !already_sent,
        EditState::Sent
        | EditState::Confirmed
        | EditState::Refused(_)
        | EditState::Unknown { .. }
        | EditState::Dropped => false,
    }
}
