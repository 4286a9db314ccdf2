//! Every subject of Flagsmith with changes to it, and with what somebody else
//! may do to it at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use halyard_model::{
    Environment, Flag, FlagDefinition, FlagKey, FlagState, FlagValue, IdentityState, RuleKind,
    SegmentCondition, SegmentDefinition, SegmentKey, SegmentOverride, SegmentRule, Snapshot, Subject,
    SubjectState, Variant,
};
use halyard_provider::{Failure, Found, NoSteps, Steps, Target, Write, WriteOutcome};
use halyard_sandbox::{Effect, ErrorBody, Fault, MayaEdit, MayaIdentity, MayaOverride, MayaSegment, Seed};
use serde_json::{Value, json};

use crate::support::Bench;

/// How a subject is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// No versions, with the one-call route.
    OneCall,
    /// No versions, by the stable routes.
    Stable,
    /// Versions.
    Versions,
    /// Identities in the hosted store.
    Hosted,
}

/// A subject with a change to it.
pub struct Case {
    pub name: &'static str,
    pub way: Way,
    pub subject: Subject,
    pub flag: Option<&'static str>,
    /// What is wished for, from what was read.
    pub wish: fn(&World, Option<SubjectState>) -> Option<SubjectState>,
    /// What Maya does to it.
    pub hers: fn(&mut MayaEdit),
}

impl Case {
    pub fn is_flag_state(&self) -> bool {
        matches!(self.subject, Subject::FlagState { .. })
    }
}

/// A sandbox with the subject of a case.
pub struct World {
    pub bench: Bench,
    pub environment: Environment,
    pub known: Option<Flag>,
    pub segments: Vec<(String, String)>,
}

impl World {
    pub async fn of(case: &Case) -> World {
        let mut bench = Bench::flagsmith(Seed::Acme).await;
        if case.way == Way::Hosted {
            bench.running.flagsmith().host_identities();
            for environment in &mut bench.environments {
                environment.edge_identities = true;
            }
        }
        if case.way == Way::Stable {
            let absent = Effect::ServerError {
                status: 405,
                body: ErrorBody::Html,
            };
            bench.fault(Fault::of(absent).path("/api/__future__/"));
        }
        let name = if case.way == Way::Versions {
            "Staging"
        } else {
            "Production"
        };
        let environment = bench.environment(name).clone();
        let seeded = seeded(&bench, &environment).await;
        let named = |flag: &&Flag| Some(flag.key.0.as_str()) == case.flag;
        let known = seeded.flags.iter().find(named).cloned();
        let segments = seeded.segments.iter();
        let segments = segments
            .map(|segment| (segment.name.clone(), segment.remote_id.clone()))
            .collect();
        bench.running.clear_journal();
        World {
            bench,
            environment,
            known,
            segments,
        }
    }

    pub fn target(&self) -> Target<'_> {
        self.bench.target(&self.environment)
    }

    pub fn segment(&self, name: &str) -> String {
        let found = self.segments.iter().find(|(known, _)| known == name);
        found.unwrap().1.clone()
    }

    pub async fn read(&self, case: &Case) -> Found {
        let subject = self.subject(case);
        let read = self
            .bench
            .provider
            .read(self.target(), &subject, self.known.as_ref())
            .await;
        read.unwrap().value
    }

    /// The subject, with the number of a segment that was named.
    pub fn subject(&self, case: &Case) -> Subject {
        match &case.subject {
            Subject::Segment { segment } if segment.name_to_be().is_none() => Subject::Segment {
                segment: SegmentKey(self.segment(&segment.0)),
            },
            subject => subject.clone(),
        }
    }

    pub async fn write(
        &self,
        case: &Case,
        base: Option<&SubjectState>,
        wish: Option<&SubjectState>,
    ) -> Result<WriteOutcome, Failure> {
        self.write_with(case, base, wish, &NoSteps).await
    }

    pub async fn write_with(
        &self,
        case: &Case,
        base: Option<&SubjectState>,
        wish: Option<&SubjectState>,
        steps: &dyn Steps,
    ) -> Result<WriteOutcome, Failure> {
        let write = Write {
            subject: &self.subject(case),
            base,
            wish,
            known: self.known.as_ref(),
            steps,
        };
        Ok(self.bench.provider.write(self.target(), write).await?.value)
    }

    /// What Maya does in a case.
    pub fn hers(&self, case: &Case) -> MayaEdit {
        let mut edit = MayaEdit {
            environment: self.environment.name.clone(),
            flag: case.flag.unwrap_or_default().to_owned(),
            ..MayaEdit::default()
        };
        (case.hers)(&mut edit);
        edit
    }

    /// The requests so far, as `METHOD path`.
    pub fn steps(&self) -> Vec<String> {
        let journal = self.bench.running.journal();
        let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
        journal
            .iter()
            .map(|one| format!("{} {}", one.method, path(&one.target)))
            .collect()
    }

    /// The requests so far that are no reads, as `METHOD path body`.
    pub fn sent(&self) -> Vec<String> {
        let journal = self.bench.running.journal();
        let sent = journal.iter().filter(|one| one.method != "GET");
        sent.map(|one| format!("{} {} {}", one.method, one.target, one.body))
            .collect()
    }
}

