//! How one flag came to its value, step by step.

use std::collections::HashMap;

use halyard_console::TracedFlag;
use halyard_engine::{
    BucketTrace, Candidate, CandidateSource, CandidateState, Cause, Caveat, ConditionTrace, Dependency,
    Finding, FlagTrace, RuleJoin, RuleTrace, SplitTrace, Standing, TraceVerdict, TraitChange,
};
use serde_json::Value;

use super::{basis_points, traits::value_out};
use crate::{
    error::WireError,
    view::*,
    words::{
        cause, caveat,
        condition::{Asked, saw},
        failure, finding, number, way,
    },
};

/// Results a way is shown to.
const MOST_WAYS: usize = 8;

/// Longest text that was hashed and is shown whole.
const LONGEST_HASHED: usize = 120;

/// How one flag came to its value.
pub fn trace(traced: &TracedFlag) -> Result<TraceView, WireError> {
    let trace = traced.engine.trace(&traced.identity);
    let flag = trace
        .flag(&traced.flag.0)
        .ok_or_else(|| WireError::gone("the flag"))?;
    let doubts = Doubts::of(&traced.findings);
    let candidates = flag.candidates();
    let steps = candidates
        .iter()
        .enumerate()
        .map(|(position, candidate)| step(position, candidate, &flag, &traced.identity.identifier, &doubts));
    Ok(TraceView {
        flag: flag.name().to_owned(),
        steps: steps.collect(),
        dependencies: flag.dependencies().iter().map(dependency).collect(),
        ways: ways(traced),
        caveats: caveats(&flag, &candidates),
    })
}

/// A way to each other result. Where the server fails for this identity there is none.
fn ways(traced: &TracedFlag) -> Vec<WayView> {
    let others = traced
        .engine
        .counterfactuals(&traced.identity, &traced.flag.0)
        .unwrap_or_default();
    let words: Vec<String> = others.iter().map(way::goal).collect();
    let is_twice = |word: &String| words.iter().filter(|other| *other == word).count() > 1;
    others
        .iter()
        .zip(&words)
        .take(MOST_WAYS)
        .map(|(other, word)| WayView {
            goal: if is_twice(word) {
                way::long_goal(other)
            } else {
                word.clone()
            },
            sentence: way::sentence(other),
            traits: other
                .by_traits()
                .unwrap_or_default()
                .iter()
                .map(try_trait)
                .collect(),
            try_label: way::try_label(other),
        })
        .collect()
}

fn try_trait(change: &TraitChange) -> TryTraitView {
    let to = change.to.as_ref().and_then(value_out);
    TryTraitView {
        name: change.name.clone(),
        kind: to.as_ref().map(|(kind, _)| *kind),
        text: to.map(|(_, text)| text).unwrap_or_default(),
    }
}

/// What is doubtful about conditions, by what they ask.
struct Doubts<'a>(HashMap<(&'a str, &'a str, &'a str), &'a Finding>);

