//! What is worth knowing about flags, their overrides and their variants.

use std::cmp::Ordering;

use serde_json::Value;

use super::conditions::flag_read;
use super::finding::{Evaluator, Finding, Subject};
use super::kind::FindingKind;
use super::reach::{Prover, Reach};
use super::segments::{PYTHON_DOCUMENT, name_of};
use crate::engine::{Engine, Feature, Override, State};
use crate::source::Priority;

/// Weights are sums of decimal fractions, which doubles do not add up exactly.
const ROUNDING: f64 = 1e-9;

/// What concerns the environment as a whole.
pub(super) fn of_environment(engine: &Engine) -> Vec<Finding> {
    let mut found = Vec::new();
    if engine.environment_name == Value::Null {
        found.push(Finding {
            kind: FindingKind::NullEnvironmentName,
            subject: Subject::default(),
            evaluators: vec![Evaluator::RustSdk],
            example: None,
        });
    }
    found.extend(cycles(engine));
    found
}

/// Everything about one flag.
pub(super) fn findings(engine: &Engine, reach: &Reach, index: usize) -> Vec<Finding> {
    let feature = &engine.features[index];
    let mut found = variants(&feature.default, &subject(engine, feature, None));
    for one in &feature.overrides {
        found.extend(variants(&one.state, &subject(engine, feature, Some(one))));
    }
    found.extend(null_priorities(engine, index, feature));
    found.extend(ties(engine, reach, feature));
    found.extend(shadowed(engine, reach, feature));
    found
}

fn subject(engine: &Engine, feature: &Feature, one: Option<&Override>) -> Subject {
    Subject {
        flags: vec![feature.name.clone()],
        segment: one.map(|one| name_of(&engine.segments[one.segment as usize])),
        ..Subject::default()
    }
}

fn variants(state: &State, subject: &Subject) -> Vec<Finding> {
    let mut found = Vec::new();
    for (position, variant) in state.variants.iter().enumerate() {
        let has_weight = variant.range.1 > variant.range.0;
        if has_weight && variant.from >= variant.until {
            found.push(Finding {
                kind: FindingKind::UnreachableVariant,
                subject: Subject {
                    variant: Some(position),
                    detail: variant.key.clone(),
                    ..subject.clone()
                },
                evaluators: Evaluator::ALL.to_vec(),
                example: None,
            });
        }
    }
    if !state.variants.is_sorted_by_key(|variant| variant.listed) {
        found.push(Finding {
            kind: FindingKind::VariantOrder,
            subject: subject.clone(),
            evaluators: vec![Evaluator::RustSdk],
            example: None,
        });
    }
    if state
        .variants
        .last()
        .is_some_and(|last| last.range.1 > 100.0 + ROUNDING)
    {
        found.push(Finding {
            kind: FindingKind::WeightsOverHundred,
            subject: subject.clone(),
            evaluators: Evaluator::ALL.to_vec(),
            example: None,
        });
    }
    found
}

fn null_priorities(engine: &Engine, index: usize, feature: &Feature) -> Vec<Finding> {
    let has_identity_overrides = !engine.identities.states_of(index).is_empty();
    let is_compared = feature.overrides.len() > 1 || has_identity_overrides;
    let mut evaluators = Vec::new();
    if is_compared {
        evaluators.extend(PYTHON_DOCUMENT);
        evaluators.push(Evaluator::GoSdk);
    }
    evaluators.push(Evaluator::RustSdk);
    let nulls = feature
        .overrides
        .iter()
        .filter(|one| one.priority == Priority::Null);
    nulls
        .map(|one| Finding {
            kind: FindingKind::NullPriority,
            subject: subject(engine, feature, Some(one)),
            evaluators: evaluators.clone(),
            example: None,
        })
        .collect()
}

