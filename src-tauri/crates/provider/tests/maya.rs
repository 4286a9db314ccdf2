//! Must not happen: a write that replaces somebody else's state unseen.
//!
//! For each way of writing, Maya edits the same flag before and after each
//! request of the sequence. Wherever her edit is lost, the outcome has to say
//! so; the one exception is the gap that Flagsmith's unversioned environments
//! leave (and EdgeFlags, should it not count overrides in its versions),
//! between the service's answer to the last read and its carrying out of the
//! write. The gap is measured here: its
//! steps are listed, printed and compared with what the documentation states.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and a measurement is printed"
)]

mod support;

use halyard_model::{Change, Environment, FlagValue, Version};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, ListItems, PutMode};
use halyard_sandbox::{Effect, ErrorBody, Fault, MayaEdit, Moment, Seed};
use serde_json::json;
use support::{Bench, FlagOutcome, value};

/// One way of writing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    V1OneCall,
    V1Stable,
    V2,
    EdgeFlagsWhole(PutMode),
    EdgeFlagsOverride(PutMode),
    /// As [`Way::EdgeFlagsWhole`], where overrides raise no version.
    EdgeFlagsWholeUncounted,
    /// As [`Way::EdgeFlagsOverride`], where overrides raise no version.
    EdgeFlagsOverrideUncounted,
}

impl Way {
    async fn bench(self) -> Bench {
        match self {
            Way::V1OneCall | Way::V2 => Bench::flagsmith(Seed::Acme).await,
            Way::V1Stable => {
                let bench = Bench::flagsmith(Seed::Acme).await;
                let absent = Effect::ServerError {
                    status: 404,
                    body: ErrorBody::Html,
                };
                bench.fault(Fault::of(absent).path("/api/__future__/"));
                // Learns that the one-call route is absent, so that the
                // sequence below is the stable one.
                let environment = self.environment(&bench);
                let base = bench.collected(environment, "klarna_pay_later").await;
                let change = Change::toggle(!base.state.enabled);
                bench.write(environment, &base, &change).await.unwrap();
                bench
            }
            Way::EdgeFlagsWhole(put_mode) => {
                Bench::edgeflags(EdgeFlagsOptions {
                    put_mode,
                    ..EdgeFlagsOptions::default()
                })
                .await
            }
            Way::EdgeFlagsOverride(put_mode) => {
                Bench::edgeflags(EdgeFlagsOptions {
                    put_mode,
                    list_items: ListItems::Abridged,
                    ..EdgeFlagsOptions::default()
                })
                .await
            }
            Way::EdgeFlagsWholeUncounted => {
                Bench::edgeflags(EdgeFlagsOptions {
                    override_bumps_version: false,
                    ..EdgeFlagsOptions::default()
                })
                .await
            }
            Way::EdgeFlagsOverrideUncounted => {
                Bench::edgeflags(EdgeFlagsOptions {
                    list_items: ListItems::Abridged,
                    override_bumps_version: false,
                    ..EdgeFlagsOptions::default()
                })
                .await
            }
        }
    }

    fn environment(self, bench: &Bench) -> &Environment {
        match self {
            Way::V1OneCall | Way::V1Stable => bench.versioned(false),
            Way::V2 => bench.versioned(true),
            _ => bench.environment("staging"),
        }
    }
}

/// What one run came to.
struct Run {
    outcome: FlagOutcome,
    steps: Vec<String>,
    hers_survived: bool,
    ours_is_live: bool,
}

