//! What is written: one case per subject and part.

use std::collections::BTreeMap;

use halyard_model::{
    ConfigDefinition, FlagDefinition, FlagKey, FlagState, FlagValue, RuleKind, SegmentCondition,
    SegmentDefinition, SegmentKey, SegmentRule, Subject, SubjectState,
};
use halyard_sandbox::{MayaEdit, MayaSegment};
use serde_json::{Value, json};

/// How a case is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The wish is what is read afterwards, also where lists are abridged.
    Plain,
    /// Needs lists that carry whole definitions.
    Whole,
    /// What is taken away is inherited: another state is read than wished for.
    Inherits,
    /// Makes the subject.
    Makes,
    /// Deletes it, which knows no precondition.
    Deletes,
}

/// One change to one subject, and Maya's to the same.
pub struct Case {
    pub name: &'static str,
    pub kind: Kind,
    pub environment: &'static str,
    pub subject: Subject,
    pub plural: &'static str,
    pub key: &'static str,
    pub wish: fn(Option<SubjectState>) -> Option<SubjectState>,
    pub hers: MayaEdit,
}

pub fn flag(key: &str) -> Subject {
    Subject::Flag {
        flag: FlagKey(key.into()),
    }
}

pub fn state(key: &str) -> Subject {
    Subject::FlagState {
        flag: FlagKey(key.into()),
    }
}

pub fn config(key: &str) -> Subject {
    Subject::Config { key: key.into() }
}

pub fn segment(key: &str) -> Subject {
    Subject::Segment {
        segment: SegmentKey(key.into()),
    }
}

pub fn of_state(state: Option<SubjectState>, change: impl FnOnce(&mut FlagState)) -> Option<SubjectState> {
    let Some(SubjectState::FlagState(mut state)) = state else {
        panic!("{state:?}");
    };
    change(&mut state);
    Some(SubjectState::FlagState(state))
}

pub fn of_flag(
    state: Option<SubjectState>,
    change: impl FnOnce(&mut FlagDefinition),
) -> Option<SubjectState> {
    let Some(SubjectState::Flag(mut flag)) = state else {
        panic!("{state:?}");
    };
    change(&mut flag);
    Some(SubjectState::Flag(flag))
}

pub fn of_config(
    state: Option<SubjectState>,
    change: impl FnOnce(&mut ConfigDefinition),
) -> Option<SubjectState> {
    let Some(SubjectState::Config(mut config)) = state else {
        panic!("{state:?}");
    };
    change(&mut config);
    Some(SubjectState::Config(config))
}

pub fn of_segment(
    state: Option<SubjectState>,
    change: impl FnOnce(&mut SegmentDefinition),
) -> Option<SubjectState> {
    let Some(SubjectState::Segment(mut segment)) = state else {
        panic!("{state:?}");
    };
    change(&mut segment);
    Some(SubjectState::Segment(segment))
}

pub fn rules(plan: &str) -> Value {
    json!([{"conditions": [{"property": "plan", "operator": "equals", "value": plan}], "value": true}])
}

pub fn condition(property: &str, value: Value) -> SegmentCondition {
    SegmentCondition {
        operator: "equals".into(),
        property: Some(property.into()),
        value,
    }
}

pub fn segment_of(name: &str, conditions: Vec<SegmentCondition>) -> SegmentDefinition {
    SegmentDefinition {
        name: name.into(),
        description: None,
        rules: vec![SegmentRule {
            kind: RuleKind::All,
            conditions,
            rules: Vec::new(),
        }],
        version: None,
    }
}

fn maya(environment: &str, flag: &str, members: &Value) -> MayaEdit {
    MayaEdit {
        environment: environment.into(),
        flag: flag.into(),
        members: members.as_object().unwrap().clone(),
        ..MayaEdit::default()
    }
}

fn maya_config(key: &str, value: Value) -> MayaEdit {
    MayaEdit {
        config: Some(key.into()),
        value: Some(value),
        ..MayaEdit::default()
    }
}

fn maya_segment(name: &str, value: &Value) -> MayaEdit {
    MayaEdit {
        segment: Some(MayaSegment {
            name: name.into(),
            conditions: Some(json!([{"property": "hers", "operator": "equals", "value": value}])),
            ..MayaSegment::default()
        }),
        ..MayaEdit::default()
    }
}

/// Every case; each begins with the seed.
pub fn all() -> Vec<Case> {
    let mut cases = of_environments();
    cases.extend(of_flags());
    cases.extend(of_configs());
    cases.extend(of_segments());
    cases
}

fn of_environments() -> Vec<Case> {
    let case = |name, kind, environment, key, wish, hers| Case {
        name,
        kind,
        environment,
        subject: state(key),
        plural: "flags",
        key,
        wish,
        hers: maya(environment, key, &hers),
    };
    vec![
        case(
            "an environment's value",
            Kind::Plain,
            "staging",
            "product_recs_model",
            |state| of_state(state, |state| state.value = FlagValue(json!("ours"))),
            json!({"value": "hers"}),
        ),
        case(
            "an environment's rules and rollout",
            Kind::Whole,
            "production",
            "image_cdn_host",
            |state| {
                of_state(state, |state| {
                    state.targeting = Some(
                        json!({"rules": rules("pro"), "rollout": {"percentage": 5, "attribute": "user_id"}}),
                    );
                })
            },
            json!({"targeting": {"rules": rules("hers")}}),
        ),
        case(
            "off, and a value of another kind",
            Kind::Whole,
            "staging",
            "fraud_score_cutoff",
            |state| {
                of_state(state, |state| {
                    state.enabled = false;
                    state.value = FlagValue(json!({"a": [1, null, "ü"]}));
                })
            },
            json!({"value": 0.5}),
        ),
        case(
            "an environment's value taken away",
            Kind::Inherits,
            "staging",
            "product_recs_model",
            |state| of_state(state, |state| state.value = FlagValue::default()),
            json!({"value": "hers"}),
        ),
        case(
            "an environment's rules taken away",
            Kind::Whole,
            "production",
            "warehouse_routing",
            |state| of_state(state, |state| state.targeting = None),
            json!({"targeting": {"rules": rules("hers")}}),
        ),
        case(
            "all of an environment taken away",
            Kind::Inherits,
            "staging",
            "product_recs_model",
            |_| None,
            json!({"value": "hers"}),
        ),
    ]
}

