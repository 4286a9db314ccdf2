//! Edits that go well, and those that must not even begin.

use halyard_console::{ConsoleError, Outcome, parse_value};
use halyard_model::{Change, EditState, FlagNote, ValueKind};
use serde_json::json;

use crate::bench::{Bench, Path, edit_of, flipped, value};

#[tokio::test]
async fn a_toggle_arrives_and_is_led_back() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let flag = "guest_checkout";
        let before = bench.shown(&place, flag).await;
        let outcome = bench.edit(&place, flag, flipped(&before)).await.unwrap();
        let Outcome::Confirmed { edit } = &outcome else {
            panic!("{path:?}: {outcome:?}");
        };
        let held = bench.held(&place, flag).await;
        assert_eq!(held.state.enabled, !before.flag.state.enabled);
        assert_eq!(
            bench.shown(&place, flag).await.flag.state,
            held.state,
            "the mirror has what was read back"
        );
        assert_eq!(bench.shown(&place, flag).await.edit, None);
        let undone = bench.console.undo(&edit.id).await.unwrap();
        assert!(matches!(undone, Outcome::Confirmed { .. }), "{undone:?}");
        assert_eq!(
            bench.held(&place, flag).await.state.enabled,
            before.flag.state.enabled
        );
        bench.sandbox.clear_journal();
        let again = bench.console.undo(&edit.id).await.unwrap();
        assert!(matches!(again, Outcome::AlreadyThere { .. }), "{again:?}");
        assert!(bench.writes().is_empty(), "undoing twice sends nothing");
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
        assert_eq!(bench.console.writes_underway(&place.connection), 0);
    }
}

#[tokio::test]
async fn values_of_every_kind_arrive_as_they_are() {
    let long = "ü".repeat(20_000);
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let flag = "stock_low_badge";
        for (kind, text) in [
            (ValueKind::Text, "provider-b"),
            (ValueKind::Text, "🎄 Grüße\n\"quoted\""),
            (ValueKind::Text, long.as_str()),
            (ValueKind::Number, "42"),
            (ValueKind::Number, "-7"),
            (ValueKind::Boolean, "false"),
            (ValueKind::Boolean, "true"),
            (ValueKind::Json, "{\"slot\": [1, 2, {\"a\": null}]}"),
        ] {
            let wished = parse_value(path.service(), kind, text).unwrap();
            let change = value(wished.0.clone());
            let outcome = bench.edit(&place, flag, change).await.unwrap();
            assert!(
                matches!(outcome, Outcome::Confirmed { .. }),
                "{path:?} {text:.20}: {outcome:?}"
            );
            assert_eq!(bench.held(&place, flag).await.state.value, wished);
            assert_eq!(bench.shown(&place, flag).await.flag.state.value, wished);
        }
        let both = Change {
            enabled: Some(false),
            ..value(json!("x"))
        };
        bench.edit(&place, flag, both.clone()).await.unwrap();
        assert!(both.is_met_by(&bench.held(&place, flag).await.state));
    }
}

#[tokio::test]
async fn weights_and_overrides_survive_an_edit() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, place) = Bench::connected(path).await;
        let flag = "new_checkout";
        let before = bench.held(&place, flag).await.state;
        assert!(!before.variants.is_empty());
        let change = Change {
            enabled: Some(!before.enabled),
            ..value(json!("classic"))
        };
        let outcome = bench.edit(&place, flag, change).await.unwrap();
        assert!(matches!(outcome, Outcome::Confirmed { .. }), "{outcome:?}");
        let after = bench.held(&place, flag).await.state;
        assert_eq!(after.variants, before.variants);
        assert_eq!(after.segment_overrides, before.segment_overrides);
    }
}

