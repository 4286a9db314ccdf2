//! Fields of edits, inwards: what was typed becomes what a service can keep.

pub mod beginning;
mod keys;
pub mod outward;
pub mod rows;

use halyard_console::parse_value;
use halyard_model::{
    FieldChanges, FieldPath, Fields, FlagKey, FlagValue, RuleKind, Said, SegmentCondition, SegmentKey,
    SegmentRule, Service, Subject, Variant,
};
use serde::Serialize;
use serde_json::Value;

use super::flag::value_kind_in;
use crate::{error::WireError, view::*};

/// What an edit is about, inwards.
pub fn subject_in(subject: SubjectView) -> Subject {
    match subject {
        SubjectView::FlagState { flag } => Subject::FlagState { flag: FlagKey(flag) },
        SubjectView::IdentityOverride { flag, identity } => Subject::IdentityOverride {
            flag: FlagKey(flag),
            identity,
        },
        SubjectView::Flag { flag } => Subject::Flag { flag: FlagKey(flag) },
        SubjectView::Segment { segment } => Subject::Segment {
            segment: SegmentKey(segment),
        },
        SubjectView::Traits { identity } => Subject::Traits { identity },
        SubjectView::Config { key } => Subject::Config { key },
    }
}

/// What an edit is about.
pub fn subject(subject: &Subject) -> SubjectView {
    match subject {
        Subject::FlagState { flag } => SubjectView::FlagState { flag: flag.0.clone() },
        Subject::IdentityOverride { flag, identity } => SubjectView::IdentityOverride {
            flag: flag.0.clone(),
            identity: identity.clone(),
        },
        Subject::Flag { flag } => SubjectView::Flag { flag: flag.0.clone() },
        Subject::Segment { segment } => SubjectView::Segment {
            segment: segment.0.clone(),
        },
        Subject::Traits { identity } => SubjectView::Traits {
            identity: identity.clone(),
        },
        Subject::Config { key } => SubjectView::Config { key: key.clone() },
    }
}

/// What a service said, with the field's name for people where that is known
/// without the edit.
pub fn said(said: &Said) -> SaidView {
    SaidView {
        field: said.field.as_ref().map(ToString::to_string),
        label: None,
        words: said.words.clone(),
    }
}

/// Changes, inwards. `known` are the fields they rest on: they tell the options
/// whose weights are typed, and what a new override begins as. An error names
/// the field.
pub fn changes_in(service: Service, known: &Fields, edits: &[FieldEdit]) -> Result<FieldChanges, WireError> {
    let mut changes = FieldChanges::new();
    for edit in edits {
        let path: FieldPath = edit
            .field
            .parse()
            .map_err(|_| WireError::input("value", format!("{} is no field.", edit.field)))?;
        if let (FieldInput::Unset, FieldPath::Override(id)) = (&edit.to, &path) {
            for part in override_parts(id) {
                changes.insert(part, None);
            }
        }
        // An override is added by its segment's name, and begins as the flag is.
        if let (FieldInput::Text { .. }, FieldPath::Override(id)) = (&edit.to, &path) {
            let [enabled, value, weights] = override_parts(id);
            for (part, of) in [
                (enabled, FieldPath::Enabled),
                (value, FieldPath::Value),
                (weights, FieldPath::Weights),
            ] {
                if let Some(of) = known.get(&of) {
                    changes.entry(part).or_insert_with(|| Some(of.clone()));
                }
            }
        }
        let to = input(service, &path, known, &edit.to).map_err(|error| WireError {
            field: Some(edit.field.clone()),
            ..error
        })?;
        changes.insert(path, to);
    }
    Ok(changes)
}

fn override_parts(id: &str) -> [FieldPath; 3] {
    [
        FieldPath::OverrideEnabled(id.to_owned()),
        FieldPath::OverrideValue(id.to_owned()),
        FieldPath::OverrideWeights(id.to_owned()),
    ]
}

/// What one field becomes; `None` unsets it.
pub fn input(
    service: Service,
    path: &FieldPath,
    known: &Fields,
    to: &FieldInput,
) -> Result<Option<Value>, WireError> {
    Ok(Some(match to {
        FieldInput::Unset => return Ok(None),
        FieldInput::Set => Value::Bool(true),
        FieldInput::Toggle { on } => Value::Bool(*on),
        FieldInput::Value { value } => parse_value(service, value_kind_in(value.kind), &value.text)?.0,
        FieldInput::Weights { rows } => as_json(&weights(path, known, rows)?),
        FieldInput::Options { rows } => as_json(&options(service, rows)?),
        FieldInput::Order { ids } => as_json(ids),
        FieldInput::Text { text } => Value::String(text.clone()),
        FieldInput::Rules { rules } => as_json(
            &rules
                .iter()
                .map(|rule| rule_in(service, rule))
                .collect::<Vec<_>>(),
        ),
        FieldInput::Json { text } => serde_json::from_str(text)
            .map_err(|error| WireError::input("value", format!("This is not JSON: {error}.")))?,
    }))
}

/// Our own types have names for keys and numbers that JSON knows, so nothing fails.
fn as_json<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The options as they are, with the weights that were typed. An override that
/// has none of its own begins with the flag's.
fn weights(path: &FieldPath, known: &Fields, rows: &[WeightInput]) -> Result<Vec<Variant>, WireError> {
    let options = known.get(path).or_else(|| known.get(&FieldPath::Weights));
    let mut options: Vec<Variant> = options
        .and_then(|options| serde_json::from_value(options.clone()).ok())
        .unwrap_or_default();
    for row in rows {
        let weight = percent(&row.weight)?;
        match options.iter_mut().find(|option| option.id == row.id) {
            Some(option) => option.weight = weight,
            None => {
                return Err(WireError::input("value", "This option is not there any more."));
            }
        }
    }
    Ok(options)
}

fn options(service: Service, rows: &[OptionInput]) -> Result<Vec<Variant>, WireError> {
    rows.iter()
        .map(|row| {
            Ok(Variant {
                id: row.id.clone().unwrap_or_default(),
                key: Some(row.key.trim().to_owned()).filter(|key| !key.is_empty()),
                value: FlagValue(parse_value(service, value_kind_in(row.value.kind), &row.value.text)?.0),
                weight: percent(&row.weight)?,
            })
        })
        .collect()
}

fn percent(typed: &str) -> Result<f64, WireError> {
    let number: Option<f64> = typed.trim().trim_end_matches('%').trim_end().parse().ok();
    match number.filter(|number| (0.0..=100.0).contains(number)) {
        Some(number) => Ok(number),
        None => Err(WireError::input("value", "A weight is a number from 0 to 100.")),
    }
}

fn rule_in(service: Service, rule: &RuleView) -> SegmentRule {
    SegmentRule {
        kind: match rule.kind {
            RuleKindView::All => RuleKind::All,
            RuleKindView::Any => RuleKind::Any,
            RuleKindView::None => RuleKind::None,
        },
        conditions: rule
            .conditions
            .iter()
            .map(|condition| SegmentCondition {
                operator: condition.operator.clone(),
                property: condition.property.clone(),
                value: condition_value(service, &condition.value),
            })
            .collect(),
        rules: rule.rules.iter().map(|rule| rule_in(service, rule)).collect(),
    }
}

/// Flagsmith keeps text; EdgeFlags any JSON, and text that is none stays text.
fn condition_value(service: Service, typed: &str) -> Value {
    match service {
        Service::Flagsmith => Value::String(typed.to_owned()),
        Service::EdgeFlags => serde_json::from_str(typed).unwrap_or_else(|_| Value::String(typed.to_owned())),
    }
}