/// An environment as every sandbox has it at first. Collected once: what is
/// tested here is reading and writing single subjects.
async fn seeded(bench: &Bench, environment: &Environment) -> Arc<Snapshot> {
    static SEEDED: Mutex<BTreeMap<String, Arc<Snapshot>>> = Mutex::new(BTreeMap::new());
    let known = SEEDED.lock().unwrap().get(&environment.name).cloned();
    if let Some(known) = known {
        return known;
    }
    let collected = Arc::new(bench.collect(environment).await.unwrap().value);
    let mut seeded = SEEDED.lock().unwrap();
    seeded.insert(environment.name.clone(), collected.clone());
    collected
}

fn flag_state(change: impl FnOnce(&mut FlagState), state: Option<SubjectState>) -> Option<SubjectState> {
    let Some(SubjectState::FlagState(mut state)) = state else {
        return None;
    };
    change(&mut state);
    Some(SubjectState::FlagState(state))
}

fn new_override(world: &World, segment: &str, value: Value) -> SegmentOverride {
    SegmentOverride {
        segment_id: world.segment(segment),
        segment_name: segment.to_owned(),
        priority: None,
        enabled: true,
        value: FlagValue(value),
        variants: Vec::new(),
    }
}

fn state_of(flag: &'static str) -> Subject {
    Subject::state_of(&FlagKey(flag.into()))
}

fn her_value(edit: &mut MayaEdit) {
    edit.value = Some(json!("hers"));
}

type Wish = fn(&World, Option<SubjectState>) -> Option<SubjectState>;

/// The changes to a flag's state that each way of writing carries.
const STATES: [(&str, &str, Wish); 10] = [
    ("toggle", "guest_checkout", |_, state| {
        flag_state(|state| state.enabled = !state.enabled, state)
    }),
    ("value", "guest_checkout", |_, state| {
        flag_state(|state| state.value = FlagValue(json!(25)), state)
    }),
    ("value taken away", "free_shipping_threshold", |_, state| {
        flag_state(|state| state.value = FlagValue(json!(null)), state)
    }),
    ("weights", "new_checkout", |_, state| {
        flag_state(
            |state| {
                state.variants[0].weight = 55.0;
                state.variants[1].weight = 45.0;
            },
            state,
        )
    }),
    ("override value", "free_shipping_threshold", |_, state| {
        flag_state(
            |state| state.segment_overrides[1].value = FlagValue(json!(75)),
            state,
        )
    }),
    ("override weights", "new_checkout", |_, state| {
        flag_state(
            |state| {
                state.segment_overrides[0].variants[0].weight = 40.0;
                state.segment_overrides[0].variants[1].weight = 60.0;
            },
            state,
        )
    }),
    ("override order", "new_checkout", |_, state| {
        flag_state(|state| state.segment_overrides.reverse(), state)
    }),
    (
        "override added in front",
        "free_shipping_threshold",
        |world, state| {
            flag_state(
                |state| {
                    let own = new_override(world, "Klarna countries", json!("19"));
                    state.segment_overrides.insert(0, own);
                },
                state,
            )
        },
    ),
    ("override removed", "free_shipping_threshold", |_, state| {
        flag_state(
            |state| {
                state.segment_overrides.remove(0);
            },
            state,
        )
    }),
    ("everything at once", "new_checkout", |world, state| {
        flag_state(
            |state| {
                state.enabled = !state.enabled;
                state.value = FlagValue(json!("classic"));
                state.variants[0].weight = 5.0;
                state.segment_overrides.remove(1);
                state.segment_overrides.reverse();
                state.segment_overrides[0].enabled = true;
                let mut own = new_override(world, "Germany", json!("eu"));
                own.variants = state.variants.clone();
                own.variants[1].weight = 90.0;
                state.segment_overrides.insert(1, own);
            },
            state,
        )
    }),
];

fn own(value: Value) -> Option<SubjectState> {
    Some(SubjectState::IdentityOverride(IdentityState {
        enabled: true,
        value: FlagValue(value),
        variants: Vec::new(),
    }))
}

fn variant(id: &str, value: &str, weight: f64) -> Variant {
    Variant {
        id: id.into(),
        key: None,
        value: FlagValue(json!(value)),
        weight,
    }
}

