//! What a server says for the same identity.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{PreviewRequest, TraitView, ValueView};

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "surface", rename_all = "snake_case")]
pub enum SurfaceView {
    /// The Flags API.
    FlagsApi,
    /// An Edge Proxy.
    EdgeProxy {
        /// Its base address.
        address: String,
    },
}

/// A server that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SurfaceChoiceView {
    /// Which.
    pub surface: SurfaceView,
    /// Such as `Flags API, edge.api.flagsmith.com`.
    pub label: String,
}

/// Asks a server for the identity of a preview, and compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct CompareRequest {
    /// What is previewed. Neither the identity nor its traits are stored by
    /// the server.
    pub preview: PreviewRequest,
    /// Whom to ask.
    pub surface: SurfaceView,
}

/// What would make server and preview agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum CompareRemedyView {
    /// Read the environment again: the mirror may be behind.
    Refresh,
    /// Preview with the traits the server has stored.
    UseStoredTraits,
}

/// One flag for which the server says something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DifferenceView {
    /// The flag.
    pub flag: String,
    /// What the server says: a value, `On`, `Off`, `Nothing`.
    pub theirs: String,
    /// The value behind it, where there is one.
    pub value: Option<ValueView>,
    /// Likely cause, in a clause such as `because the server has order_count 3
    /// stored for u_48213`.
    pub because: String,
    /// Evaluating under that assumption gave the server's answer.
    pub verified: bool,
    /// What to do about it.
    pub remedy: Option<CompareRemedyView>,
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ComparisonView {
    /// Who answered.
    pub label: String,
    /// When, in seconds since 1970.
    pub asked_at: u32,
    /// How long the answer took, in milliseconds.
    pub took_ms: u32,
    /// How many flags were compared.
    pub compared: u32,
    /// Those that differ, sorted by name.
    pub differences: Vec<DifferenceView>,
    /// Such as `2 of 128 flags differ. Traits typed here are not stored on the
    /// server.`
    pub sentence: String,
    /// The traits the server has stored for the identity, where it tells.
    pub stored_traits: Option<Vec<TraitView>>,
}
