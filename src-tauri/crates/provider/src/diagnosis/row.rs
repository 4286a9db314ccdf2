//! The form of the table of causes.

use super::evidence::Evidence;
use super::{Diagnosis, Remedy};
use crate::FailureKind;

/// One row: when it applies, and what is said then. Of an area's rows the
/// first that applies is taken, so the particular stands before the general.
pub(super) struct Row {
    pub(super) diagnosis: Diagnosis,
    pub(super) applies: fn(&Evidence) -> bool,
    pub(super) words: fn(&Evidence) -> Words,
}

/// What is said about a failure.
pub(super) struct Words {
    pub(super) sentence: String,
    pub(super) cause: Option<String>,
    pub(super) next_step: Option<String>,
    pub(super) remedy: Option<Remedy>,
    /// How callers are to treat it, where that differs from what the status says.
    pub(super) kind: Option<FailureKind>,
}

/// Begins with what happened.
pub(super) fn happened(sentence: impl Into<String>) -> Words {
    Words {
        sentence: sentence.into(),
        cause: None,
        next_step: None,
        remedy: None,
        kind: None,
    }
}

impl Words {
    /// The likely cause.
    pub(super) fn because(mut self, cause: impl Into<String>) -> Words {
        self.cause = Some(cause.into());
        self
    }

    /// The next step.
    pub(super) fn then(mut self, next_step: impl Into<String>) -> Words {
        self.next_step = Some(next_step.into());
        self
    }

    /// The button.
    pub(super) fn by(mut self, remedy: Remedy) -> Words {
        self.remedy = Some(remedy);
        self
    }

    /// How callers are to treat it.
    pub(super) fn sorted(mut self, kind: FailureKind) -> Words {
        self.kind = Some(kind);
        self
    }
}
