//! Fields of states, outwards: a value in the shape in which it is drawn.

use std::collections::BTreeMap;

use halyard_model::{
    FieldPath, Fields, FlagValue, RuleKind, SegmentKey, SegmentRule, Service, Subject, Variant,
};
use serde_json::Value;

use super::keys::pretty;
use crate::{
    convert::flag::{value as value_view, weights as weights_view},
    view::*,
    words,
};

/// What a value is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be read: in words where there are some.
    Read,
    /// To be edited: as it is typed.
    Edit,
}

/// What is called by an identifier in the fields of a subject, by its name.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    /// What the fields are of.
    pub subject: &'a Subject,
    service: Service,
    segments: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    /// The names that some states of a subject hold themselves.
    pub fn of(service: Service, subject: &'a Subject, states: &[&Fields]) -> Names<'a> {
        let mut segments = BTreeMap::new();
        for (field, value) in states.iter().flat_map(|fields| fields.iter()) {
            if let (FieldPath::Override(id), Some(name)) = (field, value.as_str()) {
                segments.insert(id.clone(), name.to_owned());
            }
        }
        Names {
            subject,
            service,
            segments,
        }
    }

    /// A segment's name; its identifier where nothing names it.
    pub fn segment(&self, id: &str) -> String {
        let known = self.segments.get(id).filter(|name| !name.is_empty());
        known.cloned().unwrap_or_else(|| segment_name(id).to_owned())
    }

    /// The name of a field.
    pub fn label(&self, path: &FieldPath, place: words::field::Place) -> String {
        let segment = path.override_of().map(|id| self.segment(id)).unwrap_or_default();
        words::field::label(path, self.subject, &segment, place)
    }
}

/// What a segment is called that has nothing but its key.
pub fn segment_name(id: &str) -> &str {
    id.strip_prefix(SegmentKey::to_be_made("").0.as_str())
        .unwrap_or(id)
}

/// A field of a state as it is drawn. `state` has the fields beside it, which
/// an override and shares need.
pub fn shown(path: &FieldPath, state: &Fields, names: &Names<'_>, purpose: Purpose) -> FieldValueView {
    let Some(value) = state.get(path) else {
        return FieldValueView::Absent {
            text: words::field::absent(path, names.subject).into(),
        };
    };
    match path {
        FieldPath::Existence
        | FieldPath::Enabled
        | FieldPath::OverrideEnabled(_)
        | FieldPath::HasTargeting
        | FieldPath::Archived
        | FieldPath::ServerOnly
        | FieldPath::Tag(_) => toggle(path, value),
        FieldPath::Value
        | FieldPath::OverrideValue(_)
        | FieldPath::Trait(_)
        | FieldPath::EnvironmentValue(_) => typed(path, value, names, purpose),
        FieldPath::Weights | FieldPath::Options => shares(state.get(&FieldPath::Value), value),
        FieldPath::OverrideWeights(id) => shares(state.get(&FieldPath::OverrideValue(id.clone())), value),
        FieldPath::Override(id) => own_state(id, state),
        FieldPath::OverrideOrder => order(value, names),
        FieldPath::Rules => rules(value, names, purpose),
        FieldPath::Rollout if purpose == Purpose::Read => FieldValueView::Text {
            text: words::rule::rollout(value),
        },
        FieldPath::Rollout | FieldPath::Targeting(_) => FieldValueView::Json { text: pretty(value) },
        FieldPath::Name | FieldPath::Description | FieldPath::ActiveFrom | FieldPath::ActiveUntil => {
            FieldValueView::Text {
                text: FlagValue(value.clone()).text(),
            }
        }
    }
}

fn toggle(path: &FieldPath, value: &Value) -> FieldValueView {
    let on = *value == Value::Bool(true);
    let switches = matches!(path, FieldPath::Enabled | FieldPath::OverrideEnabled(_));
    let text = match (switches, on) {
        (true, true) => "On",
        (true, false) => "Off",
        (false, true) => "Yes",
        (false, false) => "No",
    };
    FieldValueView::Toggle {
        on,
        text: text.into(),
    }
}

fn typed(path: &FieldPath, value: &Value, names: &Names<'_>, purpose: Purpose) -> FieldValueView {
    if value.is_null() && purpose == Purpose::Read {
        return FieldValueView::Absent {
            text: words::field::absent(path, names.subject).into(),
        };
    }
    FieldValueView::Value {
        value: value_view(&FlagValue(value.clone())),
    }
}

fn shares(own: Option<&Value>, value: &Value) -> FieldValueView {
    let options = options(Some(value));
    let rows = weights_view(&FlagValue(own.cloned().unwrap_or_default()), &options);
    let parts: Vec<&str> = rows.iter().map(|row| row.weight.as_str()).collect();
    FieldValueView::Weights {
        text: parts.join(" / "),
        rows,
    }
}

