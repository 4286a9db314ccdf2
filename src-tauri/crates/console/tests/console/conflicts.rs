//! Maya changes the same flag: before, meanwhile, again, and before an undo.

use halyard_console::{ConsoleError, Outcome, Resolution};
use halyard_model::{Edit, EditState, FlagState, Protection};
use halyard_sandbox::{Effect, Fault, Moment};
use serde_json::json;

use crate::bench::{Bench, Path, Place, edit_of, flipped};

const FLAG: &str = "guest_checkout";

fn conflict(outcome: &Outcome) -> (&Edit, &FlagState, bool) {
    let Outcome::Conflict { edit } = outcome else {
        panic!("{outcome:?}");
    };
    match &edit.state {
        EditState::Conflicted {
            theirs: Some(theirs),
            already_sent,
        } => (edit, theirs.flag_state().unwrap(), *already_sent),
        other => panic!("{other:?}"),
    }
}

/// A toggle that meets Maya's new value.
async fn in_conflict(path: Path) -> (Bench, Place, Edit) {
    let (bench, place) = Bench::connected(path).await;
    let change = flipped(&bench.shown(&place, FLAG).await);
    bench.maya_edits(FLAG, json!("maya's"));
    bench.sandbox.clear_journal();
    let outcome = bench.edit(&place, FLAG, change).await.unwrap();
    let (edit, theirs, already_sent) = conflict(&outcome);
    assert_eq!(
        (theirs.value.0.clone(), already_sent),
        (json!("maya's"), false),
        "{path:?}"
    );
    assert!(bench.writes().is_empty(), "{:?}", bench.writes());
    (bench, place, edit.clone())
}

#[tokio::test]
async fn a_change_before_the_edit_is_seen_and_nothing_is_sent() {
    for path in Path::ALL {
        let (bench, place, edit) = in_conflict(path).await;
        let shown = bench.shown(&place, FLAG).await;
        assert_eq!(shown.flag.state.value.0, json!("maya's"), "the mirror has hers");
        assert_eq!(shown.edit.as_ref(), Some(&edit.state), "and the edit beside it");
        let facts = bench
            .console
            .environment(&place.connection, &place.environment)
            .await
            .unwrap();
        assert_eq!((facts.conflicts, facts.open_edits), (1, 0));
        bench.clock.advance(120_000);
        bench.refresh(&place).await.unwrap();
        let open = bench.console.open_edits(&place.connection).await.unwrap();
        assert_eq!(open, [edit], "a refresh decides nothing");
    }
}

#[tokio::test]
async fn a_change_in_the_middle_of_the_write_is_seen() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let change = flipped(&bench.shown(&place, FLAG).await);
        let maya = Effect::Maya {
            edit: bench.maya(FLAG, json!("maya's")),
            when: Moment::Before,
            nth: 1,
        };
        bench.fault(path.write(Fault::of(maya)));
        let outcome = bench.edit(&place, FLAG, change.clone()).await.unwrap();
        let (edit, theirs, already_sent) = conflict(&outcome);
        assert_eq!(theirs.value.0, json!("maya's"), "{path:?}");
        // EdgeFlags checks the version itself; on Flagsmith it is seen afterwards.
        assert_eq!(already_sent, path != Path::EdgeFlags);
        let held = bench.held(&place, FLAG).await.state;
        assert_eq!(change.is_met_by(&held), path != Path::EdgeFlags);
        let shown = bench.shown(&place, FLAG).await;
        assert_eq!(shown.flag.state, held);
        assert_eq!(shown.edit.as_ref(), Some(&edit.state));
    }
}

#[tokio::test]
async fn theirs_can_be_kept() {
    for path in Path::ALL {
        let (bench, place, edit) = in_conflict(path).await;
        let before = bench.held(&place, FLAG).await.state;
        let kept = bench
            .console
            .resolve(&edit.id, Resolution::KeepTheirs, None)
            .await
            .unwrap();
        assert!(matches!(&kept, Outcome::NotDone { edit } if edit.state == EditState::Dropped));
        assert!(bench.writes().is_empty());
        assert_eq!(bench.held(&place, FLAG).await.state, before);
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
        let again = bench.console.resolve(&edit.id, Resolution::SendMine, None).await;
        assert!(matches!(again, Err(ConsoleError::Gone { .. })));
    }
}