fn traits(state: Option<SubjectState>, changes: &[(&str, Value)]) -> Option<SubjectState> {
    let mut traits = match state {
        Some(SubjectState::Traits(traits)) => traits,
        _ => Default::default(),
    };
    for (name, value) in changes {
        if value.is_null() {
            traits.remove(*name);
        } else {
            traits.insert((*name).to_owned(), value.clone());
        }
    }
    (!traits.is_empty()).then_some(SubjectState::Traits(traits))
}

fn definition(change: impl FnOnce(&mut FlagDefinition), state: Option<SubjectState>) -> Option<SubjectState> {
    let Some(SubjectState::Flag(mut definition)) = state else {
        return None;
    };
    change(&mut definition);
    Some(SubjectState::Flag(definition))
}

fn segment(change: impl FnOnce(&mut SegmentDefinition), state: Option<SubjectState>) -> Option<SubjectState> {
    let Some(SubjectState::Segment(mut segment)) = state else {
        return None;
    };
    change(&mut segment);
    Some(SubjectState::Segment(segment))
}

fn rule(kind: RuleKind, value: &str) -> SegmentRule {
    let condition = |operator: &str, property: Option<&str>, value: Value| SegmentCondition {
        operator: operator.into(),
        property: property.map(str::to_owned),
        value,
    };
    SegmentRule {
        kind: RuleKind::All,
        conditions: Vec::new(),
        rules: vec![SegmentRule {
            kind,
            conditions: vec![
                condition("EQUAL", Some("plan"), json!(value)),
                condition("IS_SET", Some("country"), Value::Null),
                condition("PERCENTAGE_SPLIT", None, json!("50")),
            ],
            rules: Vec::new(),
        }],
    }
}

fn flag(name: &str) -> Subject {
    Subject::Flag {
        flag: FlagKey(name.into()),
    }
}

fn segment_named(name: &str) -> Subject {
    Subject::Segment {
        segment: SegmentKey(name.into()),
    }
}

fn person(flag: &str, identity: &str) -> Subject {
    Subject::IdentityOverride {
        flag: FlagKey(flag.into()),
        identity: identity.into(),
    }
}

fn people() -> Vec<Case> {
    let mut cases = Vec::new();
    for way in [Way::OneCall, Way::Hosted] {
        cases.extend([
            Case {
                name: "override of somebody known",
                way,
                subject: person("guest_checkout", "u_48213"),
                flag: Some("guest_checkout"),
                wish: |_, _| own(json!("for lena")),
                hers: |edit| {
                    edit.identities = vec![MayaIdentity {
                        identifier: "u_48213".into(),
                        value: Some(json!("hers")),
                        ..MayaIdentity::default()
                    }];
                },
            },
            Case {
                name: "override of somebody new, pinned to an option",
                way,
                subject: person("new_checkout", "u_new"),
                flag: Some("new_checkout"),
                wish: |world, _| {
                    let options = &world.known.as_ref().unwrap().state.variants;
                    let mut variants = options.clone();
                    variants[0].weight = 0.0;
                    variants[1].weight = 100.0;
                    Some(SubjectState::IdentityOverride(IdentityState {
                        enabled: false,
                        value: FlagValue(json!(7)),
                        variants,
                    }))
                },
                hers: |edit| {
                    edit.identities = vec![MayaIdentity {
                        identifier: "u_new".into(),
                        enabled: Some(true),
                        value: Some(json!("hers")),
                        ..MayaIdentity::default()
                    }];
                },
            },
            Case {
                name: "traits of somebody known",
                way,
                subject: Subject::Traits {
                    identity: "u_48213".into(),
                },
                flag: None,
                wish: |_, state| {
                    traits(
                        state,
                        &[
                            ("country", json!("AT")),
                            ("order_count", json!(4)),
                            ("lifetime_value", json!(2.5)),
                            ("is_vip", json!("a text now")),
                            ("note", json!("new")),
                            ("network", Value::Null),
                        ],
                    )
                },
                hers: |edit| {
                    edit.identities = vec![MayaIdentity {
                        identifier: "u_48213".into(),
                        traits: [("country".to_owned(), json!("hers"))].into_iter().collect(),
                        ..MayaIdentity::default()
                    }];
                },
            },
            Case {
                name: "traits of somebody new",
                way,
                subject: Subject::Traits {
                    identity: "u_new".into(),
                },
                flag: None,
                wish: |_, state| traits(state, &[("plan", json!("pro"))]),
                hers: |edit| {
                    edit.identities = vec![MayaIdentity {
                        identifier: "u_new".into(),
                        traits: [("plan".to_owned(), json!("hers"))].into_iter().collect(),
                        ..MayaIdentity::default()
                    }];
                },
            },
        ]);
    }
    cases
}

