//! Edits that are reviewed and published together.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Timestamp};

/// Names one change set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeSetId(pub String);

/// Why publishing stands still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PauseReason {
    /// The user held it.
    Held,
    /// Halyard ended in the middle; it goes on when asked to, or by itself
    /// where it was not held.
    Ended,
    /// An edit met a conflict, a refusal or an outcome that cannot be known,
    /// and those after it wait for a decision.
    NeedsYou,
    /// The service could not be reached.
    Unreachable {
        /// What happened, in a sentence.
        reason: String,
    },
}

/// How far a change set has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChangeSetState {
    /// Edits are staged into it.
    Open,
    /// Its ticked edits are being sent, one after the other.
    Publishing,
    /// Some of its edits are sent and the rest waits.
    Paused(PauseReason),
    /// Everything that was ticked is settled.
    Published,
    /// Given up, with what was left of it.
    Discarded,
}

/// Several staged edits of one connection, kept until they are published or
/// given up. Its edits name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// Its name among others.
    pub id: ChangeSetId,
    /// The connection that its edits go to.
    pub connection: ConnectionId,
    /// What the user calls it.
    pub name: String,
    /// How far it has come.
    pub state: ChangeSetState,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// The published change set whose edits it leads back.
    pub undoes: Option<ChangeSetId>,
}
