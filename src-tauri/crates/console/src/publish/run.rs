//! The loop that sends a set's edits.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use halyard_model::{
    ChangeSetId, ChangeSetState, Edit, EditId, EditState, EnvironmentKey, PauseReason, Rebased, Refusal,
    SubjectState, Timestamp, rebase,
};
use halyard_provider::{Failure, FailureKind};
use tokio::sync::watch;
use uuid::Uuid;

use super::{order, owner::Owning, prepare::Prepared};
use crate::{
    Console, ConsoleError, Outcome,
    change_set::MOST_ROUNDS,
    edit::{Carried, Desk, check_writable, refusal},
};

/// How often a service that cannot be reached is tried before the set stands
/// still.
const MOST_TRIES: u32 = 4;

/// The wait after the first failure in milliseconds; it doubles with each one.
const FIRST_WAIT_MILLIS: i64 = 500;

/// The wait for a service that asked for patience and named no moment.
const UNTOLD_WAIT_MILLIS: i64 = 5_000;

/// The longest that publishing waits by itself for a moment a service named.
const LONGEST_WAIT_MILLIS: i64 = 15 * 60_000;

/// How often in a row a service may ask for patience.
const MOST_PATIENCE: u32 = 40;

/// A set that is being published by this console.
#[derive(Debug)]
pub(crate) struct Run {
    /// Tells one loop from the next of the same set.
    serial: Uuid,
    halt: watch::Sender<bool>,
    pub(crate) sending: Option<EditId>,
    pub(crate) waits: Option<(Timestamp, String)>,
}

/// What is next.
enum Next {
    Send(Box<Edit>),
    /// Nothing more can be sent: what was doubtful is read once more.
    LookBack,
    Over,
}

/// What came of a try to send.
enum Tried {
    /// On to the next.
    Settled,
    /// The service could not take it now; nothing was changed.
    Postponed(Box<Failure>),
    /// The set stands still, for this reason.
    Stopped(String),
}

/// Tells the console that a run is over, however it ended.
struct Ending {
    console: Console,
    set: ChangeSetId,
    serial: Uuid,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut volatile = self.console.volatile();
        let is_this = volatile
            .runs
            .get(&self.set)
            .is_some_and(|run| run.serial == self.serial);
        if is_this {
            volatile.runs.remove(&self.set);
        }
    }
}

impl Console {
    /// Begins the loop for a set, or lets the one that is halting go on. The
    /// caller has the turn of changes.
    pub(super) fn begin_run(&self, id: &ChangeSetId, owning: Arc<Owning>) {
        let serial = Uuid::new_v4();
        let halted = {
            let mut volatile = self.volatile();
            volatile.cancelled.remove(id);
            if let Some(run) = volatile.runs.get(id) {
                run.halt.send_replace(false);
                return;
            }
            let (halt, halted) = watch::channel(false);
            volatile.runs.insert(
                id.clone(),
                Run {
                    serial,
                    halt,
                    sending: None,
                    waits: None,
                },
            );
            halted
        };
        let ending = Ending {
            console: self.clone(),
            set: id.clone(),
            serial,
        };
        tokio::spawn(async move {
            let (console, set) = (ending.console.clone(), ending.set.clone());
            if let Err(error) = console.run(&set, halted).await {
                tracing::error!(error = error.for_log(), "publishing was cut off");
                // Where not even that can be written, the next start finds it.
                let _unwritten = console
                    .stand_still(
                        &set,
                        PauseReason::Unreachable {
                            reason: error.to_string(),
                        },
                    )
                    .await;
            }
            drop(ending);
            drop(owning);
        });
    }

    /// Whether there was a loop to be halted.
    pub(super) fn halt_run(&self, id: &ChangeSetId) -> bool {
        match self.volatile().runs.get(id) {
            Some(run) => {
                run.halt.send_replace(true);
                true
            }
            None => false,
        }
    }

