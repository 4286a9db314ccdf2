//! Staged edits, change sets and publishing.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FieldChangeView, FieldEdit, MarkView, ProtectionView, SubjectView, WeighedThenView};

/// Asks for edits to be staged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct StageRequest {
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
    /// The change set; `null` for the newest open one, or a new one.
    pub change_set: Option<String>,
}

/// An edit was staged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct StagedView {
    /// The edit.
    pub edit: String,
    /// The change set it is in.
    pub change_set: String,
    /// Such as `Staged in Black Friday warm-up, with 3 others.`
    pub sentence: String,
}

/// What an edit does to its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum EditVerbView {
    /// It makes it.
    Create,
    /// It changes it.
    Change,
    /// It deletes it.
    Delete,
}

/// What stands before a subject's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SubjectIconView {
    /// A flag that is only on or off.
    Boolean,
    /// A flag with text.
    Text,
    /// A flag with a number.
    Number,
    /// A flag with JSON.
    Json,
    /// A flag with options.
    Multivariate,
    /// A segment.
    Segment,
    /// An identity.
    Identity,
    /// A config.
    Config,
}

/// What a service said about a field of an edit it refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SaidView {
    /// The field's path; `null` where the answer names none.
    pub field: Option<String>,
    /// The field's name for people.
    pub label: Option<String>,
    /// The service's own words.
    pub words: String,
}

/// Why an edit was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RefusalView {
    /// What happened, in a sentence.
    pub sentence: String,
    /// Why, as far as it is known.
    pub cause: Option<String>,
    /// What to do.
    pub next_step: Option<String>,
    /// The service's own words.
    pub said: Vec<SaidView>,
}

/// How far an edit of a change set has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum EditStatusView {
    /// Waits for publishing.
    Staged,
    /// The mirror has moved on since: fields that both changed must be decided
    /// before it is published.
    Behind {
        /// How many.
        contested: u32,
    },
    /// Waits for its turn.
    Queued,
    /// On its way.
    Sending,
    /// Waits because the service asked for patience, or cannot be reached.
    Waiting {
        /// Such as `429, try 2 of 5`.
        sentence: String,
        /// Until when, where it is known.
        until: Option<u32>,
    },
    /// The service holds it: a read after the write showed it.
    Sent {
        /// When.
        at: u32,
        /// How long it took, reads included.
        millis: u32,
    },
    /// Somebody else changed the same.
    Conflict {
        /// Fields to be decided.
        contested: u32,
        /// The edit had been sent before it was seen.
        already_sent: bool,
    },
    /// The service said no; nothing was changed.
    Refused {
        /// Why.
        refusal: RefusalView,
    },
    /// No answer can tell.
    Unknown {
        /// Why, in a sentence.
        sentence: String,
    },
    /// Given up; can be restored.
    Discarded,
}

/// Something a write that was cut off left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LeftoverView {
    /// Names it.
    pub handle: String,
    /// What it is and what removing it does, in a sentence.
    pub sentence: String,
}

/// One edit of a change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EditView {
    /// Names it.
    pub id: String,
    /// The environment's key.
    pub environment: String,
    /// The environment's name.
    pub environment_name: String,
    /// The environment's mark.
    pub mark: MarkView,
    /// What it is about.
    pub subject: SubjectView,
    /// The subject's name for people.
    pub name: String,
    /// What stands before the name.
    pub icon: SubjectIconView,
    /// What it does.
    pub verb: EditVerbView,
    /// It holds in every environment.
    pub everywhere: bool,
    /// What it changes, one row each.
    pub fields: Vec<FieldChangeView>,
    /// How far it has come.
    pub status: EditStatusView,
    /// Publishing sends it.
    pub ticked: bool,
    /// What to know before it is sent, in sentences.
    pub warnings: Vec<String>,
    /// Why it cannot be sent as it is, in sentences, by field path.
    pub problems: Vec<SaidView>,
    /// What a write that was cut off left behind.
    pub leftovers: Vec<LeftoverView>,
    /// How many conflicts have been decided for it.
    pub rounds: u32,
    /// It can be led back.
    pub can_undo: bool,
}

