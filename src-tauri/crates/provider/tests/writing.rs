//! What is written, against the sandbox: every way of writing, and the values
//! that are easy to get wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use halyard_model::{Change, FlagNote, differences};
use halyard_provider::FailureKind;
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, ListItems, PutMode, WriteAnswers};
use halyard_sandbox::{MayaEdit, Seed};
use serde_json::json;
use support::{Bench, FlagOutcome, value};

/// Every way of writing, with the values that are easy to get wrong.
#[tokio::test]
async fn what_is_written_is_what_is_read() {
    let long = "x".repeat(20_000);
    let v1 = Bench::flagsmith(Seed::Acme).await;
    let stable = Bench::flagsmith(Seed::Acme).await;
    stable.fault(no_one_call());
    for (bench, versioned) in [(&v1, false), (&stable, false), (&v1, true)] {
        let environment = bench.versioned(versioned);
        for change in [
            Change::toggle(false),
            Change::toggle(true),
            value(json!("🚀 Grüße 漢字")),
            value(json!(long)),
            value(json!(25)),
            value(json!("25 as text")),
            value(json!(true)),
            value(json!("")),
            value(json!(null)),
            value(json!("{\"slot\": 1}")),
        ] {
            for key in ["guest_checkout", "new_checkout"] {
                let base = bench.collected(environment, key).await;
                let outcome = bench.write(environment, &base, &change).await.unwrap();
                let shown = match outcome {
                    FlagOutcome::Confirmed { flag } | FlagOutcome::AlreadyThere { flag } => flag.state,
                    other => panic!("{key} {change:?} in {}: {other:?}", environment.name),
                };
                assert_eq!(differences(&shown, &change.applied_to(&base.state)), []);
                let collected = bench.collected(environment, key).await;
                assert_eq!(
                    differences(&shown, &collected.state),
                    [],
                    "weights and overrides survive"
                );
            }
        }
    }
}

/// Flagsmith takes the blanks off by itself, which is not a colleague's doing.
#[tokio::test]
async fn blanks_around_text_are_not_mistaken_for_a_change() {
    let v1 = Bench::flagsmith(Seed::Acme).await;
    let stable = Bench::flagsmith(Seed::Acme).await;
    stable.fault(no_one_call());
    for (bench, versioned) in [(&v1, false), (&stable, false), (&v1, true)] {
        let environment = bench.versioned(versioned);
        let base = bench.collected(environment, "guest_checkout").await;
        let typed = value(json!(" {\"slot\": 1}\u{a0}\n"));
        let outcome = bench.write(environment, &base, &typed).await.unwrap();
        let FlagOutcome::Confirmed { flag } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(flag.state.value.0, json!("{\"slot\": 1}"));
        let again = bench.write(environment, &flag, &typed).await.unwrap();
        assert!(matches!(again, FlagOutcome::AlreadyThere { .. }), "{again:?}");
    }
}

#[tokio::test]
async fn text_that_is_too_long_is_not_sent() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    for versioned in [false, true] {
        let environment = bench.versioned(versioned);
        let base = bench.collected(environment, "guest_checkout").await;
        bench.running.clear_journal();
        let long = value(json!("🚀".repeat(20_001)));
        let failure = bench.write(environment, &base, &long).await.unwrap_err();
        assert_eq!(
            failure.sentence,
            "Flagsmith keeps at most 20000 characters of text."
        );
        assert!(bench.running.journal().is_empty());
    }
}

#[tokio::test]
async fn taking_a_value_away_says_nothing_about_the_one_call_route() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    for change in [value(json!(null)), value(json!("back"))] {
        let base = bench.collected(environment, "free_shipping_threshold").await;
        let outcome = bench.write(environment, &base, &change).await.unwrap();
        assert!(matches!(outcome, FlagOutcome::Confirmed { .. }), "{outcome:?}");
    }
    let ways: Vec<String> = bench
        .running
        .journal()
        .iter()
        .filter(|one| one.method != "GET")
        .map(|one| one.method.clone())
        .collect();
    assert_eq!(ways, ["PUT", "PATCH"]);
}

/// A deleted flag is told in different ways by the lists that are read.
#[tokio::test]
async fn a_write_to_a_deleted_flag_finds_nothing() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    for versioned in [false, true] {
        let environment = bench.versioned(versioned);
        let mut base = bench.collected(environment, "guest_checkout").await;
        base.remote_id = "99999".into();
        let change = Change::toggle(!base.state.enabled);
        let failure = bench.write(environment, &base, &change).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound, "{failure:?}");
    }
}

/// A fault that stands for a server without the one-call route.
fn no_one_call() -> halyard_sandbox::Fault {
    halyard_sandbox::Fault::of(halyard_sandbox::Effect::ServerError {
        status: 404,
        body: halyard_sandbox::ErrorBody::Html,
    })
    .path("/api/__future__/")
}