#[tokio::test]
async fn nothing_is_sent_that_was_not_decided_on_what_is_there() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let flag = "guest_checkout";
        let before = bench.shown(&place, flag).await;
        let input = bench.input_for(&place, flag, flipped(&before)).await;
        bench.maya_edits(flag, json!(3));
        bench.refresh(&place).await.unwrap();
        bench.sandbox.clear_journal();
        let refused = bench.console.edit(input).await;
        assert!(matches!(refused, Err(ConsoleError::StaleView)), "{refused:?}");
        assert!(bench.sandbox.journal().is_empty());
        assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_protected_environment_asks_first() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (bench, place) = Bench::connected(path).await;
        let place = bench.place(&place.connection, path.protected()).await;
        bench.refresh(&place).await.unwrap();
        let flag = "guest_checkout";
        let change = flipped(&bench.shown(&place, flag).await);
        bench.sandbox.clear_journal();
        let mut input = bench.input_for(&place, flag, change).await;
        for confirmed in [None, Some("Staging".to_owned()), Some(String::new())] {
            input.confirmed = confirmed;
            let refused = bench.console.edit(input.clone()).await;
            assert!(matches!(refused, Err(ConsoleError::ConfirmationNeeded)));
        }
        assert!(bench.sandbox.journal().is_empty());
        input.confirmed = Some(path.protected().to_owned());
        let outcome = bench.console.edit(input).await.unwrap();
        assert!(matches!(outcome, Outcome::Confirmed { .. }), "{outcome:?}");
        let undone = bench.console.undo(&edit_of(&outcome).id).await;
        assert!(matches!(undone, Err(ConsoleError::ConfirmationNeeded)));
    }
}

#[tokio::test]
async fn an_environment_with_change_requests_is_only_read() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let flag = "guest_checkout";
    let facts = bench.shown(&place, flag).await;
    let confirmed = bench.edit(&place, flag, flipped(&facts)).await.unwrap();
    let facts = bench.shown(&place, flag).await;
    let connection = bench.console.connection(&place.connection).await.unwrap();
    let mut environments = bench.mirror.environments(&place.connection).await.unwrap();
    for environment in &mut environments {
        environment.requires_change_requests = true;
    }
    bench
        .mirror
        .save_connection(&connection, &environments)
        .await
        .unwrap();
    bench.sandbox.clear_journal();
    let input = bench.input_for(&place, flag, flipped(&facts)).await;
    for refused in [
        bench.console.edit(input).await,
        bench.console.undo(&edit_of(&confirmed).id).await,
    ] {
        assert!(
            matches!(&refused, Err(ConsoleError::ReadOnly { reason }) if reason.contains("Development")),
            "{refused:?}"
        );
    }
    assert!(bench.sandbox.journal().is_empty());
}

#[tokio::test]
async fn an_edgeflags_flag_that_is_off_at_its_base_says_so() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    for (flag, expected) in [("express_checkout_wallets", true), ("guest_checkout", false)] {
        let notes = bench.shown(&place, flag).await.flag.notes;
        assert_eq!(
            notes.contains(&FlagNote::BaseDisabled),
            expected,
            "{flag}: {notes:?}"
        );
    }
}

#[tokio::test]
async fn two_clicks_do_not_race() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let flag = "guest_checkout";
        let change = flipped(&bench.shown(&place, flag).await);
        let input = bench.input_for(&place, flag, change).await;
        let (one, other) = tokio::join!(bench.console.edit(input.clone()), bench.console.edit(input));
        assert!(matches!(one, Ok(Outcome::Confirmed { .. })), "{one:?}");
        assert!(matches!(other, Err(ConsoleError::StaleView)), "{other:?}");
    }
}

#[tokio::test]
async fn a_flag_that_is_gone_cannot_be_edited() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let flag = "guest_checkout";
    let input = bench.input_for(&place, flag, Change::toggle(false)).await;
    bench.send(reqwest::Method::DELETE, "flags/guest_checkout").await;
    let refused = bench.console.edit(input.clone()).await;
    assert!(matches!(refused, Err(ConsoleError::Service(_))), "{refused:?}");
    let edits = bench
        .mirror
        .edits_for_flag(
            &place.connection,
            &place.environment,
            input.subject.flag().unwrap(),
        )
        .await
        .unwrap();
    assert!(matches!(edits.last().unwrap().state, EditState::Refused { .. }));
    assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
    bench.refresh(&place).await.unwrap();
    assert!(matches!(
        bench.console.edit(input).await,
        Err(ConsoleError::Gone { .. })
    ));
}
