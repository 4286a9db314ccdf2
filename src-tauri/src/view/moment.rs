//! The timeline: what environments were, and when.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::MarkView;

/// An environment now, or at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct AtView {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The moment; `null` for now, as the mirror holds it.
    pub moment: Option<String>,
}

/// Asks for a page of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TimelineRequest {
    /// The connection.
    pub connection: String,
    /// The environments, by key.
    pub environments: Vec<String>,
    /// Only pinned and named moments.
    pub pinned_only: bool,
    /// Only moments before this one: [`TimelineView::next`] of the page before.
    pub before: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Who changed something, as the service's audit log tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct AuthorView {
    /// A name, an address, or what the service writes for a key.
    pub name: String,
    /// When.
    pub at: u32,
    /// What they did, in the service's own words.
    pub what: String,
}

/// What an environment was for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MomentView {
    /// Names it.
    pub id: String,
    /// The environment's key.
    pub environment: String,
    /// The environment's name.
    pub environment_name: String,
    /// The environment's mark.
    pub mark: MarkView,
    /// When it was first seen.
    pub at: u32,
    /// When it was last seen.
    pub until: u32,
    /// It is what the mirror holds now.
    pub current: bool,
    /// Its name where it has one, else what changed: `new_checkout`, `5 flags`,
    /// `3 flags, 1 segment`, `First snapshot`.
    pub title: String,
    /// Who: `Maya Lindqvist`, `2 people`; `null` where nobody is known.
    pub by: Option<String>,
    /// What the user calls it.
    pub name: Option<String>,
    /// Kept for ever.
    pub pinned: bool,
    /// Parts that are there since.
    pub added: u32,
    /// Parts that are others since.
    pub changed: u32,
    /// Parts that are gone since.
    pub removed: u32,
    /// What changed by name, such as `new_checkout changed`; at most fifty.
    pub parts: Vec<String>,
    /// Who changed what, as the audit log tells.
    pub authors: Vec<AuthorView>,
    /// Nothing is known of a while before it, in a sentence: the change, or
    /// several, fell into that time. `null` where there is no gap.
    pub gap: Option<String>,
    /// Where it comes from, in a sentence.
    pub source: String,
}

/// A page of the timeline, the newest in front.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TimelineView {
    /// The moments.
    pub moments: Vec<MomentView>,
    /// Goes back as [`TimelineRequest::before`]; `null` at the end.
    pub next: Option<String>,
    /// What is kept, such as `214 snapshots, 18.4 MB. Kept 90 days`.
    pub summary: String,
    /// What is damaged, in sentences.
    pub damaged: Vec<String>,
}

/// What an environment was at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MomentAtView {
    /// The moment; `null` where nothing was seen by then.
    pub moment: Option<MomentView>,
    /// It was seen before and after that time.
    pub sure: bool,
    /// How sure that is and why, in a sentence.
    pub sentence: String,
}

/// How long moments are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RetentionView {
    /// Days; `null` for ever.
    pub days: Option<u32>,
    /// Megabytes in all; `null` for any.
    pub megabytes: Option<u32>,
    /// What the history takes now, such as `214 snapshots, 18.4 MB`.
    pub used: String,
}

/// Whether the local copy is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct EncryptionView {
    /// It is.
    pub on: bool,
    /// Why it cannot be changed now, in a sentence; `null` when it can.
    pub blocked: Option<String>,
    /// What it means, in a sentence.
    pub sentence: String,
}
