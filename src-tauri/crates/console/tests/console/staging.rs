//! Edits in change sets: put in, changed, moved, given up and brought back, with nobody to ask.

use halyard_console::{ConsoleError, Ground, StageInput};
use halyard_model::{Change, ChangeSetState, EditState, FieldPath, FlagKey, Subject};
use halyard_sandbox::{Effect, Fault};
use serde_json::json;

use crate::bench::{Bench, Path, flipped, value};

const FLAG: &str = "guest_checkout";
const OTHER: &str = "stock_low_badge";

#[tokio::test]
async fn staging_needs_nobody_and_outlives_a_restart() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        bench.fault(Fault::of(Effect::Refuse));
        bench.sandbox.clear_journal();
        let on = flipped(&bench.shown(&place, FLAG).await);
        let one = bench.stage(&place, FLAG, &on).await;
        let other = bench.stage(&place, OTHER, &value(json!("typed"))).await;
        assert_eq!(one.change_set, other.change_set, "one draft takes both");
        assert_eq!((one.position, other.position), (0, 1));
        assert_eq!((&one.state, one.ticked), (&EditState::Staged, true));

        let bench = bench.restarted();
        bench.console.recover_edits().await.unwrap();
        let set = bench.set(one.change_set.as_ref().unwrap()).await;
        assert_eq!(set.set.state, ChangeSetState::Open);
        let kept: Vec<_> = set.edits.iter().map(|facts| facts.edit.clone()).collect();
        assert_eq!(kept, [one.clone(), other]);
        assert!(set.edits.iter().all(|facts| facts.ground == Ground::Firm));
        assert_eq!(set.sequence.len(), 2);
        assert_eq!(set.touches.len(), 1);
        assert_eq!((set.touches[0].edits, set.touches[0].everywhere), (2, 0));

        // Laid over the mirror, which itself is as it was.
        let subject = Subject::state_of(&FlagKey(FLAG.into()));
        let facts = bench
            .console
            .subject(&place.connection, &place.environment, &subject)
            .await
            .unwrap();
        assert_eq!(facts.wished(), one.wish.as_ref());
        assert_eq!(facts.state, one.base);
        assert!(
            bench.sandbox.journal().is_empty(),
            "nothing was asked of the service"
        );
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
    }
}

#[tokio::test]
async fn staging_again_amends_and_an_old_view_is_refused() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let on = flipped(&bench.shown(&place, FLAG).await);
    let one = bench.stage(&place, FLAG, &on).await;
    let two = bench.stage(&place, FLAG, &value(json!("typed"))).await;
    assert_eq!(one.id, two.id);
    assert_eq!(two.changes(), [FieldPath::Enabled, FieldPath::Value]);
    let three = bench
        .console
        .amend(&one.id, &value(json!("typed again")).fields())
        .await
        .unwrap();
    assert_eq!(
        three.wish.unwrap().flag_state().unwrap().value.0,
        json!("typed again")
    );

    let stale = StageInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        subject: Subject::state_of(&FlagKey(OTHER.into())),
        revision: "another".into(),
        changes: Change::toggle(true).fields(),
        change_set: None,
    };
    let refused = bench.console.stage(stale).await;
    assert!(matches!(refused, Err(ConsoleError::StaleView)), "{refused:?}");
}

#[tokio::test]
async fn sets_are_apart() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let on = flipped(&bench.shown(&place, FLAG).await);
    let first = bench
        .console
        .new_change_set(&place.connection, " Winter ")
        .await
        .unwrap();
    assert_eq!(first.name, "Winter");
    let second = bench.console.new_change_set(&place.connection, "").await.unwrap();
    let into_newest = bench.stage(&place, FLAG, &on).await;
    assert_eq!(into_newest.change_set.as_ref(), Some(&second.id));
    let into_first = bench
        .stage_into(&place, FLAG, &on, Some(&first.id))
        .await
        .unwrap();
    assert_ne!(into_first.id, into_newest.id);
    let renamed = bench
        .console
        .rename_change_set(&second.id, "Spring")
        .await
        .unwrap();
    assert_eq!(renamed.name, "Spring");

    bench.console.discard_change_set(&second.id).await.unwrap();
    let subject = Subject::state_of(&FlagKey(FLAG.into()));
    let (connection, environment) = (&place.connection, &place.environment);
    let facts = bench
        .console
        .subject(connection, environment, &subject)
        .await
        .unwrap();
    assert_eq!(facts.staged, Some(into_first));
    let refused = bench.stage_into(&place, FLAG, &on, Some(&second.id)).await;
    assert!(matches!(refused, Err(ConsoleError::Gone { .. })), "{refused:?}");
    bench.console.restore_change_set(&second.id).await.unwrap();
    let facts = bench
        .console
        .subject(connection, environment, &subject)
        .await
        .unwrap();
    assert_eq!(facts.staged, Some(into_newest), "the newest set's is shown");
}

