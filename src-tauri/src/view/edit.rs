//! Edits that are sent at once, their outcomes and conflicts.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FieldEdit, FieldValueView, SubjectView};

/// A change that is sent at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct EditRequest {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// What it is about.
    pub subject: SubjectView,
    /// The revision of the state the user saw, as given with it.
    pub revision: String,
    /// What changes.
    pub changes: Vec<FieldEdit>,
    /// In a protected environment: the name typed, or the environment's name
    /// where confirming is enough.
    pub confirmed: Option<String>,
}

/// How a field of the merged result came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum MergedHowView {
    /// Only they changed it.
    Theirs,
    /// Only I changed it.
    Mine,
    /// Both, to the same or without touching each other.
    Both,
    /// Both changed it otherwise: it must be decided.
    Contested,
    /// It was contested and is decided.
    Decided,
}

/// One field of a conflict that somebody changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConflictFieldView {
    /// Its path.
    pub field: String,
    /// Its name for people.
    pub label: String,
    /// Whose it is, such as `Segment override` or `All environments`.
    pub note: Option<String>,
    /// Why it is one field, where that needs saying.
    pub why: Option<String>,
    /// What it was when the edit began.
    pub base: FieldValueView,
    /// What somebody else made of it.
    pub theirs: FieldValueView,
    /// What the edit asks for.
    pub mine: FieldValueView,
    /// What comes out; theirs, while it is contested.
    pub merged: FieldValueView,
    /// How.
    pub how: MergedHowView,
    /// It can be edited to something third.
    pub editable: bool,
}

/// Which side of a conflict the service holds, as far as the mirror knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LiveSideView {
    /// The other change.
    Theirs,
    /// The edit: it arrived right after the other change and replaced it.
    Mine,
    /// Something else again.
    Neither,
}

/// An edit that met somebody else's change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConflictView {
    /// The edit.
    pub edit: String,
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The environment's name.
    pub environment_name: String,
    /// What it is about.
    pub subject: SubjectView,
    /// The subject's name for people.
    pub name: String,
    /// The change set it is in, by name.
    pub change_set: Option<String>,
    /// What happened and what was sent, in a sentence.
    pub sentence: String,
    /// The edit had already been sent.
    pub already_sent: bool,
    /// What the service holds now.
    pub live: LiveSideView,
    /// Under `Base`, such as `Version 40, 14:21, where you began`; times as
    /// `{seconds}` between braces.
    pub base_label: String,
    /// Under `Theirs`.
    pub theirs_label: String,
    /// Under `Mine`.
    pub mine_label: String,
    /// Under `Merged result`.
    pub merged_label: String,
    /// Fields that somebody changed, contested ones first.
    pub fields: Vec<ConflictFieldView>,
    /// Names of the fields that nobody changed.
    pub unchanged: Vec<String>,
    /// How many need a decision.
    pub contested: u32,
    /// How the next write is kept from overwriting, in a sentence.
    pub precondition: String,
    /// How often it was decided before.
    pub rounds: u32,
}

/// Which side a contested field takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum ChoiceSideView {
    /// Theirs.
    Theirs,
    /// Mine.
    Mine,
    /// Something third.
    Edited {
        /// What.
        to: super::FieldInput,
    },
}

/// A decision about one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChoiceView {
    /// The field's path.
    pub field: String,
    /// What it becomes.
    pub side: ChoiceSideView,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OutcomeView {
    /// The service holds it: a read after the write showed it.
    Confirmed {
        /// The edit, for undo.
        edit: String,
        /// Such as `guest_checkout is off in Staging`.
        sentence: String,
    },
    /// It already was as asked; nothing was sent.
    AlreadyThere {
        /// In a sentence.
        sentence: String,
    },
    /// Somebody else changed the subject.
    Conflict {
        /// The conflict.
        conflict: Box<ConflictView>,
    },
    /// No answer can tell; the subject will be read again.
    Unknown {
        /// The edit.
        edit: String,
        /// In a sentence.
        sentence: String,
    },
    /// It goes back into its change set and is sent from there.
    Queued {
        /// In a sentence.
        sentence: String,
    },
}

/// An edit whose outcome is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct OpenEditView {
    /// The edit.
    pub edit: String,
    /// The environment's key.
    pub environment: String,
    /// The environment's name.
    pub environment_name: String,
    /// What it is about.
    pub subject: SubjectView,
    /// The subject's name for people.
    pub name: String,
    /// The change set it is in.
    pub change_set: Option<String>,
    /// What it asks for and where it stands, in a sentence.
    pub sentence: String,
    /// It is in conflict.
    pub conflict: bool,
}

/// What is typed about one subject and not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct UnsentView {
    /// The connection.
    pub connection: String,
    /// The window's name for the subject and its environment.
    pub subject: String,
    /// What the window wrote.
    pub record: String,
}