#[tokio::test]
async fn the_missing_one_call_route_is_remembered() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    bench.fault(no_one_call());
    let environment = bench.versioned(false);
    for enabled in [false, true, false] {
        let base = bench.collected(environment, "guest_checkout").await;
        let outcome = bench
            .write(environment, &base, &Change::toggle(enabled))
            .await
            .unwrap();
        assert!(matches!(outcome, FlagOutcome::Confirmed { .. }), "{outcome:?}");
    }
    let asked = bench
        .running
        .journal()
        .iter()
        .filter(|one| one.target.contains("__future__"))
        .count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn edgeflags_writes_are_right_for_every_reading_of_its_documentation() {
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        for list_items in [ListItems::Full, ListItems::Abridged] {
            for write_answers in [WriteAnswers::Definition, WriteAnswers::Empty] {
                for override_bumps_version in [true, false] {
                    let options = EdgeFlagsOptions {
                        put_mode,
                        list_items,
                        write_answers,
                        override_bumps_version,
                        ..EdgeFlagsOptions::default()
                    };
                    let told = format!("{options:?}");
                    edgeflags_writes(options)
                        .await
                        .unwrap_or_else(|problem| panic!("{told}: {problem}"));
                }
            }
        }
    }
}

async fn edgeflags_writes(options: EdgeFlagsOptions) -> Result<(), String> {
    let abridged = options.list_items == ListItems::Abridged;
    let bench = Bench::edgeflags(options).await;
    let service = bench.running.edgeflags();
    let staging = bench.environment("staging");
    let before = service.flag("product_recs_model").unwrap();
    for change in [Change::toggle(false), Change::toggle(true), value(json!("🚀"))] {
        let base = bench.collected(staging, "product_recs_model").await;
        if base.notes.contains(&FlagNote::AbridgedDefinition) != abridged {
            return Err("whether lists are abridged was not noticed".into());
        }
        match bench.write(staging, &base, &change).await {
            Ok(FlagOutcome::Confirmed { flag } | FlagOutcome::AlreadyThere { flag })
                if change.is_met_by(&flag.state) => {}
            other => return Err(format!("{change:?}: {other:?}")),
        }
        let collected = bench.collected(staging, "product_recs_model").await;
        if !change.is_met_by(&collected.state) {
            return Err(format!("{change:?} is not seen afterwards"));
        }
    }
    let after = service.flag("product_recs_model").unwrap();
    for (name, member) in before.as_object().unwrap() {
        if !["environments", "version"].contains(&name.as_str()) && after[name] != *member {
            return Err(format!("member {name} changed"));
        }
    }
    let others = |flag: &serde_json::Value, name: &str| flag["environments"][name].clone();
    for name in ["development", "production"] {
        if others(&before, name) != others(&after, name) {
            return Err(format!("the override of {name} changed"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn edgeflags_unknown_members_survive_a_write() {
    let bench = Bench::edgeflags(EdgeFlagsOptions {
        put_mode: PutMode::Replace,
        ..EdgeFlagsOptions::default()
    })
    .await;
    let definition = json!({"enabled": true, "value": 1, "targeting": {"rules": []}});
    bench
        .running
        .edgeflags()
        .put_flag("odd", definition.as_object().unwrap().clone());
    let production = bench.environment("production");
    let base = bench.collected(production, "odd").await;
    let outcome = bench
        .write(production, &base, &Change::toggle(false))
        .await
        .unwrap();
    assert!(matches!(outcome, FlagOutcome::Confirmed { .. }), "{outcome:?}");
    let held = bench.running.edgeflags().flag("odd").unwrap();
    assert_eq!(held["targeting"], json!({"rules": []}));
    assert_eq!(held["environments"], json!({"production": {"enabled": false}}));
}

#[tokio::test]
async fn an_edit_elsewhere_raises_the_version_and_is_no_conflict() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let production = bench.environment("production");
    let base = bench.collected(production, "guest_checkout").await;
    let elsewhere = MayaEdit {
        environment: "staging".into(),
        flag: "guest_checkout".into(),
        enabled: Some(false),
        value: None,
        ..MayaEdit::default()
    };
    bench.running.edgeflags().edit_as_maya(&elsewhere).unwrap();
    let outcome = bench
        .write(production, &base, &Change::toggle(false))
        .await
        .unwrap();
    assert!(matches!(outcome, FlagOutcome::Confirmed { .. }), "{outcome:?}");
    let held = bench.running.edgeflags().flag("guest_checkout").unwrap();
    assert_eq!(
        held["environments"]["staging"]["enabled"], false,
        "her edit is still there"
    );
}

#[tokio::test]
async fn values_that_flagsmith_cannot_keep_are_refused_before_anything_is_sent() {
    let bench = Bench::flagsmith(Seed::Acme).await;
    let environment = bench.versioned(false);
    let base = bench.collected(environment, "guest_checkout").await;
    bench.running.clear_journal();
    for refused in [json!(1.5), json!(3_000_000_000_i64), json!({"a": 1}), json!([1])] {
        let failure = bench
            .write(environment, &base, &value(refused))
            .await
            .unwrap_err();
        assert!(matches!(failure.kind, FailureKind::Refused { .. }), "{failure:?}");
    }
    let mut guarded = environment.clone();
    guarded.requires_change_requests = true;
    let failure = bench
        .write(&guarded, &base, &Change::toggle(false))
        .await
        .unwrap_err();
    assert!(failure.sentence.contains("change requests"), "{failure}");
    assert_eq!(bench.running.journal().len(), 0);
    // The service's own limit is the service's to judge.
    let too_long = value(json!("x".repeat(20_001)));
    let failure = bench.write(environment, &base, &too_long).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Refused { .. }), "{failure:?}");
}
