//! Change sets on their way to the service: in order, held, refused, in conflict, cut off, led back.

use std::collections::BTreeMap;

use halyard_console::{ConsoleError, Outcome, Resolution};
use halyard_model::{
    Change, ChangeSetId, ChangeSetState, Choice, Edit, EditState, FieldPath, PauseReason, Protection,
};
use halyard_sandbox::{Effect, Fault};
use serde_json::json;

use crate::bench::{Bench, Path, Place, flipped, until, value};

const FLAGS: [&str; 3] = ["guest_checkout", "stock_low_badge", "gift_wrapping"];

/// Three flags are to be switched over.
async fn staged(path: Path) -> (Bench, Place, Vec<Edit>, ChangeSetId) {
    let (bench, place) = Bench::connected(path).await;
    let mut edits = Vec::new();
    for flag in FLAGS {
        let change = flipped(&bench.shown(&place, flag).await);
        edits.push(bench.stage(&place, flag, &change).await);
    }
    let set = edits[0].change_set.clone().unwrap();
    bench.sandbox.clear_journal();
    (bench, place, edits, set)
}

async fn is_done(bench: &Bench, place: &Place, edit: &Edit) -> bool {
    let held = bench.held(place, &edit.flag().unwrap().0).await.state;
    edit.is_met_by(Some(&held.into()))
}

/// The flags whose writes were made real, in the order in which they arrived.
fn written(bench: &Bench) -> usize {
    let (method, part) = match bench.path {
        Path::FlagsmithV1 => ("PATCH", "/features/"),
        Path::FlagsmithV2 => ("POST", "/publish/"),
        Path::EdgeFlags => ("PUT", "/flags/"),
    };
    let journal = bench.sandbox.journal();
    let writes = journal
        .iter()
        .filter(|one| one.method == method && one.target.contains(part));
    writes.count()
}

fn state(edit: &Edit) -> &'static str {
    match edit.state {
        EditState::Staged => "staged",
        EditState::Pending => "pending",
        EditState::Sent => "sent",
        EditState::Confirmed => "confirmed",
        EditState::Conflicted { .. } => "conflicted",
        EditState::Refused(_) => "refused",
        EditState::Unknown { .. } => "unknown",
        EditState::Dropped => "dropped",
    }
}

async fn states(bench: &Bench, edits: &[Edit]) -> Vec<&'static str> {
    let mut all = Vec::new();
    for edit in edits {
        all.push(state(&bench.row(&edit.id).await));
    }
    all
}

#[tokio::test]
async fn a_set_is_sent_in_its_order_and_seen_in_the_mirror() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        bench.console.move_edit(&edits[2].id, 0).await.unwrap();
        bench.publish(&set).await;
        let facts = bench.at_rest(&set).await;
        assert_eq!(facts.set.state, ChangeSetState::Published, "{path:?}");
        let progress = facts.progress.unwrap();
        assert_eq!((progress.total, progress.confirmed, progress.left), (3, 3, 0));
        let mut sent = Vec::new();
        for edit in &edits {
            let row = bench.row(&edit.id).await;
            assert_eq!(row.state, EditState::Confirmed);
            assert!(is_done(&bench, &place, edit).await);
            let shown = bench.shown(&place, &edit.flag().unwrap().0).await;
            assert!(
                edit.is_met_by(Some(&shown.flag.state.into())),
                "the mirror has it"
            );
            sent.push((row.attempt.sent_at.unwrap(), row.id));
        }
        sent.sort();
        let order: Vec<_> = sent.into_iter().map(|(_, id)| id).collect();
        assert_eq!(
            order,
            [edits[2].id.clone(), edits[0].id.clone(), edits[1].id.clone()]
        );
        assert_eq!(written(&bench), 3, "{path:?}");
    }
}

#[tokio::test]
async fn what_is_not_ticked_stays_behind_in_a_set_of_its_own() {
    let (bench, place, edits, set) = staged(Path::FlagsmithV1).await;
    bench.console.tick(&edits[1].id, false).await.unwrap();
    bench.publish(&set).await;
    let facts = bench.at_rest(&set).await;
    assert_eq!(facts.set.state, ChangeSetState::Published);
    assert_eq!(facts.edits.len(), 2);
    assert_eq!(states(&bench, &edits).await, ["confirmed", "staged", "confirmed"]);
    let rest = bench.row(&edits[1].id).await.change_set.unwrap();
    assert_eq!(bench.set(&rest).await.set.state, ChangeSetState::Open);
    assert!(!is_done(&bench, &place, &edits[1]).await);
    assert_eq!(written(&bench), 2);
}

