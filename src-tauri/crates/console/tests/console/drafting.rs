//! What changes nobody has sent would do.

use halyard_console::{
    ConsoleError, Draft, DraftOrigin, FlagShares, Gets, ImpactFacts, ImpactInput, LeftOut, LeftOutReason,
    LocalPreview, PersonaInput, Preview, PreviewInput,
};
use halyard_model::{Change, FlagKey, FlagValue, IdentityRef, SegmentKey, Subject};
use serde_json::{Value, json};

use crate::bench::{Bench, Path, Place, value};

fn draft(flag: &str, change: &Change) -> Draft {
    Draft::of_flag(&FlagKey(flag.into()), change)
}

fn input(place: &Place, identifier: &str, traits: &[(&str, Value)], edits: Vec<Draft>) -> PreviewInput {
    PreviewInput {
        at: None,
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        identity: IdentityRef {
            identifier: identifier.into(),
            traits: traits
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        },
        edits,
    }
}

async fn local(bench: &Bench, input: PreviewInput) -> LocalPreview {
    match bench.console.preview(input).await.unwrap() {
        Preview::Local(local) => local,
        other => panic!("Flagsmith is evaluated here: {other:?}"),
    }
}

fn got(preview: &LocalPreview, flag: &str) -> (bool, Value) {
    let trace = preview.trace();
    let result = trace.flag(flag).unwrap().result().unwrap();
    (result.enabled, result.value.clone())
}

async fn weighed(bench: &Bench, place: &Place, flag: &str, edits: Vec<Draft>) -> ImpactFacts {
    let input = ImpactInput {
        at: None,
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        flag: FlagKey(flag.into()),
        edits,
    };
    bench.console.impact(input).await.unwrap()
}

#[tokio::test]
async fn a_draft_is_previewed_as_if_it_were_sent_and_is_not() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, place) = Bench::connected(path).await;
        let changes = [
            ("stock_low_badge", value(json!(7))),
            ("guest_checkout", Change::toggle(false)),
            ("new_checkout", value(json!("classic"))),
        ];
        let edits: Vec<Draft> = changes.iter().map(|(flag, change)| draft(flag, change)).collect();
        let people: Vec<String> = (0..20).map(|number| format!("drafted-{number}")).collect();
        bench.sandbox.clear_journal();
        let mut foreseen = Vec::new();
        for who in &people {
            let before = local(&bench, input(&place, who, &[], Vec::new())).await;
            assert_eq!(got(&before, "stock_low_badge").1, json!(5));
            let after = local(&bench, input(&place, who, &[], edits.clone())).await;
            assert_eq!(got(&after, "stock_low_badge").1, json!(7));
            foreseen.push(after);
        }
        assert!(bench.sandbox.journal().is_empty());
        assert_eq!(
            bench.shown(&place, "stock_low_badge").await.flag.state.value.0,
            json!(5)
        );

        for (flag, change) in changes {
            bench.edit(&place, flag, change).await.unwrap();
        }
        bench.refresh(&place).await.unwrap();
        for (who, foreseen) in people.iter().zip(&foreseen) {
            let now = local(&bench, input(&place, who, &[], Vec::new())).await;
            for flag in now.trace().flags() {
                let result = flag.result().unwrap();
                assert_eq!(
                    got(foreseen, flag.name()),
                    (result.enabled, result.value.clone()),
                    "{path:?} {} for {who}",
                    flag.name()
                );
            }
        }
    }
}

#[tokio::test]
async fn the_later_of_two_drafts_of_a_flag_builds_on_the_first() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let edits = vec![
        draft("stock_low_badge", &value(json!(7))),
        draft("stock_low_badge", &Change::toggle(false)),
    ];
    let preview = local(&bench, input(&place, "anybody", &[], edits)).await;
    assert_eq!(got(&preview, "stock_low_badge"), (false, json!(7)));
}

#[tokio::test]
async fn a_draft_of_a_flag_that_is_not_there_is_left_out_and_told() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let edits = vec![draft("no_such_flag", &Change::toggle(true))];
    let preview = local(&bench, input(&place, "anybody", &[], edits)).await;
    let left_out = LeftOut {
        of: DraftOrigin::Typed(0),
        field: None,
        why: LeftOutReason::FlagMissing,
    };
    assert_eq!(preview.notes.left_out, [left_out]);
    let known = input(&place, "anybody", &[], Vec::new());
    let refused = bench.console.trace(known, &FlagKey("no_such_flag".into())).await;
    assert!(matches!(refused, Err(ConsoleError::Gone { what: "the flag" })));
}

