//! Refusals with the service's own words by field, and what keeps a write from
//! being sent.

use std::collections::BTreeMap;

use halyard_model::{
    FlagDefinition, FlagValue, RuleKind, SegmentDefinition, SegmentRule, Subject, SubjectState,
};
use halyard_provider::{Access, Credential, Failure, FailureKind, Standing, WriteOutcome, WriteStep};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, SeededToken};
use halyard_sandbox::{Effect, Fault, MayaEdit, Moment};
use serde_json::{Value, json};

use crate::Desk;
use crate::cases::{
    self, config, flag, of_config, of_flag, of_segment, of_state, segment, segment_of, state,
};

/// What is refused, with the field that the words are put beside.
struct Row {
    name: &'static str,
    subject: Subject,
    wish: fn(Option<SubjectState>) -> Option<SubjectState>,
    fault: Option<Fault>,
    kind: fn(&FailureKind) -> bool,
    field: Option<&'static str>,
    words: &'static str,
    /// Whether it is refused before anything is sent.
    sent: bool,
}

fn answer(status: u16, body: &Value) -> Option<Fault> {
    let effect = Effect::Answer {
        status,
        content_type: "application/json".into(),
        body: body.to_string(),
        headers: BTreeMap::new(),
    };
    Some(Fault::of(effect).method("PUT"))
}

fn is_refused(kind: &FailureKind) -> bool {
    matches!(kind, FailureKind::Refused { .. })
}

fn by_the_service() -> Vec<Row> {
    let row = |name, subject, wish, field, words| Row {
        name,
        subject,
        wish,
        fault: None,
        kind: is_refused,
        field,
        words,
        sent: true,
    };
    vec![
        row(
            "an operator that it does not know",
            flag("stock_low_badge"),
            |state| {
                of_flag(state, |flag| {
                    let condition = json!({"property": "a", "operator": "like", "value": 1});
                    flag.targeting = Some(json!({"rules": [{"conditions": [condition], "value": 1}]}));
                })
            },
            Some("rules"),
            "unknown operator",
        ),
        row(
            "a rollout over 100",
            state("stock_low_badge"),
            |state| {
                of_state(state, |state| {
                    state.targeting = Some(json!({"rollout": {"percentage": 101, "attribute": "user_id"}}));
                })
            },
            Some("rollout"),
            "rollout.percentage must be",
        ),
        row(
            "a window that is no moment",
            flag("stock_low_badge"),
            |state| of_flag(state, |flag| flag.active_until = Some("next Monday".into())),
            Some("active_until"),
            "active_until must be",
        ),
        row(
            "a config without a value",
            config("support_contact"),
            |state| of_config(state, |config| config.value = FlagValue::default()),
            Some("value"),
            "value are required",
        ),
        row(
            "an environment that is not there",
            config("support_contact"),
            |state| {
                of_config(state, |config| {
                    config
                        .environments
                        .insert("canary.eu".into(), FlagValue(json!(1)));
                })
            },
            Some("environment_value:canary.eu"),
            "does not exist",
        ),
        row(
            "a key of another form",
            flag("Not A Key"),
            |_| Some(SubjectState::Flag(FlagDefinition::default())),
            Some("name"),
            "must match",
        ),
        row(
            "a condition without an operator",
            segment("vip_customers"),
            |state| {
                of_segment(state, |segment| {
                    segment.rules[0].conditions[0].operator = String::new();
                })
            },
            Some("rules"),
            "unknown operator",
        ),
    ]
}

fn by_answers() -> Vec<Row> {
    let row = |name, fault, kind, field, words| Row {
        name,
        subject: flag("stock_low_badge"),
        wish: |state| {
            of_flag(state, |flag| {
                flag.value = FlagValue(json!("longer than the rest"));
            })
        },
        fault,
        kind,
        field,
        words,
        sent: true,
    };
    vec![
        row(
            "deleted meanwhile, and still listed",
            answer(404, &json!({"error": "Flag not found", "code": "NOT_FOUND"})),
            |kind| *kind == FailureKind::NotFound,
            Some("existence"),
            "Flag not found",
        ),
        row(
            "not allowed",
            answer(
                403,
                &json!({"error": "The token lacks write:flags", "code": "FORBIDDEN"}),
            ),
            |kind| *kind == FailureKind::Forbidden,
            None,
            "The token lacks write:flags",
        ),
        row(
            "too large",
            answer(
                413,
                &json!({"error": "The body is larger than 1 MB", "code": "PAYLOAD_TOO_LARGE"}),
            ),
            is_refused,
            Some("value"),
            "larger than 1 MB",
        ),
        row(
            "details by field",
            answer(
                400,
                &json!({"error": "Invalid", "code": "VALIDATION_ERROR", "details": {"value": "not here"}}),
            ),
            is_refused,
            Some("value"),
            "not here",
        ),
        row(
            "a page of something in front of it",
            Some(
                Fault::of(Effect::Answer {
                    status: 403,
                    content_type: "text/html".into(),
                    body: "<html>blocked</html>".into(),
                    headers: BTreeMap::new(),
                })
                .method("PUT"),
            ),
            |kind| *kind == FailureKind::Forbidden,
            None,
            "",
        ),
    ]
}

