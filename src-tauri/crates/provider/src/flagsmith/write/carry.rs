//! How every conditional write goes: look, compare, send, look again.
//!
//! What a subject is read from and sent by is its own; the order in which that
//! happens, and what an outcome is called, is the same for all of them and
//! stands here alone.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use halyard_model::{SubjectState, Verdict, changed_fields, judge_write};
use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::said::{About, said};
use crate::http::{Call, Reply, WriteFailure};
use crate::{Failure, FailureKind, Found, Steps, Write, WriteOutcome, WriteStep};

/// A subject as it is read and sent.
#[async_trait]
pub(super) trait Carried: Sync {
    /// What a read finds beside the state and a send needs, such as the
    /// numbers of rows.
    type Here: Send + Sync;

    /// Reads it, past every cache.
    async fn look(&self) -> Result<(Found, Self::Here), Failure>;

    /// A base or a wish in the terms of the state that was read, such as with
    /// the numbers that the service gave to what the wish added.
    fn as_held(&self, told: Option<&SubjectState>, _held: Option<&SubjectState>) -> Option<SubjectState> {
        told.cloned()
    }

    /// Makes what the write needs and no user notices, such as a label or an
    /// identity without traits. Says whether anything was made; then all is
    /// read again, so that nothing lies between the look and the write.
    async fn prepare(&self, _here: &Self::Here, _sender: &Sender<'_>) -> Result<bool, WriteFailure> {
        Ok(false)
    }

    /// Sends what leads from what was read to the wish.
    async fn send(&self, here: &Self::Here, sender: &Sender<'_>) -> Result<(), WriteFailure>;
}

/// Sends the requests of one write and counts those that were taken.
pub(super) struct Sender<'a> {
    pub(super) call: &'a Call<'a>,
    steps: &'a dyn Steps,
    begun: AtomicBool,
    taken: AtomicU32,
}

impl<'a> Sender<'a> {
    fn new(call: &'a Call<'a>, steps: &'a dyn Steps) -> Sender<'a> {
        Sender {
            call,
            steps,
            begun: AtomicBool::new(false),
            taken: AtomicU32::new(0),
        }
    }

    /// Sends one request, the first after it was written down that something
    /// is sent. One that the rate kept back is sent again only where others
    /// before it were taken: half a change is worse than a late one.
    pub(super) async fn write(
        &self,
        method: Method,
        url: Url,
        body: &Value,
        about: &About,
    ) -> Result<Reply, WriteFailure> {
        if !self.begun.swap(true, Ordering::Relaxed) {
            let told = self.steps.reached(WriteStep::Sending).await;
            told.map_err(|failure| WriteFailure::Nothing(failure, None))?;
        }
        let mut repeats = self.call.settings().limited_repeats;
        loop {
            match self.call.write(method.clone(), url.clone(), None, body).await {
                Ok(reply) => {
                    self.taken.fetch_add(1, Ordering::Relaxed);
                    return Ok(reply);
                }
                Err(WriteFailure::Nothing(failure, _))
                    if self.taken() > 0
                        && repeats > 0
                        && matches!(failure.kind, FailureKind::RateLimited { .. }) =>
                {
                    repeats -= 1;
                }
                Err(failure) => return Err(with_words(failure, about)),
            }
        }
    }

    /// Sends a request of [`Carried::prepare`]. A write that ends after it has
    /// changed nothing.
    pub(super) async fn make(&self, url: Url, body: &Value, about: &About) -> Result<Reply, WriteFailure> {
        let made = self.call.write(Method::POST, url, None, body).await;
        made.map_err(|failure| with_words(failure, about))
    }

    /// How many requests were taken.
    pub(super) fn taken(&self) -> u32 {
        self.taken.load(Ordering::Relaxed)
    }

    async fn answered(&self) {
        answered(self.steps).await;
    }
}

/// Writes down that an answer came. What was sent is sent: where writing down
/// fails, the outcome is told all the same.
pub(super) async fn answered(steps: &dyn Steps) {
    if steps.reached(WriteStep::Answered).await.is_err() {
        tracing::warn!("that a write was answered could not be written down");
    }
}

/// A refusal with the service's words by field.
pub(super) fn with_words(failure: WriteFailure, about: &About) -> WriteFailure {
    match failure {
        WriteFailure::Nothing(mut failure, Some(answer)) => {
            failure.said = said(&answer, about);
            WriteFailure::Nothing(failure, Some(answer))
        }
        other => other,
    }
}

/// Carries out a write: nothing is sent unless what is read equals the base.
pub(super) async fn carry<C: Carried>(
    carried: &C,
    call: &Call<'_>,
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let way = Way { carried, write };
    let sender = Sender::new(call, write.steps);
    let (mut before, mut here) = carried.look().await?;
    if let Some(outcome) = way.verdict(&before) {
        return Ok(outcome);
    }
    if carried
        .prepare(&here, &sender)
        .await
        .map_err(WriteFailure::into_failure)?
    {
        (before, here) = carried.look().await?;
        if let Some(outcome) = way.verdict(&before) {
            return Ok(outcome);
        }
    }
    match carried.send(&here, &sender).await {
        Ok(()) => {
            sender.answered().await;
            Ok(way.verify().await)
        }
        Err(WriteFailure::Nothing(failure, _)) if sender.taken() == 0 => Err(failure),
        Err(WriteFailure::Nothing(failure, _)) => {
            sender.answered().await;
            Ok(way.halted(&failure, sender.taken()).await)
        }
        Err(WriteFailure::Unsettled(failure)) => way.settle(call, &before, &sender, failure).await,
    }
}

/// Tells the outcome without sending anything, where there is one.
pub(super) fn verdict<C: Carried>(carried: &C, write: &Write<'_>, found: &Found) -> Option<WriteOutcome> {
    Way { carried, write }.verdict(found)
}

/// Whether a state is the one that was wished for.
pub(super) fn is_wished<C: Carried>(carried: &C, write: &Write<'_>, held: Option<&SubjectState>) -> bool {
    Way { carried, write }.is_wished(held)
}

struct Way<'a, C> {
    carried: &'a C,
    write: &'a Write<'a>,
}