#[tokio::test]
async fn a_protected_environment_asks_before_mine_is_sent() {
    for path in Path::ALL {
        let (bench, place, edit) = in_conflict(path).await;
        bench
            .console
            .set_protection(&place.connection, &place.environment, Protection::TypeName)
            .await
            .unwrap();
        for confirmed in [None, Some("Another"), Some("")] {
            let asked = bench
                .console
                .resolve(&edit.id, Resolution::SendMine, confirmed)
                .await;
            assert!(
                matches!(asked, Err(ConsoleError::ConfirmationNeeded)),
                "{path:?}: {asked:?}"
            );
        }
        assert!(bench.writes().is_empty());
        let facts = bench
            .console
            .environment(&place.connection, &place.environment)
            .await
            .unwrap();
        let name = facts.environment.name;
        let sent = bench
            .console
            .resolve(&edit.id, Resolution::SendMine, Some(&name))
            .await;
        assert!(
            matches!(sent, Ok(Outcome::Confirmed { .. })),
            "{path:?}: {sent:?}"
        );
    }
}

#[tokio::test]
async fn mine_can_be_sent_over_theirs_once() {
    for path in Path::ALL {
        let (bench, place, edit) = in_conflict(path).await;
        let (one, other) = tokio::join!(
            bench.console.resolve(&edit.id, Resolution::SendMine, None),
            bench.console.resolve(&edit.id, Resolution::SendMine, None),
        );
        assert!(matches!(one, Ok(Outcome::Confirmed { .. })), "{path:?}: {one:?}");
        assert!(
            matches!(other, Err(ConsoleError::Gone { .. })),
            "a second click: {other:?}"
        );
        let held = bench.held(&place, FLAG).await.state;
        assert!(edit.is_met_by(Some(&held.clone().into())));
        assert_eq!(
            held.value.0,
            json!("maya's"),
            "what mine does not touch stays hers"
        );
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
    }
}

#[tokio::test]
async fn another_change_is_another_round() {
    for path in Path::ALL {
        let (bench, place, edit) = in_conflict(path).await;
        bench.maya_edits(FLAG, json!("maya's second"));
        let outcome = bench
            .console
            .resolve(&edit.id, Resolution::SendMine, None)
            .await
            .unwrap();
        let (second, theirs, already_sent) = conflict(&outcome);
        assert_eq!(
            (theirs.value.0.clone(), already_sent),
            (json!("maya's second"), false)
        );
        assert!(bench.writes().is_empty());
        let open = bench.console.open_edits(&place.connection).await.unwrap();
        assert_eq!(open, std::slice::from_ref(second), "the first round is over");
        let third = bench
            .console
            .resolve(&second.id, Resolution::SendMine, None)
            .await
            .unwrap();
        assert!(matches!(third, Outcome::Confirmed { .. }), "{third:?}");
        assert_eq!(
            bench.held(&place, FLAG).await.state.value.0,
            json!("maya's second")
        );
    }
}

#[tokio::test]
async fn a_conflict_stays_open_where_sending_fails() {
    let (bench, place, edit) = in_conflict(Path::FlagsmithV1).await;
    bench.fault(Fault::of(Effect::Refuse));
    let failed = bench.console.resolve(&edit.id, Resolution::SendMine, None).await;
    assert!(matches!(failed, Err(ConsoleError::Service(_))));
    assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), [edit]);
}

#[tokio::test]
async fn an_undo_does_not_undo_maya() {
    for path in Path::ALL {
        for refreshed in [false, true] {
            let (bench, place) = Bench::connected(path).await;
            let change = flipped(&bench.shown(&place, FLAG).await);
            let outcome = bench.edit(&place, FLAG, change.clone()).await.unwrap();
            assert!(matches!(outcome, Outcome::Confirmed { .. }));
            bench.maya_edits(FLAG, json!("maya's"));
            if refreshed {
                bench.refresh(&place).await.unwrap();
            }
            bench.sandbox.clear_journal();
            let undone = bench.console.undo(&edit_of(&outcome).id).await.unwrap();
            let (_, theirs, already_sent) = conflict(&undone);
            assert_eq!((theirs.value.0.clone(), already_sent), (json!("maya's"), false));
            assert!(bench.writes().is_empty());
            assert!(change.is_met_by(&bench.held(&place, FLAG).await.state));
        }
    }
}

#[tokio::test]
async fn the_same_change_by_maya_is_no_conflict() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let change = crate::bench::value(json!("the same"));
        bench.maya_edits(FLAG, json!("the same"));
        bench.sandbox.clear_journal();
        let outcome = bench.edit(&place, FLAG, change).await.unwrap();
        assert!(matches!(outcome, Outcome::AlreadyThere { .. }), "{outcome:?}");
        assert!(bench.writes().is_empty());
    }
}