fn before_sending() -> Vec<Row> {
    let row = |name, subject, wish, field, words| Row {
        name,
        subject,
        wish,
        fault: None,
        kind: is_refused,
        field,
        words,
        sent: false,
    };
    vec![
        row(
            "over 1 MB",
            state("stock_low_badge"),
            |state| {
                of_state(state, |state| {
                    state.value = FlagValue(json!("x".repeat(1_048_577)));
                })
            },
            Some("value"),
            "Larger than 1 MB",
        ),
        row(
            "a value to inherit that is inherited",
            state("stock_low_badge"),
            |state| of_state(state, |state| state.value = FlagValue::default()),
            Some("value"),
            "sets no value of its own",
        ),
        row(
            "rules to inherit that are inherited",
            state("klarna_pay_later"),
            |state| of_state(state, |state| state.targeting = None),
            Some("has_targeting"),
            "sets no targeting of its own",
        ),
        row(
            "tags that it does not keep",
            flag("stock_low_badge"),
            |state| {
                of_flag(state, |flag| {
                    flag.tags.insert("checkout".into());
                })
            },
            Some("tag:checkout"),
            "no tags",
        ),
        row(
            "an archive",
            flag("stock_low_badge"),
            |state| of_flag(state, |flag| flag.archived = true),
            Some("archived"),
            "no archive",
        ),
        row(
            "another key for a segment",
            segment("vip_customers"),
            |state| of_segment(state, |segment| segment.name = "vips".into()),
            Some("name"),
            "cannot be changed",
        ),
        row(
            "a choice between conditions",
            segment("vip_customers"),
            |state| of_segment(state, |segment| segment.rules[0].kind = RuleKind::Any),
            Some("rules"),
            "all hold",
        ),
        row(
            "rules below rules",
            segment("vip_customers"),
            |state| {
                of_segment(state, |segment| {
                    segment.rules.push(SegmentRule {
                        kind: RuleKind::All,
                        conditions: Vec::new(),
                        rules: Vec::new(),
                    });
                })
            },
            Some("rules"),
            "all hold",
        ),
        row(
            "a condition on nothing",
            segment("vip_customers"),
            |state| of_segment(state, |segment| segment.rules[0].conditions[0].property = None),
            Some("rules"),
            "names a property",
        ),
        row(
            "a segment that is named",
            segment("vip_customers"),
            |_| None,
            Some("existence"),
            "still named",
        ),
    ]
}

#[tokio::test]
async fn each_refusal_puts_words_beside_its_field_and_changes_nothing() {
    for row in by_the_service()
        .into_iter()
        .chain(by_answers())
        .chain(before_sending())
    {
        let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
        let base = desk.read(&row.subject).await;
        let wish = (row.wish)(base.clone());
        if let Some(fault) = row.fault {
            desk.bench.fault(fault);
        }
        desk.bench.running.clear_journal();
        let failure = desk
            .write(&row.subject, base.as_ref(), wish.as_ref())
            .await
            .unwrap_err();
        let told = format!("{}: {failure:?}", row.name);
        assert!((row.kind)(&failure.kind), "{told}");
        assert_eq!(!desk.writes().is_empty(), row.sent, "{told}");
        assert_eq!(desk.steps().contains(&WriteStep::Sending), row.sent, "{told}");
        assert_eq!(desk.steps().contains(&WriteStep::Answered), row.sent, "{told}");
        assert!(failure.next_step.is_some(), "{told}");
        let beside = failure.said.iter().find(|said| said.words.contains(row.words));
        if row.words.is_empty() {
            assert!(failure.said.is_empty(), "{told}");
        } else {
            let field = beside.unwrap_or_else(|| panic!("{told}")).field.clone();
            assert_eq!(
                field.map(|field| field.to_string()).as_deref(),
                row.field,
                "{told}"
            );
        }
        desk.bench.running.faults().clear();
        assert_eq!(desk.read(&row.subject).await, base, "{told}");
    }
}

#[tokio::test]
async fn what_names_a_segment_is_told_before_it_is_deleted() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    let subject = segment("vip_customers");
    let base = desk.read(&subject).await;
    let failure = desk.write(&subject, base.as_ref(), None).await.unwrap_err();
    let cause = failure.cause.unwrap();
    for name in ["new_checkout", "loyalty_points_multiplier", "vip_beta"] {
        assert!(cause.contains(name), "{cause}");
    }
    assert!(desk.held("segments", "vip_customers").await.is_some());
}