impl<C: Carried> Way<'_, C> {
    fn wish(&self, held: Option<&SubjectState>) -> Option<SubjectState> {
        self.carried.as_held(self.write.wish, held)
    }

    fn is_wished(&self, held: Option<&SubjectState>) -> bool {
        changed_fields(self.wish(held).as_ref(), held).is_empty()
    }

    fn verdict(&self, found: &Found) -> Option<WriteOutcome> {
        let held = found.state.as_ref();
        let base = self.carried.as_held(self.write.base, held);
        match judge_write(base.as_ref(), held, self.wish(held).as_ref()) {
            Verdict::AlreadyThere => Some(WriteOutcome::AlreadyThere { now: found.clone() }),
            Verdict::Conflict(_) => Some(WriteOutcome::Conflict {
                theirs: found.clone(),
            }),
            Verdict::Clear => None,
        }
    }

    async fn look(&self) -> Result<Found, Failure> {
        Ok(self.carried.look().await?.0)
    }

    async fn verify(&self) -> WriteOutcome {
        match self.look().await {
            Ok(now) if self.is_wished(now.state.as_ref()) => WriteOutcome::Confirmed { now },
            Ok(now) => WriteOutcome::Overtaken { now },
            Err(failure) => unread(&failure),
        }
    }

    /// After a refusal in the middle: what was taken stays, and is told.
    async fn halted(&self, failure: &Failure, taken: u32) -> WriteOutcome {
        let parts = if taken == 1 { "part" } else { "parts" };
        WriteOutcome::Unknown {
            reason: format!(
                "{taken} {parts} of the change were carried out, and then: {}",
                failure.in_full()
            ),
            now: self.look().await.ok(),
        }
    }

    /// After a request whose answer was lost, or was none that tells: reads a
    /// few times, since it may still be carried out. It is never sent again,
    /// for then it could come after somebody else's change.
    async fn settle(
        &self,
        call: &Call<'_>,
        before: &Found,
        sender: &Sender<'_>,
        failure: Failure,
    ) -> Result<WriteOutcome, Failure> {
        let settings = call.settings();
        let mut seen: Option<Found> = None;
        let mut progress = Progress::Unread;
        for _ in 0..settings.settling_reads.max(1) {
            tokio::time::sleep(settings.settling_pause).await;
            let Ok(now) = self.look().await else {
                continue;
            };
            if self.is_wished(now.state.as_ref()) {
                return Ok(WriteOutcome::Confirmed { now });
            }
            progress = self.progress(before, &now);
            if progress == Progress::Beyond {
                return Ok(WriteOutcome::Overtaken { now });
            }
            seen = Some(now);
            if progress == Progress::Elsewhere {
                break;
            }
        }
        if matches!(failure.kind, FailureKind::BadAddress { .. }) && seen.is_some() && sender.taken() == 0 {
            // A redirect is an answer: the service did not take the write.
            return Err(failure);
        }
        Ok(WriteOutcome::Unknown {
            reason: format!("{} {}", failure.sentence, progress.words()),
            now: seen,
        })
    }

    /// How what is held now differs from what was read before.
    fn progress(&self, before: &Found, now: &Found) -> Progress {
        let (was, held) = (before.state.as_ref(), now.state.as_ref());
        let moved = changed_fields(was, held);
        if moved.is_empty() {
            return Progress::None;
        }
        let wish = self.wish(held);
        let asked = changed_fields(was, wish.as_ref());
        let lacking = changed_fields(wish.as_ref(), held);
        if asked.iter().all(|field| !lacking.contains(field)) {
            return Progress::Beyond;
        }
        let ours_alone = moved
            .iter()
            .all(|field| asked.contains(field) && !lacking.contains(field));
        if ours_alone {
            Progress::Partly
        } else {
            Progress::Elsewhere
        }
    }
}

/// How far a write has come whose answer was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing could be read since.
    Unread,
    /// The state is the one before.
    None,
    /// A part of it is there, and nothing else has changed.
    Partly,
    /// All of it is there, and somebody changed something else.
    Beyond,
    /// Somebody changed what it was to change.
    Elsewhere,
}

impl Progress {
    fn words(self) -> &'static str {
        match self {
            Progress::Unread => "It could not be read since.",
            Progress::None => "The state before is still shown; the edit may yet arrive.",
            Progress::Partly => "A part of it is shown; the rest may yet arrive.",
            Progress::Beyond | Progress::Elsewhere => {
                "A third state is shown since, so somebody else changed it as well."
            }
        }
    }
}

/// The write was taken, and nothing tells what came of it.
pub(super) fn unread(failure: &Failure) -> WriteOutcome {
    WriteOutcome::Unknown {
        reason: format!(
            "Flagsmith took the write, and the read after it failed. {}",
            failure.sentence
        ),
        now: None,
    }
}
