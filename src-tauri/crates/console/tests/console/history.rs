//! What environments were, and when.

use std::sync::Arc;

use halyard_console::{
    BatchInput, CohortChoice, Console, ConsoleError, ConsoleParts, Event, FlagShares, ImpactInput, LocalRow,
    MomentFacts, Preview, PreviewInput, TimelineInput, Traffic,
};
use halyard_engine::edgeflags::Expectation;
use halyard_model::{
    FlagKey, FlagValue, IdentityRef, MomentId, Retention, Sureness, Timestamp, TouchedHow, TouchedKind,
};
use halyard_sandbox::{Effect, Fault, MayaEdit, MayaIdentity, MayaOverride, MayaSegment};
use serde_json::json;

use crate::bench::{Bench, Path, Place};

pub const MINUTE: i64 = 60_000;

/// A console on the same mirror that fails the test as soon as it asks a service.
pub fn offline(bench: &Bench) -> Console {
    Console::new(ConsoleParts {
        mirror: bench.mirror.clone(),
        keys: bench.keys.clone(),
        clock: bench.clock.clone(),
        providers: Arc::new(|_| panic!("nobody is to be asked")),
        traffic: Traffic::default(),
    })
}

async fn timeline(console: &Console, place: &Place) -> Vec<MomentFacts> {
    let input = TimelineInput {
        connection: place.connection.clone(),
        environments: vec![place.environment.clone()],
        kept_only: false,
        before: None,
        limit: 100,
    };
    console.timeline(input).await.unwrap().moments
}

pub async fn newest(bench: &Bench, place: &Place) -> MomentFacts {
    timeline(&bench.console, place).await.remove(0)
}

/// Lets time pass, refreshes, and says which moment that led to.
pub async fn later(bench: &Bench, place: &Place, millis: i64) -> MomentId {
    bench.clock.advance(millis);
    bench.refresh(place).await.unwrap();
    newest(bench, place).await.moment.id
}

fn people() -> Vec<IdentityRef> {
    let who = |identifier: &str, country: &str, orders: i64| IdentityRef {
        identifier: identifier.into(),
        traits: vec![
            ("country".into(), json!(country)),
            ("order_count".into(), json!(orders)),
            ("is_vip".into(), json!(orders % 2 == 0)),
        ],
    };
    let mut all: Vec<IdentityRef> = (0..8)
        .map(|number| {
            let country = ["DE", "FR", "SE", "US"][number % 4];
            who(&format!("history-{number}"), country, number as i64 * 3)
        })
        .collect();
    all.push(who("u_48213", "DE", 7));
    all
}

pub fn maya_does(bench: &Bench, edit: MayaEdit) {
    let edit = MayaEdit {
        environment: bench.path.environment().into(),
        ..edit
    };
    bench
        .sandbox
        .faults()
        .edit_as_maya(bench.path.surface(), &edit)
        .unwrap();
}

/// A week of Maya's: every kind of part changes.
pub fn week() -> Vec<MayaEdit> {
    let flag = |flag: &str| MayaEdit {
        flag: flag.into(),
        ..MayaEdit::default()
    };
    let rule = json!([{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [
        {"property": "country", "operator": "EQUAL", "value": "SE"}]}], "conditions": []}]);
    vec![
        MayaEdit {
            value: Some(json!(9)),
            ..flag("stock_low_badge")
        },
        MayaEdit {
            overrides: vec![MayaOverride {
                segment: "Germany".into(),
                enabled: Some(false),
                value: Some(json!(3)),
                priority: Some(0),
                ..MayaOverride::default()
            }],
            ..flag("stock_low_badge")
        },
        MayaEdit {
            segment: Some(MayaSegment {
                name: "Germany".into(),
                rules: Some(rule),
                ..MayaSegment::default()
            }),
            ..MayaEdit::default()
        },
        MayaEdit {
            identities: vec![MayaIdentity {
                identifier: "history-3".into(),
                enabled: Some(true),
                value: Some(json!("hers")),
                ..MayaIdentity::default()
            }],
            ..flag("guest_checkout")
        },
        MayaEdit {
            created: true,
            enabled: Some(true),
            value: Some(json!("new")),
            ..flag("made_by_maya")
        },
        MayaEdit {
            deleted: true,
            ..flag("stock_low_badge")
        },
    ]
}

