//! What was found in a file.

use super::CohortFormat;

/// What a file of identities held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadReport {
    /// How it is written.
    pub format: CohortFormat,
    /// Identities read.
    pub identities: u64,
    /// The column or member that names the identity; `None` while no identity has been read.
    pub identifier: Option<String>,
    /// The traits, most frequent first.
    pub traits: Vec<TraitCount>,
    /// Identities left out since their identifier was there before.
    pub duplicates: u64,
    /// Lines that could not be read.
    pub broken: u64,
    /// The first hundred of them.
    pub broken_lines: Vec<BrokenLine>,
}

/// How many identities have a trait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraitCount {
    /// The trait.
    pub name: String,
    /// Identities that have it.
    pub identities: u64,
}

/// A line that could not be read. Displays as `line 7: no identifier`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BrokenLine {
    /// Counted from 1; where a row takes several lines, the first.
    pub line: u64,
    /// What is wrong with it, in words.
    pub problem: String,
}
