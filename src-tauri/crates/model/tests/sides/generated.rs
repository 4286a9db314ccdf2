//! Contents of a small vocabulary.

use std::collections::BTreeMap;

use halyard_model::{
    ConfigDefinition, Contents, EnvironmentKey, FlagDefinition, FlagKey, FlagState, FlagValue, IdentityState,
    RuleKind, SegmentCondition, SegmentDefinition, SegmentKey, SegmentOverride, SegmentRule, Service,
    Subject, SubjectState, Variant, Version,
};
use proptest::{collection::vec, option, prelude::*, sample::subsequence};
use serde_json::{Value, json};

/// How two sides are related.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Two environments, or two moments, of a Flagsmith project.
    OneProject,
    /// Two Flagsmith projects, whose identifiers say nothing to each other.
    TwoProjects,
    /// Two environments of EdgeFlags, of one project or two.
    EdgeFlags,
    /// From Flagsmith to EdgeFlags.
    ToEdgeFlags,
    /// From EdgeFlags to Flagsmith.
    FromEdgeFlags,
}

const SEGMENTS: usize = 4;
const FLAGS: usize = 4;

/// A flag of the vocabulary.
pub fn flag(number: usize) -> FlagKey {
    FlagKey(format!("flag_{number}"))
}

/// Two sides.
pub fn pair(kind: Kind) -> BoxedStrategy<(Contents, Contents)> {
    let side = |service, project: &'static str, environment: &'static str, first: usize| {
        contents(service, project, environment, first)
    };
    use Service::{EdgeFlags, Flagsmith};
    match kind {
        Kind::OneProject => (side(Flagsmith, "p", "a", 0), side(Flagsmith, "p", "b", 0)).boxed(),
        Kind::TwoProjects => (side(Flagsmith, "p", "a", 0), side(Flagsmith, "q", "b", 2)).boxed(),
        Kind::EdgeFlags => (
            side(EdgeFlags, "p", "a", 0),
            prop_oneof![side(EdgeFlags, "p", "b", 0), side(EdgeFlags, "q", "b", 0)],
        )
            .boxed(),
        Kind::ToEdgeFlags => (side(Flagsmith, "p", "a", 0), side(EdgeFlags, "q", "b", 0)).boxed(),
        Kind::FromEdgeFlags => (side(EdgeFlags, "p", "a", 0), side(Flagsmith, "q", "b", 0)).boxed(),
    }
}

/// Contents whose identifiers count from a number on.
fn contents(
    service: Service,
    project: &'static str,
    environment: &'static str,
    first: usize,
) -> BoxedStrategy<Contents> {
    let numbers = |most: usize| subsequence((0..most).collect::<Vec<_>>(), 0..=most);
    (numbers(SEGMENTS), numbers(FLAGS))
        .prop_flat_map(move |(segments, flags)| {
            let keys: Vec<SegmentKey> = segments
                .iter()
                .map(|number| match service {
                    Service::Flagsmith => SegmentKey((number + first).to_string()),
                    Service::EdgeFlags => SegmentKey(format!("segment_{number}")),
                })
                .collect();
            let made: Vec<_> = segments.iter().map(|number| segment(service, *number)).collect();
            let flags: Vec<_> = flags
                .iter()
                .map(|number| whole_flag(service, *number, keys.clone(), first))
                .collect();
            let configs = match service {
                Service::Flagsmith => Just(Vec::new()).boxed(),
                Service::EdgeFlags => vec(config(environment), 0..3).boxed(),
            };
            (Just(keys), made, flags, configs)
        })
        .prop_map(move |(keys, segments, flags, configs)| {
            let mut contents = Contents::new(service, project, EnvironmentKey(environment.into()));
            for (key, (definition, unknown)) in keys.into_iter().zip(segments) {
                contents.segments.insert(key.clone(), definition.name.clone());
                if unknown {
                    contents.rules_unknown.insert(key.clone());
                }
                let subject = Subject::Segment { segment: key };
                contents
                    .subjects
                    .insert(subject, SubjectState::Segment(definition));
            }
            for mut whole in flags {
                if let Some(SubjectState::FlagState(state)) = whole.get_mut(0).map(|(_, state)| state) {
                    for own in &mut state.segment_overrides {
                        own.segment_name = contents.segments[&SegmentKey(own.segment_id.clone())].clone();
                    }
                }
                contents.subjects.extend(whole);
            }
            contents.describes |= contents
                .subjects
                .values()
                .any(|state| matches!(state, SubjectState::Flag(flag) if flag.description.is_some()));
            for (number, config) in configs.into_iter().enumerate() {
                let key = format!("config_{number}");
                contents
                    .subjects
                    .insert(Subject::Config { key }, SubjectState::Config(config));
            }
            contents
        })
        .boxed()
}