#[tokio::test]
async fn a_taken_key_is_a_refusal_or_a_conflict() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    let wish = SubjectState::Flag(FlagDefinition::default());
    // The list shows that it exists: both states can be looked at.
    let outcome = desk
        .write(&flag("gift_wrapping"), None, Some(&wish))
        .await
        .unwrap();
    assert!(matches!(outcome, WriteOutcome::Conflict { .. }), "{outcome:?}");
    assert!(desk.writes().is_empty());
    // The list lags behind: only the service knows.
    let hers = MayaEdit {
        flag: "brand_new".into(),
        created: true,
        ..MayaEdit::default()
    };
    desk.bench.fault(Fault::of(Effect::StaleDocument));
    desk.bench.running.edgeflags().edit_as_maya(&hers).unwrap();
    let failure = desk
        .write(&flag("brand_new"), None, Some(&wish))
        .await
        .unwrap_err();
    assert_eq!(failure.status, Some(409));
    assert_eq!(failure.said[0].field, Some(halyard_model::FieldPath::Name));
    assert!(failure.said[0].words.contains("exists already"), "{failure:?}");
}

#[tokio::test]
async fn identities_and_traits_are_refused_in_words() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    desk.bench.running.clear_journal();
    let identity = "alice".to_owned();
    for subject in [
        Subject::IdentityOverride {
            flag: halyard_model::FlagKey("gift_wrapping".into()),
            identity: identity.clone(),
        },
        Subject::Traits { identity },
    ] {
        let target = desk.bench.target(&desk.environment);
        let read = desk
            .bench
            .provider
            .read(target, &subject, None)
            .await
            .unwrap_err();
        let written = desk.write(&subject, None, None).await.unwrap_err();
        for failure in [read, written] {
            assert!(failure.sentence.starts_with("EdgeFlags keeps no"), "{failure}");
            assert!(failure.next_step.is_some());
        }
        let none = desk.bench.provider.leftovers(target, &subject, None, None).await;
        assert!(none.unwrap().value.is_empty());
    }
    assert!(desk.bench.running.journal().is_empty());
}

#[tokio::test]
async fn the_first_write_tells_what_a_token_may() {
    let tokens = [
        (SeededToken::ReadOnly, Standing::Denied, Standing::Denied),
        (SeededToken::FlagsOnly, Standing::Granted, Standing::Unknown),
        (SeededToken::ConfigsOnly, Standing::Unknown, Standing::Granted),
    ];
    for (token, flags, configs) in tokens {
        let mut desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
        desk.bench.credential = Credential::new(&desk.bench.running.edgeflags().token(token));
        assert_eq!(standings(&desk).await, [Standing::Unknown; 2], "{token:?}");
        let target = desk.bench.target(&desk.environment);
        for subject in [flag("gift_wrapping"), config("support_contact")] {
            let Ok(found) = desk.bench.provider.read(target, &subject, None).await else {
                continue;
            };
            let base = found.value.state;
            let wish = match &base {
                Some(SubjectState::Flag(_)) => of_flag(base.clone(), |flag| flag.value = FlagValue(json!(7))),
                _ => of_config(base.clone(), |config| config.value = FlagValue(json!(7))),
            };
            let _: Result<WriteOutcome, Failure> = desk.write(&subject, base.as_ref(), wish.as_ref()).await;
        }
        assert_eq!(standings(&desk).await, [flags, configs], "{token:?}");
    }
}

async fn standings(desk: &Desk) -> [Standing; 2] {
    let access = Access::new(&desk.bench.endpoint, &desk.bench.credential);
    let discovery = desk.bench.provider.discover(access).await.unwrap().value;
    ["write:flags", "write:configs"].map(|name| {
        let mut all = discovery.permissions.iter();
        all.find(|permission| permission.name == name).unwrap().standing
    })
}

#[tokio::test]
async fn nothing_is_sent_that_could_not_be_written_down() {
    let case = cases::all().into_iter().next().unwrap();
    for (fails_at, sent) in [(WriteStep::Sending, false), (WriteStep::Answered, true)] {
        let mut desk = Desk::at(EdgeFlagsOptions::default(), case.environment).await;
        let base = desk.read(&case.subject).await;
        let wish = (case.wish)(base.clone());
        desk.told.fails_at = Some(fails_at);
        desk.bench.running.clear_journal();
        let outcome = desk.write(&case.subject, base.as_ref(), wish.as_ref()).await;
        assert_eq!(desk.writes().len(), usize::from(sent));
        // What was sent is told as it is: an error would say that nothing was.
        assert_eq!(
            matches!(outcome, Ok(WriteOutcome::Confirmed { .. })),
            sent,
            "{outcome:?}"
        );
    }
}

