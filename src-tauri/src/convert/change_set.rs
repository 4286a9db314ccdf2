//! Change sets and publishing.

use std::{collections::BTreeSet, time::Duration};

use halyard_console::{ChangeSetFacts, Ground, PublishProgress};
use halyard_model::{ChangeSetState, EditState, Environment, PauseReason, Protection, Scope};

use super::{
    connection::protection,
    count, seconds,
    staged::{Around, edit, names_of},
};
use crate::{
    view::*,
    words::{
        self,
        change::{Blocked, Versioned},
    },
};

/// Ended change sets that are shown.
const MOST_ENDED: usize = 50;

/// All change sets of a connection. `takes` says how long some writes take.
pub fn change_sets(
    sets: &[ChangeSetFacts],
    around: &Around<'_>,
    takes: &dyn Fn(u32) -> Duration,
) -> ChangesView {
    let is_open = |facts: &&ChangeSetFacts| !is_over(&facts.set.state);
    let view = |facts: &ChangeSetFacts| change_set(facts, sets, around, takes);
    let open: Vec<ChangeSetView> = sets.iter().filter(is_open).map(view).collect();
    let mut ended: Vec<&ChangeSetFacts> = sets.iter().filter(|facts| is_over(&facts.set.state)).collect();
    ended.sort_by_key(|facts| std::cmp::Reverse(facts.set.changed_at));
    let waiting = |view: &EditView| {
        !matches!(
            view.status,
            EditStatusView::Discarded | EditStatusView::Sent { .. }
        )
    };
    ChangesView {
        staged: count(
            open.iter()
                .flat_map(|set| &set.edits)
                .filter(|edit| waiting(edit))
                .count(),
        ),
        conflicts: open.iter().map(|set| set.conflicts).sum(),
        ended: ended.into_iter().take(MOST_ENDED).map(view).collect(),
        open,
    }
}

fn is_over(state: &ChangeSetState) -> bool {
    matches!(state, ChangeSetState::Published | ChangeSetState::Discarded)
}

/// One change set. `all` are those of its connection.
pub fn change_set(
    facts: &ChangeSetFacts,
    all: &[ChangeSetFacts],
    around: &Around<'_>,
    takes: &dyn Fn(u32) -> Duration,
) -> ChangeSetView {
    let set = &facts.set;
    let edits: Vec<EditView> = facts.edits.iter().map(|one| edit(one, facts, around)).collect();
    let sent = facts
        .edits
        .iter()
        .filter(|one| one.edit.state == EditState::Confirmed)
        .count();
    ChangeSetView {
        id: set.id.0.clone(),
        name: set.name.clone(),
        state: match &set.state {
            ChangeSetState::Open => ChangeSetStateView::Open,
            ChangeSetState::Publishing => ChangeSetStateView::Publishing,
            ChangeSetState::Paused(_) => ChangeSetStateView::Paused,
            ChangeSetState::Published => ChangeSetStateView::Published,
            ChangeSetState::Discarded => ChangeSetStateView::Discarded,
        },
        count: count(
            facts
                .edits
                .iter()
                .filter(|one| one.edit.state != EditState::Dropped)
                .count(),
        ),
        conflicts: count(edits.iter().filter(|edit| is_in_conflict(edit)).count()),
        publishing: facts
            .progress
            .as_ref()
            .map(|progress| publishing(progress, &edits, takes)),
        blocked: blocked(facts, all, around).map(|why| words::change::blocked(&why)),
        confirmations: confirmations(facts, around),
        safety: safety(facts, around),
        precondition: words::change::PRECONDITION.into(),
        created_at: seconds(set.created_at),
        ended_at: is_over(&set.state).then(|| seconds(set.changed_at)),
        can_roll_back: count(sent),
        rolls_back: set.undoes.as_ref().and_then(|undone| {
            let other = all.iter().find(|other| other.set.id == *undone)?;
            Some(other.set.name.clone())
        }),
        edits,
    }
}

fn is_in_conflict(edit: &EditView) -> bool {
    matches!(
        edit.status,
        EditStatusView::Behind { .. } | EditStatusView::Conflict { .. }
    )
}

fn publishing(
    progress: &PublishProgress,
    edits: &[EditView],
    takes: &dyn Fn(u32) -> Duration,
) -> PublishingView {
    // What it took so far says more than a guess about the service's speed.
    let spent: Vec<u64> = edits
        .iter()
        .filter_map(|edit| match edit.status {
            EditStatusView::Sent { millis, .. } => Some(u64::from(millis)),
            _ => None,
        })
        .collect();
    let left = progress.left;
    let one = spent.iter().sum::<u64>() / u64::try_from(spent.len()).unwrap_or(1).max(1);
    let by_speed = Duration::from_millis(one.saturating_mul(u64::from(left)));
    let goes_on = left > 0 && progress.state == ChangeSetState::Publishing;
    PublishingView {
        headline: words::change::headline(progress),
        detail: words::change::detail(progress),
        sent: progress.confirmed,
        total: progress.total,
        paused_until: progress.waits_until.map(seconds),
        pause_seconds: None,
        forecast: goes_on.then(|| words::change::forecast(left, takes(left).max(by_speed))),
        held: progress.state == ChangeSetState::Paused(PauseReason::Held),
        needs_you: progress.state == ChangeSetState::Paused(PauseReason::NeedsYou),
    }
}