/// Writes once, with Maya at a step.
async fn run(way: Way, key: &str, ours: &Change, hers: &Change, at: Option<(u32, Moment)>) -> Run {
    let bench = way.bench().await;
    let environment = way.environment(&bench);
    let base = bench.collected(environment, key).await;
    bench.running.clear_journal();
    if let Some((nth, when)) = at {
        let edit = MayaEdit {
            environment: environment.name.clone(),
            flag: key.to_owned(),
            enabled: hers.enabled,
            value: hers.value.as_ref().map(|value| value.0.clone()),
            ..MayaEdit::default()
        };
        bench.fault(Fault::of(Effect::Maya { edit, when, nth }));
    }
    let outcome = bench.write(environment, &base, ours).await.unwrap();
    let steps = bench
        .running
        .journal()
        .iter()
        .map(|one| format!("{} {}", one.method, one.target.split('?').next().unwrap()))
        .collect();
    if at.is_some() {
        assert_eq!(
            bench.running.faults().struck("maya"),
            1,
            "{way:?} {at:?}: Maya edited"
        );
    }
    let now = bench.now(environment, &base).await.state;
    Run {
        outcome,
        steps,
        hers_survived: hers.is_met_by(&now),
        ours_is_live: ours.is_met_by(&now),
    }
}

/// Puts Maya at each step; gives the places at which her edit was lost unseen.
async fn unseen_losses(way: Way, key: &str, ours: &Change, hers: &Change) -> Vec<String> {
    let plain = run(way, key, ours, hers, None).await;
    assert!(
        matches!(plain.outcome, FlagOutcome::Confirmed { .. }),
        "{way:?}: {:?}",
        plain.outcome
    );
    let mut lost = Vec::new();
    let mut seen = 0;
    for step in 1..=u32::try_from(plain.steps.len()).unwrap() {
        for when in [Moment::Before, Moment::After] {
            let place = format!("{when:?} {}", plain.steps[step as usize - 1]).to_lowercase();
            let run = run(way, key, ours, hers, Some((step, when))).await;
            match &run.outcome {
                FlagOutcome::Confirmed { .. } if run.hers_survived => {
                    let last = step as usize == plain.steps.len();
                    let after_the_last_read =
                        last && when == Moment::After || run.steps.len() > plain.steps.len();
                    assert!(
                        after_the_last_read || is_after_verification(&plain.steps, step, when),
                        "{way:?} {place}: she edited before the last look, and it was not told"
                    );
                }
                FlagOutcome::Confirmed { .. } => lost.push(place),
                FlagOutcome::Conflict { theirs } => {
                    seen += 1;
                    assert!(
                        hers.is_met_by(&theirs.state),
                        "{way:?} {place}: the conflict shows her state"
                    );
                    assert!(
                        run.hers_survived && !run.ours_is_live,
                        "{way:?} {place}: nothing was sent"
                    );
                }
                FlagOutcome::Replaced { now, replaced } => {
                    seen += 1;
                    assert!(ours.is_met_by(&now.state), "{way:?} {place}");
                    assert!(
                        hers.is_met_by(replaced),
                        "{way:?} {place}: what was replaced is shown"
                    );
                    assert!(matches!(replaced.version, Some(Version::Uuid(_))));
                }
                FlagOutcome::Overtaken { .. } => seen += 1,
                other => panic!("{way:?} {place}: {other:?}"),
            }
        }
    }
    assert!(seen > 0, "{way:?}: the test sees conflicts at all");
    println!(
        "{way:?}, {key}: {} requests, {seen} collisions told, lost unseen: {lost:?}",
        plain.steps.len()
    );
    lost
}

/// Whether a place comes after the last answer that tells the live state. The
/// requests behind it only describe what that answer named; an edit there came
/// after the write and shows at the next refresh.
fn is_after_verification(steps: &[String], step: u32, when: Moment) -> bool {
    let tells_the_state = |one: &String| {
        let flagsmith = one.ends_with("/featurestates/") && !one.contains("/versions/");
        flagsmith || one.ends_with("/flags") || one.ends_with("/evaluate")
    };
    let place = step as usize - 1;
    steps
        .iter()
        .rposition(tells_the_state)
        .is_some_and(|read| place > read || place == read && when == Moment::After)
}

fn same_part() -> (Change, Change) {
    (value(json!("ours")), value(json!("hers")))
}

