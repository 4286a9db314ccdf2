//! Every subject of Flagsmith, read and written under its precondition.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test ends at the first thing that is not as expected, and a measurement is printed"
)]

mod cases;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use cases::{Case, Way, World, all};
use halyard_model::{FieldPath, SubjectState, changed_fields, fields_of};
use halyard_provider::{Failure, WriteOutcome};
use halyard_sandbox::{Effect, Fault, Moment};

fn told(case: &Case) -> String {
    format!("{:?}, {}", case.way, case.name)
}

/// Whether two states are the same, whatever numbers the service gave to the
/// options that a wish adds, and whatever their order.
fn same(wish: Option<&SubjectState>, held: Option<&SubjectState>) -> bool {
    let differ = changed_fields(wish, held);
    let (Some(SubjectState::Flag(wish)), Some(SubjectState::Flag(held))) = (wish, held) else {
        return differ.is_empty();
    };
    let plain = |options: &[halyard_model::Variant]| -> BTreeSet<String> {
        let options = options.iter();
        options
            .map(|one| format!("{:?} {:?} {}", one.key, one.value, one.weight))
            .collect()
    };
    differ.iter().all(|field| *field == FieldPath::Options) && plain(&wish.options) == plain(&held.options)
}

/// What is wrong with the cases, all of them told at once.
async fn each(check: impl AsyncFn(&Case, &mut Vec<String>)) {
    let mut wrong = Vec::new();
    for case in all() {
        let mut found = Vec::new();
        check(&case, &mut found).await;
        wrong.extend(found.into_iter().map(|what| format!("{}: {what}", told(&case))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_written_is_what_is_read_and_can_be_led_back() {
    each(async |case, wrong| {
        let world = World::of(case).await;
        let base = world.read(case).await.state;
        let wish = (case.wish)(&world, base.clone());
        assert!(!same(wish.as_ref(), base.as_ref()), "the case changes something");
        let outcome = world.write(case, base.as_ref(), wish.as_ref()).await;
        let Ok(WriteOutcome::Confirmed { now }) = outcome else {
            wrong.push(format!("{outcome:?}\n  wished {wish:?}"));
            return;
        };
        if !same(wish.as_ref(), now.state.as_ref()) {
            wrong.push(format!("{now:?} is no {wish:?}"));
        }
        let read = world.read(case).await.state;
        if !same(wish.as_ref(), read.as_ref()) {
            wrong.push(format!("{read:?} is no {wish:?}"));
        }
        world.bench.running.clear_journal();
        let again = world.write(case, base.as_ref(), wish.as_ref()).await;
        if !matches!(again, Ok(WriteOutcome::AlreadyThere { .. })) || !world.sent().is_empty() {
            wrong.push(format!("again: {again:?}, {:?}", world.sent()));
        }
        // A flag that is made anew is another one.
        if wish.is_none() && matches!(base, Some(SubjectState::Flag(_) | SubjectState::Segment(_))) {
            return;
        }
        let back = world.write(case, read.as_ref(), base.as_ref()).await;
        let read = world.read(case).await.state;
        if !matches!(back, Ok(WriteOutcome::Confirmed { .. })) || !same(base.as_ref(), read.as_ref()) {
            wrong.push(format!("led back: {back:?}\n  not {base:?}"));
        }
    })
    .await;
}

/// Changes to a flag's state that between them take every request.
const TELLING: [&str; 3] = ["value", "override added in front", "everything at once"];

/// How often Maya's change was lost without a word, and where it may be.
#[tokio::test]
async fn nobodys_change_is_replaced_unseen_outside_the_stated_gap() {
    let lost = Mutex::new(BTreeMap::<String, BTreeSet<String>>::new());
    each(async |case, wrong| {
        if !TELLING.contains(&case.name) && case.is_flag_state() {
            return;
        }
        let hers = {
            let world = World::of(case).await;
            let base = world.read(case).await.state;
            let edit = world.hers(case);
            world.bench.running.flagsmith().edit_as_maya(&edit).unwrap();
            let now = world.read(case).await.state;
            let fields = changed_fields(base.as_ref(), now.as_ref());
            if fields.is_empty() {
                wrong.push("Maya changes nothing".into());
                return;
            }
            let held = fields_of(now.as_ref());
            let hers: Vec<_> = fields
                .into_iter()
                .map(|field| (held.get(&field).cloned(), field))
                .collect();
            hers
        };
        let steps = run(case, None).await.steps;
        let first_write = steps.iter().position(|step| !step.starts_with("GET ")).unwrap();
        let last_write = steps.iter().rposition(|step| !step.starts_with("GET ")).unwrap();
        let last_look = steps.len() - 1;
        for place in 0..steps.len() {
            // Before the next request is after this one.
            let sides = if place == last_look {
                &[Moment::Before, Moment::After][..]
            } else {
                &[Moment::Before]
            };
            for &when in sides {
                let nth = u32::try_from(place).unwrap() + 1;
                let run = run(case, Some((nth, when))).await;
                let at = format!("{when:?} {} of {steps:?}", steps[place]);
                let now = fields_of(run.now.as_ref());
                let kept = hers.iter().all(|(value, field)| now.get(field) == value.as_ref());
                match &run.outcome {
                    Ok(WriteOutcome::Confirmed { .. }) if kept => {
                        // What she did after the last look is not ours to see.
                        let seen = case.way == Way::Versions || place < last_write;
                        if seen && place < last_look && place < first_write {
                            wrong.push(format!("{at}: she edited before the write, and it was not told"));
                        }
                    }
                    Ok(WriteOutcome::Confirmed { .. }) => {
                        let in_the_gap = (first_write..=last_write).contains(&place);
                        let has_a_gap = !(case.way == Way::Versions && case.is_flag_state());
                        if in_the_gap && has_a_gap {
                            let mut lost = lost.lock().unwrap();
                            lost.entry(told(case))
                                .or_default()
                                .insert(format!("{when:?} {}", steps[place]));
                        } else {
                            wrong.push(format!("{at}: her change was lost and nothing was told"));
                        }
                    }
                    Ok(WriteOutcome::Conflict { theirs }) => {
                        let theirs = fields_of(theirs.state.as_ref());
                        let shown = hers
                            .iter()
                            .all(|(value, field)| theirs.get(field) == value.as_ref());
                        if !shown || !kept {
                            wrong.push(format!(
                                "{at}: a conflict that does not show her change, or lost it"
                            ));
                        }
                    }
                    Ok(WriteOutcome::Replaced { replaced, .. }) => {
                        let replaced = fields_of(Some(replaced));
                        if !hers
                            .iter()
                            .all(|(value, field)| replaced.get(field) == value.as_ref())
                        {
                            wrong.push(format!("{at}: what was replaced is not shown"));
                        }
                    }
                    // Told, and what there is now is shown.
                    Ok(WriteOutcome::Overtaken { .. } | WriteOutcome::Unknown { .. }) => {}
                    // She made what we were making: refused, nothing of hers changed.
                    Err(_) if kept => {}
                    other => wrong.push(format!("{at}: {other:?}")),
                }
            }
        }
    })
    .await;
    for (case, places) in lost.into_inner().unwrap() {
        println!("{case}: lost unseen at {places:?}");
    }
}

struct Run {
    outcome: Result<WriteOutcome, Failure>,
    steps: Vec<String>,
    now: Option<SubjectState>,
}

async fn run(case: &Case, maya: Option<(u32, Moment)>) -> Run {
    let world = World::of(case).await;
    let base = world.read(case).await.state;
    let wish = (case.wish)(&world, base.clone());
    world.bench.running.clear_journal();
    if let Some((nth, when)) = maya {
        let edit = world.hers(case);
        world.bench.fault(Fault::of(Effect::Maya { edit, when, nth }));
    }
    let outcome = world.write(case, base.as_ref(), wish.as_ref()).await;
    let steps = world.steps();
    let now = world.read(case).await.state;
    Run { outcome, steps, now }
}

/// Every request of a write is cut once, after it was carried out; what is
/// told must be true, and nothing is sent twice.
#[tokio::test]
async fn a_cut_at_any_step_never_leads_to_a_false_word() {
    each(async |case, wrong| {
        if !TELLING.contains(&case.name) && case.is_flag_state() {
            return;
        }
        for step in 0.. {
            let world = World::of(case).await;
            let base = world.read(case).await.state;
            let wish = (case.wish)(&world, base.clone());
            world.bench.running.clear_journal();
            let cut = Fault::of(Effect::CommitThenCut).after(step).times(1);
            world.bench.fault(cut);
            let outcome = world.write(case, base.as_ref(), wish.as_ref()).await;
            if world.bench.running.faults().struck("commit_then_cut") == 0 {
                break;
            }
            let steps = world.steps();
            let at = format!("cut at {step} of {steps:?}");
            let sent = world.sent();
            let unique: BTreeSet<&String> = sent.iter().collect();
            if unique.len() != sent.len() {
                wrong.push(format!("{at}: sent twice: {sent:?}"));
            }
            let now = world.read(case).await.state;
            match &outcome {
                Ok(WriteOutcome::Confirmed { .. }) if same(wish.as_ref(), now.as_ref()) => {}
                Err(_) if same(base.as_ref(), now.as_ref()) => {}
                Ok(WriteOutcome::Unknown { .. }) => {}
                other => wrong.push(format!("{at}: {other:?}, and there is {now:?}")),
            }
        }
    })
    .await;
}

/// Refused by something in front or by the service, in the ways that no field
/// is to blame for: nothing is changed, and the failure tells it.
#[tokio::test]
async fn a_refused_write_changed_nothing_and_says_why() {
    let refusals = [
        (
            403,
            "{\"detail\":\"You do not have permission to perform this action.\"}",
            "do not have permission",
        ),
        (
            404,
            "{\"detail\":\"No FeatureState matches the given query.\"}",
            "No FeatureState",
        ),
        (
            409,
            "{\"detail\":\"Cannot update flags.\",\"code\":\"change_requests_enabled\"}",
            "Cannot update flags.",
        ),
        (413, "<html><h1>413 Request Entity Too Large</h1></html>", ""),
    ];
    each(async |case, wrong| {
        if case.name != "value" && case.is_flag_state() {
            return;
        }
        for (status, body, words) in refusals {
            let world = World::of(case).await;
            let base = world.read(case).await.state;
            let wish = (case.wish)(&world, base.clone());
            let content_type = if body.starts_with('<') {
                "text/html"
            } else {
                "application/json"
            };
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let answer = Effect::Answer {
                    status,
                    content_type: content_type.into(),
                    body: body.into(),
                    headers: Default::default(),
                };
                world.bench.fault(Fault::of(answer).method(method));
            }
            let outcome = world.write(case, base.as_ref(), wish.as_ref()).await;
            world.bench.running.faults().clear();
            let now = world.read(case).await.state;
            if !same(base.as_ref(), now.as_ref()) {
                wrong.push(format!("{status}: something changed"));
            }
            match outcome {
                Err(failure) if failure.status == Some(status) && failure.next_step.is_some() => {
                    let said = failure.said.iter().any(|said| said.words.contains(words));
                    if !said && !words.is_empty() {
                        wrong.push(format!("{status}: {:?}", failure.said));
                    }
                }
                other => wrong.push(format!("{status}: {other:?}")),
            }
        }
    })
    .await;
}
