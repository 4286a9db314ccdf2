//! How one flag came to its value, step by step.

mod conditions;

use halyard_console::TracedFlag;
use halyard_engine::{
    Candidate, CandidateSource, CandidateState, Dependency, FlagTrace, OtherResult, SplitTrace, Standing,
    TraitChange,
};
use serde_json::Value;

use self::conditions::{Doubts, conditions, hashed};
use super::{basis_points, traits::value_out};
use crate::{
    error::WireError,
    view::*,
    words::{caveat, condition::Asked, failure, number, way},
};

/// Results a way is shown to.
const MOST_WAYS: usize = 8;

/// How one flag came to its value.
pub fn trace(traced: &TracedFlag) -> Result<TraceView, WireError> {
    let trace = traced.trace();
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
        ways: ways(traced, flag.result().is_some_and(|now| now.enabled)),
        caveats: flag.caveats().into_iter().map(caveat::of_flag).collect(),
    })
}

/// A way to each other result. `is_on` is what the flag is now.
fn ways(traced: &TracedFlag, is_on: bool) -> Vec<WayView> {
    let mut others: Vec<&OtherResult> = Vec::new();
    for other in &traced.others {
        // Off is one result, whatever value stands behind it.
        if other.enabled || (is_on && others.iter().all(|known| known.enabled)) {
            others.push(other);
        }
    }
    let words: Vec<String> = others.iter().map(|other| way::goal(other)).collect();
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

#[cfg(test)]
mod tests;
