//! Maya before, between and after, for every subject: wherever what she did is
//! lost, the outcome says so.

use halyard_model::{FieldPath, FlagValue, changed_fields};
use halyard_provider::WriteOutcome;
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, PutMode};
use halyard_sandbox::{Effect, Fault, MayaEdit, Moment};
use serde_json::json;

use crate::Desk;
use crate::cases::{self, Case, Kind};
use crate::subjects::desk;

/// What one run with Maya at a step came to.
struct Run {
    outcome: WriteOutcome,
    /// What was told to be confirmed is what was wished for.
    is_as_wished: bool,
    steps: Vec<String>,
    /// What she left behind is what she made.
    hers_is_live: bool,
}

async fn run(case: &Case, options: EdgeFlagsOptions, at: Option<(u32, Moment)>) -> Run {
    let desk = desk(case, options).await;
    let base = desk.read(&case.subject).await;
    let wish = (case.wish)(base.clone());
    desk.bench.running.clear_journal();
    if let Some((nth, when)) = at {
        let edit = case.hers.clone();
        desk.bench.fault(Fault::of(Effect::Maya { edit, when, nth }));
    }
    let written = desk.write(&case.subject, base.as_ref(), wish.as_ref()).await;
    let steps = desk.bench.running.journal();
    let steps = steps
        .iter()
        .map(|one| format!("{} {}", one.method, one.target.split('?').next().unwrap()));
    let steps = steps.collect();
    if at.is_some() {
        assert_eq!(
            desk.bench.running.faults().struck("maya"),
            1,
            "{}: she edited",
            case.name
        );
    }
    let outcome = match written {
        Ok(outcome) => outcome,
        // A key that she took in between is a refusal, beside the key.
        Err(failure) if case.kind == Kind::Makes && failure.status == Some(409) => {
            assert_eq!(failure.said[0].field, Some(FieldPath::Name), "{failure:?}");
            let theirs = desk.found(&case.subject).await;
            WriteOutcome::Conflict { theirs }
        }
        Err(failure) => panic!("{}, {at:?}: {failure:?}", case.name),
    };
    let held = serde_json::to_string(&desk.held(case.plural, case.key).await).unwrap();
    let own: Vec<String> = case.hers.members.values().map(ToString::to_string).collect();
    let hers_is_live = match (&case.hers.segment, &case.hers.value) {
        (Some(_), _) => held.contains("\"hers\""),
        (None, Some(value)) => held.contains(&value.to_string()),
        (None, None) => own.iter().all(|part| held.contains(part)),
    };
    let is_as_wished = match &outcome {
        WriteOutcome::Confirmed { now } if case.kind != Kind::Inherits => {
            let off = changed_fields(wish.as_ref(), now.state.as_ref());
            off.iter().all(|field| *field == FieldPath::ActiveFrom)
        }
        _ => true,
    };
    Run {
        outcome,
        is_as_wished,
        steps,
        hers_is_live,
    }
}

/// Puts Maya at each step; gives the places at which her edit was lost unseen.
async fn unseen_losses(case: &Case, options: &EdgeFlagsOptions) -> Vec<String> {
    let plain = run(case, options.clone(), None).await;
    assert!(
        matches!(plain.outcome, WriteOutcome::Confirmed { .. }),
        "{}: {:?}",
        case.name,
        plain.outcome
    );
    let (mut lost, mut told) = (Vec::new(), 0);
    let ours = plain
        .steps
        .iter()
        .position(|step| !step.starts_with("GET "))
        .unwrap()
        + 1;
    for step in 1..=u32::try_from(plain.steps.len()).unwrap() {
        for when in [Moment::Before, Moment::After] {
            let place = format!("{when:?} {}", plain.steps[step as usize - 1]).to_lowercase();
            let run = run(case, options.clone(), Some((step, when))).await;
            assert!(run.is_as_wished, "{}, {place}: {:?}", case.name, run.outcome);
            match &run.outcome {
                WriteOutcome::Confirmed { .. } if !run.hers_is_live => {
                    let first = (step as usize) < ours || step as usize == ours && when == Moment::Before;
                    // Behind ours the service refuses to make or change hers.
                    if first {
                        lost.push(place);
                    }
                }
                // She came after the last look at the list.
                WriteOutcome::Confirmed { .. } => {}
                WriteOutcome::Conflict { theirs } => {
                    told += 1;
                    assert!(run.hers_is_live, "{}, {place}: nothing was sent", case.name);
                    assert!(
                        theirs.state.is_some(),
                        "{}, {place}: her state is shown",
                        case.name
                    );
                }
                WriteOutcome::Replaced { replaced, .. } => {
                    told += 1;
                    assert_eq!(case.kind, Kind::Deletes);
                    let shown = serde_json::to_string(replaced).unwrap();
                    assert!(shown.contains("hers"), "{}, {place}: {shown}", case.name);
                }
                WriteOutcome::Overtaken { .. } => told += 1,
                other => panic!("{}, {place}: {other:?}", case.name),
            }
        }
    }
    assert!(told > 0, "{}: the test sees collisions at all", case.name);
    println!(
        "{}: {} requests, {told} collisions told, lost unseen: {lost:?}",
        case.name,
        plain.steps.len()
    );
    lost
}

