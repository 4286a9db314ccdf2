//! Whether something holds, and how sure that is.

use super::expectation::Doubt;

/// A verdict with the doubts that could turn it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Truth {
    pub(super) holds: bool,
    /// Empty: certain.
    pub(super) doubts: Vec<Doubt>,
}

impl Truth {
    pub(super) fn certain(holds: bool) -> Self {
        Self {
            holds,
            doubts: Vec::new(),
        }
    }

    pub(super) fn doubtful(holds: bool, doubt: Doubt) -> Self {
        Self {
            holds,
            doubts: vec![doubt],
        }
    }

    pub(super) fn is_certain(&self) -> bool {
        self.doubts.is_empty()
    }

    pub(super) fn negated(mut self) -> Self {
        self.holds = !self.holds;
        self
    }

    /// Whether all hold. One that certainly does not settles it, whatever is doubtful about the others.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        Self::joined(parts, false)
    }

    /// Whether any holds. One that certainly does settles it.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        Self::joined(parts, true)
    }

    fn joined(parts: Vec<Self>, settling: bool) -> Self {
        if parts
            .iter()
            .any(|part| part.is_certain() && part.holds == settling)
        {
            return Self::certain(settling);
        }
        let holds = parts.iter().any(|part| part.holds == settling) == settling;
        let doubts = parts.into_iter().flat_map(|part| part.doubts).collect();
        Self { holds, doubts }
    }
}