#[tokio::test]
async fn a_trace_shows_its_steps_and_ways_that_work() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let flag = FlagKey("free_shipping_threshold".into());
    let asked = input(&place, "anybody", &[("country", json!("AT"))], Vec::new());
    let traced = bench.console.trace(asked, &flag).await.unwrap();
    let trace = traced.trace();
    let of_flag = trace.flag(&flag.0).unwrap();
    assert_eq!(of_flag.result().unwrap().value, &json!(59));
    assert_eq!(of_flag.result().unwrap().segment, Some("Austria and Switzerland"));
    assert_eq!(of_flag.candidates().len(), 4, "itself, two segments, the default");
    assert!(!traced.others.is_empty());
    let mut tried = 0;
    for other in &traced.others {
        let Some(changes) = other.by_traits() else {
            continue;
        };
        let mut traits = vec![("country", json!("AT"))];
        for change in changes {
            traits.retain(|(name, _)| *name != change.name);
            if let Some(value) = &change.to {
                traits.push((&change.name, value.clone()));
            }
        }
        let preview = local(&bench, input(&place, "anybody", &traits, Vec::new())).await;
        assert_eq!(got(&preview, &flag.0), (other.enabled, other.value.clone()));
        tried += 1;
    }
    assert!(tried >= 1);
}

/// A pattern that Python cannot read fails every identity that has the trait.
#[tokio::test]
async fn where_a_server_would_fail_the_preview_says_where() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let text = bench.mirror.document(&place.connection, &place.environment).await;
    let mut document: Value = serde_json::from_str(&text.unwrap().unwrap()).unwrap();
    let broken = json!({"id": 99_001, "name": "Broken", "feature_states": [], "rules": [
        {"type": "ALL", "rules": [], "conditions": [
            {"operator": "REGEX", "property_": "city", "value": "(unclosed"},
        ]},
    ]});
    document["project"]["segments"]
        .as_array_mut()
        .unwrap()
        .push(broken);
    let snapshot = halyard_model::Snapshot {
        environment: place.environment.clone(),
        fetched_at: halyard_model::Timestamp(1),
        document: document.to_string(),
        document_updated_at: None,
        flags: bench
            .mirror
            .flags(&place.connection, &place.environment)
            .await
            .unwrap(),
        segments: Vec::new(),
    };
    bench
        .mirror
        .store_snapshot(&place.connection, &snapshot)
        .await
        .unwrap();

    let fine = local(&bench, input(&place, "anybody", &[], Vec::new())).await;
    assert_eq!(fine.trace().failure(), None);
    let traits = [("city", json!("Wien"))];
    let failing = local(&bench, input(&place, "anybody", &traits, Vec::new())).await;
    let trace = failing.trace();
    let failure = trace.failure().unwrap();
    assert_eq!(failure.segment.as_deref(), Some("Broken"));
    assert_eq!(failure.condition.as_ref().unwrap().property, "city");
    assert_eq!(trace.flags().count(), 128);

    let findings = bench.console.findings(&place.now()).await.unwrap();
    let named = |finding: &halyard_engine::Finding| {
        finding
            .subject
            .segment
            .as_ref()
            .is_some_and(|segment| segment.name == "Broken")
    };
    assert!(findings.iter().any(named), "{findings:?}");

    // The Flags API does not look at a segment that overrides nothing.
    let asked = halyard_console::CompareInput {
        preview: input(&place, "anybody", &traits, Vec::new()),
        surface: halyard_console::Surface::FlagsApi,
    };
    let comparison = bench.console.compare(asked).await.unwrap();
    assert_eq!(comparison.failure.as_ref(), Some(failure));
    let cause = halyard_console::DifferenceCause::UnusedSegment {
        segment: "Broken".into(),
    };
    assert!(comparison.differences.len() > 100);
    assert!(
        comparison
            .differences
            .iter()
            .all(|one| one.verified && one.cause == cause)
    );
}

fn total(shares: &[halyard_console::Share]) -> u64 {
    shares.iter().map(|share| share.count).sum()
}

#[tokio::test]
async fn the_impact_of_a_draft_counts_who_changes() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    let persona = PersonaInput {
        id: None,
        name: "Lena".into(),
        identity: IdentityRef {
            identifier: "lena".into(),
            traits: vec![("country".into(), json!("DE"))],
        },
    };
    bench
        .console
        .save_persona(&place.connection, persona)
        .await
        .unwrap();

    let flag = "free_shipping_threshold";
    let now = weighed(&bench, &production, flag, Vec::new()).await;
    assert_eq!((now.sample.generated, now.sample.personas), (2_400, 1));
    assert!(now.sample.overridden > 10);
    assert_eq!(now.shares.after, None);
    assert_eq!(total(&now.shares.now), now.sample.identities());
    assert!(
        now.shares.now.len() >= 3,
        "both segments have members: {:?}",
        now.shares.now
    );

    let edits = vec![draft(flag, &value(json!(45)))];
    let after = weighed(&bench, &production, flag, edits.clone()).await;
    let FlagShares {
        now: before,
        after: Some(shares),
        flips,
        moves,
        edited,
        surprise,
        ..
    } = after.shares.clone()
    else {
        panic!("{after:?}");
    };
    assert_eq!((edited, surprise), (true, false));
    assert_eq!(before, now.shares.now, "the sample stays the same");
    for share in &before {
        let supplied: u64 = share.deciders.iter().map(|(_, count)| count).sum();
        assert_eq!(supplied, share.count, "somebody supplies it to each of them");
    }
    let gets = |value: i64| Gets {
        enabled: true,
        value: FlagValue(json!(value)),
        variant: None,
    };
    let count = |shares: &[halyard_console::Share], gets: &Gets| {
        shares
            .iter()
            .find(|share| share.gets == *gets)
            .map_or(0, |share| share.count)
    };
    assert_eq!(flips, count(&before, &gets(49)));
    assert_eq!(flips, count(&shares, &gets(45)));
    assert_eq!(count(&shares, &gets(39)), count(&before, &gets(39)));
    assert_eq!(moves.len(), 1);
    assert_eq!((&moves[0].from, &moves[0].to), (&gets(49), &gets(45)));
    assert_eq!(moves[0].from_rule, halyard_console::DecidedBy::Default);
    let example = moves[0].examples.first().expect("somebody");
    assert!(!example.traits.is_empty(), "{example:?}");
    let shown = PreviewInput {
        at: None,
        change_set: None,
        identity: example.clone(),
        ..input(&production, "", &[], edits.clone())
    };
    assert_eq!(
        got(&local(&bench, shown).await, flag),
        (true, json!(45)),
        "it gets what the move says"
    );
    assert_eq!(after.surprises, []);

    // What a flag that no draft concerns gets stays, and the draft's own flag is no surprise.
    let other = weighed(&bench, &production, "guest_checkout", edits).await;
    assert_eq!((other.shares.flips, other.shares.edited), (0, false));
    assert_eq!(other.shares.after.as_ref(), Some(&other.shares.now));
    assert_eq!(other.surprises, []);
}

