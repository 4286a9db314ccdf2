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

use async_trait::async_trait;
use cases::{Case, Way, World, all};
use halyard_model::{FieldPath, SegmentKey, SubjectState, changed_fields, fields_of};
use halyard_provider::{Failure, FailureKind, Leftover, LeftoverKind, Steps, WriteOutcome, WriteStep};
use halyard_sandbox::{Effect, Fault, Moment};
use serde_json::Value;

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

/// What Maya changes, by field.
async fn hers(case: &Case) -> BTreeMap<FieldPath, Option<Value>> {
    let world = World::of(case).await;
    let base = world.read(case).await.state;
    let edit = world.hers(case);
    world.bench.running.flagsmith().edit_as_maya(&edit).unwrap();
    let now = world.read(case).await.state;
    let held = fields_of(now.as_ref());
    let fields = changed_fields(base.as_ref(), now.as_ref());
    assert!(!fields.is_empty(), "{}: Maya changes nothing", told(case));
    fields
        .into_iter()
        .map(|field| (field.clone(), held.get(&field).cloned()))
        .collect()
}

/// Whether a request can replace what somebody did: not one that makes a label,
/// an identity or a draft, nor one to a route that is absent.
fn replaces(case: &Case, step: &str) -> bool {
    let makes = ["/tags/", "/identities/", "/edge-identities/", "/versions/"];
    let harmless = step.starts_with("POST ") && makes.iter().any(|end| step.ends_with(end));
    let absent = case.way == Way::Stable && step.contains("/__future__/");
    !step.starts_with("GET ") && !harmless && !absent
}

/// Maya edits before each request of each write, up to the last that can
/// replace anything. Whenever her change is gone afterwards, it has been told,
/// save where she was between the last look and the write; on versions never.
#[tokio::test]
async fn nobodys_change_is_replaced_unseen_outside_the_stated_gap() {
    let lost = Mutex::new(Vec::new());
    each(async |case, wrong| {
        if !TELLING.contains(&case.name) && case.is_flag_state() {
            return;
        }
        let hers = hers(case).await;
        let shown_in = |state: Option<&SubjectState>| {
            let held = fields_of(state);
            hers.iter()
                .all(|(field, value)| held.get(field) == value.as_ref())
        };
        let steps = run(case, None).await.steps;
        let first = steps.iter().position(|step| replaces(case, step)).unwrap();
        let last = steps.iter().rposition(|step| replaces(case, step)).unwrap();
        for place in 0..=last {
            let run = run(case, Some(u32::try_from(place).unwrap() + 1)).await;
            let at = format!("before {} of {steps:?}", steps[place]);
            let kept = shown_in(run.now.as_ref());
            let in_the_gap = place >= first && !(case.way == Way::Versions && case.is_flag_state());
            match &run.outcome {
                Ok(WriteOutcome::Confirmed { .. }) if in_the_gap => {
                    if !kept {
                        lost.lock().unwrap().push(format!("{}: {at}", told(case)));
                    }
                }
                Ok(WriteOutcome::Conflict { theirs }) if kept && shown_in(theirs.state.as_ref()) => {}
                Ok(WriteOutcome::Replaced { replaced, .. }) if shown_in(Some(replaced)) => {}
                // Told; what there is now is shown, and it differs from the wish.
                Ok(WriteOutcome::Overtaken { .. } | WriteOutcome::Unknown { .. }) => {}
                // Refused, such as what she has made already.
                Err(_) if kept => {}
                other => wrong.push(format!("{at}: kept {kept}, {other:?}")),
            }
        }
    })
    .await;
    for place in lost.into_inner().unwrap() {
        println!("lost unseen: {place}");
    }
}

struct Run {
    outcome: Result<WriteOutcome, Failure>,
    steps: Vec<String>,
    now: Option<SubjectState>,
}

