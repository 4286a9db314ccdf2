//! Edits: what somebody means to change, kept apart from what was fetched.
//!
//! An edit holds the whole state it rests on and the whole state it wishes for.
//! What it changes is the difference; leading it back swaps the two; a conflict
//! merges them with what somebody else made of the first ([`crate::merge`]).

mod amend;
mod change;
mod change_set;
mod field;
mod fields;
mod state;
mod subject;

use serde::{Deserialize, Serialize};

pub use amend::{Rebased, compose, rebase};
pub use change::Change;
pub use change_set::{ChangeSet, ChangeSetId, ChangeSetState, PauseReason};
pub use field::{FieldPath, UnknownField};
pub use fields::{
    BadField, FieldChanges, Fields, changed, changed_fields, fields_of, same_value, state_from,
};
pub use state::{
    ConfigDefinition, FlagDefinition, IdentityState, RuleKind, SegmentCondition, SegmentDefinition,
    SegmentRule, SubjectState,
};
pub use subject::{Scope, SegmentKey, Subject};

use crate::{ConnectionId, EnvironmentKey, FlagKey, Timestamp, merge};

/// Names one edit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditId(pub String);

/// What a service said about one field of an edit it refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The field, where the answer names one.
    pub field: Option<FieldPath>,
    /// The service's own words.
    pub words: String,
}

/// Why an edit was not carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What happened, in a sentence.
    pub reason: String,
    /// Why, as far as it is known.
    #[serde(default)]
    pub cause: Option<String>,
    /// What to do.
    #[serde(default)]
    pub next_step: Option<String>,
    /// The service's own words, by field.
    #[serde(default)]
    pub said: Vec<Said>,
}

impl Refusal {
    /// A refusal that needs no more than a sentence.
    pub fn because(reason: impl Into<String>) -> Refusal {
        Refusal {
            reason: reason.into(),
            ..Refusal::default()
        }
    }
}

/// How far an edit has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EditState {
    /// In a change set, not to be sent before that is published.
    Staged,
    /// Written down to be sent; not sent.
    Pending,
    /// Being sent. An edit found in this state at start was cut off: its
    /// outcome is unknown until the subject is read again.
    Sent,
    /// The service holds it: a read after the write showed it.
    Confirmed,
    /// Somebody else changed the subject since the edit's base.
    Conflicted {
        /// What the service holds now; `None` where it holds none any more.
        theirs: Option<Box<SubjectState>>,
        /// The edit had already been sent when the other change was seen, so
        /// that both states exist in the service's history.
        already_sent: bool,
    },
    /// The service said no, or could not be reached before anything was sent.
    Refused(Refusal),
    /// It was sent and no answer can tell what became of it.
    Unknown {
        /// Why, in a sentence.
        reason: String,
    },
    /// The user gave it up.
    Dropped,
}

/// What is known of an edit's last way to the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// How often it was begun.
    pub tries: u32,
    /// What the service made for it before anything counted, such as the uuid
    /// of a draft.
    pub handle: Option<String>,
    /// When the request that counts left.
    pub sent_at: Option<Timestamp>,
    /// When its answer came.
    pub answered_at: Option<Timestamp>,
    /// When a read afterwards told what became of it.
    pub settled_at: Option<Timestamp>,
    /// An answer to it or to an earlier try was lost, so that something may be
    /// there twice.
    #[serde(default)]
    pub doubtful: bool,
}

/// One intended change to one subject, with the state it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Its name.
    pub id: EditId,
    /// The connection it goes to.
    pub connection: ConnectionId,
    /// The environment it goes to, or in which a change to every environment
    /// was decided.
    pub environment: EnvironmentKey,
    /// What it is about.
    pub subject: Subject,
    /// The state the user saw when deciding; `None` where there was none.
    pub base: Option<SubjectState>,
    /// The state they want; `None` to delete.
    pub wish: Option<SubjectState>,
    /// How far it has come.
    pub state: EditState,
    /// When it was written down.
    pub created_at: Timestamp,
    /// The change set it is part of; none for one that was sent by itself.
    pub change_set: Option<ChangeSetId>,
    /// Its place in the change set, the first at 0.
    pub position: u32,
    /// Whether publishing its change set sends it.
    pub ticked: bool,
    /// How many conflicts have been decided for it.
    pub rounds: u32,
    /// The edit that it leads back.
    pub undoes: Option<EditId>,
    /// Its last way to the service.
    pub attempt: Attempt,
}

impl Edit {
    /// An edit that is written down to be sent by itself.
    pub fn new(
        id: EditId,
        (connection, environment): (ConnectionId, EnvironmentKey),
        subject: Subject,
        (base, wish): (Option<SubjectState>, Option<SubjectState>),
        created_at: Timestamp,
    ) -> Edit {
        Edit {
            id,
            connection,
            environment,
            subject,
            base,
            wish,
            state: EditState::Pending,
            created_at,
            change_set: None,
            position: 0,
            ticked: true,
            rounds: 0,
            undoes: None,
            attempt: Attempt::default(),
        }
    }

    /// The fields it changes.
    pub fn changes(&self) -> Vec<FieldPath> {
        changed_fields(self.base.as_ref(), self.wish.as_ref())
    }

    /// Whether a state holds everything it asks for, whatever else it holds:
    /// whether merging the edit into it would leave it as it is.
    pub fn is_met_by(&self, state: Option<&SubjectState>) -> bool {
        let merged = merge(self.base.as_ref(), self.wish.as_ref(), state);
        let result = merged.state(&self.subject, state);
        result.is_ok_and(|result| changed_fields(state, result.as_ref()).is_empty())
    }

    /// The flag it concerns, where it concerns one.
    pub fn flag(&self) -> Option<&FlagKey> {
        self.subject.flag()
    }

    /// Whether somebody or something still has to settle it.
    pub fn is_open(&self) -> bool {
        matches!(
            self.state,
            EditState::Pending | EditState::Sent | EditState::Unknown { .. } | EditState::Conflicted { .. }
        )
    }
}
