//! What a given identity gets.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DraftEditView, FreshnessView, ValueView};

/// What a trait's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum TraitKindView {
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

/// A trait as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TraitView {
    /// Its name.
    pub name: String,
    /// What its value is.
    pub kind: TraitKindView,
    /// Its value: text without quotes, `7`, `true`.
    pub text: String,
}

/// Asks what an identity gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PreviewRequest {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The identity.
    pub identifier: String,
    /// What is known about it.
    pub traits: Vec<TraitView>,
    /// The moment to evaluate at; `null` for what the mirror holds now.
    pub moment: Option<String>,
    /// The change set whose ticked edits are laid over first.
    pub change_set: Option<String>,
    /// Laid over the mirror before it is evaluated; empty for the mirror as it
    /// is.
    pub edits: Vec<DraftEditView>,
}

/// What decided a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum DeciderView {
    /// An identity override.
    Identity,
    /// A segment override.
    Segment,
    /// The split over options.
    Split,
    /// The environment's default.
    Default,
    /// The service itself; it keeps its rules to itself.
    Service,
}

/// What an identity gets of one flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PreviewRowView {
    /// The flag.
    pub flag: String,
    /// It has options.
    pub multivariate: bool,
    /// On or off; `null` where the service answers only with a value.
    pub enabled: Option<bool>,
    /// What the identity gets.
    pub value: ValueView,
    /// What decided.
    pub decided_by: DeciderView,
    /// Why, in one sentence.
    pub why: String,
    /// What a client may see differently, in a sentence, such as `Left out for
    /// client-side keys.`
    pub caveat: Option<String>,
    /// What the documented order of evaluation would give, where a service
    /// evaluates by itself.
    pub expected: Option<ExpectedView>,
}

/// How an answer relates to what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AgreementView {
    /// The same.
    Agrees,
    /// Not the same.
    Disagrees,
    /// The service decides by what nobody outside knows.
    CannotTell,
}

/// What the documented order of evaluation would give; never verified here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ExpectedView {
    /// How the service's answer relates to it.
    pub agreement: AgreementView,
    /// What was expected and why, in a sentence.
    pub sentence: String,
    /// What the documentation leaves open, in sentences.
    pub unsure: Vec<String>,
}

/// What an identity gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PreviewView {
    /// Evaluated from the mirror, or by the service.
    pub remote: bool,
    /// What it was evaluated against, in a sentence.
    pub source: String,
    /// The rows, sorted by name.
    pub rows: Vec<PreviewRowView>,
    /// How many were decided by an override.
    pub overrides: u32,
    /// What may differ for all of them, in sentences.
    pub caveats: Vec<String>,
    /// How fresh what it was evaluated against is.
    pub freshness: FreshnessView,
    /// Where a server would fail for this identity instead of answering: what
    /// and why, in a sentence.
    pub failure: Option<String>,
}

/// An identity the service knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IdentityView {
    /// The service's identifier of the record.
    pub id: String,
    /// The identifier the application uses.
    pub identifier: String,
    /// A name given in the dashboard.
    pub alias: Option<String>,
}
