//! Sending one edit: each step is written down before it is taken.

use async_trait::async_trait;
use halyard_mirror::Mirror;
use halyard_model::{Attempt, Edit, EditId, EditState, Refusal, Timestamp};
use halyard_provider::{Failure, FailureKind, Found, Steps, Write, WriteOutcome, WriteStep};
use tokio::sync::{Mutex, watch};

use super::{Desk, Outcome, turn::Underway};
use crate::{Clock, Console, ConsoleError, reach::Reach};

impl Console {
    /// Sends an edit that is not written down yet.
    pub(crate) async fn write_down_and_send(&self, desk: &Desk, edit: Edit) -> Result<Outcome, ConsoleError> {
        self.inner.mirror.save_edit(&edit).await?;
        self.send(desk, edit).await
    }

    /// Sends an edit that is written down. The caller has its subject's turn.
    pub(crate) async fn send(&self, desk: &Desk, edit: Edit) -> Result<Outcome, ConsoleError> {
        let reach = self
            .reach_of(desk.connection.clone(), desk.environment.clone())
            .await?;
        let marked = self.marked(desk, edit).await?;
        match self.carry_out(desk, marked, &reach, None).await? {
            Carried::Answered(outcome) => Ok(outcome),
            Carried::Halted(edit) => Ok(Outcome::NotDone { edit }),
            Carried::Failed(edit, failure) => {
                self.recorded(*edit, EditState::Refused(refusal(&failure)))
                    .await?;
                Err(ConsoleError::Service(*failure))
            }
        }
    }

    /// Marks an edit as sent, in one step with the beginning of its attempt.
    pub(crate) async fn marked(&self, desk: &Desk, mut edit: Edit) -> Result<Marked, ConsoleError> {
        // Begun first: nobody may take an edit marked as sent for one that its
        // sender has given up.
        let underway = Underway::begin(self, &desk.site, &edit.id);
        edit.state = EditState::Sent;
        edit.attempt = Attempt {
            tries: edit.attempt.tries + 1,
            doubtful: edit.attempt.doubtful,
            ..Attempt::default()
        };
        self.inner.mirror.save_edit(&edit).await?;
        self.tell_environment(&desk.site);
        Ok(Marked { edit, underway })
    }

    /// Sends an edit that is marked, and records what became of it. A halt is
    /// obeyed as long as nothing of it can have reached the service's state.
    pub(crate) async fn carry_out(
        &self,
        desk: &Desk,
        marked: Marked,
        reach: &Reach,
        halted: Option<&mut watch::Receiver<bool>>,
    ) -> Result<Carried, ConsoleError> {
        let Marked { mut edit, underway } = marked;
        let known = match edit.flag() {
            Some(flag) => self.inner.mirror.flag(&desk.site.0, &desk.site.1, flag).await?,
            None => None,
        };
        let steps = WrittenDown::begin(self, &edit);
        let sent_at = self.inner.clock.now();
        let write = Write {
            subject: &edit.subject,
            base: edit.base.as_ref(),
            wish: edit.wish.as_ref(),
            known: known.as_ref(),
            steps: &steps,
        };
        let written = unless_halted(reach.provider.write(reach.target(), write), halted, &steps).await;
        edit.attempt = steps.attempt.into_inner();
        let carried = match written {
            None => Carried::Halted(Box::new(edit)),
            Some(Err(failure)) => Carried::Failed(Box::new(edit), Box::new(failure)),
            Some(Ok(answer)) => {
                let outcome = self.heard(&desk.site.0, answer);
                Carried::Answered(self.record(desk, edit, outcome, sent_at).await?)
            }
        };
        drop(underway);
        Ok(carried)
    }

    /// Puts what became of a write into the mirror: the flag as it was read
    /// back, and the edit's state.
    async fn record(
        &self,
        desk: &Desk,
        edit: Edit,
        outcome: WriteOutcome,
        sent_at: Timestamp,
    ) -> Result<Outcome, ConsoleError> {
        let now = self.inner.clock.now();
        if let Some(flag) = read_back(&outcome).and_then(|found| found.flag.as_deref()) {
            self.inner
                .mirror
                .store_flag(&desk.site.0, &desk.site.1, flag, now)
                .await?;
        }
        let mut attempt = edit.attempt.clone();
        attempt.settled_at = Some(now);
        attempt.doubtful |= matches!(outcome, WriteOutcome::Unknown { .. });
        self.inner.mirror.set_attempt(&edit.id, &attempt).await?;
        let edit = Edit { attempt, ..edit };
        self.keep_asked(&desk.site, &edit.subject, read_back(&outcome), now);
        Ok(match outcome {
            WriteOutcome::Confirmed { now } => {
                if let Some(flag) = &now.flag {
                    self.follow_edit(&edit, flag, sent_at).await;
                }
                Outcome::Confirmed {
                    edit: self.recorded(edit, EditState::Confirmed).await?,
                }
            }
            WriteOutcome::AlreadyThere { .. } => Outcome::AlreadyThere {
                edit: self.recorded(edit, EditState::Confirmed).await?,
            },
            WriteOutcome::Conflict { theirs } => Outcome::Conflict {
                edit: self.recorded(edit, conflicted(theirs, false)).await?,
            },
            WriteOutcome::Replaced { replaced, .. } => {
                let state = EditState::Conflicted {
                    theirs: Some(replaced),
                    already_sent: true,
                };
                Outcome::Conflict {
                    edit: self.recorded(edit, state).await?,
                }
            }
            WriteOutcome::Overtaken { now } => Outcome::Conflict {
                edit: self.recorded(edit, conflicted(now, true)).await?,
            },
            WriteOutcome::Unknown { reason, .. } => Outcome::Unknown {
                edit: self.recorded(edit, EditState::Unknown { reason }).await?,
            },
        })
    }