async fn run(case: &Case, maya: Option<u32>) -> Run {
    let world = World::of(case).await;
    let base = world.read(case).await.state;
    let wish = (case.wish)(&world, base.clone());
    world.bench.running.clear_journal();
    if let Some(nth) = maya {
        let edit = world.hers(case);
        let when = Moment::Before;
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

/// The steps of a write as they were told.
#[derive(Default)]
struct Told(Mutex<Vec<WriteStep>>);

#[async_trait]
impl Steps for Told {
    async fn reached(&self, step: WriteStep) -> Result<(), Failure> {
        self.0.lock().unwrap().push(step);
        Ok(())
    }
}

/// Steps that cannot be written down.
struct Deaf;

#[async_trait]
impl Steps for Deaf {
    async fn reached(&self, _: WriteStep) -> Result<(), Failure> {
        Err(Failure::new(FailureKind::ServerFault, "The disk is full."))
    }
}

#[tokio::test]
async fn each_step_is_told_before_it_is_taken_and_nothing_is_sent_where_it_cannot_be() {
    each(async |case, wrong| {
        if !TELLING.contains(&case.name) && case.is_flag_state() {
            return;
        }
        let world = World::of(case).await;
        let base = world.read(case).await.state;
        let wish = (case.wish)(&world, base.clone());
        let refused = world.write_with(case, base.as_ref(), wish.as_ref(), &Deaf).await;
        let now = world.read(case).await.state;
        if refused.is_ok() || !same(base.as_ref(), now.as_ref()) {
            wrong.push(format!("sent although it could not be written down: {refused:?}"));
        }
        let told = Told::default();
        let written = world.write_with(case, base.as_ref(), wish.as_ref(), &told).await;
        if written.is_err() {
            wrong.push(format!("{written:?}"));
        }
        let steps = told.0.into_inner().unwrap();
        let [.., WriteStep::Sending, WriteStep::Answered] = steps.as_slice() else {
            wrong.push(format!("{steps:?}"));
            return;
        };
        if case.way == Way::Versions
            && case.is_flag_state()
            && !matches!(steps[0], WriteStep::Prepared { .. })
        {
            wrong.push(format!("no draft is told: {steps:?}"));
        }
    })
    .await;
}

fn case(way: Way, name: &str) -> Case {
    all()
        .into_iter()
        .find(|case| case.way == way && case.name == name)
        .unwrap()
}

async fn leftovers(world: &World, case: &Case, handle: Option<&str>) -> Vec<Leftover> {
    let subject = world.subject(case);
    let provider = &world.bench.provider;
    let found = provider.leftovers(world.target(), &subject, world.known.as_ref(), handle);
    found.await.unwrap().value
}

/// A write whose answer is lost is carried out late, after it was made again.
#[tokio::test]
async fn what_a_late_write_adds_twice_is_named_and_can_be_removed() {
    for (way, name, path) in [
        (
            Way::Stable,
            "override added in front",
            "/create-segment-override/",
        ),
        (Way::OneCall, "segment made", "/segments/"),
    ] {
        let case = case(way, name);
        let mut world = World::of(&case).await;
        let base = world.read(&case).await.state;
        let wish = (case.wish)(&world, base.clone());
        let late = Fault::of(Effect::LateCommit { ms: 900 })
            .method("POST")
            .path(path);
        world.bench.fault(late.times(1));
        let lost = world.write(&case, base.as_ref(), wish.as_ref()).await.unwrap();
        assert!(matches!(lost, WriteOutcome::Unknown { .. }), "{name}: {lost:?}");
        assert_eq!(leftovers(&world, &case, None).await, []);
        let again = world.write(&case, base.as_ref(), wish.as_ref()).await.unwrap();
        assert!(
            matches!(again, WriteOutcome::Confirmed { .. }),
            "{name}: {again:?}"
        );
        world.bench.hang_up();
        world.bench.running.at_rest().await;
        let found = leftovers(&world, &case, None).await;
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0].kind, LeftoverKind::Duplicate);
        let subject = world.subject(&case);
        let known = world.known.as_ref();
        let provider = &world.bench.provider;
        let remove = || provider.remove_leftover(world.target(), &subject, known, &found[0]);
        remove().await.unwrap();
        assert_eq!(leftovers(&world, &case, None).await, []);
        assert!(
            same(wish.as_ref(), world.read(&case).await.state.as_ref()),
            "{name}"
        );
        assert!(
            remove().await.is_err(),
            "{name}: the one that counts is not removed"
        );
        assert!(
            same(wish.as_ref(), world.read(&case).await.state.as_ref()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_stray_draft_is_found_by_its_handle_and_removed_unless_it_was_published() {
    let case = case(Way::Versions, "everything at once");
    let world = World::of(&case).await;
    let base = world.read(&case).await.state;
    let wish = (case.wish)(&world, base.clone());
    let told = Told::default();
    // Neither published nor to be deleted.
    world.bench.fault(Fault::of(Effect::Refuse).path("/publish/"));
    let lost = world
        .write_with(&case, base.as_ref(), wish.as_ref(), &told)
        .await
        .unwrap();
    assert!(matches!(lost, WriteOutcome::Unknown { .. }), "{lost:?}");
    let steps = told.0.into_inner().unwrap();
    let Some(WriteStep::Prepared { handle }) = steps.first() else {
        panic!("{steps:?}");
    };
    for handle in [Some(handle.as_str()), None] {
        let found = leftovers(&world, &case, handle).await;
        assert_eq!(found.len(), 1, "{found:?}");
    }
    let found = leftovers(&world, &case, Some(handle)).await.remove(0);
    assert_eq!((found.kind, &found.handle), (LeftoverKind::Draft, handle));
    let subject = world.subject(&case);
    let remove = || {
        let provider = &world.bench.provider;
        provider.remove_leftover(world.target(), &subject, world.known.as_ref(), &found)
    };
    remove().await.unwrap();
    assert_eq!(leftovers(&world, &case, Some(handle)).await, []);
    world.bench.running.faults().clear();
    let told = Told::default();
    let written = world
        .write_with(&case, base.as_ref(), wish.as_ref(), &told)
        .await
        .unwrap();
    assert!(matches!(written, WriteOutcome::Confirmed { .. }), "{written:?}");
    let Some(WriteStep::Prepared { handle }) = told.0.into_inner().unwrap().into_iter().next() else {
        panic!("no draft was told");
    };
    let live = Leftover {
        handle,
        ..found.clone()
    };
    let provider = &world.bench.provider;
    let refused = provider
        .remove_leftover(world.target(), &subject, world.known.as_ref(), &live)
        .await;
    assert!(refused.is_err(), "a published version is no leftover");
}

/// What the service refuses is put beside the field it concerns.
#[tokio::test]
async fn refusals_of_the_service_name_the_field() {
    type Spoil = fn(&World, &mut SubjectState);
    let rows: [(Way, &str, Spoil, &str); 8] = [
        (Way::OneCall, "weights", over_100, "weights"),
        (Way::Stable, "weights", over_100, "weights"),
        (
            Way::Versions,
            "override added in front",
            no_such_segment,
            "override:99999",
        ),
        (
            Way::OneCall,
            "override added in front",
            no_such_segment,
            "override:99999",
        ),
        (
            Way::Stable,
            "override added in front",
            no_such_segment,
            "override:99999",
        ),
        (
            Way::OneCall,
            "segment made",
            |_, state| {
                if let SubjectState::Segment(segment) = state {
                    segment.rules[0].rules[0].conditions[0].operator = "FOO".into();
                }
            },
            "rules",
        ),
        (
            Way::OneCall,
            "flag made",
            |_, state| {
                if let SubjectState::Flag(flag) = state {
                    flag.options[0].weight = 99.0;
                }
            },
            "options",
        ),
        (
            Way::OneCall,
            "value",
            |_, state| {
                if let SubjectState::FlagState(state) = state {
                    state.value.0 = serde_json::json!("x".repeat(20_001));
                }
            },
            "value",
        ),
    ];
    for (way, name, spoil, field) in rows {
        let case = case(way, name);
        let world = World::of(&case).await;
        let base = world.read(&case).await.state;
        let mut wish = (case.wish)(&world, base.clone()).unwrap();
        spoil(&world, &mut wish);
        let failure = world.write(&case, base.as_ref(), Some(&wish)).await.unwrap_err();
        let fields: Vec<String> = failure
            .said
            .iter()
            .filter_map(|said| Some(said.field.as_ref()?.to_string()))
            .collect();
        assert!(fields.contains(&field.to_owned()), "{way:?} {name}: {failure:?}");
        assert!(failure.next_step.is_some(), "{way:?} {name}: {failure:?}");
        let now = world.read(&case).await.state;
        assert!(same(base.as_ref(), now.as_ref()), "{way:?} {name}");
    }
}

fn over_100(_: &World, state: &mut SubjectState) {
    if let SubjectState::FlagState(state) = state {
        state.variants[0].weight = 95.0;
    }
}

fn no_such_segment(_: &World, state: &mut SubjectState) {
    if let SubjectState::FlagState(state) = state {
        state.segment_overrides[0].segment_id = "99999".into();
    }
}

#[tokio::test]
async fn an_override_of_a_segment_that_is_not_made_yet_is_not_sent() {
    let case = case(Way::Versions, "override added in front");
    let world = World::of(&case).await;
    let base = world.read(&case).await.state;
    let mut wish = (case.wish)(&world, base.clone()).unwrap();
    if let SubjectState::FlagState(state) = &mut wish {
        state.segment_overrides[0].segment_id = SegmentKey::to_be_made("Later").0;
    }
    let failure = world.write(&case, base.as_ref(), Some(&wish)).await.unwrap_err();
    assert!(
        failure.in_full().contains("Publish the segment first."),
        "{failure:?}"
    );
    assert_eq!(world.sent(), [""; 0]);
}
