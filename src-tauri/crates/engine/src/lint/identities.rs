//! What is worth knowing about identity overrides.

use serde_json::Value;

use super::finding::{Finding, Subject};
use super::kind::FindingKind;
use super::segments::PYTHON_DOCUMENT;
use crate::document::group_identities;
use crate::engine::Engine;
use crate::source::{SourceIdentity, SourceState};
use crate::value::Seen;

pub(super) fn findings(engine: &Engine) -> Vec<Finding> {
    let mut found = Vec::new();
    for identity in &engine.identities.sources {
        if !identity.states.is_empty() && is_never_found(&identity.identifier) {
            found.push(finding(FindingKind::UnmatchedIdentifier, identity));
        }
    }
    found.extend(colliding(engine));
    found
}

fn finding(kind: FindingKind, identity: &SourceIdentity) -> Finding {
    Finding {
        kind,
        subject: Subject {
            identifiers: vec![identity.identifier.clone()],
            flags: identity.states.iter().map(|state| state.name.clone()).collect(),
            ..Subject::default()
        },
        evaluators: PYTHON_DOCUMENT.to_vec(),
        example: None,
    }
}

/// The engine looks for the identifier in a list of texts, as it sees it: numbers in their shortest form, floats never.
fn is_never_found(identifier: &str) -> bool {
    match Seen::of_text(identifier) {
        Seen::Text(_) => false,
        Seen::Integer(integer) => integer.to_string() != identifier,
        _ => true,
    }
}

/// Identities whose set of overrides lost its place to one of equal hash.
fn colliding(engine: &Engine) -> Vec<Finding> {
    let sources = &engine.identities.sources;
    let kept: Vec<String> = group_identities(sources)
        .iter()
        .map(|group| fingerprint(group.states))
        .collect();
    let mut found: Vec<(String, Finding)> = Vec::new();
    for identity in sources.iter().filter(|identity| !identity.states.is_empty()) {
        let exact = fingerprint(&identity.states);
        if kept.contains(&exact) {
            continue;
        }
        match found.iter_mut().find(|(known, _)| *known == exact) {
            Some((_, known)) => known.subject.identifiers.push(identity.identifier.clone()),
            None => found.push((exact, finding(FindingKind::CollidingIdentityOverrides, identity))),
        }
    }
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// Text that is equal for sets that Python takes for equal.
fn fingerprint(states: &[SourceState]) -> String {
    let texts = states.iter().map(|state| {
        let value = print_exact(&state.value);
        format!(
            "{:?} {:?} {} {value}",
            state.feature_id, state.name, state.enabled
        )
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Equal for values that are equal to Python, to which 1, 1.0 and true are the same.
fn print_exact(value: &Value) -> String {
    match value {
        Value::Bool(boolean) => u8::from(*boolean).to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => format!("{:.0}", float + 0.0),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}