#[tokio::test]
async fn a_protected_environment_asks_and_nothing_is_sent_before() {
    let (bench, place, _, set) = staged(Path::EdgeFlags).await;
    let (connection, environment) = (&place.connection, &place.environment);
    bench
        .console
        .set_protection(connection, environment, Protection::TypeName)
        .await
        .unwrap();
    let asked = bench.console.publish(&set, &BTreeMap::new()).await;
    assert!(
        matches!(asked, Err(ConsoleError::ConfirmationNeeded)),
        "{asked:?}"
    );
    assert_eq!(bench.set(&set).await.set.state, ChangeSetState::Open);
    assert_eq!(written(&bench), 0);
    let confirmed = BTreeMap::from([(environment.clone(), "staging".to_owned())]);
    bench.console.publish(&set, &confirmed).await.unwrap();
    assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
}

#[tokio::test]
async fn publishing_is_held_and_goes_on() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        bench.fault(path.write(Fault::of(Effect::Latency { ms: 150 })));
        bench.publish(&set).await;
        until(async || (written(&bench) == 1).then_some(())).await;
        bench.console.hold(&set).await.unwrap();
        // The write on its way comes to its end, and no other begins.
        until(async || {
            let states = states(&bench, &edits).await;
            (states[0] == "confirmed").then_some(())
        })
        .await;
        let facts = bench.at_rest(&set).await;
        assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::Held));
        let states = states(&bench, &edits).await;
        assert_eq!(states, ["confirmed", "pending", "pending"], "{path:?}");
        assert_eq!(written(&bench), 1);
        let progress = bench
            .console
            .publishing(&place.connection)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((progress.confirmed, progress.left), (1, 2));
        bench.console.resume(&set).await.unwrap();
        assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
        assert_eq!(written(&bench), 3);
    }
}

#[tokio::test]
async fn the_rest_is_staged_again_where_publishing_is_cancelled() {
    let (bench, place, edits, set) = staged(Path::FlagsmithV2).await;
    bench.fault(bench.path.write(Fault::of(Effect::Latency { ms: 150 })));
    bench.publish(&set).await;
    until(async || (written(&bench) == 1).then_some(())).await;
    bench.console.cancel_rest(&set).await.unwrap();
    until(async || (bench.set(&set).await.set.state == ChangeSetState::Published).then_some(())).await;
    assert_eq!(states(&bench, &edits).await, ["confirmed", "staged", "staged"]);
    let rest = bench.row(&edits[1].id).await.change_set.unwrap();
    assert_ne!(rest, set);
    assert_eq!(bench.set(&rest).await.edits.len(), 2);
    assert!(is_done(&bench, &place, &edits[0]).await && !is_done(&bench, &place, &edits[2]).await);
    assert_eq!(written(&bench), 1);
}

#[tokio::test]
async fn a_service_that_asks_for_patience_is_waited_for() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        let throttle = Fault::of(Effect::Throttle { retry_after: Some(1) });
        bench.fault(path.write(throttle).times(1));
        bench.publish(&set).await;
        let waiting = until(async || {
            let progress = bench.console.publishing(&place.connection).await.unwrap();
            let waits = progress
                .as_ref()
                .is_some_and(|progress| progress.waits_until.is_some());
            let over = bench.set(&set).await.set.state == ChangeSetState::Published;
            (waits || over).then_some(progress)
        })
        .await;
        assert!(
            waiting.is_some_and(|progress| progress.waits_because.is_some()),
            "{path:?}"
        );
        assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
        for edit in &edits {
            assert!(is_done(&bench, &place, edit).await);
        }
    }
}

#[tokio::test]
async fn a_wait_is_given_up_when_publishing_is_held() {
    let (bench, place, edits, set) = staged(Path::FlagsmithV1).await;
    let throttle = Fault::of(Effect::Throttle {
        retry_after: Some(600),
    });
    bench.fault(bench.path.write(throttle));
    bench.publish(&set).await;
    until(async || {
        let progress = bench.console.publishing(&place.connection).await.unwrap()?;
        progress.waits_until
    })
    .await;
    bench.console.hold(&set).await.unwrap();
    let facts = bench.at_rest(&set).await;
    assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::Held));
    until(async || {
        let progress = bench.console.publishing(&place.connection).await.unwrap()?;
        progress.waits_until.is_none().then_some(())
    })
    .await;
    assert_eq!(states(&bench, &edits).await, ["pending", "pending", "pending"]);
}

