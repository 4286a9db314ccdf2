//! What the two services have in common: flags by key, on or off, and values
//! of the kinds that both keep. Everything else is named as having no
//! counterpart.

use serde_json::Value;

use super::{Contents, Side, Unmapped, UnmappedKind};
use crate::{
    FieldPath, FlagDefinition, FlagState, FlagValue, Service, Subject, SubjectState, ValueKind, same_value,
};

/// What one side has that the other service has not, as it is being found.
pub(super) struct Reduction<'r> {
    pub(super) side: Side,
    /// The other side.
    pub(super) other: &'r Contents,
    pub(super) unmapped: &'r mut Vec<Unmapped>,
}

impl Reduction<'_> {
    fn note(&mut self, kind: UnmappedKind, name: &str, count: usize) {
        if count == 0 {
            return;
        }
        let known = self
            .unmapped
            .iter_mut()
            .find(|one| (one.side, one.kind) == (self.side, kind) && one.name == name);
        match known {
            Some(known) => known.count += count,
            None => self.unmapped.push(Unmapped {
                side: self.side,
                kind,
                name: name.to_owned(),
                count,
            }),
        }
    }

    /// A subject without what the other service has not; `None` where it has
    /// nothing of the kind.
    pub(super) fn reduced(&mut self, subject: &Subject, state: &SubjectState) -> Option<SubjectState> {
        match (subject, state) {
            (Subject::FlagState { flag }, SubjectState::FlagState(state)) => {
                Some(SubjectState::FlagState(self.flag_state(&flag.0, state)))
            }
            (Subject::Flag { flag }, SubjectState::Flag(definition)) => {
                Some(SubjectState::Flag(self.definition(&flag.0, definition)))
            }
            (Subject::IdentityOverride { flag, .. }, _) => {
                self.note(UnmappedKind::IdentityOverrides, &flag.0, 1);
                None
            }
            (Subject::Segment { segment }, SubjectState::Segment(definition)) => {
                let name = match definition.name.is_empty() {
                    true => &segment.0,
                    false => &definition.name,
                };
                self.note(UnmappedKind::Segment, name, 1);
                None
            }
            (Subject::Config { key }, _) => {
                self.note(UnmappedKind::Config, key, 1);
                None
            }
            _ => None,
        }
    }

    fn flag_state(&mut self, flag: &str, state: &FlagState) -> FlagState {
        self.note(
            UnmappedKind::SegmentOverrides,
            flag,
            state.segment_overrides.len(),
        );
        self.note(UnmappedKind::Targeting, flag, usize::from(has_targets(state)));
        let weighted = state.variants.iter().any(|option| option.weight > 0.0);
        self.note(UnmappedKind::Options, flag, usize::from(weighted));
        FlagState::plain(state.enabled, state.value.clone())
    }

    fn definition(&mut self, flag: &str, definition: &FlagDefinition) -> FlagDefinition {
        self.note(
            UnmappedKind::Window,
            flag,
            usize::from(definition.active_from.is_some() || definition.active_until.is_some()),
        );
        self.note(
            UnmappedKind::ServerOnly,
            flag,
            usize::from(definition.server_only),
        );
        self.note(UnmappedKind::Archived, flag, usize::from(definition.archived));
        let (text, tags) = (self.other.describes, self.other.labels);
        let hidden = (!text && definition.description.is_some()) || (!tags && !definition.tags.is_empty());
        self.note(UnmappedKind::Described, flag, usize::from(hidden));
        FlagDefinition {
            description: definition.description.clone().filter(|_| text),
            tags: match tags {
                true => definition.tags.clone(),
                false => Default::default(),
            },
            ..FlagDefinition::default()
        }
    }
}

fn has_targets(state: &FlagState) -> bool {
    let members = state.targeting.as_ref().and_then(Value::as_object);
    members.is_some_and(|members| {
        members.values().any(|member| match member {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(parts) => !parts.is_empty(),
            _ => true,
        })
    })
}

/// Whether both services keep values of the kind. Flagsmith has no fractions,
/// and keeps objects and arrays as text.
pub(super) fn is_kept_by_both(value: &FlagValue) -> bool {
    match &value.0 {
        Value::Number(number) => number.is_i64() || number.is_u64(),
        _ => true,
    }
}

/// Whether clients of both services read the same, objects and arrays being
/// text on one of them.
pub(super) fn is_same(one: &FlagValue, other: &FlagValue) -> bool {
    let parsed = |value: &FlagValue| match &value.0 {
        Value::String(text) if value.kind() == ValueKind::Json => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    };
    let (one, other) = (parsed(one), parsed(other));
    same_value(&FieldPath::Value, one.as_ref(), other.as_ref())
}

/// A value as a service keeps it.
pub(super) fn as_kept(value: &FlagValue, service: Service) -> FlagValue {
    FlagValue(match (service, &value.0) {
        (Service::Flagsmith, Value::Object(_) | Value::Array(_)) => Value::String(value.0.to_string()),
        (Service::EdgeFlags, Value::String(text)) if value.kind() == ValueKind::Json => {
            serde_json::from_str(text).unwrap_or_else(|_| value.0.clone())
        }
        (_, other) => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_go_to_the_other_service_and_come_back() {
        for (value, on_edgeflags) in [
            (json!("{\"a\":1}"), json!({"a": 1})),
            (json!("[1]"), json!([1])),
            (json!("25"), json!("25")),
            (json!(25), json!(25)),
            (json!(true), json!(true)),
            (json!(null), json!(null)),
            (json!("{no json"), json!("{no json")),
        ] {
            let (value, there) = (FlagValue(value), FlagValue(on_edgeflags));
            assert_eq!(as_kept(&value, Service::EdgeFlags), there);
            assert_eq!(as_kept(&there, Service::Flagsmith), value);
            assert!(is_same(&value, &there) && is_kept_by_both(&there));
        }
        assert!(!is_same(&FlagValue(json!("25")), &FlagValue(json!(25))));
        assert!(!is_kept_by_both(&FlagValue(json!(0.5))));
    }
}
