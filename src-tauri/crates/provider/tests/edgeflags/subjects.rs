//! Each case alone, under every reading of the documentation: what is written
//! is what is read, nothing else moves, and it can be led back.

use halyard_model::{FlagValue, Subject, SubjectState, changed_fields};
use halyard_provider::{WriteOutcome, WriteStep};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, ListItems, PutMode, WriteAnswers};
use halyard_sandbox::{MayaEdit, MayaSegment};
use serde_json::{Map, Value, json};

use crate::Desk;
use crate::cases::{self, Case, Kind, UNUSED};

#[tokio::test]
async fn every_subject_is_written_and_led_back_under_every_reading() {
    // Any two readings meet somewhere.
    for (put_mode, write_answers, override_bumps_version) in [
        (PutMode::Merge, WriteAnswers::Definition, true),
        (PutMode::Merge, WriteAnswers::Empty, false),
        (PutMode::Replace, WriteAnswers::Definition, false),
        (PutMode::Replace, WriteAnswers::Empty, true),
    ] {
        for case in cases::all() {
            let options = EdgeFlagsOptions {
                put_mode,
                write_answers,
                override_bumps_version,
                ..EdgeFlagsOptions::default()
            };
            let told = format!("{}, {options:?}", case.name);
            let desk = desk(&case, options).await;
            there_and_back(&desk, &case)
                .await
                .unwrap_or_else(|problem| panic!("{told}: {problem}"));
        }
    }
}

/// Where lists abridge definitions, what they show can be written.
#[tokio::test]
async fn abridged_lists_lose_nothing_that_they_hide() {
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        for case in cases::all() {
            let is_segment = case.plural == "segments";
            if case.kind == Kind::Whole
                || case.kind == Kind::Inherits
                || case.kind == Kind::Deletes && is_segment
            {
                continue;
            }
            let options = EdgeFlagsOptions {
                put_mode,
                list_items: ListItems::Abridged,
                ..EdgeFlagsOptions::default()
            };
            let told = format!("{}, {options:?}", case.name);
            let desk = desk(&case, options).await;
            once(&desk, &case)
                .await
                .unwrap_or_else(|problem| panic!("{told}: {problem}"));
        }
    }
}

/// A sandbox with everything that a case needs.
pub async fn desk(case: &Case, options: EdgeFlagsOptions) -> Desk {
    let desk = Desk::at(options, case.environment).await;
    let unused = MayaEdit {
        segment: Some(MayaSegment {
            name: UNUSED.into(),
            ..MayaSegment::default()
        }),
        ..MayaEdit::default()
    };
    let service = desk.bench.running.edgeflags();
    service.edit_as_maya(&unused).unwrap();
    // The log tells of what it saw being written: the seed it did not.
    if case.plural == "configs"
        && let Some(definition) = desk.held("configs", case.key).await
    {
        let same = MayaEdit {
            config: Some(case.key.to_owned()),
            value: definition.get("value").cloned(),
            ..MayaEdit::default()
        };
        service.edit_as_maya(&same).unwrap();
    }
    desk
}

fn without_version(definition: Option<Map<String, Value>>) -> Option<Map<String, Value>> {
    let mut definition = definition?;
    definition.remove("version");
    Some(definition)
}