type Row = (FlagKey, bool, FlagValue, Option<String>);

fn row(row: &LocalRow) -> Row {
    (
        row.flag.clone(),
        row.enabled,
        row.value.clone(),
        row.variant.clone(),
    )
}

/// What everybody gets of every flag, and over a sample and a cohort of one.
async fn evaluated(
    console: &Console,
    place: &Place,
    at: Option<MomentId>,
) -> (Vec<Vec<Row>>, FlagShares, Vec<FlagShares>) {
    let mut all = Vec::new();
    for who in people() {
        let input = PreviewInput {
            at,
            change_set: None,
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            identity: who,
            edits: Vec::new(),
        };
        let traced = console
            .trace(input.clone(), &FlagKey("guest_checkout".into()))
            .await
            .unwrap();
        let Preview::Local(local) = console.preview(input).await.unwrap() else {
            panic!("Flagsmith is evaluated here");
        };
        let rows: Vec<Row> = local.rows.iter().map(row).collect();
        let of_it = rows.iter().find(|row| row.0 == traced.flag).unwrap();
        let trace = traced.trace();
        let result = trace.flag(&traced.flag.0).unwrap();
        assert_eq!(result.result().unwrap().enabled, of_it.1);
        all.push(rows);
    }
    let impact = ImpactInput {
        at,
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        flag: FlagKey("guest_checkout".into()),
        edits: Vec::new(),
    };
    let batch = BatchInput {
        at,
        change_set: None,
        job: "history".into(),
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        cohort: CohortChoice::Overridden,
        edits: Vec::new(),
    };
    (
        all,
        console.impact(impact).await.unwrap().shares,
        console.run_batch(batch, |_| {}).await.unwrap().flags,
    )
}

#[tokio::test]
async fn evaluating_at_a_moment_gives_what_was_evaluated_then() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, place) = Bench::connected(path).await;
        let mut lived = vec![(
            newest(&bench, &place).await.moment.id,
            evaluated(&bench.console, &place, None).await,
        )];
        for edit in week() {
            maya_does(&bench, edit);
            let moment = later(&bench, &place, MINUTE).await;
            lived.push((moment, evaluated(&bench.console, &place, None).await));
        }
        assert_eq!(lived.len(), 7);
        let offline = offline(&bench);
        for (step, (moment, then)) in lived.iter().enumerate() {
            let again = evaluated(&offline, &place, Some(*moment)).await;
            assert_eq!(again, *then, "{path:?} after {step} changes");
            if step > 0 {
                assert_ne!(again, lived[step - 1].1, "{path:?}: change {step} is seen");
            }
        }
    }
}

#[tokio::test]
async fn a_moment_of_another_environment_and_none_at_all_are_gone() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    let there = newest(&bench, &production).await.moment.id;
    for moment in [there, MomentId(there.0 + 1_000)] {
        let input = PreviewInput {
            at: Some(moment),
            change_set: None,
            connection: place.connection.clone(),
            environment: place.environment.clone(),
            identity: people().remove(0),
            edits: Vec::new(),
        };
        let refused = bench.console.preview(input).await;
        assert!(
            matches!(refused, Err(ConsoleError::Gone { what: "the snapshot" })),
            "{refused:?}"
        );
    }
}