    async fn run(&self, id: &ChangeSetId, mut halted: watch::Receiver<bool>) -> Result<(), ConsoleError> {
        self.read_unknown(id).await?;
        let mut touched: BTreeSet<EnvironmentKey> = BTreeSet::new();
        let (mut looked_back, mut failures) = (false, 0);
        loop {
            let edit = match self.next(id, looked_back).await? {
                Next::Send(edit) => edit,
                Next::LookBack => {
                    self.look_back(id).await?;
                    looked_back = true;
                    continue;
                }
                Next::Over => break,
            };
            looked_back = false;
            let edit_id = edit.id.clone();
            touched.insert(edit.environment.clone());
            self.note_run(id, |run| run.sending = Some(edit_id));
            self.tell_changes(&edit.connection);
            let connection = edit.connection.clone();
            let tried = self.try_to_send(*edit, &mut halted).await?;
            self.note_run(id, |run| run.sending = None);
            match tried {
                Tried::Settled => failures = 0,
                Tried::Postponed(failure) => match self.patience(&failure, failures) {
                    Some(wait) => {
                        failures += 1;
                        self.wait_in_run(id, wait, &failure.sentence, &mut halted).await;
                    }
                    None => {
                        let reason = failure.in_full();
                        self.stand_still(id, PauseReason::Unreachable { reason }).await?;
                    }
                },
                Tried::Stopped(reason) => {
                    self.stand_still(id, PauseReason::Unreachable { reason }).await?;
                }
            }
            self.tell_changes(&connection);
        }
        let set = self.known_set(id).await?;
        for environment in touched {
            self.refresh_soon(&(set.connection.clone(), environment));
        }
        Ok(())
    }

    fn note_run(&self, id: &ChangeSetId, note: impl FnOnce(&mut Run)) {
        if let Some(run) = self.volatile().runs.get_mut(id) {
            note(run);
        }
    }