fn definitions() -> Vec<Case> {
    vec![
        Case {
            name: "flag made",
            way: Way::OneCall,
            subject: flag("made_here"),
            flag: None,
            wish: |_, _| {
                Some(SubjectState::Flag(FlagDefinition {
                    description: Some("made by a test".into()),
                    tags: ["checkout".to_owned(), "a new label".to_owned()].into(),
                    enabled: true,
                    value: FlagValue(json!(false)),
                    server_only: true,
                    options: vec![variant("", "a", 30.0), variant("", "b", 20.0)],
                    ..FlagDefinition::default()
                }))
            },
            hers: |edit| {
                edit.flag = "made_here".into();
                edit.created = true;
                edit.value = Some(json!("hers"));
            },
        },
        Case {
            name: "flag described, labelled, archived",
            way: Way::OneCall,
            subject: flag("guest_checkout"),
            flag: Some("guest_checkout"),
            wish: |_, state| {
                definition(
                    |flag| {
                        flag.description = Some("ours".into());
                        flag.tags.remove("checkout");
                        flag.tags.insert("another new label".into());
                        flag.archived = true;
                        flag.server_only = true;
                    },
                    state,
                )
            },
            hers: |edit| edit.description = Some("hers".into()),
        },
        Case {
            name: "options changed",
            way: Way::OneCall,
            subject: flag("new_checkout"),
            flag: Some("new_checkout"),
            wish: |_, state| {
                definition(
                    |flag| {
                        flag.options.remove(0);
                        flag.options[0].weight = 60.0;
                        flag.options[0].value = FlagValue(json!("other"));
                        let mut made = variant("", "third", 5.0);
                        made.key = Some("third".into());
                        flag.options.push(made);
                    },
                    state,
                )
            },
            hers: |edit| edit.archived = Some(true),
        },
        Case {
            name: "flag deleted",
            way: Way::Versions,
            subject: flag("guest_checkout"),
            flag: Some("guest_checkout"),
            wish: |_, _| None,
            hers: |edit| edit.tags = Some(vec!["pricing".into()]),
        },
    ]
}

fn segments() -> Vec<Case> {
    vec![
        Case {
            name: "segment made",
            way: Way::OneCall,
            subject: Subject::Segment {
                segment: SegmentKey::to_be_made("Made here"),
            },
            flag: None,
            wish: |_, _| {
                Some(SubjectState::Segment(SegmentDefinition {
                    name: "Made here".into(),
                    description: None,
                    rules: vec![rule(RuleKind::Any, "pro")],
                    version: None,
                }))
            },
            hers: |edit| {
                edit.segment = Some(MayaSegment {
                    name: "Made here".into(),
                    description: Some("hers".into()),
                    rules: Some(json!([{"type": "ALL", "conditions": [], "rules": []}])),
                    ..MayaSegment::default()
                });
            },
        },
        Case {
            name: "segment renamed",
            way: Way::OneCall,
            subject: segment_named("Germany"),
            flag: None,
            wish: |_, state| {
                segment(
                    |segment| {
                        segment.name = "Deutschland".into();
                        segment.description = Some("ours".into());
                    },
                    state,
                )
            },
            hers: her_segment,
        },
        Case {
            name: "rules changed",
            way: Way::Versions,
            subject: segment_named("Germany"),
            flag: None,
            wish: |_, state| {
                segment(
                    |segment| segment.rules = vec![rule(RuleKind::None, "free")],
                    state,
                )
            },
            hers: her_segment,
        },
        Case {
            name: "segment deleted",
            way: Way::OneCall,
            subject: segment_named("Germany"),
            flag: None,
            wish: |_, _| None,
            hers: her_segment,
        },
    ]
}

fn her_segment(edit: &mut MayaEdit) {
    edit.segment = Some(MayaSegment {
        name: "Germany".into(),
        description: Some("hers".into()),
        ..MayaSegment::default()
    });
}

/// Every case.
pub fn all() -> Vec<Case> {
    let ways = [Way::OneCall, Way::Stable, Way::Versions];
    let states = ways.into_iter().flat_map(|way| {
        STATES.into_iter().map(move |(name, flag, wish)| Case {
            name,
            way,
            subject: state_of(flag),
            flag: Some(flag),
            wish,
            hers: if name.starts_with("override") {
                her_override
            } else {
                her_value
            },
        })
    });
    states
        .chain(people())
        .chain(definitions())
        .chain(segments())
        .collect()
}

fn her_override(edit: &mut MayaEdit) {
    let segment = if edit.flag == "new_checkout" {
        "EU beta testers"
    } else {
        "Austria and Switzerland"
    };
    edit.overrides = vec![MayaOverride {
        segment: segment.into(),
        enabled: Some(false),
        value: Some(json!("hers")),
        ..MayaOverride::default()
    }];
}