/// EdgeFlags is not asked about the past: what was expected then is expected again.
#[tokio::test]
async fn edgeflags_at_a_moment_is_what_was_expected_then() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let input = |at| PreviewInput {
        at,
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        identity: people().remove(8),
        edits: Vec::new(),
    };
    let live = async || -> Vec<(FlagKey, Expectation)> {
        let Preview::Remote(asked) = bench.console.preview(input(None)).await.unwrap() else {
            panic!("EdgeFlags is asked");
        };
        let row = |row: halyard_console::RemoteRow| (row.answer.key, row.weighed.unwrap().expectation);
        asked.rows.into_iter().map(row).collect()
    };
    let mut lived = vec![(newest(&bench, &place).await.moment.id, live().await)];
    for value in [json!(9), json!(11)] {
        bench.maya_edits("stock_low_badge", value);
        let moment = later(&bench, &place, MINUTE).await;
        lived.push((moment, live().await));
    }
    assert_ne!(lived[1].1, lived[2].1);
    let offline = offline(&bench);
    for (moment, then) in lived {
        let Preview::Expected(again) = offline.preview(input(Some(moment))).await.unwrap() else {
            panic!("EdgeFlags is not asked about the past");
        };
        let again: Vec<_> = again
            .rows
            .into_iter()
            .map(|row| (row.flag, row.expectation))
            .collect();
        assert_eq!(again, then);
        let traced = offline
            .trace(input(Some(moment)), &FlagKey("stock_low_badge".into()))
            .await;
        assert!(matches!(traced, Err(ConsoleError::RemoteOnly)));
    }
}

#[tokio::test]
async fn the_timeline_shows_changes_gaps_and_what_is_now() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let mut told = bench.console.events();
    bench.clock.advance(MINUTE);
    bench.refresh(&place).await.unwrap();
    let mut is_told = || {
        let wanted = Event::Timeline {
            connection: place.connection.clone(),
        };
        std::iter::from_fn(|| told.try_recv().ok()).any(|event| event == wanted)
    };
    assert!(!is_told(), "nothing changed");
    bench.maya_edits("stock_low_badge", json!(7));
    later(&bench, &place, MINUTE).await;
    assert!(is_told());
    bench.maya_edits("stock_low_badge", json!(8));
    bench.maya_edits("guest_checkout", json!("x"));
    later(&bench, &place, 20 * MINUTE).await;

    let console = offline(&bench);
    let moments = timeline(&console, &place).await;
    let touched: Vec<Vec<(&str, TouchedKind, TouchedHow)>> = moments
        .iter()
        .map(|facts| {
            let all = facts.moment.touched.iter();
            all.map(|one| (one.name.as_str(), one.kind, one.how)).collect()
        })
        .collect();
    let changed = |name| (name, TouchedKind::Flag, TouchedHow::Changed);
    assert_eq!(
        touched,
        [
            vec![changed("guest_checkout"), changed("stock_low_badge")],
            vec![changed("stock_low_badge")],
            vec![]
        ]
    );
    let current: Vec<bool> = moments.iter().map(|facts| facts.current).collect();
    assert_eq!(current, [true, false, false]);
    let gaps: Vec<Option<i64>> = moments
        .iter()
        .map(|facts| facts.gap.map(|gap| gap.to.millis_since(gap.from) / MINUTE))
        .collect();
    assert_eq!(gaps, [Some(20), None, None], "a minute is no gap");

    // The same by flag.
    let of_flag = async |flag: &str| -> Vec<MomentId> {
        let flag = FlagKey(flag.into());
        let found = console
            .flag_history(&place.connection, &place.environment, &flag)
            .await;
        found.unwrap().iter().map(|facts| facts.moment.id).collect()
    };
    assert_eq!(of_flag("guest_checkout").await, [moments[0].moment.id]);
    assert_eq!(
        of_flag("stock_low_badge").await,
        [moments[0].moment.id, moments[1].moment.id]
    );
    assert_eq!(of_flag("klarna_pay_later").await, []);
}