#[tokio::test]
async fn edits_are_moved_given_up_and_brought_back() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let mut ids = Vec::new();
    for flag in [FLAG, OTHER, "gift_wrapping"] {
        let change = flipped(&bench.shown(&place, flag).await);
        ids.push(bench.stage(&place, flag, &change).await.id);
    }
    let set = bench.row(&ids[0]).await.change_set.unwrap();
    let order = async || -> Vec<_> {
        let facts = bench.set(&set).await;
        facts.edits.into_iter().map(|facts| facts.edit.id).collect()
    };
    bench.console.move_edit(&ids[2], 0).await.unwrap();
    assert_eq!(order().await, [ids[2].clone(), ids[0].clone(), ids[1].clone()]);
    bench.console.move_edit(&ids[2], 99).await.unwrap();
    assert_eq!(order().await, ids);
    bench.console.move_edit(&ids[1], 0).await.unwrap();
    assert_eq!(
        bench.set(&set).await.sequence,
        [ids[1].clone(), ids[0].clone(), ids[2].clone()]
    );

    let dropped = bench.console.discard_edit(&ids[0]).await.unwrap();
    assert_eq!(dropped.state, EditState::Dropped);
    assert_eq!(bench.set(&set).await.sequence, [ids[1].clone(), ids[2].clone()]);
    bench.console.tick(&ids[2], false).await.unwrap();
    assert_eq!(bench.set(&set).await.sequence, [ids[1].clone()]);
    let back = bench.console.restore_edit(&ids[0]).await.unwrap();
    assert_eq!(back.state, EditState::Staged);
    assert_eq!(bench.set(&set).await.sequence, [ids[1].clone(), ids[0].clone()]);

    // Another edit of the same subject has come meanwhile.
    bench.console.discard_edit(&ids[0]).await.unwrap();
    bench.stage(&place, FLAG, &value(json!("other"))).await;
    let refused = bench.console.restore_edit(&ids[0]).await;
    assert!(matches!(refused, Err(ConsoleError::Input { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_refresh_merges_staged_edits_or_shows_the_conflict() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let toggled = flipped(&bench.shown(&place, FLAG).await);
        let merged = bench.stage(&place, FLAG, &toggled).await;
        let contested = bench.stage(&place, OTHER, &value(json!("mine"))).await;
        bench.maya_edits(FLAG, json!("maya's"));
        bench.maya_edits(OTHER, json!("maya's"));
        bench.refresh(&place).await.unwrap();

        let merged = bench.row(&merged.id).await;
        let wish = merged.wish.as_ref().unwrap().flag_state().unwrap();
        assert_eq!(merged.state, EditState::Staged);
        assert_eq!(wish.value.0, json!("maya's"), "{path:?}");
        assert!(toggled.is_met_by(wish));
        assert_eq!(merged.changes(), [FieldPath::Enabled]);

        let conflict = bench.console.conflict(&contested.id).await.unwrap();
        assert!(!conflict.already_sent);
        assert_eq!(conflict.merge.contested(), [FieldPath::Value]);
        let decided = bench
            .console
            .resolve(&contested.id, halyard_console::Resolution::SendMine, None)
            .await
            .unwrap();
        assert!(
            matches!(decided, halyard_console::Outcome::Staged { .. }),
            "{decided:?}"
        );
        let again = bench.row(&contested.id).await;
        assert_eq!((&again.state, again.rounds), (&EditState::Staged, 1));
        assert_eq!(again.base.unwrap().flag_state().unwrap().value.0, json!("maya's"));
        assert!(
            bench.writes().iter().all(|one| one.target.contains("maya")),
            "{:?}",
            bench.writes()
        );
    }
}
