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

/// One doubtful condition or override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FindingView {
    /// How bad it is.
    pub severity: SeverityView,
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