async fn once(desk: &Desk, case: &Case) -> Result<(), String> {
    let before = without_version(desk.held(case.plural, case.key).await);
    let base = desk.read(&case.subject).await;
    let wish = (case.wish)(base.clone());
    desk.bench.running.clear_journal();
    let outcome = desk.write(&case.subject, base.as_ref(), wish.as_ref()).await;
    let Ok(WriteOutcome::Confirmed { now }) = outcome else {
        return Err(format!("{outcome:?}"));
    };
    if desk.steps() != [WriteStep::Sending, WriteStep::Answered] {
        return Err(format!("steps {:?}", desk.steps()));
    }
    if desk.writes().len() != 1 {
        return Err(format!("writes {:?}", desk.writes()));
    }
    let options = desk.bench.running.edgeflags().options();
    let is_hidden = case.kind == Kind::Makes && options.list_items == ListItems::Abridged;
    if !is_hidden
        && case.kind != Kind::Inherits
        && !changed_fields(wish.as_ref(), now.state.as_ref()).is_empty()
    {
        let off = changed_fields(wish.as_ref(), now.state.as_ref());
        // The moment is told in UTC.
        if off != [halyard_model::FieldPath::ActiveFrom] {
            return Err(format!("{off:?} differ from the wish"));
        }
    }
    if (case.plural == "flags") != now.flag.is_some() && case.kind != Kind::Deletes {
        return Err("the flag is told where there is one".into());
    }
    let after = without_version(desk.held(case.plural, case.key).await);
    let (Some(before), Some(after)) = (before, after) else {
        return Ok(());
    };
    let environments = after.get("environments").and_then(Value::as_object);
    for own in environments
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_object)
    {
        if own.is_empty() || own.values().any(Value::is_null) {
            return Err(format!("{own:?} is left in an environment: it might be served"));
        }
    }
    let touched = [
        "enabled",
        "value",
        "targeting",
        "environments",
        "conditions",
        "default_value",
        "active_from",
        "active_until",
    ];
    for name in before.keys().chain(after.keys()) {
        if !touched.contains(&name.as_str()) && before.get(name) != after.get(name) {
            return Err(format!("member {name} moved"));
        }
    }
    if options.list_items == ListItems::Abridged {
        let hidden = [
            "targeting",
            "active_from",
            "active_until",
            "default_value",
            "environments",
        ];
        let is_base = case.kind != Kind::Makes && !matches!(case.subject, Subject::FlagState { .. });
        for name in hidden {
            if is_base && before.get(name) != after.get(name) {
                return Err(format!("hidden member {name} moved"));
            }
        }
    }
    Ok(())
}

async fn there_and_back(desk: &Desk, case: &Case) -> Result<(), String> {
    let base = desk.read(&case.subject).await;
    let held = without_version(desk.held(case.plural, case.key).await);
    once(desk, case).await?;
    let now = desk.read(&case.subject).await;
    if case.kind == Kind::Inherits {
        return Ok(());
    }
    let wish = (case.wish)(base.clone());
    let again = desk.write(&case.subject, base.as_ref(), now.as_ref()).await;
    if !matches!(again, Ok(WriteOutcome::AlreadyThere { .. })) {
        return Err(format!("again: {again:?}"));
    }
    // Whoever decided on the base meets what has been written since.
    let elsewhere = other(base.as_ref(), wish.as_ref());
    if let Some(elsewhere) = elsewhere {
        let late = desk.write(&case.subject, base.as_ref(), Some(&elsewhere)).await;
        if !matches!(late, Ok(WriteOutcome::Conflict { .. })) {
            return Err(format!("late: {late:?}"));
        }
    }
    let back = desk.write(&case.subject, now.as_ref(), base.as_ref()).await;
    if !matches!(back, Ok(WriteOutcome::Confirmed { .. })) {
        return Err(format!("back: {back:?}"));
    }
    let led_back = without_version(desk.held(case.plural, case.key).await);
    if led_back != held && !inherits(&held, &led_back) {
        return Err(format!("led back to {led_back:?}, not {held:?}"));
    }
    Ok(())
}

/// A third state, where one is easily made.
fn other(base: Option<&SubjectState>, wish: Option<&SubjectState>) -> Option<SubjectState> {
    let mut third = base.or(wish)?.clone();
    match &mut third {
        SubjectState::FlagState(state) => state.value.0 = "third".into(),
        SubjectState::Flag(flag) => flag.value.0 = "third".into(),
        SubjectState::Config(config) => config.value.0 = "third".into(),
        SubjectState::Segment(segment) => segment.rules[0]
            .conditions
            .push(cases::condition("third", 3.into())),
        _ => return None,
    }
    Some(third)
}

/// Leading back sets what was inherited; that is the same to users.
fn inherits(held: &Option<Map<String, Value>>, back: &Option<Map<String, Value>>) -> bool {
    let effective = |definition: &Option<Map<String, Value>>| {
        let mut definition = definition.clone()?;
        let environments = definition.remove("environments");
        let base = Value::Object(definition.clone());
        let mut all = environments
            .and_then(|all| all.as_object().cloned())
            .unwrap_or_default();
        for own in all.values_mut().filter_map(Value::as_object_mut) {
            own.retain(|name, value| base.get(name) != Some(value));
        }
        all.retain(|_, own| own.as_object().is_some_and(|own| !own.is_empty()));
        definition.insert("environments".into(), Value::Object(all));
        Some(definition)
    };
    effective(held) == effective(back)
}