#[tokio::test]
async fn pages_of_several_environments_follow_each_other() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    for value in 0..4 {
        bench.maya_edits("stock_low_badge", json!(20 + value));
        later(&bench, &place, MINUTE).await;
        let edit = MayaEdit {
            environment: "Production".into(),
            ..bench.maya("stock_low_badge", json!(30 + value))
        };
        bench
            .sandbox
            .faults()
            .edit_as_maya(bench.path.surface(), &edit)
            .unwrap();
        later(&bench, &production, MINUTE).await;
    }
    let console = offline(&bench);
    let page = async |environments: &[&Place], kept_only, before, limit| {
        let input = TimelineInput {
            connection: place.connection.clone(),
            environments: environments.iter().map(|one| one.environment.clone()).collect(),
            kept_only,
            before,
            limit,
        };
        console.timeline(input).await.unwrap()
    };
    let whole = page(&[], false, None, 100).await;
    assert_eq!((whole.moments.len(), whole.next), (10, None));
    assert!(whole.moments.is_sorted_by(|one, other| {
        (one.moment.first_seen, one.moment.id) > (other.moment.first_seen, other.moment.id)
    }));
    let current = whole.moments.iter().filter(|facts| facts.current);
    assert_eq!(current.count(), 2, "one of each environment");
    let mut collected = Vec::new();
    let mut before = None;
    loop {
        let part = page(&[&place, &production], false, before, 3).await;
        collected.extend(part.moments);
        before = part.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(collected, whole.moments);
    assert_eq!(page(&[&place], false, None, 100).await.moments.len(), 5);

    let (named, pinned) = (whole.moments[4].moment.id, whole.moments[7].moment.id);
    console.name_moment(named, "  Before the release ").await.unwrap();
    console.pin_moment(pinned, true).await.unwrap();
    let kept = page(&[], true, None, 100).await.moments;
    let kept_ids: Vec<MomentId> = kept.iter().map(|facts| facts.moment.id).collect();
    assert_eq!(kept_ids, [named, pinned]);
    assert_eq!(kept[0].moment.name.as_deref(), Some("Before the release"));
    console.name_moment(named, " ").await.unwrap();
    console.pin_moment(pinned, false).await.unwrap();
    assert!(page(&[], true, None, 100).await.moments.is_empty());
    let too_long = console.name_moment(named, &"x".repeat(121)).await;
    assert!(matches!(too_long, Err(ConsoleError::Input { field: "name", .. })));
    let unknown = console.pin_moment(MomentId(9_999), true).await;
    assert!(matches!(unknown, Err(ConsoleError::Gone { .. })));
}

#[tokio::test]
async fn a_time_leads_to_a_moment_and_how_sure_it_is() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.clock.advance(5 * MINUTE);
    bench.refresh(&place).await.unwrap();
    bench.maya_edits("stock_low_badge", json!(7));
    later(&bench, &place, 30 * MINUTE).await;
    let console = offline(&bench);
    let [second, first] = &timeline(&console, &place).await[..] else {
        panic!("two moments");
    };
    let (first, second) = (&first.moment, &second.moment);
    assert_eq!(first.last_seen.millis_since(first.first_seen) / MINUTE, 5);
    let cases = [
        (
            first.first_seen.plus_millis(-1),
            None,
            Some(first),
            Sureness::NothingYet,
        ),
        (first.first_seen, Some(first), Some(second), Sureness::Seen),
        (first.last_seen, Some(first), Some(second), Sureness::Seen),
        (
            first.last_seen.plus_millis(MINUTE),
            Some(first),
            Some(second),
            Sureness::Between,
        ),
        (
            second.first_seen.plus_millis(-1),
            Some(first),
            Some(second),
            Sureness::Between,
        ),
        (second.first_seen, Some(second), None, Sureness::StillSo),
        (
            second.last_seen.plus_millis(MINUTE),
            Some(second),
            None,
            Sureness::NotLookedSince,
        ),
    ];
    for (at, moment, next, sureness) in cases {
        let found = console
            .moment_at(&place.connection, &place.environment, at)
            .await
            .unwrap();
        assert_eq!(found.sureness, sureness, "{at:?}");
        assert_eq!(found.moment.as_ref().map(|facts| &facts.moment), moment);
        assert_eq!(found.next.as_ref().map(|facts| &facts.moment), next);
    }
    let never = bench.place(&place.connection, "Production").await;
    let found = console
        .moment_at(&never.connection, &never.environment, Timestamp(i64::MAX))
        .await
        .unwrap();
    assert_eq!((found.moment, found.sureness), (None, Sureness::NothingYet));
}

