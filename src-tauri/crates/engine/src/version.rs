//! Semantic versions as the reference compares them.

use std::cmp::Ordering;

/// A version with its build metadata apart: precedence ignores it, CONTAINS does not.
#[derive(Debug)]
pub(crate) struct Version(semver::Version);

impl Version {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        semver::Version::parse(text).ok().map(Self)
    }

    /// SemVer 2 precedence.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }

    /// Whether the pre-release or the build metadata is exactly this text.
    pub(crate) fn has_label(&self, text: &str) -> bool {
        !text.is_empty() && (self.0.pre.as_str() == text || self.0.build.as_str() == text)
    }
}
