//! Doubtful conditions and overrides of an environment.

use serde::{Deserialize, Serialize};
use specta::Type;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SeverityView {
    /// A server or a client fails on it.
    Breaks,
    /// Clients evaluate it differently from the server.
    Differs,
    /// It can never apply.
    NeverMatches,
    /// Probably not what was meant.
    Doubtful,
}

/// How ordinary the values are that show a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LikelihoodView {
    /// Values that the condition invites.
    Usual,
    /// Odd values, such as null or another type.
    Rare,
}

/// One doubtful condition or override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FindingView {
    /// How bad it is.
    pub severity: SeverityView,
    /// How ordinary the values are that show it.
    pub likelihood: LikelihoodView,
    /// What kind of finding it is, such as `number_passed_as_text`. Findings of
    /// a kind are equally bad.
    pub kind: String,
    /// What those of the kind have in common, such as `Numbers passed as text`.
    pub heading: String,
    /// The segment, where it is one's.
    pub segment: Option<String>,
    /// The flag, where it is one's.
    pub flag: Option<String>,
    /// The condition in words, where it is one's.
    pub condition: Option<String>,
    /// What is doubtful and why, in a sentence.
    pub sentence: String,
    /// A value for which engines disagree, in a sentence.
    pub example: Option<String>,
}
