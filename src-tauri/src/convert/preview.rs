//! What an identity gets.

use std::collections::HashMap;

use halyard_console::{EnvironmentFacts, FlagFacts, LocalPreview, LocalRow, Preview, RemotePreview};
use halyard_engine::{Decision, RemoteRules};
use halyard_model::{Connection, Flag, FlagKind, FlagValue, RemoteFlag};
use serde_json::Value;

use super::{connection::freshness, count, flag::value};
use crate::{error::WireError, view::*, words::reason};

/// What an identity gets of every flag.
pub fn preview(
    preview: Preview,
    identifier: &str,
    connection: &Connection,
    facts: &EnvironmentFacts,
    flags: &[FlagFacts],
) -> PreviewView {
    let known: HashMap<&str, &Flag> = flags
        .iter()
        .map(|facts| (facts.flag.key.0.as_str(), &facts.flag))
        .collect();
    let name = &facts.environment.name;
    match preview {
        Preview::Local(local) => PreviewView {
            remote: false,
            source: format!("The mirror of {name}"),
            overrides: count(local.rows.iter().filter(|row| is_override(row)).count()),
            caveats: caveats(&local.remote),
            rows: local_rows(&local, name, &known),
            freshness: freshness(facts),
            failure: None,
        },
        Preview::Remote(remote) => PreviewView {
            remote: true,
            source: format!(
                "Asked {} for {identifier} in {name}",
                connection.endpoint.address()
            ),
            overrides: 0,
            caveats: vec!["EdgeFlags evaluates by itself and keeps its rollout to itself.".into()],
            rows: remote_rows(remote),
            freshness: freshness(facts),
            failure: None,
        },
    }
}

fn is_override(row: &LocalRow) -> bool {
    !matches!(row.explanation.decided_by, Decision::EnvironmentDefault { .. })
}

fn local_rows(local: &LocalPreview, environment: &str, known: &HashMap<&str, &Flag>) -> Vec<PreviewRowView> {
    local
        .rows
        .iter()
        .map(|row| PreviewRowView {
            flag: row.flag.0.clone(),
            multivariate: known
                .get(row.flag.0.as_str())
                .is_some_and(|flag| flag.kind == FlagKind::Multivariate),
            enabled: Some(row.enabled),
            value: value(&row.value),
            decided_by: decider(row),
            why: reason::sentence(&row.explanation, environment),
            caveat: caveat(row, &local.remote),
            expected: None,
        })
        .collect()
}

fn decider(row: &LocalRow) -> DeciderView {
    match &row.explanation.decided_by {
        Decision::IdentityOverride { .. } => DeciderView::Identity,
        Decision::Segment(_) => DeciderView::Segment,
        Decision::EnvironmentDefault { .. } if row.explanation.split.is_some() => DeciderView::Split,
        Decision::EnvironmentDefault { .. } => DeciderView::Default,
    }
}

/// What a client may see differently for one flag.
fn caveat(row: &LocalRow, remote: &RemoteRules) -> Option<String> {
    let server_only = remote.server_only_flags.contains(&row.flag.0);
    let hidden = remote.hide_disabled && !row.enabled;
    let unsure_bucket = row.explanation.split.is_some() && !remote.composite_key_hashing;
    match (server_only, hidden, unsure_bucket) {
        (true, ..) => Some("Left out for client-side keys.".into()),
        (_, true, _) => {
            Some("Left out of answers, because this environment hides flags that are off.".into())
        }
        (.., true) => Some("The server may use another bucket for this identity.".into()),
        _ if row.server_may_choose_option => {
            Some("The server lets this override's weights choose an option; an evaluation of the document does not.".into())
        }
        _ => None,
    }
}

/// What may differ for all flags.
fn caveats(remote: &RemoteRules) -> Vec<String> {
    let mut sentences = Vec::new();
    if !remote.composite_key_hashing {
        sentences.push(
            "The server buckets identities by its own record numbers here, so splits may differ.".into(),
        );
    }
    if !remote.local_identity_overrides {
        sentences.push("Identity overrides are not part of this document, so they are not seen here.".into());
    }
    sentences
}

fn remote_rows(remote: RemotePreview) -> Vec<PreviewRowView> {
    remote.rows.into_iter().map(remote_row).collect()
}

fn remote_row(row: RemoteFlag) -> PreviewRowView {
    let why = match row.reason.as_deref() {
        Some("disabled") => "The flag is off, or outside its window.".to_owned(),
        Some("override") => "The flag's explicit value.".to_owned(),
        Some("environment_override") => "The override of this environment.".to_owned(),
        Some("targeting") => "A targeting rule matched.".to_owned(),
        Some("rollout") => "The rollout.".to_owned(),
        Some("default") => "The default.".to_owned(),
        // The set is open: an unknown word is shown as it came.
        Some(other) => format!("The service says: {other}."),
        None => "The service gives no reason here.".to_owned(),
    };
    PreviewRowView {
        flag: row.key.0,
        multivariate: false,
        enabled: row.enabled.or_else(|| on_or_off(&row.value)),
        value: value(&row.value),
        decided_by: DeciderView::Service,
        why,
        caveat: None,
        expected: None,
    }
}

/// A boolean answer is its own state.
fn on_or_off(value: &FlagValue) -> Option<bool> {
    value.0.as_bool()
}

/// Typed traits, inwards. Errors name the trait.
pub fn traits_in(traits: &[TraitView]) -> Result<Vec<(String, Value)>, WireError> {
    let mut typed: Vec<(String, Value)> = Vec::new();
    for one in traits {
        let name = one.name.trim();
        let field = format!("trait:{}", one.name);
        if name.is_empty() {
            return Err(WireError::input(&field, "Give the trait a name."));
        }
        if typed.iter().any(|(other, _)| other == name) {
            return Err(WireError::input(
                &field,
                format!("The trait {name} is there twice."),
            ));
        }
        let value = match one.kind {
            TraitKindView::Text => Value::String(one.text.clone()),
            TraitKindView::Boolean => match one.text.trim() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return Err(WireError::input(&field, "A boolean trait is true or false.")),
            },
            TraitKindView::Number => serde_json::from_str(one.text.trim())
                .ok()
                .filter(Value::is_number)
                .ok_or_else(|| WireError::input(&field, "This is not a number. Write it like 7 or 418.5."))?,
        };
        typed.push((name.to_owned(), value));
    }
    Ok(typed)
}

/// A stored trait as a person would type it; a stored null is no trait.
pub fn trait_out((name, value): (String, Value)) -> Option<TraitView> {
    let (kind, text) = match value {
        Value::Null => return None,
        Value::Bool(flag) => (TraitKindView::Boolean, flag.to_string()),
        Value::Number(number) => (TraitKindView::Number, number.to_string()),
        Value::String(text) => (TraitKindView::Text, text),
        other => (TraitKindView::Text, other.to_string()),
    };
    Some(TraitView { name, kind, text })
}