#[tokio::test]
async fn nothing_of_hers_is_lost_unseen() {
    for put_mode in [PutMode::Merge, PutMode::Replace] {
        let options = EdgeFlagsOptions {
            put_mode,
            ..EdgeFlagsOptions::default()
        };
        for case in cases::all() {
            assert_eq!(
                unseen_losses(&case, &options).await,
                [""; 0],
                "{}, {put_mode:?}",
                case.name
            );
        }
    }
}

/// A token that may not read the audit log leaves the gap that deleting has,
/// between the last read and the request, and only that.
#[tokio::test]
async fn deleting_loses_only_inside_its_gap_where_the_log_is_closed() {
    for mut case in cases::all() {
        if case.kind != Kind::Deletes || case.plural != "flags" {
            continue;
        }
        case.name = "a flag deleted without the log";
        let options = EdgeFlagsOptions::default();
        let mut lost = Vec::new();
        for step in 1..=3 {
            for when in [Moment::Before, Moment::After] {
                let mut desk = desk(&case, options.clone()).await;
                desk.bench.credential = halyard_provider::Credential::new(
                    &desk
                        .bench
                        .running
                        .edgeflags()
                        .token(halyard_sandbox::edgeflags::SeededToken::FlagsOnly),
                );
                let base = desk.read(&case.subject).await;
                let edit = case.hers.clone();
                desk.bench.fault(Fault::of(Effect::Maya {
                    edit,
                    when,
                    nth: step,
                }));
                desk.bench.running.clear_journal();
                let outcome = desk.write(&case.subject, base.as_ref(), None).await.unwrap();
                let place = desk.bench.running.journal()[step as usize - 1].method.clone();
                let is_gone = desk.held(case.plural, case.key).await.is_none();
                match outcome {
                    WriteOutcome::Confirmed { now } => {
                        assert!(now.state.is_none() && is_gone);
                        if desk.bench.running.faults().struck("maya") == 1 && step < 3 {
                            lost.push(format!("{when:?} {place}"));
                        }
                    }
                    WriteOutcome::Conflict { theirs } => {
                        assert!(!is_gone && !changed_fields(base.as_ref(), theirs.state.as_ref()).is_empty());
                    }
                    other => panic!("{when:?} {step}: {other:?}"),
                }
            }
        }
        // After the deletion there is nothing left that she could edit.
        lost.retain(|place| place != "After DELETE");
        assert_eq!(lost, ["After GET", "Before DELETE"]);
    }
}

/// A service that drops a member which Halyard knows nothing of.
#[tokio::test]
async fn what_vanishes_by_a_write_is_not_called_confirmed() {
    for subject in [cases::flag("stock_low_badge"), cases::state("stock_low_badge")] {
        let desk = Desk::at(EdgeFlagsOptions::default(), "staging").await;
        let noted = |note: serde_json::Value| MayaEdit {
            flag: "stock_low_badge".into(),
            members: json!({"note": note}).as_object().unwrap().clone(),
            ..MayaEdit::default()
        };
        desk.bench
            .running
            .edgeflags()
            .edit_as_maya(&noted(json!("here")))
            .unwrap();
        let base = desk.read(&subject).await;
        let wish = match subject {
            halyard_model::Subject::Flag { .. } => {
                cases::of_flag(base.clone(), |flag| flag.value = FlagValue(json!(7)))
            }
            _ => cases::of_state(base.clone(), |state| state.value = FlagValue(json!(7))),
        };
        let (edit, when) = (noted(json!(null)), Moment::After);
        desk.bench
            .fault(Fault::of(Effect::Maya { edit, when, nth: 1 }).method("PUT"));
        let outcome = desk.write(&subject, base.as_ref(), wish.as_ref()).await.unwrap();
        assert!(matches!(outcome, WriteOutcome::Overtaken { .. }), "{outcome:?}");
    }
}
