//! What edits would have done to what an environment was.

use halyard_console::{
    BatchInput, ChangeSetImpact, CohortChoice, Console, ConsoleError, Draft, DraftOrigin, ImpactFacts,
    ImpactInput, LeftOut, LeftOutReason, TraitRange,
};
use halyard_engine::Finding;
use halyard_mirror::Mirror;
use halyard_model::{At, Change, ChangeSetId, Flag, FlagKey, FlagValue, IdentityRef, MomentId, Subject};
use halyard_sandbox::{Config, MayaEdit, MayaSegment};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    bench::{Bench, Path, Place, value},
    history::{MINUTE, later, maya_does, newest, offline, week},
    weighing::Set,
};

/// What the week changes, and what it leaves alone but for an override.
const FLAGS: [&str; 2] = ["stock_low_badge", "guest_checkout"];

fn key(flag: &str) -> FlagKey {
    FlagKey(flag.into())
}

fn asked(
    place: &Place,
    at: Option<MomentId>,
    flag: &str,
    set: Option<&ChangeSetId>,
    edits: Vec<Draft>,
) -> ImpactInput {
    ImpactInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        at,
        flag: key(flag),
        change_set: set.cloned(),
        edits,
    }
}

fn typed() -> Vec<Draft> {
    vec![
        Draft::of_flag(&key("stock_low_badge"), &value(json!(5))),
        Draft::of_flag(&key("guest_checkout"), &Change::toggle(false)),
    ]
}

/// What can be asked of an environment at a time, as far as it can be compared.
#[derive(Debug, PartialEq)]
struct Told {
    impacts: Vec<Option<String>>,
    set: ChangeSetImpact,
    findings: Vec<Finding>,
    ranges: Vec<TraitRange>,
    flags: Vec<Option<Flag>>,
}

async fn told(console: &Console, place: &Place, set: &ChangeSetId, at: Option<MomentId>) -> Told {
    let (mut impacts, mut flags) = (Vec::new(), Vec::new());
    let site = place.at(at);
    for flag in FLAGS {
        for (set, edits) in [(None, typed()), (Some(set), Vec::new()), (None, Vec::new())] {
            let found = console.impact(asked(place, at, flag, set, edits)).await;
            impacts.push(match found {
                Ok(found) if found.missing => None,
                Ok(found) => Some(format!("{found:#?}")),
                Err(ConsoleError::Gone { what: "the flag" }) if at.is_none() => None,
                Err(error) => panic!("{flag}: {error:?}"),
            });
        }
        flags.push(console.flag_at(&site, &key(flag)).await.unwrap());
    }
    let mut set = console
        .change_set_impact(set, &place.environment, at)
        .await
        .unwrap();
    // How many of them are weighed one by one is a matter of time.
    set.edits.truncate(1);
    Told {
        impacts,
        set,
        findings: console.findings(&site).await.unwrap(),
        ranges: console.suggested_ranges(&site).await.unwrap(),
        flags,
    }
}

#[tokio::test]
async fn an_edit_at_a_moment_does_what_it_would_have_done_then() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, place) = Bench::connected(path).await;
        let mut set = Set::new(&bench, &place, "considered").await;
        set.stage_state("stock_low_badge", |state| state.value = FlagValue(json!(5)))
            .await;
        set.stage_state("guest_checkout", |state| state.enabled = !state.enabled)
            .await;
        let first = newest(&bench, &place).await.moment.id;
        let mut lived = vec![(first, told(&bench.console, &place, &set.id, None).await)];
        for edit in week() {
            maya_does(&bench, edit);
            let moment = later(&bench, &place, MINUTE).await;
            lived.push((moment, told(&bench.console, &place, &set.id, None).await));
        }
        assert_eq!(lived.len(), 7);
        assert!(lived[0].1.impacts.iter().all(Option::is_some));
        assert!(lived[6].1.impacts[..3].iter().all(Option::is_none), "deleted");
        assert_ne!(lived[0].1.ranges, lived[3].1.ranges, "other conditions");
        let offline = offline(&bench);
        for (step, (moment, then)) in lived.iter().enumerate() {
            let again = told(&offline, &place, &set.id, Some(*moment)).await;
            for (again, then) in again.impacts.iter().zip(&then.impacts) {
                assert_eq!(again, then, "{path:?} after {step} changes");
            }
            assert_eq!(again.flags, then.flags, "{path:?} after {step} changes");
            assert!(again == *then, "{path:?} after {step} changes: {again:#?}");
        }
    }
}

