//! What the mirror holds of anything that an edit can be about, with the edits
//! that are laid over it.

mod document;
mod documents;
mod lists;
mod state;

use halyard_model::{ConnectionId, Edit, EnvironmentKey, Subject, SubjectState, Timestamp};

pub(crate) use document::{every_identity_override, whole};
pub(crate) use documents::Documents;
pub(crate) use lists::names_segment;
pub use lists::{ConfigFacts, IdentityFacts, IdentityOverrideFacts, SegmentFacts, SegmentUse};
pub(crate) use state::{Held, definition_of};

use crate::{Console, ConsoleError, revision_of};

/// A subject as the mirror holds it, and what is meant to become of it.
#[derive(Clone, Debug)]
pub struct SubjectFacts {
    /// The subject.
    pub subject: Subject,
    /// What the mirror holds; `None` where it does not exist. Traits are asked
    /// of the service at this moment.
    pub state: Option<SubjectState>,
    /// [`revision_of`] the state: what goes back with an edit.
    pub revision: String,
    /// How old that is; none where nothing was fetched yet.
    pub fetched_at: Option<Timestamp>,
    /// Its edit in the newest open change set, where there is one.
    pub staged: Option<Edit>,
    /// Its edit that is on its way, unknown or in conflict, where there is one.
    pub open: Option<Edit>,
}

impl SubjectFacts {
    /// What it is to become: as the staged or the open edit wishes, else what
    /// the mirror holds.
    pub fn wished(&self) -> Option<&SubjectState> {
        match self.staged.as_ref().or(self.open.as_ref()) {
            Some(edit) => edit.wish.as_ref(),
            None => self.state.as_ref(),
        }
    }
}

impl Console {
    /// What is known of a subject.
    ///
    /// Traits are read from the service; what was read is kept, so that an
    /// edit can rest on it.
    pub async fn subject(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        subject: &Subject,
    ) -> Result<SubjectFacts, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        if let Subject::Traits { .. } = subject {
            self.read_live(&site, subject).await?;
        }
        self.read_beginnings(&site, subject).await?;
        let held = self.held(&site, subject).await?;
        let is_about = |edit: &Edit| edit.is_about(environment, subject);
        let staged = self.staged_edits(connection).await?.into_iter().rfind(is_about);
        let open = self
            .inner
            .mirror
            .open_edits(Some(connection))
            .await?
            .into_iter()
            .rfind(is_about);
        Ok(SubjectFacts {
            subject: subject.clone(),
            revision: revision_of(held.state.as_ref()),
            state: held.state,
            fetched_at: held.fetched_at,
            staged,
            open: open.filter(|edit| edit.change_set.is_none() || edit.is_open()),
        })
    }
}

/// Tells which edits are about a subject.
pub(crate) trait IsAbout {
    /// Whether it is about a subject as seen in an environment: what holds in
    /// every environment is the same wherever it was decided.
    fn is_about(&self, environment: &EnvironmentKey, subject: &Subject) -> bool;
}

impl IsAbout for Edit {
    fn is_about(&self, environment: &EnvironmentKey, subject: &Subject) -> bool {
        let same_place = subject.scope() == halyard_model::Scope::Project || self.environment == *environment;
        same_place && self.subject == *subject
    }
}