/// Members that Halyard knows nothing of, at every depth.
#[tokio::test]
async fn what_is_not_known_is_kept() {
    let noted = json!({"property": "plan", "operator": "equals", "value": "pro", "note": "kept"});
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        let options = EdgeFlagsOptions {
            put_mode,
            ..EdgeFlagsOptions::default()
        };
        let desk = Desk::at(options, "staging").await;
        let service = desk.bench.running.edgeflags();
        let members = |members: Value| members.as_object().unwrap().clone();
        for edit in [
            MayaEdit {
                segment: Some(MayaSegment {
                    name: "noted".into(),
                    conditions: Some(json!([noted, {"property": "a", "operator": "gt", "value": 1}])),
                    ..MayaSegment::default()
                }),
                ..MayaEdit::default()
            },
            MayaEdit {
                config: Some("noted".into()),
                members: members(json!({
                    "value": 1, "note": "kept",
                    "environments": {"staging": {"value": 2, "note": "kept"}, "production": {"value": 3}},
                })),
                ..MayaEdit::default()
            },
            MayaEdit {
                flag: "noted".into(),
                created: true,
                members: members(json!({
                    "enabled": true, "note": "kept",
                    "targeting": {"rules": [], "note": "kept"},
                    "environments": {"staging": {"value": 2, "note": "kept"}},
                })),
                ..MayaEdit::default()
            },
        ] {
            service.edit_as_maya(&edit).unwrap();
        }
        type Change = fn(Option<SubjectState>) -> Option<SubjectState>;
        let changes: [(Subject, Change); 4] = [
            (cases::segment("noted"), |state| {
                cases::of_segment(state, |segment| {
                    segment.rules[0].conditions[1].value = json!(2);
                })
            }),
            (cases::config("noted"), |state| {
                cases::of_config(state, |config| config.environments.clear())
            }),
            (cases::flag("noted"), |state| {
                cases::of_flag(state, |flag| {
                    flag.targeting = Some(json!({"rules": cases::rules("pro"), "note": "kept"}));
                })
            }),
            (cases::state("noted"), |state| {
                cases::of_state(state, |state| state.value = FlagValue::default())
            }),
        ];
        for (subject, change) in changes {
            let base = desk.read(&subject).await;
            let wish = change(base.clone());
            let outcome = desk.write(&subject, base.as_ref(), wish.as_ref()).await.unwrap();
            assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
        }
        let segment = desk.held("segments", "noted").await.unwrap();
        assert_eq!(segment["conditions"][0], noted);
        assert_eq!(segment["conditions"][1]["value"], 2);
        let config = desk.held("configs", "noted").await.unwrap();
        assert_eq!(config["note"], "kept");
        assert_eq!(config["environments"], json!({"staging": {"note": "kept"}}));
        let flag = desk.held("flags", "noted").await.unwrap();
        assert_eq!(flag["note"], "kept");
        assert_eq!(flag["targeting"]["note"], "kept");
        assert_eq!(flag["environments"], json!({"staging": {"note": "kept"}}));
    }
}

/// Description and tags are no documented members; where a service shows them
/// they can be changed.
#[tokio::test]
async fn what_a_service_shows_can_be_changed() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    let shown = MayaEdit {
        flag: "gift_wrapping".into(),
        members: json!({"description": "Paper and ribbon", "tags": ["checkout", "gifts"]})
            .as_object()
            .unwrap()
            .clone(),
        ..MayaEdit::default()
    };
    desk.bench.running.edgeflags().edit_as_maya(&shown).unwrap();
    for key in ["gift_wrapping", "stock_low_badge"] {
        let subject = cases::flag(key);
        let base = desk.read(&subject).await;
        let wish = cases::of_flag(base.clone(), |flag| {
            flag.description = Some("Ours".into());
            flag.tags.insert("ours".into());
            flag.tags.remove("gifts");
        });
        let outcome = desk.write(&subject, base.as_ref(), wish.as_ref()).await.unwrap();
        assert!(matches!(outcome, WriteOutcome::Confirmed { .. }), "{outcome:?}");
    }
    let held = desk.held("flags", "gift_wrapping").await.unwrap();
    assert_eq!(held["description"], "Ours");
    assert_eq!(held["tags"], json!(["checkout", "ours"]));
}
