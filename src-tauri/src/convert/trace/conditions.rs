//! The conditions of a step, each with what it asks and saw.

use std::mem;

use halyard_engine::{
    BucketTrace, Candidate, ConditionText, ConditionTrace, Finding, RuleJoin, RuleTrace, Severity,
    TraceVerdict,
};
use serde_json::Value;

use crate::{
    convert::basis_points,
    view::*,
    words::{
        cause,
        condition::{Asked, saw},
        finding, number,
    },
};

/// Longest text that was hashed and is shown whole.
const LONGEST_HASHED: usize = 120;

/// What is doubtful about conditions, by what they ask.
pub(super) struct Doubts<'a>(Vec<(&'a ConditionText, &'a Finding)>);

impl<'a> Doubts<'a> {
    /// Findings come worst first and stay so.
    pub(super) fn of(findings: &'a [Finding]) -> Doubts<'a> {
        let each = |finding: &'a Finding| finding.subject.conditions.iter().map(move |one| (one, finding));
        Doubts(findings.iter().flat_map(each).collect())
    }

    fn about(&self, condition: &ConditionTrace<'_>) -> Option<String> {
        let operand = condition.operand.as_str().unwrap_or_default();
        let asks_the_same = |one: &ConditionText| {
            one.property == condition.property
                && one.operator == condition.operator_name
                && one.operand == operand
        };
        let (_, found) = self
            .0
            .iter()
            .find(|(one, found)| asks_the_same(one) && concerns(found, condition.raw.as_deref()))?;
        Some(finding::sentence(found))
    }
}

/// Whether a finding matters for the value that was seen. Engines that disagree do so for values of a type; for an
/// identity with another one the warning would only distract.
fn concerns(finding: &Finding, seen: Option<&Value>) -> bool {
    match (finding.severity(), &finding.example) {
        (Severity::Differs, Some(example)) => {
            example.value.as_ref().map(mem::discriminant) == seen.map(mem::discriminant)
        }
        _ => true,
    }
}

/// The conditions of a candidate's segment in order.
pub(super) fn conditions(candidate: &Candidate<'_>, doubts: &Doubts<'_>) -> Vec<TraceConditionView> {
    let Some(segment) = candidate.segment() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut rules = 0;
    for rule in &segment.rules {
        flatten(rule, 0, doubts, &mut rules, &mut found);
    }
    // The outermost rules of nearly all segments only hold others.
    let least = found.iter().map(|one| one.depth).min().unwrap_or_default();
    found.iter_mut().for_each(|one| one.depth -= least);
    found
}

/// The conditions of a rule and of those in it, in order. `rules` counts the rules met.
fn flatten(
    rule: &RuleTrace<'_>,
    depth: u32,
    doubts: &Doubts<'_>,
    rules: &mut u32,
    found: &mut Vec<TraceConditionView>,
) {
    *rules += 1;
    let number = *rules;
    let join = join(rule);
    for asked in &rule.conditions {
        found.push(TraceConditionView {
            depth,
            join,
            rule: Some(number),
            ..condition(asked.condition, doubts)
        });
    }
    for inner in &rule.rules {
        flatten(inner, depth + 1, doubts, rules, found);
    }
}

/// A rule with one part joins nothing: any of one is all of one.
fn join(rule: &RuleTrace<'_>) -> JoinView {
    let parts = rule.conditions.len() + rule.rules.len();
    match rule.joins {
        Some(RuleJoin::Any) if parts > 1 => JoinView::Any,
        Some(RuleJoin::None) => JoinView::None,
        _ => JoinView::All,
    }
}

fn condition(traced: &ConditionTrace<'_>, doubts: &Doubts<'_>) -> TraceConditionView {
    let asked = Asked::new(traced.property, traced.operator_name, traced.operand);
    TraceConditionView {
        verdict: match traced.verdict {
            TraceVerdict::Holds => VerdictView::Holds,
            TraceVerdict::DoesNotHold => VerdictView::Fails,
            TraceVerdict::Fails(_) => VerdictView::Breaks,
        },
        depth: 0,
        join: JoinView::All,
        rule: None,
        property: asked.property().into_owned(),
        asks: asked.asks(),
        saw: traced.raw.as_deref().map(saw),
        because: cause::because(traced),
        bucket: traced.bucket.as_ref().map(bucket),
        warning: cause::warning(traced).or_else(|| doubts.about(traced)),
    }
}

fn bucket(bucket: &BucketTrace) -> BucketView {
    BucketView {
        hashed: hashed(&bucket.hashed),
        bucket: number::two(bucket.bucket),
        bucket_basis_points: basis_points(bucket.bucket),
        threshold_basis_points: basis_points(bucket.threshold),
    }
}

/// What was hashed, cut where it is very long.
pub(super) fn hashed(text: &str) -> String {
    number::cut_at(text, LONGEST_HASHED)
}