fn of_flags() -> Vec<Case> {
    let case = |name, kind, key, wish, hers| Case {
        name,
        kind,
        environment: "production",
        subject: flag(key),
        plural: "flags",
        key,
        wish,
        hers: maya("", key, &hers),
    };
    let mut made = case(
        "a flag made",
        Kind::Makes,
        "made.here_1-x",
        |_| {
            Some(SubjectState::Flag(FlagDefinition {
                enabled: true,
                targeting: Some(json!({"rules": rules("pro")})),
                active_from: Some("2026-12-01T00:00:00Z".into()),
                ..FlagDefinition::default()
            }))
        },
        json!({"enabled": false, "value": "hers"}),
    );
    made.hers.created = true;
    vec![
        made,
        case(
            "a flag off",
            Kind::Plain,
            "stock_low_badge",
            |state| of_flag(state, |flag| flag.enabled = false),
            json!({"value": 6}),
        ),
        case(
            "a flag's value",
            Kind::Plain,
            "stock_low_badge",
            |state| of_flag(state, |flag| flag.value = FlagValue(json!([1, 2]))),
            json!({"value": 6}),
        ),
        case(
            "a flag's rules, rollout and window",
            Kind::Whole,
            "search_ranking_v2",
            |state| {
                of_flag(state, |flag| {
                    flag.targeting = Some(json!({
                        "rules": rules("pro"), "rollout": {"percentage": 12.5, "attribute": "email"},
                    }));
                    flag.active_from = Some("2026-12-01T09:00:00+01:00".into());
                    flag.active_until = Some("2027-01-01T00:00:00Z".into());
                })
            },
            json!({"targeting": {"rules": rules("hers")}}),
        ),
        case(
            "a flag's value and window taken away",
            Kind::Whole,
            "black_friday_banner",
            |state| {
                of_flag(state, |flag| {
                    flag.value = FlagValue::default();
                    flag.active_from = None;
                    flag.active_until = None;
                })
            },
            json!({"value": "hers"}),
        ),
        case(
            "a flag's targeting taken away",
            Kind::Whole,
            "klarna_pay_later",
            |state| of_flag(state, |flag| flag.targeting = None),
            json!({"targeting": {"rules": rules("hers")}}),
        ),
        case(
            "a default value",
            Kind::Whole,
            "vat_display",
            |state| of_flag(state, |flag| flag.value = FlagValue(json!("excluded"))),
            json!({"default_value": "hers"}),
        ),
        case(
            "a flag deleted",
            Kind::Deletes,
            "gift_wrapping",
            |_| None,
            json!({"value": "hers"}),
        ),
    ]
}

fn of_configs() -> Vec<Case> {
    let case = |name, kind, key, wish, hers| Case {
        name,
        kind,
        environment: "production",
        subject: config(key),
        plural: "configs",
        key,
        wish,
        hers: maya_config(key, hers),
    };
    vec![
        case(
            "a config's value",
            Kind::Plain,
            "shipping_rates",
            |state| of_config(state, |config| config.value = FlagValue(json!({"standard": 5}))),
            json!("hers"),
        ),
        case(
            "a config's environments",
            Kind::Whole,
            "currencies",
            |state| {
                of_config(state, |config| {
                    config.environments.remove("development");
                    config
                        .environments
                        .insert("production".into(), FlagValue(json!([])));
                })
            },
            json!("hers"),
        ),
        case(
            "a config made",
            Kind::Makes,
            "made.config",
            |_| {
                Some(SubjectState::Config(ConfigDefinition {
                    value: FlagValue(json!("new")),
                    environments: BTreeMap::from([("staging".to_owned(), FlagValue(json!(false)))]),
                    version: None,
                }))
            },
            json!("hers"),
        ),
        case(
            "a config deleted",
            Kind::Deletes,
            "support_contact",
            |_| None,
            json!("hers"),
        ),
    ]
}

fn of_segments() -> Vec<Case> {
    let case = |name, kind, key, wish, hers| Case {
        name,
        kind,
        environment: "production",
        subject: segment(key),
        plural: "segments",
        key,
        wish,
        hers: maya_segment(key, &hers),
    };
    let mut made = case(
        "a segment made",
        Kind::Makes,
        "made_segment",
        |_| {
            let conditions = vec![condition("plan", json!("pro")), condition("age", json!(42))];
            Some(SubjectState::Segment(segment_of("made_segment", conditions)))
        },
        json!(1),
    );
    made.subject = Subject::Segment {
        segment: SegmentKey::to_be_made("made_segment"),
    };
    vec![
        made,
        case(
            "a segment's conditions",
            Kind::Plain,
            "vip_customers",
            |state| {
                of_segment(state, |segment| {
                    segment.rules[0].conditions.push(condition("plan", json!("pro")));
                })
            },
            json!(1),
        ),
        case("a segment deleted", Kind::Deletes, UNUSED, |_| None, json!(1)),
    ]
}

/// A segment that nothing names; the tests make it.
pub const UNUSED: &str = "nobody_uses_this";