/// What a draft is about, and what is said of it where a moment lacks that.
#[tokio::test]
async fn what_a_moment_lacks_is_said_and_is_no_error() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let listed = bench
        .mirror
        .segments(&place.connection, &place.environment)
        .await
        .unwrap();
    let germany = listed.iter().find(|segment| segment.name == "Germany");
    let germany = &germany.unwrap().remote_id;
    let whole = newest(&bench, &place).await.moment.id;
    maya_does(
        &bench,
        MayaEdit {
            segment: Some(MayaSegment {
                name: "Germany".into(),
                deleted: true,
                ..MayaSegment::default()
            }),
            ..MayaEdit::default()
        },
    );
    let lacking = later(&bench, &place, MINUTE).await;
    maya_does(
        &bench,
        MayaEdit {
            flag: "made_by_maya".into(),
            created: true,
            enabled: Some(true),
            ..MayaEdit::default()
        },
    );
    let now = later(&bench, &place, MINUTE).await;

    let made = Draft::of_flag(&key("made_by_maya"), &value(json!("b")));
    let make = Draft {
        subject: Subject::Flag {
            flag: key("made_by_maya"),
        },
        changes: [
            ("existence".parse().unwrap(), Some(json!(true))),
            ("enabled".parse().unwrap(), Some(json!(true))),
        ]
        .into(),
    };
    let over = Draft {
        subject: Subject::state_of(&key("guest_checkout")),
        changes: [
            (
                format!("override:{germany}").parse().unwrap(),
                Some(json!("Germany")),
            ),
            (
                format!("override_enabled:{germany}").parse().unwrap(),
                Some(json!(true)),
            ),
            (
                format!("override_value:{germany}").parse().unwrap(),
                Some(json!("de")),
            ),
        ]
        .into(),
    };
    let left_out = |field: Option<String>, why: LeftOutReason| LeftOut {
        of: DraftOrigin::Typed(0),
        field: field.map(|field| field.parse().unwrap()),
        why,
    };
    let no_flag = left_out(None, LeftOutReason::FlagMissing);
    let no_segment = left_out(Some(format!("override:{germany}")), LeftOutReason::SegmentMissing);
    // The flag asked for, the moment, the drafts; then whether it was there, who changes, what is left out.
    let cases = [
        ("made_by_maya", now, vec![made.clone()], true, true, vec![]),
        (
            "made_by_maya",
            lacking,
            vec![made.clone()],
            false,
            false,
            vec![no_flag.clone()],
        ),
        ("made_by_maya", whole, vec![], false, false, vec![]),
        (
            "made_by_maya",
            whole,
            vec![make, made.clone()],
            true,
            true,
            vec![],
        ),
        (
            "guest_checkout",
            whole,
            vec![made.clone()],
            true,
            false,
            vec![no_flag],
        ),
        ("guest_checkout", whole, vec![over.clone()], true, true, vec![]),
        (
            "guest_checkout",
            lacking,
            vec![over.clone()],
            true,
            false,
            vec![no_segment],
        ),
    ];
    for (at, (flag, moment, edits, there, changes, expected)) in cases.into_iter().enumerate() {
        let weighed = !edits.is_empty();
        let input = asked(&place, Some(moment), flag, None, edits);
        let found: ImpactFacts = bench.console.impact(input).await.unwrap();
        assert_eq!((at, found.missing), (at, !there));
        assert_eq!((at, found.shares.flips > 0), (at, changes));
        assert_eq!((at, &found.notes.left_out), (at, &expected));
        assert!(found.sample.identities() > 0 && (there || found.shares.now.is_empty()));
        assert_eq!((at, found.shares.after.is_some()), (at, weighed && there));
    }
    let gone = asked(&place, None, "nowhere", None, Vec::new());
    let refused = bench.console.impact(gone).await;
    assert!(
        matches!(refused, Err(ConsoleError::Gone { what: "the flag" })),
        "{refused:?}"
    );

    // A change set as a whole.
    let mut set = Set::new(&bench, &place, "late").await;
    let late = set
        .stage_state("made_by_maya", |state| state.enabled = false)
        .await;
    set.stage_state("guest_checkout", |state| state.enabled = !state.enabled)
        .await;
    let weigh = async |at| {
        bench
            .console
            .change_set_impact(&set.id, &place.environment, at)
            .await
            .unwrap()
    };
    let of = |impact: &ChangeSetImpact, flag: &str| {
        let found = impact.flags.iter().find(|(known, _)| known.0 == flag);
        found.map(|(_, changed)| *changed)
    };
    let (here, then) = (weigh(None).await, weigh(Some(whole)).await);
    assert_eq!(weigh(Some(now)).await, here);
    assert_eq!(here.notes.left_out, []);
    assert_eq!(of(&here, "made_by_maya"), Some(here.sampled));
    assert_eq!(
        then.notes.left_out,
        [LeftOut {
            of: DraftOrigin::Staged(late),
            field: None,
            why: LeftOutReason::FlagMissing
        }]
    );
    assert_eq!(of(&then, "made_by_maya"), Some(0));
    assert_eq!(of(&then, "guest_checkout"), Some(then.sampled));
}

