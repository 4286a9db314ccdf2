//! Killed in the middle of publishing a change set.

use std::collections::BTreeMap;

use halyard_console::{Console, StageInput};
use halyard_mirror::Mirror;
use halyard_model::{Change, ChangeSetId, ChangeSetState, Edit, EditId, EditState, FlagKey, Subject};
use halyard_sandbox::{Effect, Fault};

use crate::{
    stage::{Site, Stage, say},
    writing::{FLAGS, held},
};

/// Kills at random instants.
const RANDOM_ROUNDS: u32 = 95;
/// More readings of the clock than publishing the set takes.
const MOST_BOUNDARIES: u64 = 1_000;

/// A set that switches every flag over, with what each is to become.
struct Switch {
    set: ChangeSetId,
    edits: Vec<(EditId, &'static str, bool)>,
}

/// Stages it, with nobody else about.
async fn staged(stage: &Stage, site: &Site) -> Switch {
    let (console, mirror) = stage.open().await;
    let set = console.new_change_set(&site.connection, "Switch").await.unwrap();
    let mut edits = Vec::new();
    for flag in FLAGS {
        let subject = Subject::state_of(&FlagKey(flag.into()));
        let facts = console
            .subject(&site.connection, &site.environment, &subject)
            .await
            .unwrap();
        let on = !held(stage, site, flag);
        let input = StageInput {
            connection: site.connection.clone(),
            environment: site.environment.clone(),
            subject,
            revision: facts.revision,
            changes: Change::toggle(on).fields(),
            change_set: Some(set.id.clone()),
        };
        let edit = console.stage(input).await.unwrap();
        edits.push((edit.id, flag, on));
    }
    mirror.close().await;
    Switch { set: set.id, edits }
}

async fn rows(mirror: &Mirror, switch: &Switch) -> Vec<Edit> {
    let mut rows = Vec::new();
    for (id, _, _) in &switch.edits {
        rows.push(mirror.edit(id).await.unwrap().unwrap());
    }
    rows
}

async fn at_rest(console: &Console, set: &ChangeSetId) -> ChangeSetState {
    let waiting = async {
        loop {
            let state = console.change_set(set).await.unwrap().set.state;
            if state != ChangeSetState::Publishing {
                return state;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waiting)
        .await
        .expect("publishing comes to rest within a minute")
}

/// The outbox and the service agree about every edit: what is confirmed is there, and nothing else is.
fn agree(stage: &Stage, site: &Site, switch: &Switch, rows: &[Edit]) {
    for (row, (_, flag, on)) in rows.iter().zip(&switch.edits) {
        let is_there = held(stage, site, flag) == *on;
        match &row.state {
            EditState::Confirmed => assert!(is_there, "{row:?}"),
            EditState::Staged | EditState::Pending | EditState::Refused(_) => assert!(!is_there, "{row:?}"),
            other => panic!("no known end: {other:?}"),
        }
    }
}

fn name(rows: &[Edit]) -> String {
    let names: Vec<&str> = rows
        .iter()
        .map(|row| match &row.state {
            EditState::Staged => "staged",
            EditState::Pending => "pending",
            EditState::Sent if row.attempt.sent_at.is_none() => "marked",
            EditState::Sent if row.attempt.answered_at.is_none() => "sent",
            EditState::Sent => "answered",
            EditState::Confirmed => "confirmed",
            _ => "other",
        })
        .collect();
    names.join(" and ")
}

/// Starts again after a kill: everything comes to a known end that agrees with the service, and then everything that
/// was asked for is there, each sent once. Returns what the kill left behind.
async fn recovered(stage: &Stage, site: &Site, switch: &Switch) -> String {
    stage.until_quiet().await;
    let before = stage.sandbox.journal().len();
    let (console, mirror) = stage.open().await;
    assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
    let left = rows(&mirror, switch).await;
    let left_name = name(&left);
    console.recover_edits().await.unwrap();
    let begun = rows(&mirror, switch).await;
    assert!(
        begun.iter().all(|edit| edit.state != EditState::Sent),
        "nobody sends: {begun:?}"
    );
    let unknown = begun
        .iter()
        .any(|edit| matches!(edit.state, EditState::Unknown { .. }));
    stage.clock.advance(61_000);
    console.go_on_publishing().await.unwrap();
    at_rest(&console, &switch.set).await;
    if unknown {
        let first = stage.sandbox.journal()[before].method.clone();
        assert_eq!(
            first, "GET",
            "what may have been sent is read before anything is sent"
        );
    }
    agree(stage, site, switch, &rows(&mirror, switch).await);
    // What never arrived, or was not begun, is sent once somebody says so.
    let state = console.change_set(&switch.set).await.unwrap().set.state;
    if state != ChangeSetState::Published {
        console.publish(&switch.set, &BTreeMap::new()).await.unwrap();
        assert_eq!(at_rest(&console, &switch.set).await, ChangeSetState::Published);
    }
    let done = rows(&mirror, switch).await;
    assert!(
        done.iter().all(|edit| edit.state == EditState::Confirmed),
        "{done:?}"
    );
    agree(stage, site, switch, &done);
    let journal = stage.sandbox.journal();
    let carried_out = journal
        .iter()
        .filter(|one| site.is_write(one) && one.status.is_some_and(|status| status < 300))
        .count();
    assert_eq!(
        carried_out,
        switch.edits.len(),
        "each was sent once: {journal:#?}"
    );
    mirror.close().await;
    left_name
}

/// Killed at every step of publishing at one kind of environment.
async fn killed_at_every_step(kind: usize) {
    let stage = Stage::new().await;
    let site = stage.sites[kind].clone();
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for boundary in 1..MOST_BOUNDARIES {
        let switch = staged(&stage, &site).await;
        stage.sandbox.clear_journal();
        let victim = stage.publisher(&site, &switch.set, Some(boundary));
        let ended = victim.ended().await;
        *found.entry(recovered(&stage, &site, &switch).await).or_default() += 1;
        if ended {
            say(&format!(
                "{}: killed at each of {} steps, which left: {found:#?}",
                site.name,
                boundary - 1
            ));
            for left in [
                "staged and staged",
                "marked and pending",
                "sent and pending",
                "answered and pending",
                "confirmed and sent",
                "confirmed and confirmed",
            ] {
                assert!(found.contains_key(left), "{left} was not met");
            }
            return;
        }
    }
    panic!("publishing takes more than {MOST_BOUNDARIES} steps");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_killed_at_every_step_on_flagsmith_v1() {
    killed_at_every_step(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_killed_at_every_step_on_flagsmith_v2() {
    killed_at_every_step(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_killed_at_every_step_on_edgeflags() {
    killed_at_every_step(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_killed_at_any_instant_comes_to_a_known_end() {
    let mut stage = Stage::new().await;
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..RANDOM_ROUNDS {
        let site = stage.sites[(round % 3) as usize].clone();
        let switch = staged(&stage, &site).await;
        stage.sandbox.clear_journal();
        let latency = Effect::Latency {
            ms: stage.dice.below(6),
        };
        stage.sandbox.faults().set(Fault::of(latency).on(site.surface()));
        let kill_at = 1 + stage.dice.below(if site.versioned { 18 } else { 8 }) as usize;
        let answered = stage.dice.below(2) > 0;
        let mut victim = stage.publisher(&site, &switch.set, None);
        stage
            .wait_for_or_end(&mut victim, |journal| {
                journal.len() >= kill_at && (!answered || journal[kill_at - 1].status.is_some())
            })
            .await;
        stage.dice.linger(6_000);
        victim.kill();
        stage.sandbox.faults().clear();
        *found.entry(recovered(&stage, &site, &switch).await).or_default() += 1;
    }
    say(&format!(
        "{RANDOM_ROUNDS} kills while publishing left: {found:#?}"
    ));
    assert!(found.len() > 3, "{found:?}");
}