fn options(value: Option<&Value>) -> Vec<Variant> {
    value
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default()
}

/// An override as a whole: `on, express, first`.
fn own_state(id: &str, state: &Fields) -> FieldValueView {
    let field = |path: fn(String) -> FieldPath| state.get(&path(id.to_owned()));
    let enabled = field(FieldPath::OverrideEnabled) == Some(&Value::Bool(true));
    let value = FlagValue(field(FieldPath::OverrideValue).cloned().unwrap_or_default());
    let order = ids(state.get(&FieldPath::OverrideOrder));
    let place = order.iter().position(|one| one == id).filter(|_| order.len() > 1);
    whole(
        enabled,
        &value,
        &options(field(FieldPath::OverrideWeights)),
        place.map(words::field::place),
    )
}

fn whole(enabled: bool, value: &FlagValue, options: &[Variant], place: Option<String>) -> FieldValueView {
    let pinned = options.iter().find(|option| option.weight >= 100.0);
    let gets = match pinned {
        Some(option) => option.key.clone().unwrap_or_else(|| option.value.text()),
        None => value.text(),
    };
    let weights = weights_view(value, options);
    let split = match pinned {
        None if !options.is_empty() => {
            let parts: Vec<&str> = weights.iter().map(|row| row.weight.as_str()).collect();
            Some(parts.join(" / "))
        }
        _ => None,
    };
    let parts: Vec<String> = [
        Some(if enabled { "on" } else { "off" }.to_owned()),
        Some(words::number::cut(&gets)).filter(|text| !text.is_empty()),
        split,
        place,
    ]
    .into_iter()
    .flatten()
    .collect();
    FieldValueView::Override {
        enabled,
        value: value_view(value),
        weights,
        text: parts.join(", "),
    }
}

/// What an identity has of its own, as a whole.
pub fn identity_state(state: &Fields, names: &Names<'_>) -> FieldValueView {
    if !state.contains_key(&FieldPath::Existence) {
        return FieldValueView::Absent {
            text: words::field::absent(&FieldPath::Existence, names.subject).into(),
        };
    }
    let enabled = state.get(&FieldPath::Enabled) == Some(&Value::Bool(true));
    let value = FlagValue(state.get(&FieldPath::Value).cloned().unwrap_or_default());
    whole(enabled, &value, &options(state.get(&FieldPath::Weights)), None)
}

/// The identifiers in an order, the first in front.
pub fn ids(order: Option<&Value>) -> Vec<String> {
    order
        .and_then(|order| serde_json::from_value(order.clone()).ok())
        .unwrap_or_default()
}

fn order(value: &Value, names: &Names<'_>) -> FieldValueView {
    let ids = ids(Some(value));
    FieldValueView::Order {
        names: ids.iter().map(|id| names.segment(id)).collect(),
        ids,
    }
}

/// A segment's rules can be drawn; those of a flag are JSON with words for it.
fn rules(value: &Value, names: &Names<'_>, purpose: Purpose) -> FieldValueView {
    if matches!(names.subject, Subject::Segment { .. }) {
        let rules: Vec<SegmentRule> = serde_json::from_value(value.clone()).unwrap_or_default();
        return FieldValueView::Rules {
            lines: words::rule::lines(&rules),
            rules: rules.iter().map(|one| rule(names.service, one)).collect(),
        };
    }
    match purpose {
        Purpose::Read => FieldValueView::Rules {
            rules: Vec::new(),
            lines: words::rule::targeting_lines(value),
        },
        Purpose::Edit => FieldValueView::Json { text: pretty(value) },
    }
}

/// A rule of a segment.
pub fn rule(service: Service, of: &SegmentRule) -> RuleView {
    RuleView {
        kind: match of.kind {
            RuleKind::All => RuleKindView::All,
            RuleKind::Any => RuleKindView::Any,
            RuleKind::None => RuleKindView::None,
        },
        conditions: of
            .conditions
            .iter()
            .map(|condition| ConditionView {
                operator: condition.operator.clone(),
                property: condition.property.clone(),
                value: operand(service, &condition.value),
            })
            .collect(),
        rules: of.rules.iter().map(|one| rule(service, one)).collect(),
    }
}

/// What a condition compares with, as it is typed: EdgeFlags tells `25` from
/// `"25"`, so text that would be read as something else keeps its quotes.
fn operand(service: Service, value: &Value) -> String {
    match (service, value) {
        (Service::EdgeFlags, Value::String(text)) if serde_json::from_str::<Value>(text).is_ok() => {
            value.to_string()
        }
        _ => FlagValue(value.clone()).text(),
    }
}
