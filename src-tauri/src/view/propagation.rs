//! A change followed to each surface.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{RemedyView, SurfaceNameView};

/// How far a change has come on one surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LaneStateView {
    /// Not yet, and it may still be on its way.
    Waiting,
    /// It serves the change.
    Served,
    /// Later than it should be.
    Late,
    /// It does not answer.
    Unreachable,
    /// Something newer is served by now.
    Overtaken,
}

/// A change on its way to one surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LaneView {
    /// The surface.
    pub surface: SurfaceNameView,
    /// How far it has come.
    pub state: LaneStateView,
    /// How long it took from publishing, in milliseconds, as seen from this computer; `null` until it is served.
    pub took_millis: Option<u32>,
    /// Why it is late.
    pub cause: Option<String>,
    /// What to do.
    pub remedy: Option<RemedyView>,
}

/// A change followed to each surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PropagationView {
    /// Names it.
    pub id: String,
    /// The flag's key.
    pub flag: String,
    /// The environment's key.
    pub environment: String,
    /// When it was published, or the check begun.
    pub published_at: u32,
    /// It is still followed.
    pub running: bool,
    /// Each surface, in the order of Health.
    pub lanes: Vec<LaneView>,
    /// In a sentence: `5 of 6 surfaces serve the change. …`, always with `seen from this computer`.
    pub sentence: String,
    /// What to do about the slowest.
    pub remedy: Option<RemedyView>,
}
