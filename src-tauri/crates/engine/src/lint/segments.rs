//! What is worth knowing about segments and their conditions.

use super::conditions::{disagreements, flag_dependency, flag_read, text_of};
use super::finding::{Evaluator, Finding, SegmentName, Subject};
use super::kind::FindingKind;
use super::peers::{Obstacle, obstacles};
use super::reach::{Prover, never_holds};
use crate::bucket::BUCKETS;
use crate::condition::Test;
use crate::engine::{Condition, Engine, RuleKind, Segment};
use crate::error::FailureCause;
use crate::operator::Operator;
use crate::property::{Property, Target};

/// Those that evaluate a document with the Python engine.
pub(super) const PYTHON_DOCUMENT: [Evaluator; 2] = [Evaluator::EdgeProxy, Evaluator::PythonSdk];

pub(super) fn name_of(segment: &Segment) -> SegmentName {
    SegmentName {
        key: segment.key.clone(),
        name: segment.name.clone(),
    }
}

/// Everything about one segment.
pub(super) fn findings(engine: &Engine, index: usize) -> Vec<Finding> {
    let segment = &engine.segments[index];
    let prover = Prover { engine };
    let subject = Subject {
        segment: Some(name_of(segment)),
        flags: flags_of(engine, segment),
        ..Subject::default()
    };
    // The Flags API does not look at a segment without overrides; whoever evaluates the document does.
    let mut failing = PYTHON_DOCUMENT.to_vec();
    if !subject.flags.is_empty() {
        failing.insert(0, Evaluator::FlagsApi);
    }
    let mut found = Vec::new();
    for rule in prover.all_rules(segment) {
        if let RuleKind::Unknown(kind) = &rule.kind
            && !(rule.conditions.is_empty() && rule.rules.is_empty())
        {
            let mut evaluators = failing.clone();
            evaluators.extend([Evaluator::NodeSdk, Evaluator::GoSdk, Evaluator::RustSdk]);
            found.push(Finding {
                kind: FindingKind::UnknownRuleType,
                subject: Subject {
                    detail: Some(kind.clone()),
                    ..subject.clone()
                },
                evaluators,
                example: None,
            });
        }
    }
    for condition in prover.all_conditions(segment) {
        let subject = Subject {
            conditions: vec![text_of(condition)],
            ..subject.clone()
        };
        found.extend(failure(condition, &subject, &failing));
        let differing = disagreements(condition, &segment.key, &subject);
        found.extend(unreadable_pattern(condition, &subject, &differing));
        found.extend(differing);
        found.extend(flag_dependency(condition, &subject));
        found.extend(unknown_flag(engine, condition, &subject));
        found.extend(extreme(condition, &subject));
    }
    found.extend(proofs(&prover, segment, &subject));
    found
}

/// The flags a segment overrides, in document order.
fn flags_of(engine: &Engine, segment: &Segment) -> Vec<String> {
    let mut features = segment.features.clone();
    features.sort_unstable();
    features
        .into_iter()
        .map(|feature| engine.features[feature as usize].name.clone())
        .collect()
}

/// A condition that can fail the whole evaluation.
fn failure(condition: &Condition, subject: &Subject, evaluators: &[Evaluator]) -> Option<Finding> {
    let (kind, detail) = match (&condition.test, &condition.property) {
        (
            _,
            Property::Path {
                target: Target::Raises(message),
                ..
            },
        ) => (FindingKind::InvalidPath, Some(message.clone())),
        (Test::Raises(FailureCause::InvalidPattern(message)), _) => {
            (FindingKind::BrokenPattern, Some(message.clone()))
        }
        (Test::Raises(cause) | Test::RaisesForNumbers(cause) | Test::AlwaysRaises(cause), _) => {
            (FindingKind::UnreadableOperand, Some(cause.to_string()))
        }
        (Test::Modulo { divisor: 0.0, .. }, _) => (FindingKind::DivisionByZero, None),
        _ => return None,
    };
    Some(Finding {
        kind,
        subject: Subject {
            detail,
            ..subject.clone()
        },
        evaluators: evaluators.to_vec(),
        example: None,
    })
}