fn value(service: Service) -> BoxedStrategy<FlagValue> {
    let common = prop_oneof![
        Just(json!(null)),
        Just(json!(1)),
        Just(json!("1")),
        Just(json!(true)),
        Just(json!("text")),
        Just(json!("{\"a\":1}")),
    ];
    match service {
        Service::Flagsmith => common.prop_map(FlagValue).boxed(),
        Service::EdgeFlags => prop_oneof![
            4 => common,
            1 => Just(json!({"a": 1})),
            1 => Just(json!([1, 2])),
            1 => Just(json!(0.5)),
        ]
        .prop_map(FlagValue)
        .boxed(),
    }
}

fn segment(service: Service, number: usize) -> impl Strategy<Value = (SegmentDefinition, bool)> {
    let rule = |value: &str| SegmentRule {
        kind: RuleKind::All,
        conditions: vec![SegmentCondition {
            operator: "EQUAL".into(),
            property: Some("plan".into()),
            value: json!(value),
        }],
        rules: Vec::new(),
    };
    // Now and then a segment has the name of another, or one of its own.
    let name = match service {
        Service::Flagsmith => prop_oneof![
            8 => Just(format!("segment_{number}")),
            1 => Just("segment_0".to_owned()),
            1 => Just(format!("Segment {number} ")),
        ]
        .boxed(),
        Service::EdgeFlags => Just(format!("segment_{number}")).boxed(),
    };
    let unknown = match service {
        Service::Flagsmith => prop_oneof![8 => Just(false), 1 => Just(true)].boxed(),
        Service::EdgeFlags => Just(false).boxed(),
    };
    let values = prop_oneof![Just("pro"), Just("free")];
    (name, values, option::of(Just("for them".to_owned())), unknown).prop_map(
        move |(name, value, description, unknown)| {
            let definition = SegmentDefinition {
                name,
                description,
                rules: if unknown { Vec::new() } else { vec![rule(value)] },
                version: None,
            };
            (definition, unknown)
        },
    )
}

fn config(environment: &'static str) -> impl Strategy<Value = ConfigDefinition> {
    let own = option::of(value(Service::EdgeFlags));
    let other = option::of(value(Service::EdgeFlags));
    (value(Service::EdgeFlags), own, other).prop_map(move |(value, own, other)| {
        let mut environments = BTreeMap::new();
        environments.extend(own.map(|own| (environment.to_owned(), own)));
        environments.extend(other.map(|other| ("elsewhere".to_owned(), other)));
        ConfigDefinition {
            value,
            environments,
            version: Some(Version::Number(3)),
        }
    })
}

type Subjects = Vec<(Subject, SubjectState)>;

/// A flag's state in front, what it is everywhere, its identity overrides.
fn whole_flag(
    service: Service,
    number: usize,
    segments: Vec<SegmentKey>,
    first: usize,
) -> BoxedStrategy<Subjects> {
    match service {
        Service::EdgeFlags => edgeflags_flag(number, &segments).boxed(),
        Service::Flagsmith => {
            let options = vec![
                (Some("red"), json!("#f00")),
                (Some("green"), json!("#0f0")),
                (None, json!(3)),
            ];
            subsequence(options, 0..=3)
                .prop_flat_map(move |options| flagsmith_flag(number, segments.clone(), options, first))
                .boxed()
        }
    }
}

fn shares(options: &[Variant]) -> BoxedStrategy<Vec<Variant>> {
    let options = options.to_vec();
    vec(prop_oneof![Just(0.0), Just(10.0), Just(30.0)], options.len())
        .prop_map(move |weights| {
            let shares = options.iter().zip(weights);
            shares
                .map(|(option, weight)| Variant {
                    weight,
                    ..option.clone()
                })
                .collect()
        })
        .boxed()
}

