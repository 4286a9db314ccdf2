//! What a subject begins with before it is made.

use halyard_model::fields_of;
use halyard_model::{
    FieldPath, Fields, RuleKind, SegmentCondition, SegmentRule, Service, Subject, SubjectState,
};
use serde_json::{Value, json};

/// The fields of something new: a flag is off and has no value, a segment has
/// one rule with one empty condition.
pub fn beginning(service: Service, subject: &Subject) -> Fields {
    let mut fields = Fields::new();
    match subject {
        Subject::Flag { .. } => {
            fields.insert(FieldPath::Enabled, Value::Bool(false));
            fields.insert(FieldPath::Value, Value::Null);
        }
        Subject::Segment { segment } => {
            let name = segment.name_to_be().unwrap_or(&segment.0);
            fields.insert(FieldPath::Name, Value::String(name.to_owned()));
            fields.insert(FieldPath::Rules, rules(service));
        }
        Subject::Config { .. } => {
            fields.insert(FieldPath::Value, Value::Null);
        }
        Subject::IdentityOverride { .. } | Subject::FlagState { .. } => return of_flag(None),
        Subject::Traits { .. } => {}
    }
    fields
}

/// What an identity begins with that gets a state of its own: the flag's.
pub fn of_flag(state: Option<&SubjectState>) -> Fields {
    let kept = [FieldPath::Enabled, FieldPath::Value, FieldPath::Weights];
    let mut fields = fields_of(state);
    fields.retain(|field, _| kept.contains(field));
    fields.entry(FieldPath::Enabled).or_insert(Value::Bool(false));
    fields.entry(FieldPath::Value).or_insert(Value::Null);
    fields
}

fn rules(service: Service) -> Value {
    let condition = SegmentCondition {
        operator: match service {
            Service::Flagsmith => "EQUAL",
            Service::EdgeFlags => "equals",
        }
        .into(),
        property: Some(String::new()),
        value: json!(""),
    };
    let all = |conditions, rules| SegmentRule {
        kind: RuleKind::All,
        conditions,
        rules,
    };
    let rule = match service {
        // The dashboard of Flagsmith reads conditions one level down.
        Service::Flagsmith => all(Vec::new(), vec![all(vec![condition], Vec::new())]),
        Service::EdgeFlags => all(vec![condition], Vec::new()),
    };
    serde_json::to_value([rule]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{FlagKey, FlagState, FlagValue, SegmentKey, state_from};

    /// What is shown to begin with makes a state.
    #[test]
    fn beginnings_make_states() {
        let flag = FlagKey("f".into());
        let subjects = [
            Subject::Flag { flag: flag.clone() },
            Subject::Segment {
                segment: SegmentKey::to_be_made("beta"),
            },
            Subject::Config { key: "c".into() },
            Subject::Traits { identity: "u".into() },
            Subject::IdentityOverride {
                flag,
                identity: "u".into(),
            },
        ];
        for service in [Service::Flagsmith, Service::EdgeFlags] {
            for subject in &subjects {
                let mut fields = beginning(service, subject);
                fields.insert(FieldPath::Existence, Value::Bool(true));
                let made = state_from(subject, &fields, None).unwrap();
                assert!(made.is_some(), "{subject:?}");
                if let Some(SubjectState::Segment(segment)) = made {
                    assert_eq!((segment.name.as_str(), segment.rules.len()), ("beta", 1));
                }
            }
        }
    }

    #[test]
    fn an_override_begins_as_its_flag_is() {
        let mut state = FlagState::plain(true, FlagValue(json!("a")));
        state.targeting = Some(json!({"rules": []}));
        let fields = of_flag(Some(&state.into()));
        let kept: Vec<String> = fields.keys().map(ToString::to_string).collect();
        assert_eq!(kept, ["enabled", "value"]);
        assert_eq!(fields[&FieldPath::Value], json!("a"));
    }
}
