//! Writes whose answer is lost, or is none that tells.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use std::collections::BTreeSet;

use halyard_model::{Change, Environment, Flag};
use halyard_provider::{FailureKind, Stage};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, ListItems};
use halyard_sandbox::{Effect, ErrorBody, Fault, MayaEdit, Moment, Seed};
use serde_json::json;
use support::{Bench, FlagOutcome, value};

/// The ways of writing, each with the request that carries the change to users.
const WAYS: [Way; 5] = [
    Way::new("v1 one call", "PATCH", "/api/__future__/"),
    Way::new("v1 stable", "PUT", "/featurestates/"),
    Way::new("v2", "POST", "/publish/"),
    Way::new("edgeflags whole", "PUT", "/api/v1/flags/"),
    Way::new("edgeflags override", "PUT", "/environments/"),
];

#[derive(Clone, Copy, Debug)]
struct Way {
    name: &'static str,
    method: &'static str,
    path: &'static str,
}

impl Way {
    const fn new(name: &'static str, method: &'static str, path: &'static str) -> Way {
        Way { name, method, path }
    }

    fn is_edgeflags(self) -> bool {
        self.name.starts_with("edgeflags")
    }

    async fn bench(self) -> Bench {
        if self.is_edgeflags() {
            let list_items = if self.name.ends_with("whole") {
                ListItems::Full
            } else {
                ListItems::Abridged
            };
            return Bench::edgeflags(EdgeFlagsOptions {
                list_items,
                ..EdgeFlagsOptions::default()
            })
            .await;
        }
        let bench = Bench::flagsmith(Seed::Acme).await;
        if self.name == "v1 stable" {
            // 405 stands for a server without the route; unlike a 404 fault it
            // can stand beside the one that the test sets.
            bench.fault(
                Fault::of(Effect::ServerError {
                    status: 405,
                    body: ErrorBody::Html,
                })
                .path("/api/__future__/"),
            );
        }
        bench
    }

    fn environment(self, bench: &Bench) -> &Environment {
        if self.is_edgeflags() {
            bench.environment("staging")
        } else {
            bench.versioned(self.name == "v2")
        }
    }

    fn key(self) -> &'static str {
        if self.is_edgeflags() {
            "product_recs_model"
        } else {
            "guest_checkout"
        }
    }

    fn on_the_write(self, effect: Effect) -> Fault {
        Fault::of(effect).method(self.method).path(self.path).times(1)
    }
}

struct Run {
    bench: Bench,
    base: Flag,
    outcome: Result<FlagOutcome, halyard_provider::Failure>,
    writes: usize,
}

async fn run(way: Way, change: &Change, faults: Vec<Fault>) -> Run {
    let bench = way.bench().await;
    let environment = way.environment(&bench).clone();
    let base = bench.collected(&environment, way.key()).await;
    for fault in faults {
        bench.fault(fault);
    }
    bench.running.clear_journal();
    let outcome = bench.write(&environment, &base, change).await;
    let writes = bench
        .running
        .journal()
        .iter()
        .filter(|one| one.method == way.method && one.target.contains(way.path))
        .count();
    Run {
        bench,
        base,
        outcome,
        writes,
    }
}

#[tokio::test]
async fn a_write_that_was_carried_out_is_found_out() {
    for way in WAYS {
        for effect in [
            Effect::CommitThenCut,
            Effect::CutBody,
            Effect::LateCommit { ms: 100 },
        ] {
            let told = format!("{} {}", way.name, effect.name());
            let run = run(way, &value(json!("ours")), vec![way.on_the_write(effect)]).await;
            assert!(
                matches!(run.outcome, Ok(FlagOutcome::Confirmed { .. })),
                "{told}: {:?}",
                run.outcome
            );
            assert_eq!(run.writes, 1, "{told}: a write is never sent again");
        }
    }
}

