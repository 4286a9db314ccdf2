//! What is worth knowing about a document before anyone is evaluated: conditions on which the SDKs disagree with the
//! server, overrides that can never apply, and whatever fails.

mod conditions;
mod document;
mod finding;
mod flags;
mod identities;
mod kind;
mod peers;
mod probes;
mod reach;
mod segments;
mod sets;

pub use finding::{ConditionText, Evaluator, Example, Finding, SegmentName, Subject, Verdict};
pub use kind::{FindingKind, Likelihood, Severity};

use serde_json::Value;

use crate::engine::Engine;

impl Engine {
    /// Everything worth knowing about the compiled document, worst first; within a severity the usual before the rare,
    /// then in document order, segments before flags.
    pub fn lint(&self) -> Vec<Finding> {
        let reach = reach::Reach::of(self);
        let mut found = flags::of_environment(self);
        found.extend(identities::findings(self));
        found.extend((0..self.segments.len()).flat_map(|index| segments::findings(self, index)));
        found.extend((0..self.features.len()).flat_map(|index| flags::findings(self, &reach, index)));
        sorted(found)
    }

    /// As [`Engine::lint`], and also the overrides of flags that the environment does not have, which compiling leaves
    /// out. `document` is the one compiled.
    pub fn lint_with(&self, document: &Value) -> Vec<Finding> {
        let mut found = self.lint();
        found.extend(document::findings(document));
        sorted(found)
    }
}

/// Stable, so document order stays within a severity.
fn sorted(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|finding| (finding.severity(), finding.likelihood()));
    found
}