fn other_part(bench_enabled: bool) -> (Change, Change) {
    (Change::toggle(!bench_enabled), value(json!("hers")))
}

#[tokio::test]
async fn v2_loses_nothing_unseen() {
    for key in ["guest_checkout", "new_checkout"] {
        let (ours, hers) = same_part();
        assert_eq!(unseen_losses(Way::V2, key, &ours, &hers).await, [""; 0]);
    }
    let (ours, hers) = other_part(true);
    assert_eq!(
        unseen_losses(Way::V2, "guest_checkout", &ours, &hers).await,
        [""; 0]
    );
}

#[tokio::test]
async fn v1_loses_only_inside_the_stated_gap() {
    for (way, write) in [(Way::V1OneCall, "patch"), (Way::V1Stable, "put")] {
        for key in ["guest_checkout", "new_checkout"] {
            let (ours, hers) = same_part();
            let lost = unseen_losses(way, key, &ours, &hers).await;
            // One interval, seen from both ends: after the read, before the write.
            assert_eq!(lost.len(), 2, "{lost:?}");
            assert!(lost[0].starts_with("after get "), "{lost:?}");
            assert!(lost[1].starts_with(&format!("before {write} ")), "{lost:?}");
        }
        // Only the changed part is sent, so an edit of another part survives.
        let (ours, hers) = other_part(true);
        assert_eq!(unseen_losses(way, "guest_checkout", &ours, &hers).await, [""; 0]);
    }
}

#[tokio::test]
async fn edgeflags_with_a_precondition_loses_nothing_unseen() {
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        let way = Way::EdgeFlagsWhole(put_mode);
        let (ours, hers) = same_part();
        assert_eq!(
            unseen_losses(way, "product_recs_model", &ours, &hers).await,
            [""; 0]
        );
        let (ours, hers) = other_part(true);
        assert_eq!(
            unseen_losses(way, "product_recs_model", &ours, &hers).await,
            [""; 0]
        );
    }
}

/// Nothing says whether an environment's override raises its flag's version.
#[tokio::test]
async fn edgeflags_loses_only_what_no_version_counts() {
    let (ours, hers) = same_part();
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        let lost = unseen_losses(
            Way::EdgeFlagsOverride(put_mode),
            "product_recs_model",
            &ours,
            &hers,
        )
        .await;
        assert_eq!(lost, [""; 0], "the version counts her edit");
    }
    let lost = unseen_losses(
        Way::EdgeFlagsOverrideUncounted,
        "product_recs_model",
        &ours,
        &hers,
    )
    .await;
    assert_eq!(
        lost,
        [
            "after post /api/v1/evaluate",
            "before put /api/v1/flags/product_recs_model/environments/staging"
        ]
    );
    let lost = unseen_losses(Way::EdgeFlagsWholeUncounted, "product_recs_model", &ours, &hers).await;
    assert_eq!(
        lost,
        [
            "after get /api/v1/flags",
            "before put /api/v1/flags/product_recs_model"
        ]
    );
}

#[tokio::test]
async fn the_same_change_by_somebody_else_is_no_conflict() {
    for way in [
        Way::V1OneCall,
        Way::V1Stable,
        Way::V2,
        Way::EdgeFlagsWhole(PutMode::Merge),
    ] {
        let key = if matches!(way, Way::EdgeFlagsWhole(_)) {
            "product_recs_model"
        } else {
            "guest_checkout"
        };
        let same = Change {
            enabled: None,
            value: Some(FlagValue(json!("the same"))),
        };
        let run = run(way, key, &same, &same, Some((1, Moment::Before))).await;
        assert!(
            matches!(run.outcome, FlagOutcome::AlreadyThere { .. }),
            "{way:?}: {:?}",
            run.outcome
        );
        assert!(
            run.steps.iter().all(|step| step.starts_with("GET ")),
            "{way:?}: nothing was sent"
        );
    }
}