#[tokio::test]
async fn a_write_that_nobody_can_tell_about_is_unknown() {
    for way in WAYS {
        for effect in [
            Effect::Refuse,
            Effect::LateCommit { ms: 60_000 },
            Effect::ServerError {
                status: 500,
                body: ErrorBody::Html,
            },
            Effect::ServerError {
                status: 502,
                body: ErrorBody::Html,
            },
            Effect::ServerError {
                status: 504,
                body: ErrorBody::Empty,
            },
        ] {
            let told = format!("{} {effect:?}", way.name);
            let run = run(way, &value(json!("ours")), vec![way.on_the_write(effect)]).await;
            let Ok(FlagOutcome::Unknown { reason, now }) = run.outcome else {
                panic!("{told}: {:?}", run.outcome);
            };
            assert_eq!(now.unwrap().state.value, run.base.state.value, "{told}");
            assert!(reason.contains("may yet"), "{told}: {reason}");
            assert_eq!(run.writes, 1, "{told}: a write is never sent again");
        }
    }
}

#[tokio::test]
async fn a_write_that_was_refused_changed_nothing() {
    for way in WAYS {
        for (effect, kind) in [
            (
                Effect::Throttle { retry_after: Some(7) },
                FailureKind::RateLimited {
                    retry_at: Some(support::NOW.plus_millis(7000)),
                },
            ),
            (
                Effect::ServerError {
                    status: 403,
                    body: ErrorBody::Json,
                },
                FailureKind::Forbidden,
            ),
        ] {
            let told = format!("{} {effect:?}", way.name);
            let run = run(way, &value(json!("ours")), vec![way.on_the_write(effect)]).await;
            let failure = run.outcome.unwrap_err();
            assert_eq!(failure.kind, kind, "{told}");
            let environment = way.environment(&run.bench);
            let now = run.bench.now(environment, &run.base).await;
            assert_eq!(now.state, run.base.state, "{told}");
            if way.name == "v2" {
                let target = "DELETE";
                assert!(
                    run.bench.running.journal().iter().any(|one| one.method == target),
                    "the draft is deleted"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_redirected_write_changed_nothing_and_is_told_as_a_wrong_address() {
    for way in WAYS {
        for status in [301, 302, 307, 308] {
            let redirect = Effect::ServerError {
                status,
                body: ErrorBody::Empty,
            };
            let told = format!("{} {status}", way.name);
            let run = run(way, &value(json!("ours")), vec![way.on_the_write(redirect)]).await;
            let failure = run.outcome.unwrap_err();
            assert!(
                matches!(failure.kind, FailureKind::BadAddress { .. }),
                "{told}: {failure:?}"
            );
            assert_eq!(run.writes, 1, "{told}");
            let now = run.bench.now(way.environment(&run.bench), &run.base).await;
            assert_eq!(now.state, run.base.state, "{told}");
        }
    }
}

/// The answer is lost, and Maya edits before the flag is read again.
#[tokio::test]
async fn a_lost_answer_and_another_edit_are_told_apart_from_success() {
    for way in WAYS {
        let edit = MayaEdit {
            environment: if way.is_edgeflags() { "staging" } else { "" }.into(),
            flag: way.key().into(),
            enabled: None,
            value: Some(json!("hers")),
            ..MayaEdit::default()
        };
        let bench = way.bench().await;
        let edit = MayaEdit {
            environment: way.environment(&bench).name.clone(),
            ..edit
        };
        let maya = way.on_the_write(Effect::Maya {
            edit,
            when: Moment::After,
            nth: 1,
        });
        let run = run(
            way,
            &value(json!("ours")),
            vec![way.on_the_write(Effect::CommitThenCut), maya],
        )
        .await;
        let told = format!("{}: {:?}", way.name, run.outcome);
        match run.outcome {
            Ok(FlagOutcome::Unknown { now: Some(now), .. } | FlagOutcome::Overtaken { now }) => {
                assert_eq!(now.state.value.0, json!("hers"), "{told}");
            }
            _ => panic!("{told}"),
        }
    }
}

/// Every request of the sequence is cut once, after it was carried out; what
/// is told must be true each time.
#[tokio::test]
async fn a_cut_at_any_step_never_leads_to_a_false_word() {
    for way in WAYS {
        let mut kinds = BTreeSet::new();
        for step in 0.. {
            let cut = Fault::of(Effect::CommitThenCut).after(step).times(1);
            let run = run(way, &value(json!("ours")), vec![cut]).await;
            if run.bench.running.faults().struck("commit_then_cut") == 0 {
                assert!(step >= 3, "{}: the sequence has steps", way.name);
                break;
            }
            let environment = way.environment(&run.bench);
            let now = run.bench.now(environment, &run.base).await;
            let ours = now.state.value.0 == json!("ours");
            let told = format!("{} step {step}: {:?}", way.name, run.outcome);
            match run.outcome {
                Ok(FlagOutcome::Confirmed { .. }) => assert!(ours, "{told}"),
                Ok(FlagOutcome::Unknown { .. }) => {}
                Err(failure) => {
                    assert!(!ours, "{told}");
                    assert_eq!(failure.kind, FailureKind::Unreachable(Stage::Cut), "{told}");
                    kinds.insert("failed");
                }
                Ok(_) => panic!("{told}"),
            }
        }
        assert!(
            way.name == "v2" || kinds.is_empty(),
            "only a draft's steps can fail: {kinds:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_means_that_nothing_was_sent() {
    for way in WAYS {
        let bench = way.bench().await;
        let environment = way.environment(&bench).clone();
        let base = bench.collected(&environment, way.key()).await;
        let Bench {
            running,
            provider,
            endpoint,
            credential,
            project,
            ..
        } = bench;
        running.stop().await;
        let target = halyard_provider::Target {
            access: halyard_provider::Access::new(&endpoint, &credential),
            project: &project,
            environment: &environment,
        };
        let change = Change::toggle(false);
        let written = support::change_flag(provider.as_ref(), target, &base, &change).await;
        let failure = written.unwrap_err();
        assert_eq!(
            failure.kind,
            FailureKind::Unreachable(Stage::Connect),
            "{}",
            way.name
        );
    }
}

/// The list lags behind the write: taken, and not to be seen.
#[tokio::test]
async fn edgeflags_that_lags_is_not_called_confirmed() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let staging = bench.environment("staging");
    let base = bench.collected(staging, "product_recs_model").await;
    bench.fault(Fault::of(Effect::StaleDocument));
    let outcome = bench.write(staging, &base, &Change::toggle(false)).await.unwrap();
    let FlagOutcome::Unknown { reason, now } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(reason.contains("took the write"), "{reason}");
    assert_eq!(now.unwrap().state, base.state);
    bench.running.faults().clear();
    assert!(!bench.now(staging, &base).await.state.enabled, "it was taken");
}

/// A conflict that the list does not show yet is not resolved by guessing.
#[tokio::test]
async fn edgeflags_version_conflict_behind_a_lagging_list_sends_nothing() {
    let bench = Bench::edgeflags(EdgeFlagsOptions::default()).await;
    let staging = bench.environment("staging");
    let base = bench.collected(staging, "product_recs_model").await;
    bench.fault(Fault::of(Effect::StaleDocument));
    let edit = MayaEdit {
        environment: "staging".into(),
        flag: "product_recs_model".into(),
        enabled: None,
        value: Some(json!("hers")),
        ..MayaEdit::default()
    };
    bench.running.edgeflags().edit_as_maya(&edit).unwrap();
    let failure = bench
        .write(staging, &base, &value(json!("ours")))
        .await
        .unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Refused { .. }), "{failure:?}");
    let held = bench.running.edgeflags().flag("product_recs_model").unwrap();
    assert_eq!(held["environments"]["staging"]["value"], "hers");
}
