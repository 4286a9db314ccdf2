//! What can go wrong: a document that cannot be read, an evaluation that the server itself would fail.

use std::fmt;

/// A document or context that is not what it should be.
///
/// Displays as `place: problem`, for example `feature_states[3].feature.name: expected text, found number`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct DocumentError {
    /// Where, as a path of field names and list indices; `document` for the whole.
    pub place: String,
    /// What was expected there and what was found.
    pub problem: String,
}

/// An identity for which the reference raises instead of answering.
///
/// A server that evaluates this identity answers with an error for **all** flags, not just for one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct EvaluationError {
    /// Name of the segment that was being evaluated.
    pub segment: Option<String>,
    /// Name of the flag whose overrides were being compared.
    pub flag: Option<String>,
    /// The condition that raised.
    pub condition: Option<Box<FailingCondition>>,
    /// Why it raised.
    pub cause: FailureCause,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(segment) = &self.segment {
            write!(out, "segment \"{segment}\": ")?;
        }
        if let Some(flag) = &self.flag {
            write!(out, "flag \"{flag}\": ")?;
        }
        if let Some(condition) = &self.condition {
            write!(
                out,
                "condition {} {} {}: ",
                condition.property, condition.operator, condition.operand
            )?;
        }
        write!(out, "{}", self.cause)
    }
}

/// The condition an [`EvaluationError`] speaks of, as the document has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingCondition {
    /// Trait name or JSONPath; empty for a split on the identity.
    pub property: String,
    /// The operator's name in the document.
    pub operator: String,
    /// The operand as JSON.
    pub operand: String,
}

/// Why the reference raises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailureCause {
    /// The pattern is not a regular expression of the reference's dialect.
    #[error("invalid regular expression: {0}")]
    InvalidPattern(String),
    /// The pattern is valid, but matching it takes more steps or memory than this engine allows itself.
    #[error("regular expression too costly: {0}")]
    CostlyPattern(String),
    /// A modulo by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// The operand is missing or of a type this operator cannot read.
    #[error("operand is {0}, which this operator cannot read")]
    UnreadableOperand(&'static str),
    /// An integer of more than 4300 digits.
    #[error("integer with more than 4300 digits")]
    TooManyDigits,
    /// An integer beyond the range of a double, in a modulo.
    #[error("integer too large for a modulo")]
    IntegerTooLarge,
    /// A rule type other than ALL, ANY and NONE.
    #[error("unknown rule type \"{0}\"")]
    UnknownRuleType(String),
    /// Two overrides of one flag apply and one of them has no priority to compare.
    #[error("two overrides apply and one has a null priority")]
    NullPriority,
    /// A JSONPath property that is well-formed but not valid.
    #[error("invalid JSONPath: {0}")]
    InvalidPath(String),
    /// Flags that depend on each other more deeply than the evaluation can follow.
    #[error("flag dependencies nested too deeply")]
    TooDeep,
}

/// A raise on its way up, before the segment and condition are named. Boxed: verdicts are handed on millions of times,
/// raises hardly ever.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raise(Box<RaiseFacts>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RaiseFacts {
    pub(crate) segment: Option<u32>,
    pub(crate) feature: Option<u32>,
    pub(crate) condition: Option<u32>,
    pub(crate) cause: FailureCause,
}

impl From<FailureCause> for Raise {
    fn from(cause: FailureCause) -> Self {
        Self(Box::new(RaiseFacts {
            segment: None,
            feature: None,
            condition: None,
            cause,
        }))
    }
}

impl Raise {
    pub(crate) fn into_facts(self) -> RaiseFacts {
        *self.0
    }

    /// Names the condition, unless one nearer to the failure is already named.
    pub(crate) fn in_condition(mut self, condition: u32) -> Self {
        self.0.condition.get_or_insert(condition);
        self
    }

    /// Names the segment, unless one nearer to the failure is already named.
    pub(crate) fn in_segment(mut self, segment: u32) -> Self {
        self.0.segment.get_or_insert(segment);
        self
    }

    /// Names the feature whose overrides were being compared.
    pub(crate) fn of_feature(mut self, feature: u32) -> Self {
        self.0.feature = Some(feature);
        self
    }

    /// Whether the reference's JSONPath reader would swallow this error (it hides Python's `KeyError`).
    pub(crate) fn is_swallowed_by_paths(&self) -> bool {
        matches!(self.0.cause, FailureCause::UnknownRuleType(_))
    }
}