#[tokio::test]
async fn a_service_out_of_reach_loses_nothing() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        bench.fault(Fault::of(Effect::Refuse));
        bench.publish(&set).await;
        let facts = bench.at_rest(&set).await;
        assert!(
            matches!(&facts.set.state, ChangeSetState::Paused(PauseReason::Unreachable { reason }) if !reason.is_empty()),
            "{:?}",
            facts.set.state
        );
        assert_eq!(
            states(&bench, &edits).await,
            ["pending", "pending", "pending"],
            "{path:?}"
        );
        bench.sandbox.faults().clear();
        bench.console.resume(&set).await.unwrap();
        assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
        assert!(is_done(&bench, &place, &edits[2]).await);
    }
}

#[tokio::test]
async fn a_conflict_pauses_only_itself() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let mine = bench.stage(&place, FLAGS[0], &value(json!("mine"))).await;
        let toggle = flipped(&bench.shown(&place, FLAGS[1]).await);
        let merged = bench.stage(&place, FLAGS[1], &toggle).await;
        let toggle = flipped(&bench.shown(&place, FLAGS[2]).await);
        let alone = bench.stage(&place, FLAGS[2], &toggle).await;
        let set = mine.change_set.clone().unwrap();
        // She changes the same value, and another field of the second flag.
        bench.maya_edits(FLAGS[0], json!("maya's"));
        bench.maya_edits(FLAGS[1], json!("maya's"));
        bench.publish(&set).await;
        let facts = bench.at_rest(&set).await;
        assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::NeedsYou));
        let edits = [mine.clone(), merged.clone(), alone];
        assert_eq!(
            states(&bench, &edits).await,
            ["conflicted", "confirmed", "confirmed"],
            "{path:?}"
        );
        let held = bench.held(&place, FLAGS[1]).await.state;
        assert_eq!(held.value.0, json!("maya's"), "hers is kept");
        assert!(merged.is_met_by(Some(&held.into())), "and mine is there");
        assert_eq!(bench.held(&place, FLAGS[0]).await.state.value.0, json!("maya's"));

        let conflict = bench.console.conflict(&mine.id).await.unwrap();
        assert_eq!(conflict.merge.contested(), [FieldPath::Value]);
        let undecided = bench
            .console
            .resolve_fields(&mine.id, &BTreeMap::new(), None)
            .await;
        assert!(
            matches!(undecided, Err(ConsoleError::Input { .. })),
            "{undecided:?}"
        );
        let choices = BTreeMap::from([(FieldPath::Value, Choice::Value(Some(json!("both of us"))))]);
        let decided = bench
            .console
            .resolve_fields(&mine.id, &choices, None)
            .await
            .unwrap();
        assert!(matches!(decided, Outcome::Staged { .. }), "{decided:?}");
        let over = until(async || {
            let facts = bench.set(&set).await;
            (facts.set.state == ChangeSetState::Published).then_some(facts)
        })
        .await;
        assert_eq!(over.progress.unwrap().confirmed, 3);
        assert_eq!(
            bench.held(&place, FLAGS[0]).await.state.value.0,
            json!("both of us")
        );
        let again = bench.console.resolve_fields(&mine.id, &choices, None).await;
        assert!(matches!(again, Err(ConsoleError::Gone { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn theirs_kept_ends_the_set() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let mine = bench.stage(&place, FLAGS[0], &value(json!("mine"))).await;
    let toggle = flipped(&bench.shown(&place, FLAGS[1]).await);
    bench.stage(&place, FLAGS[1], &toggle).await;
    let set = mine.change_set.clone().unwrap();
    bench.maya_edits(FLAGS[0], json!("maya's"));
    bench.publish(&set).await;
    bench.at_rest(&set).await;
    let kept = bench
        .console
        .resolve(&mine.id, Resolution::KeepTheirs, None)
        .await
        .unwrap();
    assert!(matches!(kept, Outcome::NotDone { .. }));
    assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
}

#[tokio::test]
async fn a_refused_edit_keeps_what_was_typed_and_is_sent_again() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        let refusal = Fault::of(Effect::Answer {
            status: 400,
            content_type: "application/json".into(),
            body: r#"{"detail": "No."}"#.into(),
            headers: BTreeMap::new(),
        });
        bench.fault(path.write(refusal).times(1));
        bench.publish(&set).await;
        let facts = bench.at_rest(&set).await;
        assert_eq!(
            facts.set.state,
            ChangeSetState::Paused(PauseReason::NeedsYou),
            "{path:?}"
        );
        assert_eq!(
            states(&bench, &edits).await,
            ["refused", "confirmed", "confirmed"]
        );
        let row = bench.row(&edits[0].id).await;
        assert_eq!(row.wish, edits[0].wish);
        assert!(matches!(&row.state, EditState::Refused(refusal) if !refusal.reason.is_empty()));
        bench.publish(&set).await;
        assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
        assert!(is_done(&bench, &place, &edits[0]).await);
    }
}

#[tokio::test]
async fn a_lost_answer_is_read_before_anything_else_is_sent() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        let lost = Fault::of(Effect::ServerError {
            status: 500,
            body: Default::default(),
        });
        bench.fault(path.write(lost).times(1));
        bench.publish(&set).await;
        let facts = bench.at_rest(&set).await;
        assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::NeedsYou));
        assert_eq!(
            states(&bench, &edits).await,
            ["unknown", "confirmed", "confirmed"],
            "{path:?}"
        );
        assert_eq!(written(&bench), 3, "it was not sent again");
        assert!(bench.row(&edits[0].id).await.attempt.doubtful);
        // Once it can no longer come, that is said, and it may be sent again.
        bench.clock.advance(61_000);
        bench.console.read_doubtful().await.unwrap();
        assert_eq!(states(&bench, &edits).await[0], "refused");
        bench.publish(&set).await;
        assert_eq!(bench.at_rest(&set).await.set.state, ChangeSetState::Published);
        assert!(is_done(&bench, &place, &edits[0]).await);
    }
}

