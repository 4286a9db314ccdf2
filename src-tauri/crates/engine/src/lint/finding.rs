//! What the lint says: plain facts, no sentences.

use serde_json::Value;

use super::kind::{FindingKind, Likelihood, Severity};

/// One thing worth knowing about a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which rule found it. Its documentation states the fact.
    pub kind: FindingKind,
    /// What it is about.
    pub subject: Subject,
    /// The evaluators concerned, in the order of [`Evaluator`]: those that fail, that differ from the server, or in
    /// which nothing can match.
    pub evaluators: Vec<Evaluator>,
    /// A value for which evaluators disagree, where one is known. It has been run through all of them.
    pub example: Option<Example>,
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// How ordinary the values are that show it.
    pub fn likelihood(&self) -> Likelihood {
        self.kind.likelihood()
    }
}

/// What a finding is about. Fields that do not apply are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// The segment.
    pub segment: Option<SegmentName>,
    /// A second segment: the one that shadows, or that has the same priority.
    pub other_segment: Option<SegmentName>,
    /// Names of the flags concerned, in document order.
    pub flags: Vec<String>,
    /// The condition; where several contradict each other, all of them in document order.
    pub conditions: Vec<ConditionText>,
    /// Identifiers of the identities concerned.
    pub identifiers: Vec<String>,
    /// The variant's position among the flag's variants in the order in which they are tried, from 0.
    pub variant: Option<usize>,
    /// The offending word as the document has it: a rule type, a pattern's error, a flag that does not exist.
    pub detail: Option<String>,
}

/// A segment by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SegmentName {
    /// The segment's id as text.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// A condition as the document has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConditionText {
    /// Trait name or JSONPath; empty for a split on the identity.
    pub property: String,
    /// The operator's name in the document.
    pub operator: String,
    /// The operand as typed; empty for null.
    pub operand: String,
}

/// Who evaluates.
///
/// The server's engine (Python 10.2.0) and the Python SDK's (11.1.1) agree on every condition that reads a trait, so
/// differences are those of the three other SDKs unless a kind says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evaluator {
    /// The server's Flags API (2.265, Python engine 10.2.0).
    FlagsApi,
    /// The Edge Proxy (2.23, Python engine).
    EdgeProxy,
    /// Local evaluation in the Python SDK (6.3.0, Python engine 11.1.1).
    PythonSdk,
    /// Local evaluation in the Node SDK (8.1.2).
    NodeSdk,
    /// Local evaluation in the Go SDK (5.1.0).
    GoSdk,
    /// Local evaluation in the Rust SDK (3.1.2, engine crate 0.6.1).
    RustSdk,
}

impl Evaluator {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::FlagsApi,
        Self::EdgeProxy,
        Self::PythonSdk,
        Self::NodeSdk,
        Self::GoSdk,
        Self::RustSdk,
    ];
}

/// A trait value and what each evaluator makes of the condition for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The trait's value as an application would pass it; `None` for a trait that is not there.
    pub value: Option<Value>,
    /// The server's verdict.
    pub server: Verdict,
    /// The verdicts of the Node, Go and Rust SDKs, in this order.
    pub others: [(Evaluator, Verdict); 3],
}

/// What an evaluator makes of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The condition holds.
    Holds,
    /// It does not.
    DoesNotHold,
    /// The evaluation fails as a whole.
    Fails,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::DoesNotHold }
    }
}