/// Everything that is evaluated at a moment, and how it fails.
async fn failures(
    console: &Console,
    at: &At,
    set: &ChangeSetId,
) -> Vec<(&'static str, Option<ConsoleError>)> {
    let place = Place {
        connection: at.connection.clone(),
        environment: at.environment.clone(),
    };
    let of_one = asked(&place, at.moment, "guest_checkout", None, typed());
    let batch = BatchInput {
        job: "past".into(),
        connection: at.connection.clone(),
        environment: at.environment.clone(),
        at: at.moment,
        cohort: CohortChoice::Overridden,
        change_set: None,
        edits: typed(),
    };
    let preview = halyard_console::PreviewInput {
        connection: at.connection.clone(),
        environment: at.environment.clone(),
        at: at.moment,
        identity: IdentityRef {
            identifier: "u_1".into(),
            traits: Vec::new(),
        },
        change_set: None,
        edits: Vec::new(),
    };
    let guest = key("guest_checkout");
    let of_set = console.change_set_impact(set, &at.environment, at.moment);
    vec![
        ("impact", console.impact(of_one).await.err()),
        ("change set", of_set.await.err()),
        ("findings", console.findings(at).await.err()),
        ("ranges", console.suggested_ranges(at).await.err()),
        ("batch", console.run_batch(batch, |_| ()).await.err()),
        ("trace", console.trace(preview, &guest).await.err()),
    ]
}

#[tokio::test]
async fn a_damaged_moment_is_named_and_now_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mirror, _) = Mirror::open(folder.path(), None).await.unwrap();
    let bench = Bench::on(Path::FlagsmithV1, Config::default(), mirror).await;
    let place = bench.connect().await;
    bench.refresh(&place).await.unwrap();
    let set = Set::new(&bench, &place, "considered").await;
    let moment = newest(&bench, &place).await.moment.id;
    bench.maya_edits("stock_low_badge", json!(9));
    later(&bench, &place, MINUTE).await;
    let file = format!("sqlite://{}/mirror.sqlite", folder.path().display());
    let mut database = SqliteConnection::connect(&file).await.unwrap();
    sqlx::query("UPDATE bodies SET bytes = CAST(x'ff' || substr(bytes, 2) AS BLOB)")
        .execute(&mut database)
        .await
        .unwrap();
    database.close().await.unwrap();
    for (what, failure) in failures(&bench.console, &place.at(Some(moment)), &set.id).await {
        assert!(
            matches!(&failure, Some(ConsoleError::DamagedMoment { parts }) if !parts.is_empty()),
            "{what}: {failure:?}"
        );
    }
    for (what, failure) in failures(&bench.console, &place.now(), &set.id).await {
        assert!(failure.is_none(), "{what}: {failure:?}");
    }
}

#[tokio::test]
async fn a_moment_of_another_place_and_of_edgeflags_is_not_weighed() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let set = Set::new(&bench, &place, "considered").await;
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    let there = newest(&bench, &production).await.moment.id;
    for (what, failure) in failures(&bench.console, &place.at(Some(there)), &set.id).await {
        let gone = matches!(failure, Some(ConsoleError::Gone { what: "the snapshot" }));
        assert!(gone, "{what}: {failure:?}");
    }
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let set = Set::new(&bench, &place, "considered").await;
    let then = newest(&bench, &place).await.moment.id;
    for at in [None, Some(then)] {
        for (what, failure) in failures(&bench.console, &place.at(at), &set.id).await {
            assert!(
                matches!(failure, Some(ConsoleError::RemoteOnly)),
                "{what}: {failure:?}"
            );
        }
    }
}
