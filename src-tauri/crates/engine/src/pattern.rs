//! Regular expressions in the reference's dialect.

use crate::error::FailureCause;

/// A pattern that is matched from the start of a text.
#[derive(Debug)]
pub(crate) struct Pattern(fancy_regex::Regex);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Result<Self, FailureCause> {
        fancy_regex::Regex::new(&format!(r"\A(?:{pattern})"))
            .map(Self)
            .map_err(|error| FailureCause::InvalidPattern(error.to_string()))
    }

    /// Whether matching may be given up.
    pub(crate) fn can_fail(&self) -> bool {
        true
    }

    pub(crate) fn matches_start(&self, text: &str) -> Result<bool, FailureCause> {
        self.0
            .is_match(text)
            .map_err(|error| FailureCause::CostlyPattern(error.to_string()))
    }
}
