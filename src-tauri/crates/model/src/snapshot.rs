//! An environment's whole state at one moment.

use serde::{Deserialize, Serialize};

use crate::{EnvironmentKey, Flag, Timestamp};

/// A group of identities that share conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The service's identifier.
    pub remote_id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
}

/// An environment's whole state at one moment: the document that decides what
/// users get, and what the admin lists add to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The environment.
    pub environment: EnvironmentKey,
    /// When its collection began: nothing in it is older.
    pub fetched_at: Timestamp,
    /// The environment document as the service sent it, JSON text. Only the
    /// engine opens it. For EdgeFlags, which has no such document, the lists
    /// of flags, configs and segments as one object.
    pub document: String,
    /// When the service says the document last changed. It may lag behind the
    /// content by up to a minute and may even go back.
    pub document_updated_at: Option<Timestamp>,
    /// The flags, sorted by key.
    pub flags: Vec<Flag>,
    /// The segments of the project, sorted by name.
    pub segments: Vec<Segment>,
}