/// A pattern that others cannot read, where no value was found that shows it.
fn unreadable_pattern(condition: &Condition, subject: &Subject, shown: &[Finding]) -> Vec<Finding> {
    let (Test::Regex(_), Some(pattern)) = (&condition.test, condition.source.operand.as_str()) else {
        return Vec::new();
    };
    let found = obstacles(pattern).into_iter().map(|obstacle| match obstacle {
        Obstacle::Backtracking => (
            FindingKind::RegexNeedsBacktracking,
            vec![Evaluator::GoSdk, Evaluator::RustSdk],
        ),
        Obstacle::Dialect if regex::Regex::new(pattern).is_err() => (
            FindingKind::RegexOtherDialect,
            vec![Evaluator::NodeSdk, Evaluator::GoSdk, Evaluator::RustSdk],
        ),
        Obstacle::Dialect => (FindingKind::RegexOtherDialect, vec![Evaluator::NodeSdk]),
    });
    found
        .filter(|(kind, _)| !shown.iter().any(|finding| finding.kind == *kind))
        .map(|(kind, evaluators)| Finding {
            kind,
            subject: subject.clone(),
            evaluators,
            example: None,
        })
        .collect()
}

fn unknown_flag(engine: &Engine, condition: &Condition, subject: &Subject) -> Option<Finding> {
    let flag = flag_read(&condition.source.property)?;
    if engine.feature_index(&flag).is_some() {
        return None;
    }
    Some(Finding {
        kind: FindingKind::UnknownFlag,
        subject: Subject {
            detail: Some(flag),
            ..subject.clone()
        },
        evaluators: vec![Evaluator::PythonSdk],
        example: None,
    })
}

/// Splits of nobody and of everybody.
fn extreme(condition: &Condition, subject: &Subject) -> Option<Finding> {
    let Test::Split { bound, threshold, .. } = &condition.test else {
        return None;
    };
    let kind = match *bound {
        bound if bound >= BUCKETS => FindingKind::SplitOfEverybody,
        1 if *threshold == 0.0 => FindingKind::SplitOfNobody,
        _ => return None,
    };
    Some(Finding {
        kind,
        subject: subject.clone(),
        evaluators: Evaluator::ALL.to_vec(),
        example: None,
    })
}

/// What can be proved about who is in the segment.
fn proofs(prover: &Prover<'_>, segment: &Segment, subject: &Subject) -> Vec<Finding> {
    let finding = |kind, conditions: Vec<&Condition>| Finding {
        kind,
        subject: Subject {
            conditions: conditions.into_iter().map(text_of).collect(),
            ..subject.clone()
        },
        evaluators: vec![Evaluator::FlagsApi, Evaluator::EdgeProxy, Evaluator::PythonSdk],
        example: None,
    };
    if segment.rules.is_empty() {
        let mut found = finding(FindingKind::SegmentWithoutRules, Vec::new());
        found.evaluators = Evaluator::ALL.to_vec();
        return vec![found];
    }
    let mut found = Vec::new();
    for condition in prover.all_conditions(segment) {
        // An unknown operator has a finding of its own, and a failing one is worse than never matching.
        if never_holds(condition) && condition.operator != Operator::Unknown && !condition.test.is_hazard() {
            found.push(finding(FindingKind::ConditionNeverHolds, vec![condition]));
        }
    }
    let mut known: Vec<Vec<&Condition>> = Vec::new();
    let inner = prover
        .all_rules(segment)
        .into_iter()
        .map(|rule| prover.contradictions(std::iter::once(rule)));
    for group in prover
        .contradictions(segment.rules.iter())
        .into_iter()
        .chain(inner.flatten())
    {
        let is_known = known.iter().any(|known| {
            known.len() == group.len()
                && known
                    .iter()
                    .zip(&group)
                    .all(|(one, other)| std::ptr::eq(*one, *other))
        });
        if group.len() > 1 && !is_known {
            found.push(finding(FindingKind::ContradictoryConditions, group.clone()));
            known.push(group);
        }
    }
    for group in prover
        .numberless(segment.rules.iter())
        .into_iter()
        .filter(|group| group.len() > 1)
    {
        found.push(finding(FindingKind::NoNumberMatches, group));
    }
    if prover.never_matches(segment) {
        found.push(finding(FindingKind::SegmentNeverMatches, Vec::new()));
    } else if prover.always_matches(segment) {
        found.push(finding(FindingKind::SegmentMatchesEveryone, Vec::new()));
    }
    found
}