impl<'a> Doubts<'a> {
    fn of(findings: &'a [Finding]) -> Doubts<'a> {
        let mut doubts = HashMap::new();
        for finding in findings {
            for condition in &finding.subject.conditions {
                let key = (
                    condition.property.as_str(),
                    condition.operator.as_str(),
                    condition.operand.as_str(),
                );
                // Findings come worst first.
                doubts.entry(key).or_insert(finding);
            }
        }
        Doubts(doubts)
    }

    fn about(&self, condition: &ConditionTrace<'_>) -> Option<String> {
        let operand = condition.operand.as_str().unwrap_or_default();
        let found = self
            .0
            .get(&(condition.property, condition.operator_name, operand));
        found.map(|found| finding::sentence(found))
    }
}

fn step(
    position: usize,
    candidate: &Candidate<'_>,
    flag: &FlagTrace<'_>,
    identifier: &str,
    doubts: &Doubts<'_>,
) -> TraceStepView {
    let (outcome, outcome_text) = outcome(&candidate.standing);
    let (kind, title) = match candidate.source {
        CandidateSource::IdentityOverride => (StepKindView::Identity, "Identity override".to_owned()),
        CandidateSource::Segment { name, .. } => (StepKindView::Segment, format!("{position}. {name}")),
        CandidateSource::EnvironmentDefault { .. } => {
            (StepKindView::Default, "Environment default".to_owned())
        }
    };
    let split = flag.split().filter(|_| candidate.standing == Standing::Decides);
    let gives = candidate.state.map(gives).unwrap_or_default();
    let note = match kind {
        StepKindView::Identity if candidate.standing == Standing::Absent => {
            Some(format!("None for {identifier}"))
        }
        StepKindView::Identity => Some(format!("Set for {identifier}")),
        StepKindView::Segment => standing_note(&candidate.standing),
        StepKindView::Default if flag.is_cyclic() => {
            Some("The flag depends on itself, so only its default can decide.".into())
        }
        // The ruler says it.
        StepKindView::Default if split.is_some() => None,
        StepKindView::Default => Some(gives.clone()),
    };
    TraceStepView {
        kind,
        title,
        outcome,
        outcome_text: outcome_text.into(),
        gives,
        note,
        conditions: conditions(candidate, doubts),
        split: split.as_ref().map(split_view),
    }
}

fn outcome(standing: &Standing) -> (StepOutcomeView, &'static str) {
    match standing {
        Standing::Decides => (StepOutcomeView::Decides, "Decides"),
        Standing::Outranked { .. } => (StepOutcomeView::Outranked, "Matches too"),
        Standing::Fails(_) => (StepOutcomeView::Fails, "Fails here"),
        Standing::NotConsulted => (StepOutcomeView::Outranked, "Not reached"),
        _ => (StepOutcomeView::NoMatch, "No match"),
    }
}

fn standing_note(standing: &Standing) -> Option<String> {
    match standing {
        Standing::NoRules => Some("The segment has no rules, so it matches nobody.".into()),
        Standing::CyclicDependency => Some("It rests on a flag that depends on itself.".into()),
        Standing::Fails(cause) => Some(format!("The server would fail here: {}.", failure::cause(cause))),
        _ => None,
    }
}

/// Such as `On, express`; with options it cannot say which.
fn gives(state: CandidateState<'_>) -> String {
    let word = if state.enabled { "On" } else { "Off" };
    match state.value {
        _ if state.variants > 0 => {
            format!(
                "{word}, one of {}",
                number::plural(state.variants as u64 + 1, "option", "options")
            )
        }
        Value::Null => word.into(),
        Value::String(text) if text.is_empty() => word.into(),
        value => format!("{word}, {}", number::value(value)),
    }
}

fn conditions(candidate: &Candidate<'_>, doubts: &Doubts<'_>) -> Vec<TraceConditionView> {
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

fn hashed(text: &str) -> String {
    number::cut_at(text, LONGEST_HASHED)
}

/// The options in order, then control, which takes the rest.
fn split_view(split: &SplitTrace<'_>) -> SplitView {
    let mut ranges: Vec<SplitRangeView> = split
        .ranges
        .iter()
        .enumerate()
        .map(|(position, range)| SplitRangeView {
            label: number::cut(&range.label),
            from_basis_points: basis_points(range.from),
            until_basis_points: basis_points(range.until),
            chosen: split.chosen == Some(position),
        })
        .collect();
    ranges.push(SplitRangeView {
        label: "control".into(),
        from_basis_points: ranges.last().map_or(0, |last| last.until_basis_points),
        until_basis_points: 10_000,
        chosen: split.chosen.is_none(),
    });
    SplitView {
        hashed: hashed(&split.hashed),
        bucket: number::two(split.bucket),
        bucket_basis_points: basis_points(split.bucket),
        ranges,
    }
}

/// `Klarna countries reads the state of flag gift_wrapping, which is true.`
fn dependency(one: &Dependency<'_>) -> String {
    let asked = Asked::new(
        one.condition.property,
        one.condition.operator_name,
        one.condition.operand,
    );
    let read = match one.condition.raw.as_deref() {
        Some(value) => format!("which is {}", number::value(value)),
        None => "which is not set".into(),
    };
    format!("{} reads {}, {read}.", one.segment, asked.property())
}

/// What a client may see differently of this flag.
fn caveats(flag: &FlagTrace<'_>, candidates: &[Candidate<'_>]) -> Vec<String> {
    let mut caveats = flag.caveats();
    let rests_on_unset = |candidate: &Candidate<'_>| {
        let unset = |condition: &ConditionTrace<'_>| condition.cause == Some(Cause::Unset);
        candidate.standing == Standing::DidNotMatch
            && candidate
                .decisive_conditions()
                .iter()
                .any(|asked| unset(asked.condition))
    };
    // A trait that is missing here may be one that the server sets by itself.
    if candidates.iter().any(rests_on_unset) {
        caveats.push(Caveat::SystemTraits);
    }
    caveats.into_iter().map(caveat::of_flag).collect()
}
