//! Writes whose answer is lost: what became of them is read, never guessed and never sent again.

use halyard_console::{ConsoleError, Outcome, Resolution};
use halyard_model::{EditState, FlagKey, Subject};
use halyard_sandbox::{Effect, Fault};
use serde_json::json;

use crate::bench::{Bench, Path, Place, edit_of, flipped, until};

const FLAG: &str = "guest_checkout";

fn server_error() -> Fault {
    Fault::of(Effect::ServerError {
        status: 500,
        body: Default::default(),
    })
}

/// A toggle whose one write meets a fault, and what the console makes of it.
async fn toggle_under(path: Path, effect: Effect) -> (Bench, Place, Outcome) {
    let (bench, place) = Bench::connected(path).await;
    bench.fault(path.write(Fault::of(effect).times(1)));
    let change = flipped(&bench.shown(&place, FLAG).await);
    bench.sandbox.clear_journal();
    let outcome = bench.edit(&place, FLAG, change).await.unwrap();
    (bench, place, outcome)
}

/// How often the request was sent that makes the write real.
fn sent(bench: &Bench) -> usize {
    let (method, part) = match bench.path {
        Path::FlagsmithV1 => ("PATCH", "/features/"),
        Path::FlagsmithV2 => ("POST", "/publish/"),
        Path::EdgeFlags => ("PUT", "/flags/"),
    };
    let journal = bench.sandbox.journal();
    journal
        .iter()
        .filter(|one| one.method == method && one.target.contains(part))
        .count()
}

#[tokio::test]
async fn a_write_cut_after_it_was_carried_out_is_confirmed_by_reading() {
    for path in Path::ALL {
        for effect in [Effect::CommitThenCut, Effect::CutBody, Effect::MalformedJson] {
            let (bench, place, outcome) = toggle_under(path, effect.clone()).await;
            assert!(
                matches!(outcome, Outcome::Confirmed { .. }),
                "{path:?} {effect:?}: {outcome:?}"
            );
            assert_eq!(sent(&bench), 1, "{path:?} {effect:?}");
            let edit = edit_of(&outcome);
            assert!(edit.is_met_by(Some(&bench.held(&place, FLAG).await.state.into())));
        }
    }
}

#[tokio::test]
async fn a_write_that_never_arrived_is_unknown_and_then_not_done() {
    for path in Path::ALL {
        for by_refresh in [false, true] {
            let effect = server_error().effect;
            let (bench, place, outcome) = toggle_under(path, effect).await;
            let Outcome::Unknown { edit } = outcome else {
                panic!("{path:?}: {outcome:?}");
            };
            let shown = bench.shown(&place, FLAG).await;
            assert_eq!(shown.edit.as_ref(), Some(&edit.state));
            assert_eq!(shown.flag.state, bench.held(&place, FLAG).await.state);
            // Early on the service may still carry it out.
            let early = bench.console.settle(&edit.id).await.unwrap();
            assert!(matches!(early, Outcome::Unknown { .. }), "{early:?}");
            bench.refresh(&place).await.unwrap();
            assert_eq!(
                bench.console.open_edits(&place.connection).await.unwrap().len(),
                1
            );
            bench.clock.advance(61_000);
            if by_refresh {
                bench.refresh(&place).await.unwrap();
            } else {
                let late = bench.console.settle(&edit.id).await.unwrap();
                assert!(matches!(late, Outcome::NotDone { .. }), "{late:?}");
            }
            let settled = bench.mirror.edit(&edit.id).await.unwrap().unwrap();
            assert!(
                matches!(settled.state, EditState::Refused(_)),
                "{:?}",
                settled.state
            );
            assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
            assert_eq!(sent(&bench), 1, "never sent again");
        }
    }
}

#[tokio::test]
async fn a_late_write_is_found() {
    for path in Path::ALL {
        for by_refresh in [false, true] {
            let (bench, place, outcome) = toggle_under(path, Effect::LateCommit { ms: 1_500 }).await;
            let Outcome::Unknown { edit } = outcome else {
                panic!("{path:?}: {outcome:?}");
            };
            let state = until(async || {
                if by_refresh {
                    bench.refresh(&place).await.unwrap();
                } else {
                    bench.console.settle(&edit.id).await.unwrap();
                }
                let state = bench.mirror.edit(&edit.id).await.unwrap().unwrap().state;
                (!matches!(state, EditState::Unknown { .. })).then_some(state)
            })
            .await;
            assert_eq!(state, EditState::Confirmed, "{path:?}");
            assert!(edit.is_met_by(Some(&bench.held(&place, FLAG).await.state.into())));
            assert_eq!(sent(&bench), 1);
        }
    }
}