/// Overrides of equal priority, where both segments can match.
fn ties(engine: &Engine, reach: &Reach, feature: &Feature) -> Vec<Finding> {
    let mut found = Vec::new();
    for pair in feature.overrides.windows(2) {
        let [first, second] = pair else { continue };
        let is_null = [first, second].iter().any(|one| one.priority == Priority::Null);
        if is_null || first.priority.compare(second.priority) != Ordering::Equal {
            continue;
        }
        if [first, second]
            .iter()
            .any(|one| reach.nobody[one.segment as usize])
        {
            continue;
        }
        found.push(Finding {
            kind: FindingKind::TiedPriorities,
            subject: Subject {
                other_segment: Some(name_of(&engine.segments[second.segment as usize])),
                ..subject(engine, feature, Some(first))
            },
            evaluators: vec![Evaluator::FlagsApi, Evaluator::GoSdk],
            example: None,
        });
    }
    found
}

/// Overrides that a stronger one always beats.
fn shadowed(engine: &Engine, reach: &Reach, feature: &Feature) -> Vec<Finding> {
    let prover = Prover { engine };
    let mut found = Vec::new();
    if feature.has_null_priority {
        return found;
    }
    for (position, weaker) in feature.overrides.iter().enumerate() {
        let segment = &engine.segments[weaker.segment as usize];
        if reach.nobody[weaker.segment as usize] {
            continue;
        }
        let beats = |stronger: &&Override| {
            // On a tie, evaluators do not agree who is stronger.
            let is_stronger = stronger.priority.compare(weaker.priority) == Ordering::Less;
            let everybody = reach.everybody[stronger.segment as usize];
            let stronger = &engine.segments[stronger.segment as usize];
            is_stronger && (everybody || prover.implies(segment, stronger))
        };
        if let Some(stronger) = feature.overrides[..position].iter().find(beats) {
            found.push(Finding {
                kind: FindingKind::ShadowedOverride,
                subject: Subject {
                    other_segment: Some(name_of(&engine.segments[stronger.segment as usize])),
                    ..subject(engine, feature, Some(weaker))
                },
                evaluators: vec![Evaluator::FlagsApi, Evaluator::EdgeProxy, Evaluator::PythonSdk],
                example: None,
            });
        }
    }
    found
}

/// Flags that read each other in a circle, one finding per circle.
fn cycles(engine: &Engine) -> Vec<Finding> {
    let prover = Prover { engine };
    let reads: Vec<Vec<usize>> = engine
        .features
        .iter()
        .map(|feature| {
            let segments = feature
                .overrides
                .iter()
                .map(|one| &engine.segments[one.segment as usize]);
            let conditions = segments.flat_map(|segment| prover.all_conditions(segment));
            let names = conditions.filter_map(|condition| flag_read(&condition.source.property));
            names
                .filter_map(|name| engine.feature_index(&name))
                .map(|index| index as usize)
                .collect()
        })
        .collect();
    let reachable = |start: usize| {
        let mut seen = vec![false; reads.len()];
        let mut next = reads[start].clone();
        while let Some(flag) = next.pop() {
            if !std::mem::replace(&mut seen[flag], true) {
                next.extend(&reads[flag]);
            }
        }
        seen
    };
    let mut found = Vec::new();
    let mut is_reported = vec![false; reads.len()];
    for start in 0..reads.len() {
        if is_reported[start] || reads[start].is_empty() {
            continue;
        }
        let forward = reachable(start);
        if !forward[start] {
            continue;
        }
        let members: Vec<usize> = (start..reads.len())
            .filter(|member| forward[*member] && reachable(*member)[start])
            .collect();
        for member in &members {
            is_reported[*member] = true;
        }
        found.push(Finding {
            kind: FindingKind::FlagCycle,
            subject: Subject {
                flags: members
                    .iter()
                    .map(|member| engine.features[*member].name.clone())
                    .collect(),
                ..Subject::default()
            },
            evaluators: vec![Evaluator::PythonSdk],
            example: None,
        });
    }
    found
}