    pub(crate) async fn recorded(&self, mut edit: Edit, state: EditState) -> Result<Box<Edit>, ConsoleError> {
        self.inner
            .mirror
            .set_edit_state(&edit.id, &state, self.inner.clock.now())
            .await?;
        edit.state = state;
        self.tell_environment(&(edit.connection.clone(), edit.environment.clone()));
        Ok(Box::new(edit))
    }
}

fn conflicted(theirs: Found, already_sent: bool) -> EditState {
    EditState::Conflicted {
        theirs: theirs.state.map(Box::new),
        already_sent,
    }
}

/// A failure as it is kept with the edit.
pub(crate) fn refusal(failure: &Failure) -> Refusal {
    Refusal {
        reason: failure.sentence.clone(),
        cause: failure.cause.clone(),
        next_step: failure.next_step.clone(),
        said: failure.said.clone(),
    }
}

fn read_back(outcome: &WriteOutcome) -> Option<&Found> {
    match outcome {
        WriteOutcome::Confirmed { now } | WriteOutcome::AlreadyThere { now } => Some(now),
        WriteOutcome::Conflict { theirs } => Some(theirs),
        WriteOutcome::Replaced { now, .. } | WriteOutcome::Overtaken { now } => Some(now),
        WriteOutcome::Unknown { now, .. } => now.as_ref(),
    }
}

/// A write, or `None` where it was halted before anything of it left.
async fn unless_halted<T>(
    write: impl Future<Output = T>,
    halted: Option<&mut watch::Receiver<bool>>,
    steps: &WrittenDown<'_>,
) -> Option<T> {
    let Some(halted) = halted else {
        return Some(write.await);
    };
    let mut write = std::pin::pin!(write);
    tokio::select! {
        biased;
        written = &mut write => return Some(written),
        _ = halted.wait_for(|halt| *halt) => {}
    }
    // A step that is being written down counts as taken.
    if steps
        .attempt
        .try_lock()
        .is_ok_and(|attempt| attempt.handle.is_none() && attempt.sent_at.is_none())
    {
        return None;
    }
    Some(write.await)
}

/// An edit that is marked as sent, while it is on its way.
pub(crate) struct Marked {
    edit: Edit,
    underway: Underway,
}

/// What came of carrying an edit out.
pub(crate) enum Carried {
    /// It is recorded.
    Answered(Outcome),
    /// Nothing was changed; its row still says that it is sent.
    Failed(Box<Edit>, Box<Failure>),
    /// It was halted before anything left; its row still says that it is sent.
    Halted(Box<Edit>),
}

/// Keeps the steps of one edit's write in the mirror.
struct WrittenDown<'a> {
    console: &'a Console,
    edit: EditId,
    attempt: Mutex<Attempt>,
}

impl<'a> WrittenDown<'a> {
    fn begin(console: &'a Console, edit: &Edit) -> WrittenDown<'a> {
        WrittenDown {
            console,
            edit: edit.id.clone(),
            attempt: Mutex::new(edit.attempt.clone()),
        }
    }

    fn mirror(&self) -> &Mirror {
        &self.console.inner.mirror
    }

    fn clock(&self) -> &dyn Clock {
        self.console.inner.clock.as_ref()
    }
}

#[async_trait]
impl Steps for WrittenDown<'_> {
    async fn reached(&self, step: WriteStep) -> Result<(), Failure> {
        let mut attempt = self.attempt.lock().await;
        let now = self.clock().now();
        match step {
            WriteStep::Prepared { handle } => attempt.handle = Some(handle),
            WriteStep::Sending => attempt.sent_at = Some(now),
            WriteStep::Answered => attempt.answered_at = Some(now),
        }
        let kept = self.mirror().set_attempt(&self.edit, &attempt).await;
        kept.map_err(|error| {
            Failure::new(
                FailureKind::Refused {
                    detail: error.to_string(),
                },
                "The local copy could not be written, so nothing was sent.",
            )
        })
    }
}