#[tokio::test]
async fn an_unknown_edit_that_meets_maya_becomes_a_conflict() {
    for path in Path::ALL {
        let (bench, place, outcome) = toggle_under(path, server_error().effect).await;
        let edit = edit_of(&outcome).clone();
        bench.maya_edits(FLAG, json!("maya's"));
        bench.refresh(&place).await.unwrap();
        let settled = bench.mirror.edit(&edit.id).await.unwrap().unwrap();
        assert!(
            matches!(&settled.state, EditState::Conflicted { theirs: Some(theirs), already_sent: true } if theirs.flag_state().unwrap().value.0 == json!("maya's")),
            "{:?}",
            settled.state
        );
        let mine = bench
            .console
            .resolve(&edit.id, Resolution::SendMine, None)
            .await
            .unwrap();
        assert!(matches!(mine, Outcome::Confirmed { .. }), "{mine:?}");
    }
}

#[tokio::test]
async fn an_unknown_edit_of_a_deleted_flag_is_over() {
    for by_refresh in [false, true] {
        let (bench, place, outcome) = toggle_under(Path::EdgeFlags, server_error().effect).await;
        let edit = edit_of(&outcome).clone();
        bench.send(reqwest::Method::DELETE, "flags/guest_checkout").await;
        if by_refresh {
            bench.refresh(&place).await.unwrap();
        } else {
            // The mirror learns of the deletion from another edit's refresh.
            let mut snapshot_less = bench.mirror.edit(&edit.id).await.unwrap().unwrap();
            snapshot_less.subject = Subject::state_of(&FlagKey("no_such_flag".into()));
            bench.mirror.save_edit(&snapshot_less).await.unwrap();
            let settled = bench.console.settle(&edit.id).await.unwrap();
            assert!(matches!(settled, Outcome::NotDone { .. }), "{settled:?}");
        }
        let state = bench.mirror.edit(&edit.id).await.unwrap().unwrap().state;
        assert!(
            matches!(&state, EditState::Refused(refusal) if refusal.reason.contains("not there any more")),
            "{state:?}"
        );
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_write_that_was_refused_changed_nothing() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        bench.fault(path.write(Fault::of(Effect::Throttle { retry_after: Some(1) })));
        let before = bench.shown(&place, FLAG).await;
        let refused = bench.edit(&place, FLAG, flipped(&before)).await;
        assert!(matches!(refused, Err(ConsoleError::Service(_))), "{refused:?}");
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
        assert_eq!(bench.held(&place, FLAG).await.state, before.flag.state);
        assert_eq!(bench.shown(&place, FLAG).await.flag.state, before.flag.state);
    }
}

#[tokio::test]
async fn a_write_given_up_in_the_middle_is_settled_by_the_next_refresh() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        bench.fault(path.write(Fault::of(Effect::Latency { ms: 300 })));
        let change = flipped(&bench.shown(&place, FLAG).await);
        let input = bench.input_for(&place, FLAG, change.clone()).await;
        bench.sandbox.clear_journal();
        let console = bench.console.clone();
        let edit = tokio::spawn(async move { console.edit(input).await });
        until(async || (sent(&bench) > 0).then_some(())).await;
        edit.abort();
        assert!(edit.await.unwrap_err().is_cancelled());
        assert_eq!(bench.console.writes_underway(&place.connection), 0);
        assert_eq!(
            bench.console.open_edits(&place.connection).await.unwrap()[0].state,
            EditState::Sent
        );
        until(async || {
            bench.refresh(&place).await.unwrap();
            bench
                .console
                .open_edits(&place.connection)
                .await
                .unwrap()
                .is_empty()
                .then_some(())
        })
        .await;
        assert!(
            change.is_met_by(&bench.shown(&place, FLAG).await.flag.state),
            "{path:?}"
        );
    }
}

#[tokio::test]
async fn only_a_confirmed_edit_is_undone_and_a_settled_one_stays() {
    let (bench, place, outcome) = toggle_under(Path::FlagsmithV1, server_error().effect).await;
    let edit = edit_of(&outcome).clone();
    let undone = bench.console.undo(&edit.id).await;
    assert!(matches!(undone, Err(ConsoleError::Gone { .. })), "{undone:?}");
    bench.clock.advance(61_000);
    bench.console.settle(&edit.id).await.unwrap();
    bench.maya_edits(FLAG, json!("maya's"));
    let again = bench.console.settle(&edit.id).await.unwrap();
    assert!(matches!(again, Outcome::NotDone { .. }), "{again:?}");
    assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
}
