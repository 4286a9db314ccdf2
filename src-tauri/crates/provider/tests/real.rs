//! Every subject written once to a real Flagsmith server, in a project of its
//! own. Not run by itself: it asks for `HALYARD_REAL_ADDRESS`, the base of an
//! Admin API, and `HALYARD_REAL_KEY`, a user's token there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and what a server did is printed"
)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use halyard_model::{
    Endpoint, Environment, Flag, FlagDefinition, FlagKey, FlagState, FlagValue, FlagsmithAuth,
    FlagsmithEndpoint, IdentityState, Named, RuleKind, SegmentCondition, SegmentDefinition, SegmentKey,
    SegmentOverride, SegmentRule, Snapshot, Subject, SubjectState, Timestamp, Variant, changed_fields,
};
use halyard_provider::{
    Access, Credential, Flagsmith, HttpSettings, NoSteps, Provider, Target, Write, WriteOutcome,
};
use serde_json::{Value, json};

struct Server {
    address: String,
    key: String,
    provider: Flagsmith,
    endpoint: Endpoint,
    credential: Credential,
    project: Named,
    environments: Vec<Environment>,
}

impl Server {
    async fn post(&self, path: &str, body: Value) -> Value {
        let sent = reqwest::Client::new()
            .post(format!("{}{path}", self.address))
            .header("authorization", format!("Token {}", self.key))
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = sent.status();
        let answer = sent.text().await.unwrap();
        assert!(status.is_success(), "{path} {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    fn target<'a>(&'a self, environment: &'a Environment) -> Target<'a> {
        Target {
            access: Access::new(&self.endpoint, &self.credential),
            project: &self.project,
            environment,
        }
    }

    async fn collect(&self, environment: &Environment) -> Snapshot {
        let target = self.target(environment);
        let collected = self.provider.collect(target, Timestamp(0), &|_| ()).await;
        collected.unwrap().value
    }
}

/// A project with a flag of each kind, three segments, and an environment of
/// each kind.
async fn server(address: String, key: String) -> Server {
    let endpoint = Endpoint::Flagsmith(FlagsmithEndpoint {
        admin_base: address.clone(),
        flags_base: None,
        edge_proxies: Vec::new(),
        ca_bundle: None,
        auth: FlagsmithAuth::UserToken,
    });
    let mut server = Server {
        credential: Credential::new(&key),
        provider: Flagsmith::new(HttpSettings::default()).unwrap(),
        address,
        key,
        endpoint,
        project: Named {
            id: String::new(),
            name: String::new(),
        },
        environments: Vec::new(),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let name = format!("halyard {now}");
    // An organisation without a plan has room for one project.
    let organisation = server.post("organisations/", json!({"name": name})).await["id"].clone();
    let project = server
        .post("projects/", json!({"name": name, "organisation": organisation}))
        .await;
    let id = project["id"].clone();
    for name in ["Direct", "Versioned"] {
        server
            .post("environments/", json!({"name": name, "project": id}))
            .await;
    }
    for segment in ["one", "two", "three"] {
        let condition =
            json!({"operator": "EQUAL", "property": "plan", "value": segment, "description": "kept"});
        let rules = json!([{"type": "ALL", "conditions": [], "rules": [
            {"type": "ANY", "rules": [], "conditions": [condition]}]}]);
        let body = json!({"name": segment, "project": id, "description": "", "rules": rules});
        server.post(&format!("projects/{id}/segments/"), body).await;
    }
    for body in [
        json!({"name": "plain", "initial_value": "hello", "default_enabled": true}),
        json!({"name": "mixed", "initial_value": "control", "default_enabled": true, "type": "MULTIVARIATE",
            "multivariate_options": [
                {"type": "unicode", "string_value": "a", "default_percentage_allocation": 30},
                {"type": "int", "integer_value": 7, "default_percentage_allocation": 20}]}),
    ] {
        server.post(&format!("projects/{id}/features/"), body).await;
    }
    server.project = Named {
        id: id.to_string(),
        name,
    };
    let access = Access::new(&server.endpoint, &server.credential);
    let environments = server.provider.environments(access, &server.project).await;
    server.environments = environments.unwrap().value;
    let versioned = server
        .environments
        .iter()
        .find(|one| one.name == "Versioned")
        .unwrap();
    let path = format!("environments/{}/enable-v2-versioning/", versioned.key.0);
    server.post(&path, json!({})).await;
    // The service turns it on behind the answer.
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let access = Access::new(&server.endpoint, &server.credential);
        let environments = server.provider.environments(access, &server.project).await;
        server.environments = environments.unwrap().value;
        if server.environments.iter().any(|one| one.versioned) {
            return server;
        }
    }
    panic!("the environment does not get versions");
}

type Wish = fn(&Snapshot, Option<SubjectState>) -> Option<SubjectState>;

fn state(change: impl FnOnce(&mut FlagState), held: Option<SubjectState>) -> Option<SubjectState> {
    let Some(SubjectState::FlagState(mut state)) = held else {
        return None;
    };
    change(&mut state);
    Some(SubjectState::FlagState(state))
}

fn over(snapshot: &Snapshot, segment: &str, value: Value, variants: &[Variant]) -> SegmentOverride {
    let segment = snapshot.segments.iter().find(|one| one.name == segment).unwrap();
    SegmentOverride {
        segment_id: segment.remote_id.clone(),
        segment_name: segment.name.clone(),
        priority: None,
        enabled: true,
        value: FlagValue(value),
        variants: variants.to_vec(),
    }
}

fn of_flag(flag: &str) -> Subject {
    Subject::state_of(&FlagKey(flag.into()))
}

fn option(value: Value, weight: f64, key: Option<&str>) -> Variant {
    Variant {
        id: String::new(),
        key: key.map(str::to_owned),
        value: FlagValue(value),
        weight,
    }
}

fn rules(value: &str) -> Vec<SegmentRule> {
    let condition = |operator: &str, property: Option<&str>, value: Value| SegmentCondition {
        operator: operator.into(),
        property: property.map(str::to_owned),
        value,
    };
    vec![SegmentRule {
        kind: RuleKind::All,
        conditions: Vec::new(),
        rules: vec![SegmentRule {
            kind: RuleKind::Any,
            conditions: vec![
                condition("EQUAL", Some("plan"), json!(value)),
                condition("IS_SET", Some("country"), Value::Null),
                condition("PERCENTAGE_SPLIT", None, json!("50")),
            ],
            rules: Vec::new(),
        }],
    }]
}

/// Changes that build on each other, in each environment.
fn changes() -> Vec<(&'static str, Subject, Option<&'static str>, Wish)> {
    let person = |flag: &str| Subject::IdentityOverride {
        flag: FlagKey(flag.into()),
        identity: "somebody@acme.test".into(),
    };
    vec![
        ("toggle", of_flag("plain"), Some("plain"), |_, held| {
            state(|s| s.enabled = !s.enabled, held)
        }),
        ("number", of_flag("plain"), Some("plain"), |_, held| {
            state(|s| s.value = FlagValue(json!(25)), held)
        }),
        ("boolean", of_flag("plain"), Some("plain"), |_, held| {
            state(|s| s.value = FlagValue(json!(false)), held)
        }),
        ("no value", of_flag("plain"), Some("plain"), |_, held| {
            state(|s| s.value = FlagValue(Value::Null), held)
        }),
        ("blanks", of_flag("plain"), Some("plain"), |_, held| {
            state(|s| s.value = FlagValue(json!(" x ")), held)
        }),
        ("weights", of_flag("mixed"), Some("mixed"), |_, held| {
            state(|s| s.variants[1].weight = 55.5, held)
        }),
        ("two overrides", of_flag("plain"), Some("plain"), |all, held| {
            state(
                |s| {
                    s.segment_overrides =
                        vec![over(all, "two", json!("2"), &[]), over(all, "one", json!(1), &[])];
                },
                held,
            )
        }),
        (
            "order and a third in front",
            of_flag("plain"),
            Some("plain"),
            |all, held| {
                state(
                    |s| {
                        s.segment_overrides.reverse();
                        s.segment_overrides.insert(0, over(all, "three", json!("3"), &[]));
                    },
                    held,
                )
            },
        ),
        (
            "override without value, by the stable routes",
            of_flag("plain"),
            Some("plain"),
            |_, held| {
                state(
                    |s| {
                        s.segment_overrides[1].value = FlagValue(Value::Null);
                        s.segment_overrides.swap(0, 2);
                        s.enabled = !s.enabled;
                    },
                    held,
                )
            },
        ),
        ("one removed", of_flag("plain"), Some("plain"), |_, held| {
            state(
                |s| {
                    s.segment_overrides.remove(0);
                },
                held,
            )
        }),
        (
            "removed, changed and added",
            of_flag("mixed"),
            Some("mixed"),
            |all, held| {
                state(
                    |s| {
                        let own = s.variants.clone();
                        s.segment_overrides = vec![
                            over(all, "one", json!("one"), &own),
                            over(all, "two", json!("two"), &own),
                        ];
                    },
                    held,
                )
            },
        ),
        (
            "everything at once",
            of_flag("mixed"),
            Some("mixed"),
            |all, held| {
                state(
                    |s| {
                        s.value = FlagValue(json!("other"));
                        s.enabled = !s.enabled;
                        s.variants[0].weight = 10.0;
                        s.segment_overrides.remove(0);
                        s.segment_overrides[0].variants[0].weight = 44.0;
                        let own = s.variants.clone();
                        s.segment_overrides
                            .insert(0, over(all, "three", json!("three"), &own));
                    },
                    held,
                )
            },
        ),
        (
            "an override without weights",
            of_flag("mixed"),
            Some("mixed"),
            |all, held| {
                state(
                    |s| s.segment_overrides.push(over(all, "one", json!("bare"), &[])),
                    held,
                )
            },
        ),
        ("identity override", person("plain"), Some("plain"), |_, _| {
            Some(SubjectState::IdentityOverride(IdentityState {
                enabled: true,
                value: FlagValue(json!(7)),
                variants: Vec::new(),
            }))
        }),
        (
            "identity override without value",
            person("plain"),
            Some("plain"),
            |_, _| {
                Some(SubjectState::IdentityOverride(IdentityState {
                    enabled: false,
                    value: FlagValue(Value::Null),
                    variants: Vec::new(),
                }))
            },
        ),
        ("pinned identity", person("mixed"), Some("mixed"), |all, _| {
            let flag = all.flags.iter().find(|flag| flag.key.0 == "mixed").unwrap();
            let mut variants = flag.state.variants.clone();
            variants[0].weight = 0.0;
            variants[1].weight = 100.0;
            Some(SubjectState::IdentityOverride(IdentityState {
                enabled: true,
                value: FlagValue(json!("x")),
                variants,
            }))
        }),
        (
            "traits",
            Subject::Traits {
                identity: "new@acme.test".into(),
            },
            None,
            |_, _| {
                let traits = [
                    ("a", json!("x")),
                    ("b", json!(3)),
                    ("c", json!(true)),
                    ("d", json!(2.5)),
                    ("e", json!("")),
                ];
                Some(SubjectState::Traits(
                    traits.map(|(name, value)| (name.to_owned(), value)).into(),
                ))
            },
        ),
        (
            "traits of other types",
            Subject::Traits {
                identity: "new@acme.test".into(),
            },
            None,
            |_, _| {
                let traits = [("a", json!(1)), ("b", json!("text")), ("c", json!(2.0))];
                let traits: BTreeMap<String, Value> =
                    traits.map(|(name, value)| (name.to_owned(), value)).into();
                Some(SubjectState::Traits(traits))
            },
        ),
        (
            "flag made",
            Subject::Flag {
                flag: FlagKey("made".into()),
            },
            None,
            |_, _| {
                Some(SubjectState::Flag(FlagDefinition {
                    description: Some("made".into()),
                    tags: ["new label".to_owned()].into(),
                    enabled: true,
                    value: FlagValue(json!(false)),
                    server_only: true,
                    options: vec![
                        option(json!("a"), 30.0, Some("first")),
                        option(json!(5), 20.0, None),
                    ],
                    ..FlagDefinition::default()
                }))
            },
        ),
        (
            "flag changed",
            Subject::Flag {
                flag: FlagKey("made".into()),
            },
            None,
            |_, held| {
                let Some(SubjectState::Flag(mut flag)) = held else {
                    return None;
                };
                flag.description = None;
                flag.tags = ["other label".to_owned()].into();
                flag.archived = true;
                flag.options.remove(1);
                flag.options[0].weight = 90.0;
                flag.options.push(option(json!(true), 10.0, Some("third")));
                Some(SubjectState::Flag(flag))
            },
        ),
        (
            "flag deleted",
            Subject::Flag {
                flag: FlagKey("made".into()),
            },
            None,
            |_, _| None,
        ),
        (
            "segment made",
            Subject::Segment {
                segment: SegmentKey::to_be_made("made"),
            },
            None,
            |_, _| {
                Some(SubjectState::Segment(SegmentDefinition {
                    name: "made".into(),
                    description: None,
                    rules: rules("made"),
                    version: None,
                }))
            },
        ),
        (
            "rules changed",
            Subject::Segment {
                segment: SegmentKey::to_be_made("made"),
            },
            None,
            |_, held| {
                let Some(SubjectState::Segment(mut segment)) = held else {
                    return None;
                };
                segment.description = Some("other".into());
                segment.rules[0].rules[0].conditions.remove(0);
                segment.rules[0].rules[0].kind = RuleKind::None;
                Some(SubjectState::Segment(segment))
            },
        ),
        (
            "described",
            Subject::Segment {
                segment: SegmentKey::to_be_made("made"),
            },
            None,
            |_, held| {
                let Some(SubjectState::Segment(mut segment)) = held else {
                    return None;
                };
                segment.description = None;
                Some(SubjectState::Segment(segment))
            },
        ),
        (
            "segment deleted",
            Subject::Segment {
                segment: SegmentKey::to_be_made("made"),
            },
            None,
            |_, _| None,
        ),
    ]
}

#[tokio::test]
#[ignore = "needs a real server"]
async fn a_real_server_takes_every_write() {
    let (Ok(address), Ok(key)) = (
        std::env::var("HALYARD_REAL_ADDRESS"),
        std::env::var("HALYARD_REAL_KEY"),
    ) else {
        println!("skipped: no address and key of a real server");
        return;
    };
    let server = server(address, key).await;
    let mut differences = Vec::new();
    for environment in &server.environments {
        let target = server.target(environment);
        let mut snapshot = server.collect(environment).await;
        for (name, subject, flag, wish) in changes() {
            let named = |one: &&Flag| Some(one.key.0.as_str()) == flag;
            let known = snapshot.flags.iter().find(named).cloned();
            let read = async || {
                let read = server.provider.read(target, &subject, known.as_ref()).await;
                read.map(|answer| answer.value.state)
            };
            let base = match read().await {
                Ok(base) => base,
                Err(failure) => {
                    differences.push(format!("{} {name}: not read: {failure:?}", environment.name));
                    continue;
                }
            };
            let wish = wish(&snapshot, base.clone());
            let write = Write {
                subject: &subject,
                base: base.as_ref(),
                wish: wish.as_ref(),
                known: known.as_ref(),
                steps: &NoSteps,
            };
            let outcome = server.provider.write(target, write).await;
            let requests = outcome.as_ref().map(|answer| answer.requests).unwrap_or_default();
            match outcome.map(|answer| answer.value) {
                Ok(WriteOutcome::Confirmed { .. }) => {
                    println!("{} {name}: confirmed in {requests} requests", environment.name);
                }
                Ok(WriteOutcome::Overtaken { now }) => differences.push(format!(
                    "{} {name}: {:?}\n  wished {wish:?}\n  holds {:?}",
                    environment.name,
                    changed_fields(wish.as_ref(), now.state.as_ref()),
                    now.state
                )),
                other => differences.push(format!("{} {name}: {other:?}", environment.name)),
            }
            snapshot = server.collect(environment).await;
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