    /// What is next, decided in turn with everybody who changes the set. A run
    /// that is over is no longer known when the turn ends, so that whoever
    /// comes next begins another.
    async fn next(&self, id: &ChangeSetId, looked_back: bool) -> Result<Next, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let set = self.known_set(id).await?;
        let over = || {
            self.volatile().runs.remove(id);
            Next::Over
        };
        if set.state != ChangeSetState::Publishing {
            let cancelled = self.volatile().cancelled.remove(id);
            let _known = over();
            if cancelled {
                self.part_with_rest(set).await?;
            }
            return Ok(Next::Over);
        }
        let edits = self.inner.mirror.edits_of_change_set(id).await?;
        let ready = order::sequence(&edits)
            .into_iter()
            .find(|edit| edit.state == EditState::Pending && order::waits_for(edit, &edits).next().is_none());
        if let Some(edit) = ready {
            return Ok(Next::Send(Box::new(edit.clone())));
        }
        if !looked_back {
            return Ok(Next::LookBack);
        }
        self.conclude(set, edits).await?;
        Ok(over())
    }

    /// Sends one pending edit, unless it or its set was changed meanwhile.
    async fn try_to_send(
        &self,
        edit: Edit,
        halted: &mut watch::Receiver<bool>,
    ) -> Result<Tried, ConsoleError> {
        let desk = self.desk(&edit.connection, &edit.environment).await?;
        let _turn = self.subject_turn(&desk.site, &edit.subject).await;
        if let Err(ConsoleError::ReadOnly { reason }) = check_writable(&desk.environment) {
            self.recorded(edit, EditState::Refused(Refusal::because(reason)))
                .await?;
            return Ok(Tried::Settled);
        }
        let edit = match self.prepared(&desk, edit).await {
            Ok(Prepared::Ready(edit)) => *edit,
            Ok(Prepared::Settled) => return Ok(Tried::Settled),
            Err(ConsoleError::Service(failure)) => return Ok(Tried::Postponed(Box::new(failure))),
            Err(error @ (ConsoleError::NoKey | ConsoleError::Secret(_))) => {
                return Ok(Tried::Stopped(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let reach = match self
            .reach_of(desk.connection.clone(), desk.environment.clone())
            .await
        {
            Ok(reach) => reach,
            Err(error @ (ConsoleError::NoKey | ConsoleError::Secret(_))) => {
                return Ok(Tried::Stopped(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let Some(marked) = self.marked_in_turn(&desk, edit).await? else {
            return Ok(Tried::Settled);
        };
        match self.carry_out(&desk, marked, &reach, Some(halted)).await? {
            Carried::Answered(outcome) => self.after(&desk, outcome).await,
            Carried::Halted(edit) => {
                self.set_back(*edit).await?;
                Ok(Tried::Settled)
            }
            Carried::Failed(edit, failure) if is_passing(&failure) => {
                self.set_back(*edit).await?;
                Ok(Tried::Postponed(failure))
            }
            Carried::Failed(edit, failure) => {
                self.recorded(*edit, EditState::Refused(refusal(&failure)))
                    .await?;
                Ok(Tried::Settled)
            }
        }
    }

    /// Marks an edit as sent where it still is to be sent.
    async fn marked_in_turn(
        &self,
        desk: &Desk,
        edit: Edit,
    ) -> Result<Option<crate::edit::Marked>, ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let now = self.known_edit(&edit.id).await?;
        let Some(set) = &edit.change_set else {
            return Ok(None);
        };
        let publishing = self.known_set(set).await?.state == ChangeSetState::Publishing;
        if now.state != EditState::Pending || !publishing {
            return Ok(None);
        }
        // What may have been changed while it was made ready.
        let edit = Edit {
            position: now.position,
            ticked: now.ticked,
            ..edit
        };
        Ok(Some(self.marked(desk, edit).await?))
    }

    /// Nothing was sent: it waits again.
    async fn set_back(&self, mut edit: Edit) -> Result<(), ConsoleError> {
        let _turn = self.inner.change_turn.lock().await;
        let Some(set) = &edit.change_set else {
            return Ok(());
        };
        let set = self.known_set(set).await?;
        let cancelled = self.volatile().cancelled.contains(&set.id);
        edit.state = if cancelled {
            EditState::Staged
        } else {
            EditState::Pending
        };
        edit.attempt.sent_at = None;
        self.inner.mirror.save_edit(&edit).await?;
        Ok(())
    }

    /// What the outcome of one write means for the set.
    async fn after(&self, desk: &Desk, outcome: Outcome) -> Result<Tried, ConsoleError> {
        match outcome {
            Outcome::Conflict { edit } => {
                let EditState::Conflicted {
                    theirs,
                    already_sent: false,
                } = &edit.state
                else {
                    return Ok(Tried::Settled);
                };
                if edit.rounds >= MOST_ROUNDS {
                    return Ok(Tried::Settled);
                }
                match rebase(&edit, theirs.as_deref()) {
                    // The changes do not touch: once more, from what is there now.
                    Rebased::Moved(mut again) => {
                        again.rounds += 1;
                        self.set_back(*again).await?;
                    }
                    // Nothing is left to send, which the next look confirms.
                    Rebased::AlreadyThere => {
                        self.set_back(met_by(&edit, theirs.as_deref())).await?;
                    }
                    Rebased::Unchanged | Rebased::Contested(_) => {}
                }
                Ok(Tried::Settled)
            }
            Outcome::Unknown { edit } => {
                // Read before anything else is sent; that it cannot be is no
                // reason to stop with what does not depend on it.
                if let Err(error) = self.read_again(desk, *edit).await {
                    tracing::info!(error = error.for_log(), "an unknown edit could not be read again");
                }
                Ok(Tried::Settled)
            }
            _ => Ok(Tried::Settled),
        }
    }

    /// How long to wait before the next try; `None` where that is no use.
    fn patience(&self, failure: &Failure, failures: u32) -> Option<Duration> {
        let millis = match &failure.kind {
            FailureKind::RateLimited { retry_at } => {
                let asked = retry_at.map_or(UNTOLD_WAIT_MILLIS, |at| at.millis_since(self.inner.clock.now()));
                (failures < MOST_PATIENCE && asked <= LONGEST_WAIT_MILLIS).then_some(asked.max(50))?
            }
            _ if failures + 1 < MOST_TRIES => FIRST_WAIT_MILLIS << failures,
            _ => return None,
        };
        Some(Duration::from_millis(millis.unsigned_abs()))
    }

    async fn wait_in_run(
        &self,
        id: &ChangeSetId,
        wait: Duration,
        why: &str,
        halted: &mut watch::Receiver<bool>,
    ) {
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let until = self.inner.clock.now().plus_millis(millis);
        self.note_run(id, |run| run.waits = Some((until, why.to_owned())));
        if let Ok(set) = self.known_set(id).await {
            self.tell_changes(&set.connection);
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // A sender that is gone halts as well.
            _ = halted.wait_for(|halt| *halt) => {}
        }
        self.note_run(id, |run| run.waits = None);
    }
}

/// An edit of which nothing is left: it asks for what is there.
pub(super) fn met_by(edit: &Edit, now: Option<&SubjectState>) -> Edit {
    Edit {
        base: now.cloned(),
        wish: now.cloned(),
        rounds: edit.rounds + 1,
        ..edit.clone()
    }
}

/// Whether the same write may succeed a little later.
fn is_passing(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::RateLimited { .. }
            | FailureKind::Unreachable(_)
            | FailureKind::ServerFault
            | FailureKind::Unauthorised
    )
}