#[tokio::test]
async fn a_published_set_is_led_back_the_newest_first() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        bench.publish(&set).await;
        bench.at_rest(&set).await;
        bench.maya_edits(FLAGS[1], json!("maya's"));
        let back = bench.console.roll_back(&set).await.unwrap();
        assert_eq!(back.undoes.as_ref(), Some(&set));
        let staged = bench.set(&back.id).await;
        let undone: Vec<_> = staged
            .edits
            .iter()
            .map(|facts| facts.edit.undoes.clone().unwrap())
            .collect();
        assert_eq!(
            undone,
            [edits[2].id.clone(), edits[1].id.clone(), edits[0].id.clone()]
        );
        bench.publish(&back.id).await;
        assert_eq!(bench.at_rest(&back.id).await.set.state, ChangeSetState::Published);
        for edit in &edits {
            assert!(!is_done(&bench, &place, edit).await, "{path:?}");
        }
        let held = bench.held(&place, FLAGS[1]).await.state;
        assert_eq!(held.value.0, json!("maya's"), "hers stays");
    }
}

#[tokio::test]
async fn publishing_goes_on_after_a_restart() {
    for path in Path::ALL {
        let (bench, place, edits, set) = staged(path).await;
        // As a process that ended leaves them: one was sent, one was marked
        // and never left, one waits.
        let mut rows = edits.clone();
        rows[0].state = EditState::Sent;
        rows[0].attempt.sent_at = Some(bench.console.now());
        rows[1].state = EditState::Sent;
        rows[2].state = EditState::Pending;
        let mut half = bench.set(&set).await.set;
        half.state = ChangeSetState::Publishing;
        bench.mirror.save_together(&[half], &rows).await.unwrap();
        bench.clock.advance(61_000);

        let bench = bench.restarted();
        bench.console.recover_edits().await.unwrap();
        assert_eq!(states(&bench, &edits).await, ["unknown", "pending", "pending"]);
        let facts = bench.set(&set).await;
        assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::Ended));
        bench.console.go_on_publishing().await.unwrap();
        let facts = bench.at_rest(&set).await;
        assert_eq!(
            states(&bench, &edits).await,
            ["refused", "confirmed", "confirmed"],
            "{path:?}"
        );
        assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::NeedsYou));
        assert!(!is_done(&bench, &place, &edits[0]).await, "it never arrived");
        assert_eq!(written(&bench), 2);
    }
}

#[tokio::test]
async fn one_set_of_a_connection_is_published_at_a_time() {
    let (bench, place, _, set) = staged(Path::FlagsmithV1).await;
    bench.fault(bench.path.write(Fault::of(Effect::Latency { ms: 150 })));
    let other = bench
        .console
        .new_change_set(&place.connection, "Other")
        .await
        .unwrap();
    let change = Change::toggle(true);
    bench
        .stage_into(&place, "klarna_pay_later", &change, Some(&other.id))
        .await
        .ok();
    bench.publish(&set).await;
    let refused = bench.console.publish(&other.id, &BTreeMap::new()).await;
    assert!(
        matches!(
            refused,
            Err(ConsoleError::ReadOnly { .. } | ConsoleError::Input { .. })
        ),
        "{refused:?}"
    );
    bench.at_rest(&set).await;
}