#[tokio::test]
async fn nothing_is_worked_out_for_a_service_that_evaluates_by_itself() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let (console, flag) = (&bench.console, FlagKey("guest_checkout".into()));
    let asked = || input(&place, "anybody", &[], Vec::new());
    let remote_only = |refused: Option<ConsoleError>| {
        assert!(matches!(refused, Some(ConsoleError::RemoteOnly)), "{refused:?}");
    };
    remote_only(console.trace(asked(), &flag).await.err());
    remote_only(console.findings(&place.now()).await.err());
    remote_only(console.suggested_ranges(&place.now()).await.err());
    let impact = ImpactInput {
        at: None,
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        flag,
        edits: Vec::new(),
    };
    remote_only(console.impact(impact).await.err());
    let compare = halyard_console::CompareInput {
        preview: asked(),
        surface: halyard_console::Surface::FlagsApi,
    };
    remote_only(console.compare(compare).await.err());
    let batch = halyard_console::BatchInput {
        at: None,
        change_set: None,
        job: "job".into(),
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        cohort: halyard_console::CohortChoice::Personas,
        edits: Vec::new(),
    };
    remote_only(console.run_batch(batch, |_| ()).await.err());
    assert_eq!(console.surfaces(&place.connection).await.unwrap(), []);
}

#[tokio::test]
async fn drafts_of_segments_overrides_and_identities_decide_as_they_would() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let changes = |list: &[(&str, Option<Value>)]| {
        list.iter()
            .map(|(field, value)| (field.parse().unwrap(), value.clone()))
            .collect()
    };
    let flag = FlagKey("guest_checkout".into());
    let owls = Draft {
        subject: Subject::Segment {
            segment: SegmentKey("new:owls".into()),
        },
        changes: changes(&[
            ("name", Some(json!("owls"))),
            (
                "rules",
                Some(json!([{"type": "ALL", "rules": [], "conditions": [
                    {"operator": "EQUAL", "property": "bird", "value": "owl"}]}])),
            ),
        ]),
    };
    let over = Draft {
        subject: Subject::state_of(&flag),
        changes: changes(&[
            ("value", Some(json!("all"))),
            ("override:new:owls", Some(json!("owls"))),
            ("override_enabled:new:owls", Some(json!(true))),
            ("override_value:new:owls", Some(json!("owl"))),
            ("override_order", Some(json!(["new:owls"]))),
        ]),
    };
    let own = Draft {
        subject: Subject::IdentityOverride {
            flag: flag.clone(),
            identity: "me".into(),
        },
        changes: changes(&[("enabled", Some(json!(true))), ("value", Some(json!("mine")))]),
    };
    let gone = Draft {
        subject: Subject::Flag {
            flag: FlagKey("stock_low_badge".into()),
        },
        changes: changes(&[("existence", None)]),
    };
    let edits = vec![over, owls, own, gone];
    for (who, traits, expected) in [
        ("somebody", vec![], "all"),
        ("somebody", vec![("bird", json!("owl"))], "owl"),
        ("me", vec![("bird", json!("owl"))], "mine"),
    ] {
        let preview = bench
            .console
            .preview(input(&place, who, &traits, edits.clone()))
            .await;
        let Ok(Preview::Local(preview)) = preview else {
            panic!("{preview:?}");
        };
        assert!(preview.failure.is_none(), "{:?}", preview.failure);
        let row = preview.rows.iter().find(|row| row.flag == flag).unwrap();
        assert_eq!(row.value.0, json!(expected), "{who}");
        assert!(preview.rows.iter().all(|row| row.flag.0 != "stock_low_badge"));
    }
}