/// A service that counts a write and takes no notice of it.
#[tokio::test]
async fn a_change_that_is_ignored_is_told() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    let subject = flag("black_friday_banner");
    let base = desk.read(&subject).await;
    let wish = of_flag(base.clone(), |flag| flag.active_until = None);
    let success = Effect::Answer {
        status: 200,
        content_type: "application/json".into(),
        body: json!({"success": true}).to_string(),
        headers: BTreeMap::new(),
    };
    desk.bench.fault(Fault::of(success).method("PUT").times(1));
    let edit = MayaEdit {
        flag: "black_friday_banner".into(),
        members: json!({"counted_by": "the service"}).as_object().unwrap().clone(),
        ..MayaEdit::default()
    };
    let when = Moment::After;
    desk.bench
        .fault(Fault::of(Effect::Maya { edit, when, nth: 1 }).method("PUT"));
    let failure = desk
        .write(&subject, base.as_ref(), wish.as_ref())
        .await
        .unwrap_err();
    assert!(
        failure.sentence.contains("kept everything as it was"),
        "{failure}"
    );
    assert_eq!(failure.said[0].field, Some(halyard_model::FieldPath::ActiveUntil));
}

/// Lost answers, for subjects that are made, deleted or no flag.
#[tokio::test]
async fn what_becomes_of_a_write_whose_answer_is_lost_is_found_out() {
    for case in cases::all() {
        let made = matches!(case.kind, cases::Kind::Makes | cases::Kind::Deletes);
        if !made && case.plural == "flags" {
            continue;
        }
        for effect in [
            Effect::CommitThenCut,
            Effect::LateCommit { ms: 100 },
            Effect::Refuse,
        ] {
            let told = format!("{} {}", case.name, effect.name());
            let carried_out = effect != Effect::Refuse;
            let desk = crate::subjects::desk(&case, EdgeFlagsOptions::default()).await;
            let base = desk.read(&case.subject).await;
            let wish = (case.wish)(base.clone());
            desk.bench.running.clear_journal();
            for method in ["POST", "PUT", "DELETE"] {
                desk.bench
                    .fault(Fault::of(effect.clone()).method(method).path("/api/v1/").times(1));
            }
            let outcome = desk
                .write(&case.subject, base.as_ref(), wish.as_ref())
                .await
                .unwrap();
            assert_eq!(
                matches!(outcome, WriteOutcome::Confirmed { .. }),
                carried_out,
                "{told}: {outcome:?}"
            );
            assert_eq!(
                matches!(outcome, WriteOutcome::Unknown { .. }),
                !carried_out,
                "{told}: {outcome:?}"
            );
            assert_eq!(desk.writes().len(), 1, "{told}: never sent again");
            assert_eq!(desk.steps(), [WriteStep::Sending], "{told}");
        }
    }
}

#[tokio::test]
async fn without_a_version_nothing_is_claimed_about_one() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    // Lists without versions, as a service could give them.
    let list = json!({"flags": [{"key": "a.b", "flag": {"enabled": true, "value": 1, "targeting": {}}}]});
    let answer = Effect::Answer {
        status: 200,
        content_type: "application/json".into(),
        body: list.to_string(),
        headers: BTreeMap::new(),
    };
    desk.bench.fault(Fault::of(answer).method("GET"));
    let subject = flag("a.b");
    let base = desk.read(&subject).await;
    assert_eq!(base.as_ref().unwrap().version(), None);
    let wish = of_flag(base.clone(), |flag| flag.enabled = false);
    let failure = desk
        .write(&subject, base.as_ref(), wish.as_ref())
        .await
        .unwrap_err();
    // The service was asked without a condition and knows no such flag.
    assert_eq!(failure.kind, FailureKind::NotFound, "{failure:?}");
    assert_eq!(desk.writes(), ["PUT /api/v1/flags/a.b"]);
}

#[tokio::test]
async fn a_segment_without_conditions_has_one_rule() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    let subject = segment("empty");
    let wish = SegmentDefinition {
        rules: Vec::new(),
        ..segment_of("empty", Vec::new())
    };
    let wish = SubjectState::Segment(wish);
    let outcome = desk.write(&subject, None, Some(&wish)).await.unwrap();
    let WriteOutcome::Confirmed { now } = outcome else {
        panic!("{outcome:?}");
    };
    let Some(SubjectState::Segment(read)) = now.state else {
        panic!("a segment");
    };
    assert_eq!(read.rules.len(), 1);
    let again = desk.write(&subject, None, Some(&wish)).await.unwrap();
    assert!(matches!(again, WriteOutcome::AlreadyThere { .. }), "{again:?}");
}
