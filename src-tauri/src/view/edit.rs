//! Edits, their outcomes and conflicts.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::ValueView;

/// A change to one flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct EditRequest {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The flag.
    pub flag: String,
    /// [`super::FlagRowView::revision`] of the state the user saw.
    pub revision: String,
    /// Turn on or off; `null` leaves it.
    pub enabled: Option<bool>,
    /// Replace the value; `null` leaves it.
    pub value: Option<ValueView>,
    /// In a protected environment: the name typed, or the environment's name
    /// where confirming is enough.
    pub confirmed: Option<String>,
}

/// One field of a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConflictFieldView {
    /// Which one, such as `State`.
    pub field: String,
    /// What it was when the edit began.
    pub base: String,
    /// What somebody else made of it.
    pub theirs: String,
    /// What the edit asks for.
    pub mine: String,
    /// Both changed it, and not to the same.
    pub contested: bool,
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
    /// The flag.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// What happened and what was sent, in a sentence.
    pub sentence: String,
    /// The edit had already been sent.
    pub already_sent: bool,
    /// What the service holds now.
    pub live: LiveSideView,
    /// Field by field.
    pub fields: Vec<ConflictFieldView>,
}

/// How to settle a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ResolutionView {
    /// Give the edit up.
    KeepTheirs,
    /// Send it again, resting on what the service holds now.
    SendMine,
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
    /// Somebody else changed the flag.
    Conflict {
        /// The conflict.
        conflict: ConflictView,
    },
    /// No answer can tell; the flag will be read again.
    Unknown {
        /// The edit.
        edit: String,
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
    /// The flag.
    pub flag: String,
    /// What it asks for and where it stands, in a sentence.
    pub sentence: String,
    /// The conflict, where there is one.
    pub conflict: Option<ConflictView>,
}
