//! Conditions on which the SDKs disagree with the server, each shown by a value.

use serde_json::Value;

use super::finding::{ConditionText, Evaluator, Example, Finding, Subject, Verdict};
use super::kind::FindingKind;
use super::peers::Asked;
use super::probes::probes_of;
use crate::condition::operand_text;
use crate::engine::Condition;
use crate::operator::Operator;
use crate::property::{Path, Property, Target, parse_path};
use crate::value::Seen;

/// The SDKs that are compared with the server, in the order of [`Example::others`].
const OTHERS: [Evaluator; 3] = [Evaluator::NodeSdk, Evaluator::GoSdk, Evaluator::RustSdk];

/// A condition as the document has it.
pub(super) fn text_of(condition: &Condition) -> ConditionText {
    let source = &condition.source;
    ConditionText {
        property: source.property.clone(),
        operator: source.operator.clone(),
        operand: match &source.operand {
            Value::Null => String::new(),
            operand => operand_text(operand),
        },
    }
}

/// What a condition is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Trait,
    /// The identifier or the key, which are always text.
    Text,
}

/// One finding per kind of disagreement that a value shows.
pub(super) fn disagreements(condition: &Condition, seed: &str, subject: &Subject) -> Vec<Finding> {
    let reads = match &condition.property {
        Property::Trait(_) => Reads::Trait,
        Property::Path {
            target: Target::Trait(_),
            ..
        } => Reads::Trait,
        Property::Path {
            target: Target::Identifier | Target::Key,
            ..
        } => Reads::Text,
        Property::IdentityKey | Property::Path { .. } => return Vec::new(),
    };
    let mut findings: Vec<Finding> = Vec::new();
    for (kind, value) in probes_of(condition) {
        if reads == Reads::Text && !matches!(value, Some(Value::String(_))) {
            continue;
        }
        let Some(example) = try_out(condition, seed, value) else {
            continue;
        };
        let differing = |(evaluator, verdict): (Evaluator, Verdict)| {
            let differs = verdict != example.server && concerns(kind, evaluator, verdict);
            differs.then_some(evaluator)
        };
        let evaluators: Vec<Evaluator> = example.others.into_iter().filter_map(differing).collect();
        if evaluators.is_empty() {
            continue;
        }
        match findings.iter_mut().find(|finding| finding.kind == kind) {
            Some(known) => merge(known, evaluators, example),
            None => findings.push(Finding {
                kind,
                subject: subject.clone(),
                evaluators,
                example: Some(example),
            }),
        }
    }
    findings
}

/// Some rules are about one SDK or one direction; another disagreement on the same value has a rule of its own.
fn concerns(kind: FindingKind, evaluator: Evaluator, verdict: Verdict) -> bool {
    match kind {
        FindingKind::RegexSearchesAnywhere => verdict == Verdict::Holds,
        FindingKind::RegexNeedsBacktracking => evaluator != Evaluator::NodeSdk,
        FindingKind::SplitByTraitInNode
        | FindingKind::VersionNotEqualInNode
        | FindingKind::VersionWithPrefix => evaluator == Evaluator::NodeSdk,
        FindingKind::SplitByMissingTrait | FindingKind::OrderOfZeroAndOne => evaluator == Evaluator::GoSdk,
        FindingKind::VersionBuildMetadata | FindingKind::ModuloRounding | FindingKind::NullTrait => {
            evaluator == Evaluator::RustSdk
        }
        _ => true,
    }
}

/// The example that shows most disagreements stays.
fn merge(known: &mut Finding, evaluators: Vec<Evaluator>, example: Example) {
    let shown = |example: &Example| {
        let differs = |(_, verdict): &&(Evaluator, Verdict)| *verdict != example.server;
        example.others.iter().filter(differs).count()
    };
    if known
        .example
        .as_ref()
        .is_some_and(|known| shown(known) < shown(&example))
    {
        known.example = Some(example);
    }
    known.evaluators.extend(evaluators);
    known.evaluators.sort_unstable();
    known.evaluators.dedup();
}

/// Runs a value through all; `None` where some verdict is not known.
fn try_out(condition: &Condition, seed: &str, value: Option<Value>) -> Option<Example> {
    let seen = value.as_ref().map_or(Seen::Unset, Seen::of);
    let server = match &seen {
        Seen::TooManyDigits => Verdict::Fails,
        seen => condition
            .test
            .holds(seen, &mut String::new())
            .map_or(Verdict::Fails, Verdict::from),
    };
    let mut asked = Asked {
        property: &condition.source.property,
        operator: condition.operator,
        operand: condition.source.operand.as_str(),
        seed,
        key: "",
        value: value.as_ref(),
    };
    let key;
    if value.is_none() {
        // For some identity the split holds, if it can hold at all.
        key = key_inside(condition, &asked)?;
        asked.key = &key;
    }
    let mut others = OTHERS.map(|evaluator| (evaluator, Verdict::DoesNotHold));
    for (evaluator, verdict) in &mut others {
        *verdict = asked.verdict(*evaluator)?;
    }
    Some(Example {
        value,
        server,
        others,
    })
}

/// A key that falls into the split, as a replacement for a trait that is not there.
fn key_inside(condition: &Condition, asked: &Asked<'_>) -> Option<String> {
    (condition.operator == Operator::PercentageSplit).then_some(())?;
    (0..10_000).map(|count| format!("user-{count}")).find(|key| {
        let asked = Asked { key, ..*asked };
        asked.verdict(Evaluator::GoSdk) == Some(Verdict::Holds)
    })
}

/// The flag that a property reads, in whatever dialect.
pub(super) fn flag_read(property: &str) -> Option<String> {
    if !property.starts_with("$.") {
        return None;
    }
    match parse_path(property) {
        Path::Names(names) => match names.as_slice() {
            [root, name, ..] if root == "flags" => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A condition that reads a flag, which only newer engines do.
pub(super) fn flag_dependency(condition: &Condition, subject: &Subject) -> Option<Finding> {
    let flag = flag_read(&condition.source.property)?;
    Some(Finding {
        kind: FindingKind::FlagDependency,
        subject: Subject {
            detail: Some(flag),
            ..subject.clone()
        },
        evaluators: vec![
            Evaluator::FlagsApi,
            Evaluator::NodeSdk,
            Evaluator::GoSdk,
            Evaluator::RustSdk,
        ],
        example: None,
    })
}