#[tokio::test]
async fn taking_a_snapshot_refreshes_and_keeps_what_is_there() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.maya_edits("stock_low_badge", json!(7));
    bench.clock.advance(MINUTE);
    let take = async |name| {
        bench
            .console
            .take(&place.connection, &place.environment, name)
            .await
    };
    let taken = take(Some("Before search rollout")).await.unwrap();
    assert!(taken.current);
    assert_eq!(taken.moment.name.as_deref(), Some("Before search rollout"));
    assert_eq!(taken.moment.touched[0].name, "stock_low_badge");
    let again = take(None).await.unwrap();
    assert_eq!(again.moment.id, taken.moment.id, "nothing changed");
    assert!(again.moment.pinned && again.moment.name.is_some());

    bench.maya_edits("stock_low_badge", json!(8));
    bench.fault(Fault::of(Effect::Refuse));
    let refused = take(Some("Offline")).await;
    assert!(matches!(refused, Err(ConsoleError::Service(_))), "{refused:?}");
    let all = timeline(&bench.console, &place).await;
    assert!(
        all.iter()
            .all(|facts| facts.moment.name.as_deref() != Some("Offline"))
    );
    // What is there can be kept all the same.
    bench.console.pin_moment(all[1].moment.id, true).await.unwrap();
}

#[tokio::test]
async fn how_long_moments_are_kept_is_remembered() {
    let (bench, _) = Bench::connected(Path::FlagsmithV1).await;
    assert_eq!(bench.console.retention().await.unwrap(), Retention::default());
    let month = Retention {
        days: Some(30),
        bytes: None,
    };
    bench.console.set_retention(month).await.unwrap();
    let bench = bench.restarted();
    assert_eq!(bench.console.retention().await.unwrap(), month);
    for (keep, named) in [
        (
            Retention {
                days: Some(0),
                bytes: None,
            },
            "days",
        ),
        (
            Retention {
                days: None,
                bytes: Some(1_000),
            },
            "megabytes",
        ),
    ] {
        let refused = bench.console.set_retention(keep).await;
        assert!(matches!(refused, Err(ConsoleError::Input { field, .. }) if field == named));
    }
    assert_eq!(bench.console.retention().await.unwrap(), month);
}

#[tokio::test]
async fn what_is_past_its_time_goes_and_a_time_then_says_so() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let mut ids = vec![newest(&bench, &place).await.moment.id];
    for value in 0..4 {
        bench.maya_edits("stock_low_badge", json!(20 + value));
        ids.push(later(&bench, &place, 24 * 60 * MINUTE).await);
    }
    bench.console.pin_moment(ids[0], true).await.unwrap();
    let second = bench.console.moment(ids[1]).await.unwrap();
    // All but the last two are more than a day and a half old.
    bench.clock.advance(12 * 60 * MINUTE);
    let mut told = bench.console.events();
    let keep = Retention {
        days: Some(1),
        bytes: None,
    };
    assert_eq!(bench.console.set_retention(keep).await.unwrap(), 3);
    let wanted = Event::Timeline {
        connection: place.connection.clone(),
    };
    assert!(std::iter::from_fn(|| told.try_recv().ok()).any(|event| event == wanted));
    let console = offline(&bench);
    let kept: Vec<MomentId> = timeline(&console, &place)
        .await
        .iter()
        .map(|facts| facts.moment.id)
        .collect();
    assert_eq!(kept, [ids[4], ids[0]], "the pinned one and what is now");
    let found = console
        .moment_at(&place.connection, &place.environment, second.first_seen)
        .await
        .unwrap();
    assert_eq!(found.moment.unwrap().moment.id, ids[0]);
    assert!(!found.sureness.is_sure(), "{:?}", found.sureness);
    let input = PreviewInput {
        at: Some(ids[1]),
        change_set: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        identity: people().remove(0),
        edits: Vec::new(),
    };
    let gone = console.preview(input).await;
    assert!(matches!(gone, Err(ConsoleError::Gone { what: "the snapshot" })));
    assert!(console.check_history().await.unwrap().is_empty());
}