/// The first thing that keeps a set from being published.
fn blocked(facts: &ChangeSetFacts, all: &[ChangeSetFacts], around: &Around<'_>) -> Option<Blocked> {
    if !matches!(facts.set.state, ChangeSetState::Open | ChangeSetState::Paused(_)) {
        return None;
    }
    let busy = all
        .iter()
        .find(|other| other.set.id != facts.set.id && other.set.state == ChangeSetState::Publishing);
    if let Some(other) = busy {
        return Some(Blocked::Other {
            set: other.set.name.clone(),
        });
    }
    let ticked: Vec<_> = facts
        .edits
        .iter()
        .filter(|one| one.edit.ticked && is_left(&one.edit.state))
        .collect();
    if ticked.is_empty() {
        return Some(Blocked::Nothing);
    }
    let conflicts = ticked
        .iter()
        .filter(|one| matches!(one.ground, Ground::Contested(_)) || is_conflict(&one.edit.state))
        .count();
    if conflicts > 0 {
        return Some(Blocked::Conflicts(conflicts));
    }
    for one in &ticked {
        let name = words::outcome::name(&one.edit);
        if let Some(problem) = one.edit.problems().first() {
            return Some(Blocked::Problem {
                name,
                sentence: words::problem::problem(&problem.kind),
            });
        }
        let unticked = facts.edits.iter().find(|other| {
            let needed = one.waits_for.contains(&other.edit.id);
            needed && !other.edit.ticked && is_left(&other.edit.state)
        });
        if let Some(other) = unticked {
            let other = names_of(std::slice::from_ref(&other.edit.id), facts);
            return Some(Blocked::Needs {
                name,
                other: other.concat(),
            });
        }
        let here = around.environment(&one.edit.environment).map(|(here, _)| here);
        if let Some(why) = here.and_then(read_only) {
            return Some(why);
        }
    }
    None
}

fn is_left(state: &EditState) -> bool {
    !matches!(state, EditState::Confirmed | EditState::Dropped)
}

fn is_conflict(state: &EditState) -> bool {
    matches!(state, EditState::Conflicted { .. })
}

fn read_only(environment: &Environment) -> Option<Blocked> {
    let locked = environment.protection == Protection::ReadOnly;
    (environment.requires_change_requests || locked).then(|| Blocked::ReadOnly {
        environment: environment.name.clone(),
        change_requests: environment.requires_change_requests,
    })
}

fn confirmations(facts: &ChangeSetFacts, around: &Around<'_>) -> Vec<ConfirmationView> {
    facts
        .touches
        .iter()
        .filter_map(|touched| {
            let (environment, mark) = around.environment(&touched.environment)?;
            if !matches!(environment.protection, Protection::Confirm | Protection::TypeName) {
                return None;
            }
            let flags: BTreeSet<_> = facts
                .edits
                .iter()
                .map(|one| &one.edit)
                .filter(|edit| edit.ticked && facts.sequence.contains(&edit.id))
                .filter(|edit| {
                    edit.environment == touched.environment || edit.subject.scope() == Scope::Project
                })
                .filter_map(|edit| edit.flag())
                .collect();
            Some(ConfirmationView {
                environment: touched.environment.0.clone(),
                name: environment.name.clone(),
                mark,
                protection: protection(environment.protection),
                edits: touched.edits + touched.everywhere,
                flags: count(flags.len()),
            })
        })
        .collect()
}

fn safety(facts: &ChangeSetFacts, around: &Around<'_>) -> Vec<String> {
    let mut versioned = facts
        .touches
        .iter()
        .filter_map(|touched| around.environment(&touched.environment))
        .map(|(environment, _)| environment.versioned);
    let how = match (versioned.clone().any(|is| is), versioned.all(|is| is)) {
        (true, true) => Versioned::All,
        (true, false) => Versioned::Some,
        (false, _) => Versioned::None,
    };
    let shown: Vec<_> = facts
        .edits
        .iter()
        .filter(|one| one.edit.state != EditState::Dropped)
        .collect();
    let next = facts.sequence.first().and_then(|next| {
        let place = shown.iter().position(|one| one.edit.id == *next)?;
        Some(place + 1)
    });
    words::change::safety(around.service, how, &facts.set.state, next)
}
