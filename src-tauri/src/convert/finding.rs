//! Doubtful conditions and overrides.

use halyard_engine::{Finding, Likelihood, Severity};

use crate::{view::*, words::finding};

/// A finding in words.
pub fn finding(found: &Finding) -> FindingView {
    FindingView {
        severity: match found.severity() {
            Severity::Breaks => SeverityView::Breaks,
            Severity::Differs => SeverityView::Differs,
            Severity::NeverMatches => SeverityView::NeverMatches,
            Severity::Doubtful => SeverityView::Doubtful,
        },
        likelihood: match found.likelihood() {
            Likelihood::Usual => LikelihoodView::Usual,
            Likelihood::Rare => LikelihoodView::Rare,
        },
        kind: finding::key(found.kind),
        heading: finding::heading(found.kind).into(),
        segment: found.subject.segment.as_ref().map(|segment| segment.name.clone()),
        flag: found.subject.flags.first().cloned(),
        condition: finding::conditions(found),
        sentence: finding::sentence(found),
        example: finding::example(found),
    }
}
