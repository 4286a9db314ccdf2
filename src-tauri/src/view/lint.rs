//! What is doubtful about a whole environment, and what to do about it.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FieldEdit, SeverityView, SubjectView};

/// What a finding leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum LintFixView {
    /// An edit that can be staged at once.
    Stage {
        /// What the button says, such as `Stage its removal`.
        label: String,
        /// The environment's key.
        environment: String,
        /// What it is about.
        subject: SubjectView,
        /// Names the state it rests on.
        revision: String,
        /// What changes.
        changes: Vec<FieldEdit>,
    },
    /// A place where it is decided.
    Open {
        /// What the button says, such as `Open the segment`.
        label: String,
        /// The environment's key.
        environment: String,
        /// What is opened.
        subject: SubjectView,
    },
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LintRowView {
    /// Names it, as long as it is found.
    pub id: String,
    /// How bad it is.
    pub severity: SeverityView,
    /// What kind it is, such as `unused_segment`.
    pub kind: String,
    /// What those of the kind have in common, such as `Segments that nothing uses`.
    pub heading: String,
    /// What it is about, for people.
    pub name: String,
    /// What is doubtful and why, in a sentence.
    pub sentence: String,
    /// What to do; the first is the usual one.
    pub fixes: Vec<LintFixView>,
}

/// What is doubtful about an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct LintView {
    /// The findings, worst first.
    pub rows: Vec<LintRowView>,
    /// What was looked at, in a sentence.
    pub summary: String,
    /// After how many days a flag counts as left alone, in every environment.
    pub days: u32,
    /// What could not be looked at and why, in sentences.
    pub skipped: Vec<String>,
}