fn flagsmith_flag(
    number: usize,
    segments: Vec<SegmentKey>,
    options: Vec<(Option<&'static str>, Value)>,
    first: usize,
) -> impl Strategy<Value = Subjects> {
    let options: Vec<Variant> = options
        .into_iter()
        .enumerate()
        .map(|(place, (key, value))| Variant {
            // Identifiers of one project go on with the content, mostly.
            id: (number * 10 + place + first).to_string(),
            key: key.map(str::to_owned),
            value: FlagValue(value),
            weight: 0.0,
        })
        .collect();
    let most = segments.len();
    let overrides = subsequence(segments, 0..=most).prop_shuffle();
    let own = prop_oneof![Just(Vec::new()).boxed(), shares(&options)];
    let one = (any::<bool>(), value(Service::Flagsmith), own);
    let state = (
        any::<bool>(),
        value(Service::Flagsmith),
        shares(&options),
        overrides,
        vec(one.clone(), most),
    );
    let definition = (
        option::of(prop_oneof![
            Just("what it is".to_owned()),
            Just("why it is".to_owned())
        ]),
        subsequence(vec!["checkout".to_owned(), "team".to_owned()], 0..=2),
        prop_oneof![6 => Just(false), 1 => Just(true)],
        prop_oneof![6 => Just(false), 1 => Just(true)],
    );
    (state, definition, vec(option::of(one), 2), any::<u8>()).prop_map(
        move |(
            (enabled, value, variants, overrides, states),
            (description, tags, archived, server_only),
            own,
            version,
        )| {
            let key = flag(number);
            let mut state = FlagState {
                variants,
                version: Some(Version::Uuid(version.to_string())),
                ..FlagState::plain(enabled, value)
            };
            state.segment_overrides = overrides
                .into_iter()
                .zip(states)
                .enumerate()
                .map(|(place, (segment, (enabled, value, variants)))| SegmentOverride {
                    segment_id: segment.0,
                    segment_name: String::new(),
                    priority: Some(i64::from(version) + i64::try_from(place).unwrap()),
                    enabled,
                    value,
                    variants,
                })
                .collect();
            let definition = FlagDefinition {
                description,
                tags: tags.into_iter().collect(),
                archived,
                server_only,
                // As the lists tell: with the shares of the environment.
                options: state.variants.clone(),
                ..FlagDefinition::default()
            };
            let mut subjects = vec![
                (Subject::state_of(&key), SubjectState::FlagState(state)),
                (
                    Subject::Flag { flag: key.clone() },
                    SubjectState::Flag(definition),
                ),
            ];
            for (place, own) in own.into_iter().enumerate() {
                let Some((enabled, value, variants)) = own else {
                    continue;
                };
                subjects.push((
                    Subject::IdentityOverride {
                        flag: key.clone(),
                        identity: format!("user_{place}"),
                    },
                    SubjectState::IdentityOverride(IdentityState {
                        enabled,
                        value,
                        variants,
                    }),
                ));
            }
            subjects
        },
    )
}

fn edgeflags_flag(number: usize, segments: &[SegmentKey]) -> impl Strategy<Value = Subjects> + use<> {
    let named = segments.first().map_or("anyone".to_owned(), |key| key.0.clone());
    let rules =
        json!([{"conditions": [{"property": "segment", "operator": "in", "value": [named]}], "value": 1}]);
    let targeting = prop_oneof![
        3 => Just(None),
        1 => Just(Some(json!({}))),
        1 => Just(Some(json!({"rules": rules}))),
        1 => Just(Some(json!({"rollout": {"percentage": 20, "attribute": "user_id"}}))),
        1 => Just(Some(json!({"rules": rules, "rollout": {"percentage": 50, "attribute": "user_id"}}))),
    ];
    let state = (any::<bool>(), value(Service::EdgeFlags), targeting.clone());
    let base = (any::<bool>(), value(Service::EdgeFlags), targeting);
    let more = (
        option::of(Just("what it is".to_owned())),
        prop_oneof![6 => Just(None), 1 => Just(Some("2026-01-01T00:00:00Z".to_owned()))],
    );
    (state, base, more).prop_map(
        move |(
            (enabled, value, targeting),
            (base_on, base_value, base_targeting),
            (description, active_from),
        )| {
            let key = flag(number);
            let state = FlagState {
                targeting,
                ..FlagState::plain(enabled, value)
            };
            let definition = FlagDefinition {
                description,
                enabled: base_on,
                value: base_value,
                targeting: base_targeting,
                active_from,
                ..FlagDefinition::default()
            };
            vec![
                (Subject::state_of(&key), SubjectState::FlagState(state)),
                (Subject::Flag { flag: key }, SubjectState::Flag(definition)),
            ]
        },
    )
}