/// How far a change set has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSetStateView {
    /// Edits are staged into it.
    Open,
    /// Its edits are being sent.
    Publishing,
    /// Some are sent and the rest waits.
    Paused,
    /// Everything that was ticked is settled.
    Published,
    /// Given up.
    Discarded,
}

/// Publishing, while it goes on or stands still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PublishingView {
    /// Such as `Publishing paused by the service`; while `paused_until` is set,
    /// the window adds how long that takes.
    pub headline: String,
    /// What was answered and what is done, in a sentence or two.
    pub detail: String,
    /// Edits settled as sent.
    pub sent: u32,
    /// Edits that are to be sent.
    pub total: u32,
    /// The service asked for a pause until then.
    pub paused_until: Option<u32>,
    /// How long the pause is in all, in seconds, for the ring.
    pub pause_seconds: Option<u32>,
    /// How long the rest takes, in a few words such as `5 writes, about 2 s`.
    pub forecast: Option<String>,
    /// The user held it.
    pub held: bool,
    /// It needs a decision before it can end.
    pub needs_you: bool,
}

/// What publishing must be confirmed with, in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ConfirmationView {
    /// The environment's key.
    pub environment: String,
    /// Its name, which is typed where the protection says so.
    pub name: String,
    /// Its mark.
    pub mark: MarkView,
    /// How much it asks.
    pub protection: ProtectionView,
    /// How many edits go there.
    pub edits: u32,
    /// How many flags they touch.
    pub flags: u32,
}

/// A change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChangeSetView {
    /// Names it.
    pub id: String,
    /// What the user calls it.
    pub name: String,
    /// How far it has come.
    pub state: ChangeSetStateView,
    /// Its edits in their order, discarded ones included.
    pub edits: Vec<EditView>,
    /// Edits that are not discarded.
    pub count: u32,
    /// Edits waiting for a decision.
    pub conflicts: u32,
    /// Publishing, where it has begun.
    pub publishing: Option<PublishingView>,
    /// Why it cannot be published as it is, in a sentence; `null` when it can.
    pub blocked: Option<String>,
    /// What publishing asks for, in protected environments.
    pub confirmations: Vec<ConfirmationView>,
    /// What keeps it safe and what is left open, in sentences.
    pub safety: Vec<String>,
    /// How each edit is kept from overwriting, in a sentence.
    pub precondition: String,
    /// When it was begun.
    pub created_at: u32,
    /// When it was published or given up.
    pub ended_at: Option<u32>,
    /// How many of its edits can be rolled back.
    pub can_roll_back: u32,
    /// The change set that it rolls back, by name.
    pub rolls_back: Option<String>,
}

/// The change sets of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChangesView {
    /// Open, publishing and paused ones, the oldest first.
    pub open: Vec<ChangeSetView>,
    /// Published and discarded ones, the newest first; at most fifty.
    pub ended: Vec<ChangeSetView>,
    /// Staged edits in all open ones.
    pub staged: u32,
    /// Edits waiting for a decision in all of them.
    pub conflicts: u32,
}

/// What was typed or ticked to confirm, for one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Confirmed {
    /// The environment's key.
    pub environment: String,
    /// The name typed, or the environment's name where confirming is enough.
    pub name: String,
}

/// How much one flag changes by a change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FlagImpactView {
    /// The flag.
    pub flag: String,
    /// Identities of the sample whose result changes.
    pub changed: u32,
    /// The same in hundredths of a percent.
    pub basis_points: u32,
}

/// What one edit changes by itself, beside those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EditImpactView {
    /// The edit.
    pub edit: String,
    /// Identities of the sample whose result changes.
    pub changed: u32,
}

/// What a change set does in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ChangeSetImpactView {
    /// The environment's key.
    pub environment: String,
    /// Identities evaluated.
    pub sampled: u32,
    /// Identities that see at least one change.
    pub changed: u32,
    /// Flag by flag, the greatest change first.
    pub flags: Vec<FlagImpactView>,
    /// Edit by edit.
    pub edits: Vec<EditImpactView>,
    /// Where the sample comes from, in a sentence.
    pub sample: String,
    /// What it cannot say, in sentences.
    pub notes: Vec<String>,
    /// The moment it was weighed against; `null` for now.
    pub then: Option<WeighedThenView>,
}
